"""``stillwatch terms``: lint, explain, diff, judge, schema, print."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from stillwatch.detectors.registry import DETECTORS
from stillwatch.model.dossier_json import MOST_BYTES as MOST_LINE
from stillwatch.model.dossier_json import read_dossiers
from stillwatch.model.errors import InputError
from stillwatch.policy.diff import diff
from stillwatch.policy.explain import explain
from stillwatch.policy.judge import judge, judge_clause
from stillwatch.policy.language.kinds import Day
from stillwatch.policy.language.load import Loaded, load, read_condition
from stillwatch.policy.language.nodes import MOST_BYTES, Scalar
from stillwatch.policy.language.reading import Reading, Unreadable
from stillwatch.policy.language.schema import schema
from stillwatch.policy.lint import lint
from stillwatch.policy.replay import replay
from stillwatch.policy.shipped import SHIPPED, shipped, shipped_text
from stillwatch.store.dossier_days import DAY_MS, day_files
from stillwatch.verbs import terms_json, terms_tables
from stillwatch.verbs.reading import CLEAN, FINDINGS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from stillwatch.model.dossier import Dossier, EvidenceClass
    from stillwatch.model.terms import Terms
    from stillwatch.policy.replay import Replayed

_CLASS: Final[dict[str, EvidenceClass]] = {
    "provenance": "artefacts",
    "content": "content",
    "asked": "asked",
    "probing": "probing",
    "habits": "habits",
}
"""Group of detectors -> class of evidence; the groups that only speak for an account may be of any class."""


def load_terms(name: str) -> Loaded:
    """Read a file of terms, or shipped ones by their name."""
    path = Path(name)
    if name in SHIPPED and not path.exists():
        return shipped(name)
    try:
        with path.open("rb") as file:
            return load(file.read(MOST_BYTES + 1), name)
    except OSError as error:
        raise InputError(
            f"{name}: {error.strerror}; name a file, or one of the shipped terms: {', '.join(SHIPPED)}"
        ) from error


def _dossiers(name: str) -> Iterator[Dossier]:
    """Read a file of dossiers, or every day of a folder, in order."""
    path = Path(name)
    try:
        for one in day_files(path) if path.is_dir() else (path,):
            with one.open("rb") as file:
                # By pieces of bounded length: one line without an end must not fill the memory.
                yield from read_dossiers(iter(partial(file.readline, MOST_LINE + 1), b""), str(one))
    except OSError as error:
        raise InputError(
            f"{name}: {error.strerror}; name a file of dossiers, one a line, or a folder of days"
        ) from error


def _print(page: Any) -> None:  # noqa: ANN401
    print(json.dumps(page, allow_nan=False, ensure_ascii=False))


def detector_classes() -> Mapping[str, EvidenceClass | None]:
    """Name every detector with its class of evidence; None where it may be of any."""
    return {one.name: _CLASS.get(one.group) for one in DETECTORS}


def lint_verb(asked: argparse.Namespace) -> int:
    """Lint terms; see ``stillwatch terms lint --help``."""
    loaded = [load_terms(name) for name in asked.files]
    now_ms = int(time.time() * 1000)
    found = [(one, lint(one, now_ms, detector_classes())) for one in loaded]
    code = FINDINGS if any(remark.severity == "error" for _, some in found for remark in some) else CLEAN
    if asked.json:
        _print({"files": [terms_json.linted(one, some) for one, some in found], "exit_code": code})
    else:
        terms_tables.show_lint(found, Console())
    return code


def explain_verb(asked: argparse.Namespace) -> int:
    """Say terms in words; see ``stillwatch terms explain --help``."""
    terms = load_terms(asked.file).terms
    words = explain(terms)
    dossier = next(_dossiers(asked.dossier), None) if asked.dossier else None
    if asked.dossier and dossier is None:
        raise InputError(f"{asked.dossier}: no dossier in it")
    verdicts = [judge_clause(dossier, one, terms.name, dossier.at_ms) for one in terms.clauses] if dossier else []
    if asked.json:
        _print(terms_json.explained(terms, words, verdicts))
    else:
        terms_tables.show_words(terms, words, verdicts, Console())
    return CLEAN


def _replayed(file: str, days: int, old: Terms, new: Terms) -> Replayed:
    """Replay the days before the latest dossier; that is looked for first, so the file is read twice."""
    latest = max((one.at_ms for one in _dossiers(file)), default=0)
    return replay(_dossiers(file), old, new, from_ms=latest - days * DAY_MS)


def diff_verb(asked: argparse.Namespace) -> int:
    """Compare two versions; see ``stillwatch terms diff --help``."""
    old, new = load_terms(asked.old).terms, load_terms(asked.new).terms
    changes = diff(old, new)
    replayed = _replayed(asked.replay, asked.days, old, new) if asked.replay else None
    changed = replayed.moved if replayed else changes
    code = FINDINGS if changed else CLEAN
    if asked.json:
        _print(terms_json.compared(old, new, changes, replayed) | {"exit_code": code})
    else:
        terms_tables.show_diff(old, new, changes, replayed, Console())
    return code


def _at(written: str | None) -> int | None:
    if written is None:
        return None
    reading = Reading(read_condition)
    try:
        return Day().read(Scalar(written, quoted=False, line=1), reading)
    except Unreadable:
        raise InputError(f"--at {reading.problems[0].says}") from None


def judge_verb(asked: argparse.Namespace) -> int:
    """Judge dossiers; see ``stillwatch terms judge --help``."""
    terms, at = load_terms(asked.file).terms, _at(asked.at)
    number = broken = idle = 0
    console = Console()
    for dossier in _dossiers(asked.dossiers):
        now_ms = dossier.at_ms if at is None else at
        verdicts = judge(dossier, terms, now_ms)
        number, idle = number + 1, idle + (not verdicts)
        broken += any(one.outcome == "broken" for one in verdicts)
        kept = [one for one in verdicts if asked.all or _held(one.outcome, one.exemptions)]
        for one in kept:
            if asked.json:
                _print(terms_json.verdict(one))
            else:
                terms_tables.show_verdict(one, console)
    said = f"{number:,} dossiers judged by {terms.name}: {broken:,} break a clause"
    if idle:
        said += f"; at the time of {idle:,} of them no clause was in force (judge as of another day with --at)"
    print(f"stillwatch: {said}", file=sys.stderr)
    return FINDINGS if broken else CLEAN


def _held(outcome: str, exemptions: tuple[object, ...]) -> bool:
    """Whether the conditions of a verdict held: only then were exemptions tried."""
    return outcome != "not met" or bool(exemptions)


def schema_verb(asked: argparse.Namespace) -> int:  # noqa: ARG001
    """Print the JSON Schema; see ``stillwatch terms schema --help``."""
    print(json.dumps(schema(), indent=2))
    return CLEAN


def print_verb(asked: argparse.Namespace) -> int:
    """Print shipped terms; see ``stillwatch terms print --help``."""
    if asked.name not in SHIPPED:
        raise InputError(f"{asked.name}: no such terms are shipped; write one of: {', '.join(SHIPPED)}")
    print(shipped_text(asked.name).decode(), end="")
    return CLEAN
