"""Options of ``stillwatch hub record|erase|request|statistics``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs

AUTHORITIES = ("court", "police", "intelligence", "regulator", "other")
"""Kinds of authorities."""
_CODES = "exit codes: 0 done, 2 bad input or the store refused."


def rights(things: Verbs) -> None:
    """Take the options of what members and the public are owed."""
    record = _act(
        things,
        "record",
        "record_verb",
        "write the complete account of one member: everything it ever sent or could read",
        'stillwatch hub record "Lab A" --out account',
    )
    record.add_argument("member", metavar="MEMBER", help="name or id")
    record.add_argument("--out", required=True, metavar="FOLDER", help="where record.md and record.jsonl are written")
    erase = _act(
        things,
        "erase",
        "erase_verb",
        "erase an object by order of law; members see it as revoked, and the log still audits",
        'stillwatch hub erase indicator--0c1f... --order "DPA 2026/118"',
    )
    erase.add_argument("object", metavar="OBJECT", help="STIX id")
    erase.add_argument("--order", required=True, metavar="TEXT", help="reference of the order; kept in the hub's file")
    erase.add_argument("--government", choices=AUTHORITIES, metavar="KIND", help=f"ordered by a {_listed()}; counted")
    _requests(things)
    statistics = _act(
        things,
        "statistics",
        "statistics_verb",
        "release the statistics of closed epochs, with noise, once each; show all that was released",
        "stillwatch hub statistics --epsilon 1",
    )
    statistics.add_argument(
        "--epsilon", type=float, default=1.0, metavar="N", help="privacy budget of an epoch, at most 1 (%(default)g)"
    )


def _requests(things: Verbs) -> None:
    words = "record what authorities asked for; counted by year in the public statistics"
    acts = things.add_parser("request", help=words, description=words[0].upper() + words[1:] + ".").add_subparsers(
        title="acts", required=True, metavar="ACT"
    )
    add = _act(
        acts,
        "add",
        "request_add",
        "record a request for access",
        'stillwatch hub request add --authority court --reference "Az. 12 O 34/26"',
    )
    add.add_argument("--authority", required=True, choices=AUTHORITIES, metavar="KIND", help=_listed())
    add.add_argument("--reference", required=True, metavar="TEXT", help="its reference; never public")
    _act(acts, "list", "request_list", "show requests", "stillwatch hub request list --json")


def _listed() -> str:
    return ", ".join(AUTHORITIES[:-1]) + " or " + AUTHORITIES[-1]


def _act(things: Verbs, name: str, function: str, words: str, example: str) -> argparse.ArgumentParser:
    act = things.add_parser(
        name,
        help=words,
        description=words[0].upper() + words[1:] + ".",
        epilog=f"example:\n  {example}\n\n{_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    act.add_argument("--store", default="hub.db", metavar="FILE", help="the hub's file (%(default)s)")
    act.add_argument("--json", action="store_true", help="print JSON")
    act.set_defaults(run=later("hub_rights", function))
    return act
