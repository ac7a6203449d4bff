"""The command line: one thin verb a task, no logic of its own. What each takes is in ``parsers``.

Everything heavy is imported inside the verb that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from stillwatch import __version__
from stillwatch.model.errors import InputError, StillwatchError
from stillwatch.parsers.appealing import appeals_parser
from stillwatch.parsers.checking import check_parser
from stillwatch.parsers.common import BAD_INPUT, EPILOG, STOPPED
from stillwatch.parsers.deciding import decisions_parser, fairness_parser, ledger_parser
from stillwatch.parsers.demo import demo_parser
from stillwatch.parsers.exchanging import custodian_parser
from stillwatch.parsers.hub import hub_parser
from stillwatch.parsers.live import watch_parser
from stillwatch.parsers.making import simulate_parser
from stillwatch.parsers.member import (
    allow_parser,
    docket_parser,
    inbox_parser,
    join_parser,
    membership_parser,
    opinion_parser,
    publish_parser,
    share_parser,
    withdraw_parser,
)
from stillwatch.parsers.names import key_parser, pseudonym_parser
from stillwatch.parsers.reading import calibrate_parser, campaigns_parser, scan_parser
from stillwatch.parsers.serving import applied_parser, gateway_parser
from stillwatch.parsers.study import corpus_parser, evaluate_parser, learn_parser, topics_parser
from stillwatch.parsers.terms import terms_parser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARSERS: Final = (
    scan_parser,
    campaigns_parser,
    watch_parser,
    calibrate_parser,
    terms_parser,
    decisions_parser,
    appeals_parser,
    ledger_parser,
    fairness_parser,
    simulate_parser,
    evaluate_parser,
    learn_parser,
    corpus_parser,
    gateway_parser,
    applied_parser,
    demo_parser,
    join_parser,
    share_parser,
    inbox_parser,
    withdraw_parser,
    publish_parser,
    opinion_parser,
    docket_parser,
    allow_parser,
    membership_parser,
    check_parser,
    custodian_parser,
    hub_parser,
    key_parser,
    pseudonym_parser,
    topics_parser,
)
"""Verbs, in the order of the help."""


def build_parser() -> argparse.ArgumentParser:
    """Build the whole command line; the reference page is checked against it."""
    parser = argparse.ArgumentParser(
        prog="stillwatch",
        description="Find adversarial distillation in the request logs of an AI API, and be fair about it.",
        epilog="example:\n  stillwatch scan logs/ --accounts accounts.csv --out report/\n\n" + EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"stillwatch {__version__}")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    for add in PARSERS:
        add(verbs)
    return parser


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
    except KeyboardInterrupt as error:
        print(f"stillwatch: stopped; {str(error) or 'nothing was written'}", file=sys.stderr)
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
