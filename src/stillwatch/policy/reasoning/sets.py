"""Sets of values that a quantity may have: unions of closed intervals, and sets of names or all but some names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

_INF = math.inf


@dataclass(frozen=True, slots=True)
class Spans:
    """A union of closed intervals, ascending and disjoint; a strict bound is the next float."""

    spans: tuple[tuple[float, float], ...]
    """(low, high) of each."""

    def __bool__(self) -> bool:
        """Whether anything is in it."""
        return bool(self.spans)

    def __contains__(self, value: float) -> bool:
        """Whether a value is in it."""
        return any(low <= value <= high for low, high in self.spans)

    def meet(self, other: Spans) -> Spans:
        """Intersect."""
        found = []
        for low, high in self.spans:
            for a, b in other.spans:
                if max(low, a) <= min(high, b):
                    found.append((max(low, a), min(high, b)))
        return Spans(tuple(found))

    def rest(self) -> Spans:
        """Complement."""
        found, at = [], -_INF
        for low, high in self.spans:
            if low > at:
                found.append((at, math.nextafter(low, -_INF)))
            if high == _INF:
                return Spans(tuple(found))
            at = math.nextafter(high, _INF)
        found.append((at, _INF))
        return Spans(tuple(found))

    def whole(self) -> Spans:
        """Keep what holds a whole number, from whole number to whole number."""
        snapped = [(_up(low), _down(high)) for low, high in self.spans]
        return Spans(tuple((low, high) for low, high in snapped if low <= high))

    @property
    def least(self) -> float:
        """Its lower end."""
        return self.spans[0][0]

    @property
    def most(self) -> float:
        """Its upper end."""
        return self.spans[-1][1]


def _up(value: float) -> float:
    return float(math.ceil(value)) if math.isfinite(value) else value


def _down(value: float) -> float:
    return float(math.floor(value)) if math.isfinite(value) else value


@dataclass(frozen=True, slots=True)
class Names:
    """Some names, or all but some."""

    names: frozenset[str]
    """The names."""
    all_but: bool = False
    """Whether it is every other name."""

    def __bool__(self) -> bool:
        """Whether anything is in it."""
        return self.all_but or bool(self.names)

    def __contains__(self, name: str) -> bool:
        """Whether a name is in it."""
        return (name in self.names) != self.all_but

    def meet(self, other: Names) -> Names:
        """Intersect."""
        if self.all_but and other.all_but:
            return Names(self.names | other.names, all_but=True)
        if self.all_but:
            return Names(other.names - self.names)
        if other.all_but:
            return Names(self.names - other.names)
        return Names(self.names & other.names)

    def rest(self) -> Names:
        """Complement."""
        return Names(self.names, not self.all_but)


Values: TypeAlias = Spans | Names
ANY_NUMBER = Spans(((-_INF, _INF),))
ANY_NAME = Names(frozenset(), all_but=True)


def meet(one: Values, other: Values) -> Values:
    """Intersect two sets of one kind."""
    if isinstance(one, Spans) and isinstance(other, Spans):
        return one.meet(other)
    if isinstance(one, Names) and isinstance(other, Names):
        return one.meet(other)
    raise TypeError("numbers and names have nothing in common")
