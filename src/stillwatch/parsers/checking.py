"""Options of ``stillwatch check``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later, warninglists_option
from stillwatch.parsers.member import member_options

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def check_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch check``."""
    check = verbs.add_parser(
        "check",
        help="ask what others know of your own accounts, and contribute nothing",
        description="Ask whether two others, at least, contributed what your own accounts have: a means of payment, a\n"
        "network, a domain. The first run shows what leaves (kinds and numbers) and asks; run again after the epoch\n"
        "has closed, it prints the answers. An answer is evidence for a person to look at; it decides nothing.",
        epilog="examples:\n"
        "  stillwatch check accounts.csv --preview\n"
        "  stillwatch check accounts.csv --values values.csv --issuer network-token\n"
        "  stillwatch check accounts.csv --alliance alliance.key --warninglists misp-warninglists/lists --json\n\n"
        "exit codes: 0 nothing is known or no answers yet, 1 others know something of an account, 2 bad input, or a\n"
        "peer or the store refused, 130 stopped.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("accounts", metavar="ACCOUNTS", help="account file, CSV or Parquet")
    check.add_argument("--values", metavar="FILE", help="more values of these accounts, CSV or Parquet; never stored")
    check.add_argument("--issuer", default="", metavar="NAME", help="whose fingerprints of payments are")
    warninglists_option(check)
    check.add_argument("--alliance", metavar="FILE", help="key that members share: asks about what groups share, too")
    check.add_argument("--alliance-epoch", type=int, metavar="N", help="epoch of that key (default: the latest)")
    check.add_argument("--last", action="store_true", help="show the latest answers again and ask nobody")
    check.add_argument("--preview", action="store_true", help="show what would leave and send nothing")
    member_options(check)
    check.set_defaults(run=later("check", "check_verb"))
