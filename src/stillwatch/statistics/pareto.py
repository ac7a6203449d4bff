"""A p-value beyond the largest of a few hundred draws: the tail of a simulated null as a generalised Pareto.

A count of draws can say no less than 1 / (draws + 1). Where the statistic lies beyond the draws, the largest of
them are fitted instead, by probability-weighted moments, and the fit is bounded where it would promise too much.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAIL_SHARE: Final = 0.1
"""Share of the draws that are fitted as the tail."""
_FEWEST: Final = 20
_BEYOND: Final = 10


def log_upper_p(value: float, draws: NDArray[np.float64]) -> float:
    """Give ln p of a statistic of which large values speak against chance.

    Parameters
    ----------
    value
        The statistic.
    draws
        The same statistic under chance, shape (m,).

    Returns
    -------
    float
        ln p. At ten or more draws beyond the value, or too few draws to fit, their count; else the fitted tail.

    Notes
    -----
    The shape is kept at or above 0 (an exponential tail or a heavier one): a bounded fit would say that what lies
    beyond the bound is impossible, which no few hundred draws can know.

    References
    ----------
    Knijnenburg, Wessels, Reinders & Shmulevich (2009), Fewer permutations, more accurate p-values.
    Hosking & Wallis (1987), Parameter and quantile estimation for the generalized Pareto distribution.
    """
    m = draws.shape[0]
    beyond = int(np.count_nonzero(draws >= value))
    if beyond >= _BEYOND or m * TAIL_SHARE < _FEWEST:
        return math.log((beyond + 1.0) / (m + 1.0))
    k = int(m * TAIL_SHARE)
    top = np.sort(draws)[::-1][: k + 1]
    threshold = float(top[k])
    excess = np.sort(top[:k] - threshold)
    mean = float(excess.mean())
    if mean <= 0.0:
        return math.log((beyond + 1.0) / (m + 1.0))
    weights = (k - np.arange(1, k + 1)) / (k - 1.0)
    second = float((weights * excess).mean())
    shape = max(2.0 - mean / (mean - 2.0 * second), 0.0) if mean > 2.0 * second else 0.0
    scale = mean * (1.0 - shape) if shape > 0.0 else mean
    over = max(value - threshold, 0.0)
    tail = -over / scale if shape == 0.0 else -math.log1p(shape * over / scale) / shape
    return math.log(k / m) + tail


BLUNT: Final = 2.0
"""What a distance from the middle is divided by is 1 + BLUNT / sqrt(draws): the spread of a few draws is only known so
well, within about 0.7 / sqrt(draws) of itself."""
HEAVY: Final = 1.0
"""Excess kurtosis of the draws from which they are not taken for normal."""


def log_sum_p(value: float, draws: NDArray[np.float64]) -> float:
    """Give ln p of a statistic that is a sum of many parts, of which large values speak against chance.

    Such a sum is nearly normal, and a Pareto tail fitted to it promises far too little. Where the draws do not look
    heavier than normal, a blunted normal tail is used, else the fitted one.

    Parameters
    ----------
    value
        The statistic.
    draws
        The same statistic under chance, shape (m,).

    Returns
    -------
    float
        ln p.
    """
    middle, spread = float(draws.mean()), float(draws.std())
    if spread <= 0.0:
        return log_upper_p(value, draws)
    z = (value - middle) / spread
    kurtosis = float(np.mean(((draws - middle) / spread) ** 4)) - 3.0
    if kurtosis > HEAVY or z < 2.0:
        return log_upper_p(value, draws)
    return float(special.log_ndtr(-z / (1.0 + BLUNT / math.sqrt(draws.shape[0]))))
