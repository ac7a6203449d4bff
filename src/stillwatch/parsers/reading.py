"""Options of the verbs that read logs: scan, campaigns, calibrate."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import EPILOG, input_options, later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def scan_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch scan``."""
    scan = verbs.add_parser(
        "scan",
        help="read request logs and rank accounts by evidence of extraction",
        description="Read request logs, fold them into per-account sketches, and rank accounts by evidence.",
        epilog="examples:\n"
        "  stillwatch scan logs/2026-11-*.jsonl.zst --accounts accounts.csv --out report/\n"
        "  zcat gateway.gz | stillwatch scan - --format litellm --json\n"
        "  stillwatch scan access.log --format envoy --map account_id=x-user-id --trusted-proxy 10.0.0.0/8\n\n"
        + EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    input_options(scan)
    scan.add_argument("--out", metavar="FOLDER", help="write report.html, findings.parquet and findings.jsonl there")
    scan.add_argument(
        "--reference", metavar="FILE", help="what is ordinary at your service, from `stillwatch calibrate`"
    )
    scan.add_argument(
        "--look", type=int, default=1, metavar="K", help="K-th look at these accounts; shares the error rate out (1)"
    )
    scan.add_argument(
        "--keep-exemplars", type=int, default=0, metavar="N", help="show N prompts of each reported account (default 0)"
    )
    scan.add_argument(
        "--no-campaigns",
        action="store_true",
        help="do not look for campaigns, which a scan of 50 accounts or more does",
    )
    scan.add_argument("--threshold", type=float, metavar="BITS", help="total from which an account is reported")
    scan.add_argument("--shown", type=int, metavar="N", help="accounts shown in the terminal and drawn in the report")
    scan.add_argument("--json", action="store_true", help="print the result as JSON instead of tables")
    scan.set_defaults(run=later("scan", "scan_verb"))


def campaigns_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch campaigns``."""
    campaigns = verbs.add_parser(
        "campaigns",
        help="find accounts that work together, and say whether they extract",
        description="Read request logs, find groups of accounts that act together beyond chance, and weigh apart\n"
        "whether one operator stands behind them and whether that operator extracts. Coordination is not abuse.",
        epilog="examples:\n"
        "  stillwatch campaigns logs/2026-11-*.jsonl.zst --accounts accounts.csv --out campaigns/\n"
        "  stillwatch campaigns logs/ --accounts accounts.csv --json | jq '.campaigns[] | select(.reported)'\n\n"
        "exit codes: 0 no campaign is reported as extraction, 1 at least one is, 2 bad input, 3 partial (some input\n"
        "was not read), 130 stopped. A campaign is an observation for a person to look at, never a verdict.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    input_options(campaigns)
    campaigns.add_argument("--out", metavar="FOLDER", help="write report.html, campaigns.json and members.csv there")
    campaigns.add_argument(
        "--reference", metavar="FILE", help="what is ordinary at your service, from `stillwatch calibrate`"
    )
    campaigns.add_argument(
        "--alpha", type=float, metavar="SHARE", help="share of false groups among those found, over many runs (0.001)"
    )
    campaigns.add_argument(
        "--concentration", type=float, metavar="C", help="how alike the topics of one product's customers are (100.0)"
    )
    campaigns.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the simulated nulls (%(default)s)")
    campaigns.add_argument(
        "--history",
        metavar="FILE",
        help="what earlier runs found, read and written anew: campaigns keep their names, and the rate of false groups"
        " is shared out over all runs",
    )
    campaigns.add_argument(
        "--keep-exemplars", type=int, default=0, metavar="N", help="show N prompts of a few surest members (default 0)"
    )
    campaigns.add_argument("--json", action="store_true", help="print the result as JSON instead of tables")
    campaigns.set_defaults(run=later("campaigns", "campaigns_verb"), threshold=None, shown=None)


def calibrate_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch calibrate``."""
    calibrate = verbs.add_parser(
        "calibrate",
        help="learn what is ordinary from your own logs, without labels",
        description="Read ordinary traffic and write down how its accounts look, so that later scans can say how\n"
        "rare an account is among its own kind. No account and no prompt stands in the file. Accounts of a campaign\n"
        "in these logs make later p-values larger, never smaller.",
        epilog="examples:\n"
        "  stillwatch calibrate logs/2026-10-*.jsonl.zst --accounts accounts.csv --out reference.json\n"
        "  stillwatch scan logs/2026-11-*.jsonl.zst --accounts accounts.csv --reference reference.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    input_options(calibrate)
    calibrate.add_argument("--out", required=True, metavar="FILE", help="reference to write")
    calibrate.add_argument("--json", action="store_true", help="print what was found as JSON")
    calibrate.set_defaults(run=later("scan", "calibrate_verb"), threshold=None, shown=None, keep_exemplars=0)
