"""Options of the verbs that learn and judge: evaluate, learn, corpus, topics."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError
from stillwatch.parsers.common import CLEAN, later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs


def _evaluate(asked: argparse.Namespace) -> int:
    if asked.what == "campaigns":
        from stillwatch.verbs.campaign_study import evaluate_campaigns

        return evaluate_campaigns(asked)
    if asked.what == "exchange":
        from stillwatch.verbs.exchange_study import evaluate_exchange

        return evaluate_exchange(asked)
    if not asked.prompts:
        raise InputError("accounts are built from prompts: add --prompts FOLDER")
    from stillwatch.verbs.evaluate import evaluate_verb

    return evaluate_verb(asked)


def _topics(asked: argparse.Namespace) -> int:
    from pathlib import Path

    from stillwatch.topics_build import build

    print(f"wrote {build(Path(asked.out), asked.seed):,} bytes to {asked.out}")
    return CLEAN


def evaluate_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch evaluate``."""
    evaluate = verbs.add_parser(
        "evaluate",
        help="judge the detectors on unseen sources, or the finding of campaigns, beside other methods",
        description="accounts: build accounts from real prompts, leave whole sources out, and count what is found and "
        "who is wrongly accused. campaigns: find campaigns among honest crowds in simulated worlds. exchange: what "
        "several providers find together that none finds alone. Other methods run on the same accounts. Needs the "
        "extra: evaluate.",
        epilog="examples:\n"
        "  stillwatch evaluate --prompts ../shared/data/dev/prompts --out docs/explanation/evaluation.md\n"
        "  stillwatch evaluate --prompts ../shared/data/dev/prompts --small --no-peers --json\n"
        "  stillwatch evaluate campaigns --out docs/explanation/campaigns-evaluation.md\n"
        "  stillwatch evaluate campaigns --labelled ../shared/data/dev/coordination\n"
        "  stillwatch evaluate exchange --out docs/explanation/exchange-evaluation.md\n"
        "  stillwatch evaluate exchange --when --seeds 5 --out docs/explanation/exchange-timing.md\n"
        "  stillwatch evaluate exchange --standing --out docs/explanation/exchange-standing.md",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    evaluate.add_argument(
        "what",
        nargs="?",
        default="accounts",
        choices=("accounts", "campaigns", "exchange"),
        help="what is judged (%(default)s)",
    )
    evaluate.add_argument("--prompts", metavar="FOLDER", help="folder of prompt Parquet; accounts cannot do without")
    evaluate.add_argument("--out", metavar="FILE", help="Markdown page to write, pictures beside it")
    evaluate.add_argument("--seed", type=int, default=1, help="same seed, same accounts (default %(default)s)")
    evaluate.add_argument("--small", action="store_true", help="a few accounts of each kind, for a quick look")
    evaluate.add_argument("--seeds", type=int, default=0, metavar="N", help="worlds of the main tables (20)")
    evaluate.add_argument("--labelled", metavar="FOLDER", help="campaigns: judge these real sets instead of worlds")
    evaluate.add_argument(
        "--standing", action="store_true", help="exchange: what is left without any one provider, worlds: 10"
    )
    evaluate.add_argument("--when", action="store_true", help="exchange: the day each campaign is found, worlds: 5")
    evaluate.add_argument("--no-peers", action="store_true", help="leave the other methods out")
    evaluate.add_argument("--json", action="store_true", help="print the tables as JSON")
    evaluate.set_defaults(run=_evaluate)


def learn_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch learn``."""
    learn = verbs.add_parser(
        "learn",
        help="learn the shapes of work again from prompt sources",
        description="Learn what extraction, people and machines look like from a folder of labelled prompt sources,\n"
        "and write the model that the detector harvest_shape reads.",
        epilog="example:\n  stillwatch learn --prompts ../shared/data/dev/prompts --out shapes.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    learn.add_argument("--prompts", required=True, metavar="FOLDER", help="folder of prompt Parquet")
    learn.add_argument("--out", required=True, metavar="FILE", help="model to write")
    learn.add_argument(
        "--accounts", type=int, default=20, metavar="N", help="accounts of each source and size (%(default)s)"
    )
    learn.add_argument("--seed", type=int, default=1, help="same seed, same model (default %(default)s)")
    learn.set_defaults(run=later("evaluate", "learn_verb"))


def corpus_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch corpus``."""
    corpus = verbs.add_parser(
        "corpus",
        help="build a filter of public prompts, such as benchmarks",
        description="Hash the prompts of files and folders (.parquet, .jsonl, .txt) into a filter that\n"
        "`scan --corpus` looks prompts up in. The filter holds hashes only.",
        epilog="example:\n  stillwatch corpus benchmarks/ --out benchmarks.npz",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    corpus.add_argument("inputs", nargs="+", metavar="INPUT", help="files and folders of prompts")
    corpus.add_argument("--out", required=True, metavar="FILE", help="filter to write")
    corpus.add_argument("--json", action="store_true", help="print what was built as JSON")
    corpus.set_defaults(run=later("evaluate", "corpus_verb"))


def topics_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch topics``."""
    topics = verbs.add_parser(
        "topics",
        help="build the word table again (needs the extra: topics)",
        description="Build the hashed word table that gives a prompt its topic. Nothing is downloaded.",
        epilog="example:\n  stillwatch topics --out topics.npz",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    topics.add_argument("--out", required=True, metavar="FILE", help="file to write")
    topics.add_argument("--seed", type=int, default=0, help="seed of the clustering (default %(default)s)")
    topics.set_defaults(run=_topics)
