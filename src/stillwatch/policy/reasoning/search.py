"""Looks for values that make formulas true: the disjunctive normal form, one box at a time, up to a cap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from stillwatch.policy.reasoning.formulas import Both, Either, Literal_
from stillwatch.policy.reasoning.sets import meet
from stillwatch.policy.reasoning.together import consistent
from stillwatch.policy.reasoning.variables import Domain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stillwatch.policy.reasoning.formulas import Formula
    from stillwatch.policy.reasoning.variables import Variable

    Box: TypeAlias = Mapping[Variable, Domain]
    """What each variable may be, independently of the others; one that is not named may be anything."""

MOST_STEPS: Final = 20_000
"""Alternatives tried before nothing is said."""


class TooManyCases(Exception):  # noqa: N818 - an answer that could not be found
    """There are more alternatives than are tried."""


def _narrowed(box: Box, literal: Literal_) -> Domain:
    had = box.get(literal.variable)
    if had is None:
        return literal.domain
    return Domain(meet(had.values, literal.domain.values), had.unknown and literal.domain.unknown)


def _settled(box: Box, todo: Sequence[Formula]) -> tuple[Box, list[Either]] | None:
    """Take in everything that has no alternative; the rest is left open."""
    taken = dict(box)
    open_: list[Either] = []
    stack = list(todo)
    while stack:
        one = stack.pop()
        if isinstance(one, Literal_):
            narrowed = _narrowed(taken, one)
            if not narrowed:
                return None
            taken[one.variable] = narrowed
        elif isinstance(one, Both):
            stack += one.parts
        elif len(one.parts) == 1:
            stack.append(one.parts[0])
        else:
            open_.append(one)
    return taken, open_


def _fits(box: Box, part: Formula) -> bool | None:
    """Whether an alternative still fits: False not, True whatever happens, None perhaps. Looks one level deep."""
    if isinstance(part, Literal_):
        narrowed = _narrowed(box, part)
        return False if not narrowed else True if narrowed == box.get(part.variable) else None
    if isinstance(part, Both):
        said = [_fits(box, one) if isinstance(one, Literal_) else None for one in part.parts]
        return False if False in said else None if None in said else True
    return None


def _alternatives(box: Box, open_: Sequence[Either]) -> list[Either]:
    """Drop what cannot be any more, and what holds already; fewest alternatives first, which fail soonest."""
    left = []
    for one in open_:
        said = [(_fits(box, part), part) for part in one.parts]
        if not any(fits is True for fits, _ in said):
            left.append(Either(tuple(part for fits, part in said if fits is None)))
    return sorted(left, key=lambda one: len(one.parts))


class _Search:
    """One search, counting its steps."""

    def __init__(self, most: int) -> None:
        self.left = most

    def boxes(self, box: Box, todo: Sequence[Formula]) -> Iterator[Box]:
        self.left -= 1
        if self.left < 0:
            raise TooManyCases
        settled = _settled(box, todo)
        if settled is None:
            return
        box, open_ = settled[0], _alternatives(*settled)
        if not open_:
            if consistent(box):
                yield box
            return
        for part in open_[0].parts:
            yield from self.boxes(box, [*open_[1:], part])


def boxes(formulas: Sequence[Formula], most_steps: int = MOST_STEPS) -> Iterator[Box]:
    """Give every box of values that makes all formulas true, one after the other.

    Raises
    ------
    TooManyCases
        More alternatives than ``most_steps`` had to be tried.

    Notes
    -----
    Together the boxes are exactly the solutions, but for what ties single quantities together beyond
    ``together.consistent``. Exponential in nested alternatives, hence the cap.
    """
    return _Search(most_steps).boxes({}, list(formulas))
