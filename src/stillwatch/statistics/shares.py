"""Intervals of shares that hold at once."""

from __future__ import annotations

import math

from scipy.special import betaincinv


def clopper_pearson(count: int, of: int, alpha: float = 0.05) -> tuple[float, float]:
    """Give the exact interval of a share.

    Parameters
    ----------
    count, of
        So many of so many.
    alpha
        Chance of missing the true share, at most (0 to 1). For n intervals that shall hold at once with 95 %, give
        0.05 / n (Bonferroni): no assumption about how the shares depend on each other is needed.

    Returns
    -------
    tuple of float
        Lower and upper end, 0 to 1; NaN where ``of`` is 0.

    Examples
    --------
    >>> [round(end, 4) for end in clopper_pearson(0, 100)]
    [0.0, 0.0362]

    Notes
    -----
    Never too narrow, whatever the true share; Wilson's interval is, for shares near 0, which is where these lie, and
    the more so the smaller ``alpha``. Blind spot: accounts of one operator are not independent of each other.

    References
    ----------
    C. J. Clopper, E. S. Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the
    binomial. Biometrika 26.
    """
    if of == 0:
        return math.nan, math.nan
    low = 0.0 if count == 0 else float(betaincinv(count, of - count + 1, alpha / 2))
    high = 1.0 if count == of else float(betaincinv(count + 1, of - count, 1 - alpha / 2))
    return low, high
