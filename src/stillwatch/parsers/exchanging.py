"""Options of the verbs of the exchange: custodian."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def calendar_options(act: argparse.ArgumentParser) -> None:
    """Take when epochs are; hub and custodian take the same."""
    act.add_argument("--starts", required=True, metavar="DATE", help="day on which epoch 1 opens, UTC: 2026-12-07")
    act.add_argument("--days", type=int, default=7, metavar="N", help="days that an epoch is open (%(default)s)")
    act.add_argument(
        "--overlap-days", type=int, default=1, metavar="N", help="days that its key answers after that (%(default)s)"
    )


def custodian_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch custodian``."""
    custodian = verbs.add_parser(
        "custodian",
        help="hold the second key of oblivious matching: serve, admit members, show keys",
        description="Hold the second key of oblivious matching, apart from the hub: without it nobody can guess what\n"
        "a tag stands for. Every evaluation is counted; keys of ended epochs are destroyed.",
        epilog="examples:\n"
        "  stillwatch custodian init --starts 2026-12-07 --days 7 --overlap-days 1\n"
        "  stillwatch custodian admit lab-a\n"
        "  stillwatch custodian serve --port 8480 --budget 200000\n"
        "  stillwatch custodian keys --json\n\n"
        "exit codes: 0 done, 2 bad input or the store refused, 130 stopped.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    acts = custodian.add_subparsers(title="acts", required=True, metavar="ACT")

    def add(name: str, words: str) -> argparse.ArgumentParser:
        act = acts.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        act.add_argument("--store", metavar="FILE", default="custodian.db", help="its database (%(default)s)")
        act.add_argument("--json", action="store_true", help="print JSON")
        act.set_defaults(run=later("custodian", "custodian_verb"), act=name)
        return act

    init = add("init", "settle when epochs are; hub and custodian take the same")
    calendar_options(init)
    admit = add("admit", "let a member in: prints a new secret, once; an older one of the same member stops working")
    admit.add_argument("member", metavar="MEMBER", help="name of the member")
    dismiss = add("dismiss", "let a member in no longer")
    dismiss.add_argument("member", metavar="MEMBER", help="name of the member")
    add("spent", "show what members have spent of their budgets, by epoch")
    add("keys", "show epochs, public keys, and when secret ones were destroyed")
    serve = add("serve", "evaluate for members until stopped")
    serve.add_argument("--keys", metavar="FOLDER", default="custodian-keys", help="folder of secret keys (%(default)s)")
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (%(default)s)")
    serve.add_argument("--port", type=int, default=8480, metavar="N", help="port (%(default)s)")
    serve.add_argument(
        "--budget", type=int, default=200_000, metavar="N", help="elements of a member and epoch (%(default)s)"
    )
    serve.add_argument(
        "--per-minute", type=int, default=120_000, metavar="N", help="elements of a member in a minute (%(default)s)"
    )
    serve.add_argument("--workers", type=int, default=1, metavar="N", help="processes that evaluate (%(default)s)")
