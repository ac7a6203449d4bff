"""Evidence of several independent parties about one hypothesis, as e-values: joined, whoever stays silent included.

An e-value has mean 1 at most under the null, so that 1/e is a level at which to reject, and products of independent
ones are e-values again.
A party that reports only small p-values is taken at 0 where it is silent: without that, selection
alone would make evidence. Logarithms throughout; silence is minus infinity.

References
----------
Vovk & Wang (2021), E-values: calibration, combination and applications. Wang & Ramdas (2022), False discovery rate
control with e-values.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import gammaln, logsumexp

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

KAPPA: Final = 0.1
"""Power of the calibrator: small ones favour small p-values."""


def calibrated(log_p: NDArray[np.float64], bar: float, kappa: float = KAPPA) -> NDArray[np.float64]:
    """Turn p-values that are reported at or below a bar into e-values.

    Parameters
    ----------
    log_p
        ln p, shape (n,); NaN where nothing could tell.
    bar
        p-value from which nothing is reported, 0 to 1.
    kappa
        Power, 0 to 1.

    Returns
    -------
    ndarray
        ln e, shape (n,); minus infinity above the bar. All of the mass lies below it, so that the mean over a uniform
        p is exactly 1.

    Raises
    ------
    InputError
        Bar or power are not between 0 and 1.

    Examples
    --------
    >>> calibrated(np.log([1e-6, 0.04, 0.06]), 0.05).round(1).tolist()
    [10.4, 0.9, -inf]
    """
    if not (0 < bar <= 1 and 0 < kappa < 1):
        raise InputError(f"a bar and a power lie between 0 and 1, not {bar} and {kappa}")
    log_p = np.asarray(log_p, np.float64)
    reported = log_p <= math.log(bar)
    log_e = math.log(kappa) + (kappa - 1.0) * np.where(reported, log_p, 0.0) - kappa * math.log(bar)
    return np.where(reported, log_e, -np.inf)


def joined(log_e: Sequence[float] | NDArray[np.float64], least: int = 2) -> float:
    """Join independent e-values, whichever of them speak.

    Parameters
    ----------
    log_e
        ln e of every party, the silent ones at minus infinity, shape (m,).
    least
        Fewest parties that have to speak (parties, >= 1).

    Returns
    -------
    float
        ln of an e-value: the mean over k = least..m of the mean product of k parties. Minus infinity where fewer speak.

    Notes
    -----
    O(m^2). What many parties that stay silent cost is the number of ways in which others could have spoken.

    Examples
    --------
    >>> round(joined([3.0, 3.0, float("-inf")]), 2)
    4.21
    """
    values = np.asarray(log_e, np.float64)
    m = values.shape[0]
    if m < least:
        return -math.inf
    # ln of the elementary symmetric polynomials of degree 0..m.
    sums = np.full(m + 1, -np.inf)
    sums[0] = 0.0
    for at, value in enumerate(values.tolist()):
        if value > -math.inf:
            sums[1 : at + 2] = np.logaddexp(sums[1 : at + 2], sums[: at + 1] + value)
    degrees = np.arange(least, m + 1)
    ways = gammaln(m + 1) - gammaln(degrees + 1) - gammaln(m - degrees + 1)
    return float(logsumexp(sums[least:] - ways) - math.log(m + 1 - least))


def without_each(log_e: Sequence[float] | NDArray[np.float64], least: int = 1) -> NDArray[np.float64]:
    """Join what is left without each party in turn; shape (m,)."""
    values = np.asarray(log_e, np.float64)
    return np.array([joined(np.delete(values, at), least) for at in range(values.shape[0])])


def discovered(log_e: NDArray[np.float64], alpha: float) -> NDArray[np.bool_]:
    """Say which hypotheses are rejected at a false-discovery rate, however they depend on each other (e-BH).

    Parameters
    ----------
    log_e
        ln e of every hypothesis, shape (n,).
    alpha
        False-discovery rate, 0 to 1.

    Examples
    --------
    >>> discovered(np.log([400.0, 30.0, 1.0]), 0.1).tolist()
    [True, True, False]
    """
    n = log_e.shape[0]
    if not n:
        return np.zeros(0, np.bool_)
    order = np.argsort(-log_e, kind="stable")
    passing = log_e[order] >= math.log(n / alpha) - np.log(np.arange(1, n + 1))
    count = int(np.flatnonzero(passing).max(initial=-1)) + 1
    made = np.zeros(n, np.bool_)
    made[order[:count]] = True
    return made
