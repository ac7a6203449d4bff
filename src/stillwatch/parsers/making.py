"""Options of simulate."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.parsers.common import later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def simulate_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch simulate``."""
    simulate = verbs.add_parser(
        "simulate",
        help="make a small world of request logs whose truth is known",
        description="Write a seeded world: request logs, accounts.csv and truth.csv. Everything in it is made up.",
        epilog="examples:\n  stillwatch simulate --out world --seed 7\n"
        "  stillwatch simulate --out world --format litellm --prompts ../shared/data/dev/prompts\n"
        "  stillwatch simulate --out world --world hydra --seed 7\n"
        "  stillwatch simulate --out world --background 10 \\\n"
        "    --campaign accounts=150,per_day=13,technique=store_replay,benign_mix=0.9 \\\n"
        "    --campaign preset=gtg-16002,accounts=80\n\n"
        "fields of --campaign:\n"
        "  preset (gtg-16005, letter-2026-06, february-2026, gtg-16002, gtg-16006, gtg-16008, openai-2026-07,\n"
        "  september-sweep, hidden), name, accounts, per_day,\n"
        "  technique (template, reasoning, grading, agentic, store_replay, live_relay, sweep), instructions,\n"
        "  in_system (yes, no), pools, failover_delay_h, replaced, paraphrase, jitter_min, residential,\n"
        "  fingerprint_random, shared_cards, disposable_mail, benign_mix, topic_personas, duplicates, synchrony,\n"
        "  signup_burst_h, pivots (yes, no), partition (random, sequential), artefact_replay",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    simulate.add_argument("--out", required=True, metavar="FOLDER", help="where the world is written")
    simulate.add_argument("--seed", type=int, default=7, help="same seed, same bytes (default %(default)s)")
    simulate.add_argument("--format", default="native", metavar="FORMAT", help="log format to write (default native)")
    simulate.add_argument(
        "--suffix", default=".jsonl.zst", choices=(".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"), help="kind of file"
    )
    simulate.add_argument(
        "--world",
        default="small",
        choices=("small", "wide", "hydra"),
        help="small, some of every persona, or campaigns of many accounts beside honest crowds",
    )
    simulate.add_argument(
        "--campaign",
        action="append",
        default=[],
        metavar="FIELD=VALUE,...",
        help="campaign of many accounts, in place of the world's own; may be repeated",
    )
    simulate.add_argument(
        "--background", type=float, metavar="N", help="honest accounts, as times as many as those of campaigns"
    )
    simulate.add_argument("--scale", type=float, default=1.0, help="times as many accounts (default %(default)s)")
    simulate.add_argument("--days", type=int, metavar="N", help="length of the world in days")
    simulate.add_argument("--start", default="2026-11-02", metavar="DATE", help="first day, UTC (default %(default)s)")
    simulate.add_argument("--prompts", metavar="FOLDER", help="folder of prompt Parquet, for real text")
    simulate.add_argument("--traces", metavar="FOLDER", help="folder of arrival traces, for real timing")
    simulate.set_defaults(run=later("simulate", "simulate_verb"))
