"""Terms in prose: what each clause asks, spares, permits and promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stillwatch.policy.conditions.evidence.speaking import Speaking

if TYPE_CHECKING:
    from stillwatch.model.decision import Action
    from stillwatch.model.terms import Clause, Condition, Terms


@dataclass(frozen=True, slots=True)
class InWords:
    """One clause in words."""

    id: str
    """Its id."""
    sentence: str
    """Sentence of the contract."""
    mode: str
    """Whether it is watched or in force, and from when until when."""
    broken_if: tuple[str, ...]
    """What must hold, one sentence each."""
    unless: tuple[str, ...]
    """What exempts, one sentence each."""
    permits: str
    """What may be done, mildest first, for how long, and what needs a person."""
    told: str
    """What the customer is told, and where to contest it."""


def day(at_ms: int) -> str:
    """Write a day, and the minute where it is not midnight (UTC)."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.strftime("%Y-%m-%d" if not at.hour and not at.minute else "%Y-%m-%d %H:%M")


def _words(condition: Condition) -> str:
    said: str = getattr(condition, "words", condition.__str__)()
    return said


def _actions(actions: tuple[Action, ...]) -> str:
    return ", ".join(one.name.lower().replace("_", " ") for one in actions)


def _duration(hours: float) -> str:
    return f"{hours / 24:g} days" if hours % 24 == 0 and hours > 24 else f"{hours:g} hours"


def _permits(clause: Clause) -> str:
    person = f"; only a person may: {_actions(clause.by_person)}" if clause.by_person else ""
    return f"{_actions(clause.actions)}; a decision lasts {_duration(clause.lasts_h)}{person}"


def in_words(clause: Clause) -> InWords:
    """Say one clause in words."""
    state = "watched only (shadow)" if clause.mode == "shadow" else "live"
    told = f"{clause.notice or 'nothing'} Contest: {clause.appeal or 'no address'}"
    return InWords(
        id=clause.id,
        sentence=clause.sentence,
        mode=f"{state}, from {day(clause.from_ms)} until {day(clause.until_ms)}",
        broken_if=(*(_words(one) for one in clause.conditions), Speaking.of(clause).words()),
        unless=tuple(_words(one) for one in clause.exemptions),
        permits=_permits(clause),
        told=" ".join(told.split()),
    )


def explain(terms: Terms) -> tuple[InWords, ...]:
    """Say every clause in words, in the order of the terms."""
    return tuple(in_words(clause) for clause in terms.clauses)
