"""Options of ``stillwatch demo``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def demo_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch demo``."""
    demo = verbs.add_parser(
        "demo",
        help="show an exchange on this machine: three providers, a custodian, a hub, one campaign",
        description="Simulate three providers that a campaign is spread over thinly, let each look alone, then let\n"
        "them join through a hub and a custodian on loopback. Time is moved on, everything else is what runs live.",
        epilog="examples:\n"
        "  stillwatch demo --alliance\n"
        "  stillwatch demo --alliance --seed 12 --json\n\n"
        "exit codes: 0 done, 2 bad input, 130 stopped.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    demo.add_argument("--alliance", action="store_true", help="the exchange")
    demo.add_argument("--out", metavar="FOLDER", default="alliance-demo", help="where it is written (%(default)s)")
    demo.add_argument("--seed", type=int, default=7, metavar="N", help="same seed, same world (%(default)s)")
    demo.add_argument("--json", action="store_true", help="print JSON")
    demo.set_defaults(run=later("demo", "demo_verb"))
