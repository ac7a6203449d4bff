"""Options of the verbs about names: key, pseudonym."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def key_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch key``."""
    key = verbs.add_parser(
        "key",
        help="make or rotate the key that pseudonyms are made with",
        description="Make a key file (mode 0600), or add an epoch to it. Pseudonyms of two epochs do not compare.",
        epilog="examples:\n  stillwatch key new stillwatch.key\n  stillwatch key rotate stillwatch.key",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    key.add_argument("act", choices=("new", "rotate", "show"), help="show prints epochs and fingerprint, never the key")
    key.add_argument("file", metavar="FILE", help="key file")
    key.set_defaults(run=later("names", "key_verb"))


def pseudonym_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch pseudonym``."""
    name = verbs.add_parser(
        "pseudonym",
        help="find the pseudonym of an account, or the account of a pseudonym",
        description="Translate between your account ids and the pseudonyms of a report. Needs the key.",
        epilog="examples:\n  stillwatch pseudonym team-17 --key stillwatch.key\n"
        "  stillwatch pseudonym a_0f3k2m9q7c1xw --accounts accounts.csv --key stillwatch.key",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    name.add_argument("names", nargs="+", metavar="NAME", help="account ids, or pseudonyms (a_...) with --accounts")
    name.add_argument("--key", metavar="FILE", default="stillwatch.key", help="pseudonym key (%(default)s)")
    name.add_argument("--epoch", type=int, metavar="N", help="epoch of the key (default: the latest)")
    name.add_argument("--accounts", metavar="FILE", help="account file to look pseudonyms up in")
    name.set_defaults(run=later("names", "pseudonym_verb"))
