"""Counts of an exchange that are fit for the public: one member changes each by a stated bound, whatever it does.

Neighbours are two exchanges, one of which a member never took part in. A count that is changed by at most its bound
between neighbours, with discrete Laplace noise of scale bound / epsilon, is differentially private with that epsilon;
the epsilons of an epoch's counts add up to its budget.

Clamping what matched at each member would not do: who leaves takes matches from the others, too. So each member's tags
weigh ``min(1, bound / tags it submitted)``, which no other member has a say in, and a matched tag counts with the
weight that makes it a match: the second largest where a match takes two members. Without a member a tag it does not
hold counts as before, and one that it holds changes by its weight at most, which adds up to the bound.

Blind spot: campaigns found jointly have no such bound, since one member's leave can cut a campaign in several. They
are not in here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import TypeAlias

    Noise: TypeAlias = Callable[[int, int, float], int]
    """(value, bound, epsilon) -> value with noise."""

MOST_EPSILON: Final = 1.0
"""Largest budget of an epoch."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A count that is released."""

    name: str
    """Name."""
    says: str
    """What is counted."""
    bound: int
    """Most that one member adds."""


TAGS: Final = Figure("tags", "tags submitted, padding included", 1_000)
MATCHED: Final = Figure("matched", "tags that several members hold, of kinds that match by one tag", 200)
SIGHTINGS: Final = Figure("sightings", "sightings submitted while the epoch was open", 200)
FIGURES: Final = (TAGS, MATCHED, SIGHTINGS)
"""What is released; each spends an equal part of the budget."""


def clamped(counts: Iterable[int], bound: int) -> int:
    """Add up counts of members, of each at most the bound.

    Examples
    --------
    >>> clamped([3, 500], 100)
    103
    """
    return sum(min(one, bound) for one in counts)


def matched(holders: Iterable[Collection[int]], submitted: Mapping[int, int], least: int, bound: int) -> int:
    """Count matched tags, so that no member changes the count by more than the bound.

    Parameters
    ----------
    holders
        Members that hold each matched tag.
    submitted
        Tags that each member submitted in all.
    least
        Members that a match takes.
    bound
        Most that one member changes the count by.

    Examples
    --------
    >>> matched([{1, 2}, {1, 2, 3}], {1: 10, 2: 10, 3: 10}, 2, 100)
    2
    >>> matched([{1, 2}] * 10, {1: 10, 2: 1_000}, 2, 100)
    1
    """
    weights = {one: min(Fraction(1), Fraction(bound, many)) for one, many in submitted.items()}
    alike = Counter(frozenset(one) for one in holders)
    total = Fraction(0)
    for members, times in alike.items():
        rising = sorted((weights[one] for one in members), reverse=True)
        if len(rising) >= least:
            total += times * rising[least - 1]
    # Rounding down is no more sensitive than what is rounded, since the bound is a whole number.
    return int(total)


def released(counts: Mapping[str, int], epsilon: float, noise: Noise) -> list[dict[str, Any]]:
    """Put noise on counts.

    Parameters
    ----------
    counts
        Count of each of ``FIGURES``.
    epsilon
        Budget of all of them together.
    noise
        Draws discrete Laplace noise of scale bound / epsilon.

    Returns
    -------
    list of dict
        For each figure its value, which may be negative, and everything that is needed to judge it.

    Raises
    ------
    InputError
        The budget is not above 0 and at most ``MOST_EPSILON``.
    """
    if not 0 < epsilon <= MOST_EPSILON:
        raise InputError(f"an epoch's epsilon lies above 0, and at most at {MOST_EPSILON:g}")
    part = epsilon / len(FIGURES)
    return [
        {
            "name": one.name,
            "says": one.says,
            "value": noise(counts[one.name], one.bound, part),
            "one_member_at_most": one.bound,
            "epsilon": part,
            "noise": "discrete Laplace",
            "scale": one.bound / part,
        }
        for one in FIGURES
    ]
