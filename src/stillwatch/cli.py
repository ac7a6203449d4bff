"""The command line: one thin verb a task, no logic of its own.

Everything heavy is imported inside the verb that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from stillwatch import __version__
from stillwatch.model.errors import InputError, StillwatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CLEAN, FINDINGS, BAD_INPUT, PARTIAL, STOPPED = 0, 1, 2, 3, 130

FORMAT_WORDS: Final = (
    "auto",
    "native",
    "litellm",
    "otel",
    "helicone",
    "langfuse",
    "kong",
    "envoy",
    "anthropic",
    "openai-responses",
    "openai-chat",
)
"""Words of ``scan --format``; a test holds them against ``ingest.readers.READERS``."""

_EPILOG: Final = """\
exit codes: 0 nothing above the threshold, 1 findings, 2 bad input, 3 partial (some input was not read),
130 stopped. A finding is an observation for a person to look at, never a verdict."""


def _later(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """Name a verb that is imported only when it runs."""

    def run(asked: argparse.Namespace) -> int:
        verb: Callable[[argparse.Namespace], int] = getattr(import_module(f"stillwatch.verbs.{module}"), name)
        return verb(asked)

    return run


def _input_options(verb: argparse.ArgumentParser) -> None:
    """Add what every verb that reads logs takes."""
    verb.add_argument("inputs", nargs="+", metavar="INPUT", help="files, globs, folders, or - for standard input")
    verb.add_argument("--format", default="auto", choices=FORMAT_WORDS, help="log format (default: auto)")
    verb.add_argument("--accounts", metavar="FILE", help="account file, CSV or Parquet: plan, signup, organisation ...")
    verb.add_argument(
        "--key", metavar="FILE", default="stillwatch.key", help="pseudonym key, made if missing (%(default)s)"
    )
    verb.add_argument("--epoch", type=int, metavar="N", help="epoch of the key (default: the latest)")
    verb.add_argument(
        "--map", action="append", default=[], metavar="FIELD=PATH", help="read an event field from a place of your own"
    )
    verb.add_argument(
        "--trusted-proxy", action="append", default=[], metavar="NET", help="believe X-Forwarded-For written by these"
    )
    verb.add_argument("--corpus", metavar="FILE", help="filter of public prompts, as `stillwatch corpus` builds it")
    verb.add_argument("--threads", type=int, metavar="N", help="worker threads (default: one a processor)")
    verb.add_argument("--base-rate", type=float, metavar="SHARE", help="share of accounts taken to extract (0.001)")


def _scan_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    scan = verbs.add_parser(
        "scan",
        help="read request logs and rank accounts by evidence of extraction",
        description="Read request logs, fold them into per-account sketches, and rank accounts by evidence.",
        epilog="examples:\n"
        "  stillwatch scan logs/2026-11-*.jsonl.zst --accounts accounts.csv --out report/\n"
        "  zcat gateway.gz | stillwatch scan - --format litellm --json\n"
        "  stillwatch scan access.log --format envoy --map account_id=x-user-id --trusted-proxy 10.0.0.0/8\n\n"
        + _EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _input_options(scan)
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
    scan.set_defaults(run=_later("scan", "scan_verb"))


def _campaigns_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    _input_options(campaigns)
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
    campaigns.set_defaults(run=_later("campaigns", "campaigns_verb"), threshold=None, shown=None)


def _calibrate_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    _input_options(calibrate)
    calibrate.add_argument("--out", required=True, metavar="FILE", help="reference to write")
    calibrate.add_argument("--json", action="store_true", help="print what was found as JSON")
    calibrate.set_defaults(run=_later("scan", "calibrate_verb"), threshold=None, shown=None, keep_exemplars=0)


def _corpus_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    corpus.set_defaults(run=_later("evaluate", "corpus_verb"))


def _learn_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    learn.set_defaults(run=_later("evaluate", "learn_verb"))


def _evaluate_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    evaluate = verbs.add_parser(
        "evaluate",
        help="judge the detectors on unseen sources, or the finding of campaigns, beside other methods",
        description="accounts: build accounts from real prompts, leave whole sources out, and count what is found and "
        "who is wrongly accused. campaigns: find campaigns among honest crowds in simulated worlds. Other methods run "
        "on the same accounts. Needs the extra: evaluate.",
        epilog="examples:\n"
        "  stillwatch evaluate --prompts ../shared/data/dev/prompts --out docs/explanation/evaluation.md\n"
        "  stillwatch evaluate --prompts ../shared/data/dev/prompts --small --no-peers --json\n"
        "  stillwatch evaluate campaigns --out docs/explanation/campaigns-evaluation.md\n"
        "  stillwatch evaluate campaigns --labelled ../shared/data/dev/coordination",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    evaluate.add_argument(
        "what", nargs="?", default="accounts", choices=("accounts", "campaigns"), help="what is judged (%(default)s)"
    )
    evaluate.add_argument("--prompts", metavar="FOLDER", help="folder of prompt Parquet; accounts cannot do without")
    evaluate.add_argument("--out", metavar="FILE", help="Markdown page to write, pictures beside it")
    evaluate.add_argument("--seed", type=int, default=1, help="same seed, same accounts (default %(default)s)")
    evaluate.add_argument("--small", action="store_true", help="a few accounts of each kind, for a quick look")
    evaluate.add_argument("--seeds", type=int, default=0, metavar="N", help="campaigns: worlds of the main tables (20)")
    evaluate.add_argument("--labelled", metavar="FOLDER", help="campaigns: judge these real sets instead of worlds")
    evaluate.add_argument("--no-peers", action="store_true", help="leave the other methods out")
    evaluate.add_argument("--json", action="store_true", help="print the tables as JSON")
    evaluate.set_defaults(run=_evaluate)


def _simulate_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    simulate.set_defaults(run=_later("simulate", "simulate_verb"))


def _key_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    key = verbs.add_parser(
        "key",
        help="make or rotate the key that pseudonyms are made with",
        description="Make a key file (mode 0600), or add an epoch to it. Pseudonyms of two epochs do not compare.",
        epilog="examples:\n  stillwatch key new stillwatch.key\n  stillwatch key rotate stillwatch.key",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    key.add_argument("act", choices=("new", "rotate", "show"), help="show prints epochs and fingerprint, never the key")
    key.add_argument("file", metavar="FILE", help="key file")
    key.set_defaults(run=_later("names", "key_verb"))


def _pseudonym_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    name.set_defaults(run=_later("names", "pseudonym_verb"))


def _topics_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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


PARSERS: Final = (
    _scan_parser,
    _campaigns_parser,
    _calibrate_parser,
    _simulate_parser,
    _evaluate_parser,
    _learn_parser,
    _corpus_parser,
    _key_parser,
    _pseudonym_parser,
    _topics_parser,
)
"""Verbs, in the order of the help."""


def build_parser() -> argparse.ArgumentParser:
    """Build the whole command line; the reference page is checked against it."""
    parser = argparse.ArgumentParser(
        prog="stillwatch",
        description="Find adversarial distillation in the request logs of an AI API, and be fair about it.",
        epilog="example:\n  stillwatch scan logs/ --accounts accounts.csv --out report/\n\n" + _EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"stillwatch {__version__}")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    for add in PARSERS:
        add(verbs)
    return parser


def _evaluate(asked: argparse.Namespace) -> int:
    if asked.what == "campaigns":
        from stillwatch.verbs.campaign_study import evaluate_campaigns

        return evaluate_campaigns(asked)
    if not asked.prompts:
        raise InputError("accounts are built from prompts: add --prompts FOLDER")
    from stillwatch.verbs.evaluate import evaluate_verb

    return evaluate_verb(asked)


def _topics(asked: argparse.Namespace) -> int:
    from pathlib import Path

    from stillwatch.topics_build import build

    print(f"wrote {build(Path(asked.out), asked.seed):,} bytes to {asked.out}")
    return CLEAN


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    asked = build_parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = asked.run
    try:
        code = run(asked)
        sys.stdout.flush()
    except InputError as error:
        print(f"stillwatch: {error}", file=sys.stderr)
    except StillwatchError as error:
        print(f"stillwatch: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stillwatch: stopped; nothing was written", file=sys.stderr)
        return STOPPED
    except (BrokenPipeError, SystemExit):
        # Whoever read the output has gone; the tables' library leaves with a code that would mean findings.
        _drop_output()
    except OSError as error:
        _drop_output()
        print(f"stillwatch: {error.filename or 'standard output'}: {error.strerror or error}", file=sys.stderr)
    else:
        return code
    return BAD_INPUT


def _drop_output() -> None:
    """Let go of what standard output did not take, so that nothing tries again when the program ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
