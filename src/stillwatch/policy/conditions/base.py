"""What the conditions that ask about one number have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Protocol

from stillwatch.model.terms import Condition
from stillwatch.model.verdict import Met, NotMet
from stillwatch.policy.language.fields import RecordOf, Word, bounds, limits
from stillwatch.policy.reasoning.sets import Spans, Values

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier
    from stillwatch.model.verdict import Answer
    from stillwatch.policy.language.kinds import Kind
    from stillwatch.policy.reasoning.variables import Variable


class Leaf(Condition, Protocol):
    """A condition about one quantity: it is met where the quantity is known and among some values."""

    def truth(self, dossier: Dossier) -> bool | None:
        """Say whether it holds without a word why; None where a field is missing."""
        ...

    def variable(self) -> Variable:
        """Name the quantity it asks about."""
        ...

    def met_by(self) -> Values:
        """Give the values that meet it."""
        ...

    def words(self) -> str:
        """Say it in plain words."""
        ...


def number(value: float) -> str:
    """Write a number as terms do: what reads back as the same number.

    Examples
    --------
    >>> number(3.0), number(0.05), number(-10.25)
    ('3', '0.05', '-10.25')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def plain(value: float) -> str:
    """Write a number for a person: four figures, thousands apart.

    Examples
    --------
    >>> plain(1234567.0), plain(0.012345), plain(3.0)
    ('1,234,567', '0.01235', '3')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A number between two bounds, both included. What a subclass asks about is its own."""

    least: float = -math.inf
    """Least value that meets it."""
    most: float = math.inf
    """Largest value that meets it."""

    def value(self, dossier: Dossier) -> float:
        """Read the number; NaN where it is unknown."""
        raise NotImplementedError

    def missing(self, dossier: Dossier) -> str:
        """Say why the number is unknown."""
        raise NotImplementedError

    def named(self) -> str:
        """Name the number in plain words."""
        raise NotImplementedError

    def written(self) -> tuple[str, str]:
        """Give the key, and what stands before the bounds, as the terms write it."""
        raise NotImplementedError

    def variable(self) -> Variable:
        """Name the quantity it asks about."""
        raise NotImplementedError

    def met_by(self) -> Values:
        """Give the values that meet it."""
        return Spans(((self.least, self.most),))

    def truth(self, dossier: Dossier) -> bool | None:
        """Say whether it holds; None where the number is unknown."""
        value = self.value(dossier)
        return None if not math.isfinite(value) else self.least <= value <= self.most

    def bound(self) -> str:
        """Say the bounds in words."""
        if self.least == self.most:
            return f"exactly {plain(self.least)}"
        low = f"at least {plain(self.least)}" if self.least > -math.inf else ""
        high = f"at most {plain(self.most)}" if self.most < math.inf else ""
        return " and ".join(part for part in (low, high) if part) or "known"

    def words(self) -> str:
        """Say it in plain words."""
        return f"{self.named()} is {self.bound()}"

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether it holds, and why."""
        value = self.value(dossier)
        if not math.isfinite(value):
            return NotMet(str(self), self.missing(dossier), unknown=True)
        if self.least <= value <= self.most:
            return Met(str(self), f"{self.named()} is {plain(value)}")
        return NotMet(str(self), f"{self.named()} is {plain(value)}; asked for: {self.bound()}")

    def __str__(self) -> str:
        """Write it as the terms do."""
        return _spelt(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Single(Bounded):
    """A number that a dossier holds once; a subclass says where, and reads it."""

    VARIABLE: ClassVar[Variable]
    """The quantity; its name is the key."""
    SAID: ClassVar[str]
    """Its name in plain words."""
    ABSENT: ClassVar[str]
    """Why it is unknown where it is."""

    def missing(self, dossier: Dossier) -> str:  # noqa: ARG002
        """Say why it is unknown."""
        return self.ABSENT

    def named(self) -> str:
        """Name it."""
        return self.SAID

    def written(self) -> tuple[str, str]:
        """Give the key."""
        return self.VARIABLE.quantity, ""

    def variable(self) -> Variable:
        """Name the quantity."""
        return self.VARIABLE


def word_of(of: type[Single], kind: Kind, what: str, meaning: str, unknown: str, example: str) -> Word:
    """Make the word of the language for a single number; ``what`` names the number in a table of its bounds."""
    name = of.VARIABLE.quantity
    read = RecordOf(name, bounds(kind, what), ("at_least", "at_most"))
    return Word(name, read, meaning, unknown, lambda given: of(**limits(given)), (example,))


# Every verdict names its conditions, and there are few of them: kept, an answer costs half.
@lru_cache(maxsize=4096)
def _spelt(condition: Bounded) -> str:
    key, before = condition.written()
    parts = [before] if before else []
    parts += [f"at_least: {number(condition.least)}"] if condition.least > -math.inf else []
    parts += [f"at_most: {number(condition.most)}"] if condition.most < math.inf else []
    return f"{key}: {{{', '.join(parts)}}}"
