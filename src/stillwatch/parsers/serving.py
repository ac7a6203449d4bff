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
        epilog="examples:\n  stillwatch gateway --upstream http://127.0.0.1:8000 --store decisions.db --spool calls\n"
        "  stillwatch gateway --config gateway.yaml --check\n"
        "  stillwatch gateway --config gateway.yaml --store decisions.db --spool /var/lib/stillwatch/gateway\n\n"
        "exit codes: 0 ended in order, or nothing is wrong with the configuration; 2 bad input, or a folder cannot be "
        "used",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    told = gateway.add_mutually_exclusive_group(required=True)
    told.add_argument("--config", metavar="FILE", help="configuration, YAML")
    told.add_argument("--upstream", metavar="URL", help="address of the model API; everything else as it is by default")
    gateway.add_argument("--store", metavar="FILE", help="where decisions are recorded; what is in force is followed")
    gateway.add_argument(
        "--spool", metavar="FOLDER", help="write every call there, for `stillwatch watch --spool` to take over"
    )
    gateway.add_argument("--check", action="store_true", help="read the configuration, say what it comes to, and end")
    gateway.add_argument("--json", action="store_true", help="print JSON")
    gateway.set_defaults(run=later("gateway", "gateway_verb"))


def applied_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch applied``."""
    applied = verbs.add_parser(
        "applied",
        help="show what barriers changed in which calls, for an appeal",
        description="Show what barriers of a gateway refused, delayed or changed, call by call: decision, clause,\n"
        "tier, every change and every edit of a mark. No content of requests or answers is among it.",
        epilog="examples:\n  stillwatch applied --spool /var/lib/stillwatch/gateway --decision d-1\n"
        "  stillwatch applied --spool /var/lib/stillwatch/gateway --account a_0123456789abc --json\n\n"
        "exit codes: 0 shown; 2 the folder is none of a gateway, or cannot be read",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    applied.add_argument("--spool", required=True, metavar="FOLDER", help="folder that the gateway writes to")
    applied.add_argument("--decision", default="", metavar="ID", help="only calls under this decision")
    applied.add_argument("--account", default="", metavar="A_...", help="only calls of this account, by pseudonym")
    applied.add_argument("--call", default="", metavar="ID", help="only this call, by our id or that of its answer")
    applied.add_argument("--json", action="store_true", help="print JSON, one call a line")
    applied.set_defaults(run=later("gateway", "applied_verb"))
