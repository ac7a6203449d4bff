"""Options of ``stillwatch hub``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later
from stillwatch.parsers.exchanging import calendar_options
from stillwatch.parsers.hub_rights import rights

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs

LEVELS = ("clear", "green", "amber", "amber-strict", "red")
"""Levels of TLP 2.0, from open to closed."""
PURPOSES = ("detect", "enforce", "research", "report")
"""What a member may agree to use intelligence for."""
_EXAMPLES = """examples:
  stillwatch hub member invite "Lab A" --roles reader,contributor
  stillwatch hub group set labs --members "Lab A,Lab B"
  stillwatch hub collection add "Campaigns" --group labs --plain
  stillwatch hub epochs set --starts 2026-12-07 --days 7 --overlap-days 1
  stillwatch hub serve --base https://hub.example --port 8480
  stillwatch hub detector add stillwatch
  stillwatch hub held list
  stillwatch hub held release "Lab A"
  stillwatch hub log show --base https://hub.example
  stillwatch hub member rotate "Lab A" --overlap-days 7
  stillwatch hub member suspend "Lab A"
  stillwatch hub member list --json
  stillwatch hub record "Lab A" --out account
  stillwatch hub statistics --epsilon 1
  stillwatch hub audit --base https://hub.example --vkey hub.example/log+1f2e3d4c+AQ...

exit codes: 0 done, 1 audit: something does not hold, 2 bad input or the store refused, 130 stopped."""


def hub_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch hub``."""
    hub = verbs.add_parser(
        "hub",
        help="run the hub of an exchange: serve TAXII 2.1, members, sharing groups, collections",
        description="Run the hub of an exchange. Nobody reads anything until a group names them.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    things = hub.add_subparsers(title="things", required=True, metavar="THING")
    _serve(things)
    _audit(things)
    _members(_acts(things, "member", "invite members, give them keys, suspend them, part with them"))
    _groups(_acts(things, "group", "say who shares with whom; every change is a new version"))
    _collections(_acts(things, "collection", "add collections, each of one group"))
    _epochs(_acts(things, "epochs", "settle when epochs of oblivious matching are, as at the custodian"))
    _held(_acts(things, "held", "look at what members added beyond their measure of a day, and release or drop it"))
    _detectors(_acts(things, "detector", "say which detectors the exchange knows; with none, no digest is checked"))
    rights(things)
    _log(_acts(things, "log", "show the transparency log and the key that it is checked with"))


def _acts(things: Verbs, name: str, words: str) -> Verbs:
    thing = things.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    thing.set_defaults(thing=name)
    return thing.add_subparsers(title="acts", required=True, metavar="ACT")


def _add(acts: Verbs, name: str, words: str) -> argparse.ArgumentParser:
    act = acts.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    act.add_argument("--store", default="hub.db", metavar="FILE", help="the hub's file (%(default)s)")
    act.add_argument("--json", action="store_true", help="print JSON")
    act.set_defaults(run=later("hub", "hub_verb"), act=name)
    return act


def _serve(things: Verbs) -> None:
    serve = _add(things, "serve", "serve TAXII 2.1 to members")
    serve.set_defaults(run=later("hub_serve", "serve"))
    serve.add_argument("--base", metavar="URL", help="public address (default: that of host and port)")
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (%(default)s)")
    serve.add_argument("--port", type=int, default=8480, metavar="N", help="port (%(default)s)")
    serve.add_argument("--title", default="Exchange", metavar="TEXT", help="title of the server (%(default)s)")
    serve.add_argument("--contact", default="", metavar="TEXT", help="how to reach the operator")
    serve.add_argument(
        "--rate", type=float, default=50.0, metavar="N", help="requests of a member a second (%(default)g)"
    )
    serve.add_argument(
        "--objects-a-day",
        type=int,
        default=20_000,
        metavar="N",
        help="objects that a member may add in a day; what is above is held (%(default)s)",
    )
    serve.add_argument("--witnesses", metavar="FILE", help="verifier keys of witnesses of the log, one a line")


def _members(acts: Verbs) -> None:
    _add(acts, "list", "show members and how they stand")
    invite = _add(acts, "invite", "invite a member; prints the invitation, good once and for a week")
    invite.add_argument("member", metavar="NAME", help="name of the member")
    roles = "of reader, contributor, asker (%(default)s)"
    invite.add_argument("--roles", default="reader", metavar="ROLES", help=roles)
    invite.add_argument("--ceiling", default="amber", choices=LEVELS, help="highest marking it reads (%(default)s)")
    words = f"of {', '.join(PURPOSES)} (%(default)s)"
    invite.add_argument("--purposes", default="detect", metavar="PURPOSES", help=words)
    rotate = _add(acts, "rotate", "give a new secret for Bearer or Basic; the old ones end after the overlap")
    rotate.add_argument("member", metavar="MEMBER", help="name or id")
    rotate.add_argument("--overlap-days", type=float, default=7.0, metavar="N", help="days (%(default)g)")
    for name, sentence in (
        ("admit", "make an invited member active without a key of its own, for clients that know only secrets"),
        ("suspend", "take a member's rights away until it is resumed"),
        ("resume", "give a suspended member its rights back"),
        ("leave", "part with a member for good: keys end, groups go on without it"),
    ):
        _add(acts, name, sentence).add_argument("member", metavar="MEMBER", help="name or id")


def _groups(acts: Verbs) -> None:
    _add(acts, "list", "show groups as they are now")
    change = _add(acts, "set", "write the next version of a group")
    change.add_argument("group", metavar="GROUP", help="name of the group")
    change.add_argument("--members", required=True, metavar="NAMES", help='members, with commas; "" is nobody')


def _collections(acts: Verbs) -> None:
    _add(acts, "list", "show collections")
    add = _add(acts, "add", "add a collection")
    add.add_argument("title", metavar="TITLE", help="title of the collection")
    add.add_argument("--group", required=True, metavar="GROUP", help="group that reads and writes it")
    add.add_argument("--description", default="", metavar="TEXT", help="what is in it")
    add.add_argument("--plain", action="store_true", help="add a view with plain patterns, for MISP and OpenCTI, too")


def _epochs(acts: Verbs) -> None:
    change = _add(acts, "set", "settle the calendar, once; from the next start on the hub takes tags and matches them")
    calendar_options(change)


def _held(acts: Verbs) -> None:
    for name, words in (
        ("list", "show of whom how much is held"),
        ("release", "let what is held of a member go to those it was shared with"),
        ("drop", "delete what is held of a member; the statuses of its submissions say so"),
    ):
        act = _add(acts, name, words)
        act.set_defaults(run=later("hub_judging", "judging_verb"))
        if name != "list":
            act.add_argument("member", metavar="MEMBER", help="name or id")


def _detectors(acts: Verbs) -> None:
    listing = _add(acts, "list", "show detectors by the digest of their sources")
    add = _add(acts, "add", "register a detector; with the first one, groups that name another are refused")
    add.add_argument("name", metavar="NAME", help="name, for people")
    add.add_argument(
        "--sha256", metavar="DIGEST", help="digest of its sources (default: that of the program running now)"
    )
    remove = _add(acts, "remove", "take a detector out; what was found with it stays")
    remove.add_argument("sha256", metavar="DIGEST", help="digest of its sources")
    for act in (listing, add, remove):
        act.set_defaults(run=later("hub_judging", "judging_verb"))


def _log(acts: Verbs) -> None:
    show = _add(acts, "show", "show origin, verifier key, entries, and how many of them are signed")
    show.add_argument("--base", required=True, metavar="URL", help="public address of the hub, which names the log")


def _audit(things: Verbs) -> None:
    words = "verify a hub's transparency log from outside"
    audit = things.add_parser("audit", help=words, description=words[0].upper() + words[1:] + ".")
    audit.set_defaults(run=later("hub_audit", "audit_verb"), act="audit")
    audit.add_argument("--base", required=True, metavar="URL", help="public address of the hub")
    audit.add_argument(
        "--vkey", required=True, metavar="KEY", help="the log's verifier key, as `hub log show` prints it"
    )
    audit.add_argument("--witnesses", nargs="*", metavar="FILE", help="verifier keys of witnesses, one a line")
    audit.add_argument(
        "--quorum", type=int, default=0, metavar="N", help="witnesses that must have signed (%(default)s)"
    )
    audit.add_argument(
        "--checkpoint", nargs="*", metavar="FILE", help="checkpoints seen before: the log must contain them"
    )
    audit.add_argument("--receipt", nargs="*", metavar="FILE", help="receipts: the log must contain their entries")
    audit.add_argument("--keep", metavar="FILE", help="where to write the checkpoint seen now, for the next audit")
    audit.add_argument("--json", action="store_true", help="print JSON")
