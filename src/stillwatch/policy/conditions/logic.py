"""All, any, not: in three values. What is unknown stays unknown under ``not``, and is never met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from stillwatch.model.verdict import Met, NotMet
from stillwatch.policy.language.fields import Word
from stillwatch.policy.language.kinds import ListOf, Nested

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier
    from stillwatch.model.verdict import Answer
    from stillwatch.policy.conditions.base import Leaf

    Tree: TypeAlias = "Leaf | All | AnyOf | Not"


def _reasons(answers: list[NotMet]) -> str:
    return "; ".join(one.reason for one in answers)


@dataclass(frozen=True, slots=True)
class All:
    """Met where each part is met."""

    parts: tuple[Tree, ...]
    """Its parts."""

    def truth(self, dossier: Dossier) -> bool | None:
        """Give False if one part is, else None if one part is unknown, else True."""
        unknown = False
        for part in self.parts:
            truth = part.truth(dossier)
            if truth is False:
                return False
            unknown = unknown or truth is None
        return None if unknown else True

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether it holds, and why."""
        answers = [part.answer(dossier) for part in self.parts]
        failed = [one for one in answers if isinstance(one, NotMet)]
        if not failed:
            return Met(str(self), "; ".join(one.fact for one in answers if isinstance(one, Met)))
        known = [one for one in failed if not one.unknown]
        return NotMet(str(self), _reasons(known or failed), unknown=not known)

    def words(self) -> str:
        """Say it in plain words."""
        return "all of: " + "; ".join(part.words() for part in self.parts)

    def __str__(self) -> str:
        """Write it as the terms do."""
        return f"all: [{', '.join(f'{{{part}}}' for part in self.parts)}]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Met where one part is met."""

    parts: tuple[Tree, ...]
    """Its parts."""

    def truth(self, dossier: Dossier) -> bool | None:
        """Give True if one part is, else None if one part is unknown, else False."""
        unknown = False
        for part in self.parts:
            truth = part.truth(dossier)
            if truth:
                return True
            unknown = unknown or truth is None
        return None if unknown else False

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether it holds, and why."""
        answers = [part.answer(dossier) for part in self.parts]
        held = [one.fact for one in answers if isinstance(one, Met)]
        if held:
            return Met(str(self), "; ".join(held))
        failed = [one for one in answers if isinstance(one, NotMet)]
        return NotMet(str(self), _reasons(failed), unknown=any(one.unknown for one in failed))

    def words(self) -> str:
        """Say it in plain words."""
        return "any of: " + "; ".join(part.words() for part in self.parts)

    def __str__(self) -> str:
        """Write it as the terms do."""
        return f"any: [{', '.join(f'{{{part}}}' for part in self.parts)}]"


@dataclass(frozen=True, slots=True)
class Not:
    """Met where its part is known not to be met."""

    part: Tree
    """What must not hold."""

    def truth(self, dossier: Dossier) -> bool | None:
        """Turn it round; what is unknown stays unknown."""
        truth = self.part.truth(dossier)
        return None if truth is None else not truth

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether it holds, and why."""
        inner = self.part.answer(dossier)
        if isinstance(inner, Met):
            return NotMet(str(self), f"must not hold, but does: {inner.fact}")
        if inner.unknown:
            return NotMet(str(self), inner.reason, unknown=True)
        return Met(str(self), inner.reason)

    def words(self) -> str:
        """Say it in plain words."""
        return f"it does not hold that {self.part.words()}"

    def __str__(self) -> str:
        """Write it as the terms do."""
        return f"not: {{{self.part}}}"


def _all(read: tuple[Any, ...]) -> All:
    return All(read)


def _any(read: tuple[Any, ...]) -> AnyOf:
    return AnyOf(read)


def _not(read: Any) -> Not:  # noqa: ANN401
    return Not(read)


_PARTS: Final = ListOf(Nested(), 1, 30)
ALL: Final = Word(
    "all",
    _PARTS,
    "Met where each of its conditions is.",
    "No condition fails and one cannot be told.",
    _all,
    ("all: [{total_bits: {at_least: 3}}, {q_value: {at_most: 0.05}}]",),
)
ANY: Final = Word(
    "any",
    _PARTS,
    "Met where one of its conditions is.",
    "No condition is met and one cannot be told.",
    _any,
    ("any: [{class_bits: {class: artefacts, at_least: 6}}, {campaign_reported: true}]",),
)
NOT: Final = Word(
    "not",
    Nested(),
    "Met where its condition is known not to hold.",
    "Its condition cannot be told: absent is not zero, under `not` either.",
    _not,
    ("not: {plan: {in: [enterprise]}}",),
)
