"""Options of terms: lint, explain, diff, judge, schema, print."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from stillwatch.parsers.common import later

if TYPE_CHECKING:
    from stillwatch.parsers.common import Verbs

_TERMS: Final = "terms: a file, or a shipped name (starter, frontier-lab, small-provider, aggregator)"
_CODES: Final = "exit codes: 0 {clean}, 1 {found}, 2 bad input, 130 stopped."


def _add(verbs: Verbs, name: str, summary: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return verbs.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def days(text: str) -> int:
    """Read a number of days."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 99999")
    return number


def _json(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help="print JSON instead of tables")


def _lint(verbs: Verbs) -> None:
    lint = _add(
        verbs,
        "lint",
        "find what is unfair, dead or missing in terms",
        "Prove of every clause that it cannot restrict on weak evidence or on coordination alone, or show an account\n"
        "that it would. Find clauses that nothing breaks, that add nothing or contradict each other, that have no\n"
        "notice, appeal or end, and wording about place, nationality or language.",
        "examples:\n  stillwatch terms lint terms.yaml\n  stillwatch terms lint starter terms/*.yaml --json\n\n"
        + _CODES.format(clean="no errors (there may be warnings)", found="errors"),
    )
    lint.add_argument("files", nargs="+", metavar="TERMS", help=_TERMS)
    _json(lint)
    lint.set_defaults(run=later("terms", "lint_verb"))


def _explain(verbs: Verbs) -> None:
    explain = _add(
        verbs,
        "explain",
        "say terms in plain words, or why they do or do not apply to an account",
        "Say every clause in plain words. With a dossier, say of each condition and exemption if it holds, and why.",
        "examples:\n  stillwatch terms explain starter\n  stillwatch terms explain terms.yaml --dossier dossier.json",
    )
    explain.add_argument("file", metavar="TERMS", help=_TERMS)
    explain.add_argument(
        "--dossier", metavar="FILE", help="dossiers, one a line; the first is explained, in force or not"
    )
    _json(explain)
    explain.set_defaults(run=later("terms", "explain_verb"))


def _diff(verbs: Verbs) -> None:
    diff = _add(
        verbs,
        "diff",
        "compare two versions of terms, and replay both over recorded dossiers",
        "Say which clauses were added, removed and changed, and which became stricter or milder, where that can be\n"
        "proved. With --replay, judge recorded dossiers by both in event time, as if every clause were live, and say\n"
        "about whom something else would be permitted: new, stricter, milder, gone or other, and by plan. Each\n"
        "dossier is judged by what was known at its own time.",
        "examples:\n  stillwatch terms diff terms.yaml terms-new.yaml\n"
        "  stillwatch terms diff terms.yaml terms-new.yaml --replay dossiers/\n"
        "  stillwatch terms diff terms.yaml terms-new.yaml --replay dossiers.jsonl --days 30 --json\n\n"
        + _CODES.format(clean="nothing changes", found="something does"),
    )
    diff.add_argument("old", metavar="OLD", help=_TERMS)
    diff.add_argument("new", metavar="NEW", help=_TERMS)
    diff.add_argument(
        "--replay", metavar="DOSSIERS", help="judge these by both versions: a file, one a line, or a folder of days"
    )
    diff.add_argument(
        "--days",
        type=days,
        default=90,
        metavar="N",
        help="replay the N days before the latest dossier (default %(default)s)",
    )
    _json(diff)
    diff.set_defaults(run=later("terms", "diff_verb"))


def _judge(verbs: Verbs) -> None:
    judge = _add(
        verbs,
        "judge",
        "judge dossiers by terms",
        "Judge each dossier by the clauses in force when it was put together, and print the verdicts of clauses\n"
        "whose conditions hold. A verdict is no action: nothing is done about anybody.",
        "examples:\n  stillwatch terms judge terms.yaml dossiers.jsonl\n"
        "  stillwatch terms judge terms.yaml dossiers.jsonl --at 2026-12-24 --all --json\n\n"
        + _CODES.format(clean="no clause is broken", found="at least one is"),
    )
    judge.add_argument("file", metavar="TERMS", help=_TERMS)
    judge.add_argument("dossiers", metavar="DOSSIERS", help="dossiers, one a line")
    judge.add_argument(
        "--at", metavar="DATE", help="judge all as of this day, UTC (default: when each was put together)"
    )
    judge.add_argument("--all", action="store_true", help="print clauses whose conditions do not hold as well")
    _json(judge)
    judge.set_defaults(run=later("terms", "judge_verb"))


def terms_parser(verbs: Verbs) -> None:
    """Take the options of ``stillwatch terms``."""
    terms = _add(
        verbs,
        "terms",
        "write terms of use as data: lint, explain, compare, judge",
        "Terms of use are a YAML file: clauses, what each asks for, whom it spares, what it permits, how to appeal.",
        "examples:\n  stillwatch terms print starter > terms.yaml\n  stillwatch terms lint terms.yaml\n"
        "  stillwatch terms explain terms.yaml",
    )
    acts = terms.add_subparsers(title="acts", required=True, metavar="ACT")
    _lint(acts)
    _explain(acts)
    _diff(acts)
    _judge(acts)
    schema = _add(acts, "schema", "print the JSON Schema of terms", "Print the JSON Schema (draft 2020-12).", "")
    schema.set_defaults(run=later("terms", "schema_verb"))
    shown = _add(
        acts,
        "print",
        "print shipped terms, to begin with",
        "Print a file of terms that comes with the package.",
        "example:\n  stillwatch terms print starter > terms.yaml",
    )
    shown.add_argument("name", metavar="NAME", help="starter, frontier-lab, small-provider or aggregator")
    shown.set_defaults(run=later("terms", "print_verb"))
