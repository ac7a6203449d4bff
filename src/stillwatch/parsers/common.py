"""What the verbs' options have in common, and how a verb waits until it runs to be imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name

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

EPILOG: Final = """\
exit codes: 0 nothing above the threshold, 1 findings, 2 bad input, 3 partial (some input was not read),
130 stopped. A finding is an observation for a person to look at, never a verdict."""


def later(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """Name a verb that is imported only when it runs."""

    def run(asked: argparse.Namespace) -> int:
        verb: Callable[[argparse.Namespace], int] = getattr(import_module(f"stillwatch.verbs.{module}"), name)
        return verb(asked)

    return run


def warninglists_option(verb: argparse.ArgumentParser) -> None:
    """Take folders of values that many honest people share."""
    verb.add_argument(
        "--warninglists",
        action="append",
        default=[],
        metavar="FOLDER",
        help="leave out what is on these lists, in the format of MISP; may be given again",
    )


def input_options(verb: argparse.ArgumentParser) -> None:
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
