"""The few distributions that weights are made of, for whole columns at once.

Everything is a natural logarithm until the last step; :data:`BITS` turns it into bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS: Final = 1.0 / log(2.0)
"""Bits a nat."""
Z90: Final = 1.6449
"""Normal quantile that leaves 5 % on each side."""


@dataclass(frozen=True, slots=True)
class Beta:
    """How a share is spread over accounts; mean a / (a + b)."""

    a: float
    """First shape parameter, > 0."""
    b: float
    """Second shape parameter, > 0."""


def log_gamma(x: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Give ln Gamma(x) for x > 0, right to about 1e-10.

    References
    ----------
    Abramowitz & Stegun (1964), 6.1.41: Stirling's series, after shifting x up by 8.
    """
    at = np.asarray(x, np.float64)
    product = at
    for k in range(1, 8):
        product = product * (at + k)
    shift = np.log(product)
    y = at + 8.0
    series = 1 / (12 * y) - 1 / (360 * y**3) + 1 / (1260 * y**5)
    return np.asarray((y - 0.5) * np.log(y) - y + 0.5 * log(2 * pi) + series - shift)


def _log_beta(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)


def log_beta_binomial(k: NDArray[np.float64], n: NDArray[np.float64], rate: Beta) -> NDArray[np.float64]:
    """Give the log probability of k in n events when the rate itself varies over accounts.

    Parameters
    ----------
    k
        Events that show the trait, 0 <= k <= n; need not be whole.
    n
        Events in all.
    rate
        How the rate is spread over accounts.
    """
    choose = -np.log(n + 1.0) - _log_beta(n - k + 1.0, k + 1.0)
    spread = _log_beta(k + rate.a, n - k + rate.b) - _log_beta(np.asarray(rate.a), np.asarray(rate.b))
    return np.asarray(choose + spread)


def log_normal(x: NDArray[np.float64], mean: float, sd: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Give the log density of a normal distribution."""
    z = (x - mean) / sd
    return np.asarray(-0.5 * z * z - np.log(sd) - 0.5 * log(2 * pi))


def mix(*parts: tuple[float, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Give the log density of a mixture of (share, log density)."""
    logs = [log(share) + density for share, density in parts]
    return np.asarray(np.logaddexp.reduce(np.stack(logs), axis=0))


def wilson(share: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the 90 % interval of a share seen in n events.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    z2 = Z90 * Z90
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z90 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)
