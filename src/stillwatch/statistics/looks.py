"""Looking again and again, without the promise wearing off.

An account that is looked at every day is found sooner or later by chance alone. Either each look may spend
only a part of the error (:func:`spent`, :func:`at_look`), or looks are joined as e-values (:func:`e_values`), where
one may stop whenever one likes: multiplied if independent (:func:`running_product`), otherwise added up with
falling weights (:func:`running_average`).

None of them tells which account to look at, nor repairs a p-value that was wrong to begin with.
"""

from __future__ import annotations

from math import floor, log2, pi, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_SHARE: Final = 6.0 / pi**2
"""Share of the error that the first look may spend, so that the shares FIRST_SHARE / k^2 of all looks sum to 1."""
_NEAR_ONE: Final = 1e-3
"""-ln p below which the calibrator is summed as a series, since its closed form cancels."""


def _check(alpha: float, look: int = 1) -> None:
    if not 0 < alpha < 1:
        raise InputError(f"an error rate is a share between 0 and 1, such as 0.01, not {alpha}")
    if look < 1:
        raise InputError(f"looks are counted from 1, not {look}")


def spent(alpha: float, look: int) -> float:
    """Give the part of the error that one look may spend.

    Parameters
    ----------
    alpha
        Chance of ever reporting an honest account over all looks, 0 to 1.
    look
        Which look at this account it is, from 1.

    Returns
    -------
    float
        Level for this look's p-value. All looks together spend ``alpha``, however many there will be.

    Raises
    ------
    InputError
        The error rate is not between 0 and 1, or the look is below 1.

    Examples
    --------
    >>> [round(spent(0.05, look), 5) for look in (1, 2, 90)]
    [0.0304, 0.0076, 0.0]

    Notes
    -----
    Holds however the looks depend on each other. Blind spot: late looks spend so little that a small
    reference cannot reach it; see :func:`last_useful_look`.

    References
    ----------
    Lan & DeMets (1983), Discrete sequential boundaries for clinical trials: the idea of spending.
    """
    _check(alpha, look)
    return alpha * FIRST_SHARE / look**2


def at_look(p: NDArray[np.float64], look: int) -> NDArray[np.float64]:
    """Raise the p-values of one look so that they may be held against ``alpha`` itself, or given to ``q_values``.

    Parameters
    ----------
    p
        p-values of this look, shape (n,); NaN where there is not enough evidence.
    look
        Which look it is, from 1.

    Returns
    -------
    ndarray
        Shape (n,), at most 1; ``at_look(p, k) <= alpha`` exactly where ``p <= spent(alpha, k)``.

    Raises
    ------
    InputError
        The look is below 1.

    Examples
    --------
    >>> at_look(np.array([0.0001, 0.2]), 3).round(5).tolist()
    [0.00148, 1.0]
    """
    _check(0.5, look)
    return np.minimum(p * look**2 / FIRST_SHARE, 1.0)


def log_at_look(log_p: NDArray[np.float64], look: int) -> NDArray[np.float64]:
    """Do the same with natural logarithms, which may lie below the smallest float.

    Parameters
    ----------
    log_p
        ln p of this look, shape (n,); NaN where there is not enough evidence.
    look
        Which look it is, from 1.

    Returns
    -------
    ndarray
        Shape (n,), at most 0.

    Raises
    ------
    InputError
        The look is below 1.

    Examples
    --------
    >>> np.exp(log_at_look(np.log([0.0001, 0.2]), 3)).round(5).tolist()
    [0.00148, 1.0]
    """
    _check(0.5, look)
    return np.minimum(log_p + 2.0 * np.log(look) - np.log(FIRST_SHARE), 0.0)


def last_useful_look(alpha: float, smallest: float) -> int:
    """Give the last look at which an account could still be reported.

    Parameters
    ----------
    alpha
        Chance of ever reporting an honest account, 0 to 1.
    smallest
        Smallest p-value the reference can give, 1 / (m + 1).

    Returns
    -------
    int
        0 if not even the first look can.

    Raises
    ------
    InputError
        The error rate is not between 0 and 1, or the smallest p-value not above 0.

    Examples
    --------
    >>> last_useful_look(0.05, 1 / 10_001)
    17
    """
    _check(alpha)
    if not 0 < smallest <= 1:
        raise InputError("the smallest p-value is a share above 0 and at most 1")
    return floor(sqrt(alpha * FIRST_SHARE / smallest))


def e_values(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn p-values into e-values: what a fair bet against the account's honesty would have paid.

    1 pays the stake back, 20 is what p = 0.05 promises at best. For an honest account the mean is at most 1.

    Parameters
    ----------
    p
        p-values, 0 to 1, any shape; NaN where there is not enough evidence.

    Returns
    -------
    ndarray
        At least 0.5, infinite at p = 0; 1 where p is NaN: a look that cannot tell stakes nothing.

    Raises
    ------
    InputError
        A p-value lies outside 0 to 1.

    Examples
    --------
    >>> e_values(np.array([1.0, 0.5, 0.01, 0.0001, np.nan])).round(2).tolist()
    [0.5, 0.64, 4.45, 117.76, 1.0]

    References
    ----------
    Vovk & Wang (2021), E-values: calibration, combination and applications, equation (2): the mean over
    kappa of kappa p^(kappa - 1), which is (1 - p + p ln p) / (p (ln p)^2).
    """
    known = ~np.isnan(p)
    if ((p[known] < 0) | (p[known] > 1)).any():
        raise InputError("a p-value lies between 0 and 1; give NaN where there is not enough evidence")
    with np.errstate(divide="ignore"):
        nats = -np.log(p)
    near = nats < _NEAR_ONE
    t = np.where(near, 1.0, nats)
    # Below the smallest float exp overflows to infinity, and 1 / p is infinite there as well.
    with np.errstate(over="ignore", invalid="ignore"):
        closed = np.where(np.isinf(t), np.inf, (np.expm1(t) - t) / t**2)
    series = 0.5 + nats / 6 + nats**2 / 24
    return np.where(known, np.where(near, series, closed), 1.0)


def running_product(e: NDArray[np.float64]) -> NDArray[np.float64]:
    """Multiply the e-values of looks at disjoint new traffic, in bits.

    Parameters
    ----------
    e
        e-values, shape (looks,) or (looks, n), oldest look first.

    Returns
    -------
    ndarray
        log2 of the product so far, same shape: bits of evidence that need no prior.

    Examples
    --------
    >>> running_product(np.array([4.0, 0.5, 16.0])).tolist()
    [2.0, 1.0, 5.0]

    Notes
    -----
    Each factor must have mean at most 1 *given the looks before it*. Traffic counted twice breaks that. So does
    an honest account that is unlike its cohort every day, even in disjoint traffic: use the product only where
    honest looks are independent, such as change against the account's own past, and elsewhere :func:`spent` or
    :func:`running_average`, which need no independence.

    References
    ----------
    Ville (1939), Étude critique de la notion de collectif.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(np.cumsum(np.log2(e), axis=0))


def running_average(e: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up the e-values of looks that may depend on each other, in bits.

    Parameters
    ----------
    e
        e-values, shape (looks,) or (looks, n), oldest look first.

    Returns
    -------
    ndarray
        log2 of the sum so far of FIRST_SHARE / k^2 times the e-value of look k, same shape; never falls.

    Examples
    --------
    >>> running_average(np.array([4.0, 4.0])).round(2).tolist()
    [1.28, 1.6]

    Notes
    -----
    The weights of all looks sum to 1, so the limit is itself an e-value and the sum, which only grows, never
    exceeds it: the promise holds over all looks. The plain mean so far does not give that.

    References
    ----------
    Vovk & Wang (2021), section 4: a weighted mean of e-values is an e-value however they depend.
    """
    share = FIRST_SHARE / np.arange(1, e.shape[0] + 1) ** 2
    with np.errstate(divide="ignore"):
        return np.asarray(np.log2(np.cumsum(e * share.reshape(-1, *(1,) * (e.ndim - 1)), axis=0)))


def enough_bits(alpha: float) -> float:
    """Give the bits that a running product or average reaches for an honest account at most that often, ever.

    Parameters
    ----------
    alpha
        Chance of ever reporting an honest account, 0 to 1.

    Returns
    -------
    float
        log2(1 / alpha).

    Raises
    ------
    InputError
        The error rate is not between 0 and 1.

    Examples
    --------
    >>> round(enough_bits(0.01), 2)
    6.64

    References
    ----------
    Ville (1939), Étude critique de la notion de collectif: the inequality for the running product.
    """
    _check(alpha)
    return log2(1.0 / alpha)
