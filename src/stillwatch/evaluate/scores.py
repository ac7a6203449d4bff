"""Ranks and rates over accounts, with intervals that resample whole accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RESAMPLES: Final = 200


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and where it lies when the accounts are drawn again."""

    value: float
    """The figure."""
    low: float
    """2.5 % of the resampled figures."""
    high: float
    """97.5 % of them."""


def auc(above: NDArray[np.float64], below: NDArray[np.float64]) -> float:
    """Give the chance that a draw of ``above`` is larger than one of ``below``, ties counting half.

    Examples
    --------
    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875

    References
    ----------
    Mann & Whitney (1947), On a test of whether one of two random variables is stochastically larger.
    """
    if not above.shape[0] or not below.shape[0]:
        return float("nan")
    order = np.sort(below)
    lower = np.searchsorted(order, above, side="left")
    equal = np.searchsorted(order, above, side="right") - lower
    return float((lower + 0.5 * equal).mean() / below.shape[0])


def resampled(figure: Callable[[np.random.Generator | None], float], rng: np.random.Generator) -> Interval:
    """Give a figure with its interval, NaN where there is none; ``figure`` draws accounts again under a generator."""
    again = np.array([figure(rng) for _ in range(RESAMPLES)])
    known = again[~np.isnan(again)]
    low, high = np.percentile(known, [2.5, 97.5]) if known.shape[0] else (np.nan, np.nan)
    return Interval(figure(None), float(low), float(high))


def drawn(values: NDArray[np.float64], rng: np.random.Generator | None) -> NDArray[np.float64]:
    """Draw as many values again, with replacement; the same ones without a generator."""
    return values if rng is None else values[rng.integers(0, values.shape[0], values.shape[0])]


def wilson95(found: int, of: int) -> tuple[float, float]:
    """Give the 95 % interval of a share.

    Examples
    --------
    >>> [round(end, 3) for end in wilson95(0, 100)]
    [0.0, 0.037]

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if not of:
        return float("nan"), float("nan")
    z = 1.959964
    share = found / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def p_values(values: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the conformal p-value of each value among reference values: how rarely those reach as high.

    Examples
    --------
    >>> p_values(np.array([0.5, 9.0]), np.arange(9.0)).tolist()
    [0.9, 0.1]
    """
    order = np.sort(reference)
    above = order.shape[0] - np.searchsorted(order, values, side="left")
    return np.asarray((1.0 + above) / (order.shape[0] + 1.0))
