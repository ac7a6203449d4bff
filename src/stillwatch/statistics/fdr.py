"""p-values of many accounts to the share of false findings among those reported.

Controls the expected share over many runs, not the share of one run.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def q_values(p: NDArray[np.float64], *, any_dependence: bool = False) -> NDArray[np.float64]:
    """Give each account the smallest false-discovery rate at which it would be reported.

    Reporting every account with q <= 0.05 keeps the expected share of honest ones among them at 5 % or less.

    Parameters
    ----------
    p
        p-values, 0 to 1, shape (n,); NaN where there is not enough evidence.
    any_dependence
        False: Benjamini-Hochberg, right for independent p-values and for conformal ones that share one
        reference. True: Benjamini-Yekutieli, right however they depend, at the price of a factor ln n.

    Returns
    -------
    ndarray
        q-values, 0 to 1, shape (n,); a smaller p never has a larger q. NaN stays NaN and counts for no test.

    Raises
    ------
    InputError
        A p-value lies outside 0 to 1.

    Examples
    --------
    >>> q_values(np.array([0.01, np.nan, 0.04, 0.03, 0.5])).round(4).tolist()
    [0.04, nan, 0.0533, 0.0533, 0.5]

    Notes
    -----
    O(n log n). Blind spot: campaigns make accounts alike, so judge groups by their own test.

    References
    ----------
    Benjamini & Hochberg (1995), Controlling the false discovery rate.
    Benjamini & Yekutieli (2001), The control of the false discovery rate under dependency, theorem 1.3.
    Bates, Candès, Lei, Romano & Sesia (2023), Testing for outliers with conformal p-values, theorem 2:
    conformal p-values that share a reference depend positively, so Benjamini-Hochberg holds.
    """
    known = np.flatnonzero(~np.isnan(p))
    kept = p[known]
    if ((kept < 0) | (kept > 1)).any():
        raise InputError("a p-value lies between 0 and 1; give NaN where there is not enough evidence")
    tests = kept.shape[0]
    order = np.argsort(kept, kind="stable")
    rank = np.arange(1, tests + 1)
    price = float((1.0 / rank).sum()) if any_dependence else 1.0
    raised = kept[order] * (tests * price) / rank
    q = np.full(p.shape, np.nan)
    q[known[order]] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return q


def fewest_reported(tests: int, smallest: float, rate: float) -> int:
    """Give how many accounts must stand out together before any can be reported.

    A conformal p-value is never below 1 / (m + 1). With a small reference and many accounts a single one
    cannot reach the rate, however much evidence there is; this says so in advance.

    Parameters
    ----------
    tests
        Accounts with a p-value.
    smallest
        Smallest p-value the reference can give.
    rate
        False-discovery rate wanted, 0 to 1.

    Returns
    -------
    int
        Accounts at the smallest p-value that Benjamini-Hochberg needs; 1 means a single one can be reported.

    Raises
    ------
    InputError
        ``smallest`` or ``rate`` is not above 0 and at most 1.

    Examples
    --------
    >>> fewest_reported(10_000, 1 / 10_001, 0.05)
    20
    >>> fewest_reported(500, 1 / 10_001, 0.05)
    1
    """
    if not (0 < smallest <= 1 and 0 < rate <= 1):
        raise InputError("the smallest p-value and the rate are shares above 0 and at most 1")
    return max(1, ceil(tests * smallest / rate - 1e-9))
