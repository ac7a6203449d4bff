"""Options of the verbs that serve: gateway."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def gateway_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch gateway``."""
    gateway = verbs.add_parser(
        "gateway",
        help="serve before a model API: carry calls through, apply barriers by standing, answer other gateways",
        description="Carry calls to a model API unchanged, apply barriers where a decision is in force, and answer "
        "other gateways that ask whether a call may pass.",
        epilog="examples:\n  stillwatch gateway --config gateway.yaml --check\n"
        "  stillwatch gateway --config gateway.yaml\n\n"
        "exit codes: 0 ended in order, or nothing is wrong with the configuration; 2 bad input",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    gateway.add_argument("--config", required=True, metavar="FILE", help="configuration, YAML")
    gateway.add_argument("--check", action="store_true", help="read the configuration, say what it comes to, and end")
    gateway.add_argument("--json", action="store_true", help="print JSON")
    gateway.set_defaults(run=later("gateway", "gateway_verb"))
