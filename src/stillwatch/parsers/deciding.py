"""Options of the verbs around decisions: decisions, ledger, fairness."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs

_RAW = argparse.RawDescriptionHelpFormatter


def store_options(parser: argparse.ArgumentParser) -> None:
    """Add what every verb over a store takes."""
    parser.add_argument("--store", metavar="FILE", default="stillwatch.db", help="the store (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def person_options(parser: argparse.ArgumentParser) -> None:
    """Add what every act of a person takes."""
    parser.add_argument(
        "--by", required=True, metavar="ID", help="id of the person who decides this; kept in the ledger"
    )
    parser.add_argument("--why", required=True, metavar="TEXT", help="the reason; kept in the ledger")


def decisions_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch decisions``."""
    decisions = verbs.add_parser(
        "decisions",
        help="show what was decided, answer what waits for a person, undo completely",
        description="Show what was decided and why, answer what waits for a person, undo, stop everything automatic.",
        epilog="examples:\n"
        "  stillwatch decisions list --store stillwatch.db\n"
        "  stillwatch decisions show d-4f0c2a91b7e3d5066a1c88f2\n"
        '  stillwatch decisions undo d-4f0c2a91b7e3d5066a1c88f2 --by ada --why "an evaluation under contract 12"\n'
        '  stillwatch decisions undo --campaign camp-17 --by ada --why "a class of students"\n'
        '  stillwatch decisions stop --release --by ada --why "wrong weights went live"\n\n'
        "exit codes: 0 done, 1 something waits for a person (waiting), 2 bad input or the store refused.",
        formatter_class=_RAW,
    )
    acts = decisions.add_subparsers(title="acts", required=True, metavar="ACT")
    run = later("decisions", "decisions_verb")

    def add(name: str, words: str, *, person: bool = False) -> argparse.ArgumentParser:
        act = acts.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        store_options(act)
        if person:
            person_options(act)
        act.set_defaults(run=run, act=name)
        return act

    listed = add("list", "list decisions, the newest first")
    listed.add_argument("--account", metavar="A", help="only those about an account, by its pseudonym")
    listed.add_argument("--campaign", metavar="C", help="only those about a campaign")
    listed.add_argument("--in-force", action="store_true", help="only those that bind now")
    listed.add_argument("--most", type=int, default=50, metavar="N", help="how many (%(default)s)")
    add("show", "show one decision: clause, evidence, case, appeals, what was done since").add_argument(
        "decision", metavar="DECISION", help="id of the decision"
    )
    undo = add("undo", "undo decisions with everything linked to them", person=True)
    undo.add_argument("decision", nargs="?", default="", metavar="DECISION", help="this one, with all of its case")
    undo.add_argument("--campaign", default="", metavar="C", help="all of a campaign")
    undo.add_argument("--account", metavar="A", help="all of one account, by its pseudonym")
    undo.add_argument(
        "--only-account",
        action="store_true",
        help="with DECISION: all of its account, and nothing of the others of its campaign",
    )
    add("waiting", "list what waits for a person, the longest wait first")
    approve = add("approve", "put what waits in force, in your name", person=True)
    approve.add_argument("decision", nargs="+", metavar="DECISION", help="ids that wait")
    decline = add("decline", "let what waits rest", person=True)
    decline.add_argument("decision", nargs="+", metavar="DECISION", help="ids that wait")
    end = add("end", "end decisions early, rightly taken as they were, such as after a verification", person=True)
    end.add_argument("decision", nargs="+", metavar="DECISION", help="ids of decisions in force")
    stop = add("stop", "stop everything automatic at once", person=True)
    stop.add_argument(
        "--release", action="store_true", help="moreover nothing that the machine decided binds while it lasts"
    )
    add("resume", "let the machine decide again", person=True)
    add("calibration", "print the calibration set: evidence in bits and what persons said, one JSON object a line")


def ledger_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch ledger``."""
    ledger = verbs.add_parser(
        "ledger",
        help="verify, show or export the head of the chained record of all decisions",
        description="The ledger holds every decision, answer, undoing and appeal, each chained to the one before.",
        epilog="examples:\n"
        "  stillwatch ledger head --store stillwatch.db --out head-2026-11-27.json\n"
        "  stillwatch ledger verify --store stillwatch.db --head head-2026-11-27.json\n"
        "  stillwatch ledger show --after 1200 --most 20\n\n"
        "exit codes: 0 it verifies, 1 it does not (the entries are named), 2 bad input or the store cannot be opened.",
        formatter_class=_RAW,
    )
    acts = ledger.add_subparsers(title="acts", required=True, metavar="ACT")
    for name, words in (
        ("verify", "verify the chain, and the tables against it"),
        ("show", "show entries"),
        ("head", "show the last entry's number and hash, to be kept elsewhere"),
    ):
        act = acts.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        store_options(act)
        act.set_defaults(run=later("ledger", "ledger_verb"), act=name)
        if name == "verify":
            act.add_argument(
                "--head", action="append", default=[], metavar="FILE", help="a head exported earlier; may be repeated"
            )
        elif name == "show":
            act.add_argument(
                "--after", type=int, default=0, metavar="N", help="entries after this number (%(default)s)"
            )
            act.add_argument("--most", type=int, default=50, metavar="N", help="how many (%(default)s)")
        else:
            act.add_argument("--out", metavar="FILE", help="write it there")


def fairness_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch fairness``."""
    fairness = verbs.add_parser(
        "fairness",
        help="show whom decisions fell on: shares by persona, plan and size, with intervals",
        description="Show the share of accounts told, slowed down, restricted and held, by persona, plan and size,\n"
        "with exact intervals that all hold at once, and how often decisions were undone. Never by nationality.",
        epilog="examples:\n"
        "  stillwatch fairness world world-1/ world-2/ --terms starter --out fairness.html\n"
        "  stillwatch fairness store --store stillwatch.db --accounts accounts.csv --key stillwatch.key\n\n"
        "exit codes: 0 shown, 1 some group is acted on out of proportion, 2 bad input.",
        formatter_class=_RAW,
    )
    acts = fairness.add_subparsers(title="acts", required=True, metavar="ACT")
    run = later("fairness", "fairness_verb")
    world = acts.add_parser(
        "world",
        help="judge simulated worlds by terms, day by day, on the very path of a watch",
        description="Judge simulated worlds by terms, day by day, on the very path of a watch: what the machine does\n"
        "alone, and the worst case, where somebody approves everything that waits and no limit holds back.",
        formatter_class=_RAW,
    )
    world.add_argument("worlds", nargs="+", metavar="WORLD", help="folders that `stillwatch simulate` wrote")
    world.add_argument(
        "--terms", required=True, metavar="FILE", help="the terms, or shipped ones such as starter; all taken as live"
    )
    world.add_argument("--agreements", metavar="FILE", help="what was agreed, as CSV (default: nothing)")
    store = acts.add_parser(
        "store",
        help="look at what is on record in a store",
        description="Look at what is on record in a store.",
    )
    store.add_argument("--store", metavar="FILE", default="stillwatch.db", help="the store (%(default)s)")
    store.add_argument("--accounts", required=True, metavar="FILE", help="account file with the plan; maybe a size")
    store.add_argument("--truth", metavar="FILE", help="CSV with account_id, persona, operator, extracting")
    store.add_argument("--key", metavar="FILE", default="stillwatch.key", help="pseudonym key (%(default)s)")
    store.add_argument("--epoch", type=int, metavar="N", help="epoch of the key (default: the latest)")
    store.add_argument("--shadow", action="store_true", help="shadow decisions, as if they had been in force")
    for act, name in ((world, "world"), (store, "store")):
        act.add_argument("--json", action="store_true", help="print JSON instead of text")
        act.add_argument("--out", metavar="FILE", help="write a page there")
        act.set_defaults(run=run, act=name)
