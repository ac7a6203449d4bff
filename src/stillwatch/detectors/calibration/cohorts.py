"""Who an account is compared with, and how many accounts nobody reports did more.

A size class keeps large customers beside large customers. The cohort-ratio line is shown to a person and
may stop a machine from acting; it is never weighed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LARGEST_CLASS: Final = 12
"""Last size class: 10^12 events and more."""
UNKNOWN_CLASS: Final = -1
"""Size class of an account whose number of events is unknown."""
_POWERS: Final = 10.0 ** np.arange(1, LARGEST_CLASS + 1)


def size_classes(events: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give the size class of every account: class k sent 10^k events or more, and fewer than 10^(k+1).

    Parameters
    ----------
    events
        Events an account, shape (n,); NaN where unknown.

    Returns
    -------
    ndarray
        0 to LARGEST_CLASS, or UNKNOWN_CLASS; shape (n,). Nought to nine events are class 0.

    Examples
    --------
    >>> size_classes(np.array([3.0, 10.0, 999.0, 1000.0, np.nan])).tolist()
    [0, 1, 2, 3, -1]
    """
    classes = np.searchsorted(_POWERS, events, side="right").astype(np.int64)
    return np.where(np.isnan(events), UNKNOWN_CLASS, classes)


def plan_codes(plans: Sequence[str]) -> NDArray[np.int64]:
    """Give every plan a number, in order of first appearance.

    Parameters
    ----------
    plans
        Plan of each account; an empty text is a plan like any other.

    Returns
    -------
    ndarray
        Shape (n,), 0 for the first plan seen.

    Examples
    --------
    >>> plan_codes(["pro", "free", "pro"]).tolist()
    [0, 1, 0]
    """
    code: dict[str, int] = {}
    return np.fromiter((code.setdefault(plan, len(code)) for plan in plans), np.int64, len(plans))


def did_more(
    values: NDArray[np.float64], plan_codes: NDArray[np.int64], flagged: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Count, for every account, the unflagged accounts of its plan that did strictly more.

    High: ordinary customers outdo this account, so its volume accuses nobody. 0: nobody unflagged did more.

    Parameters
    ----------
    values
        A volume, such as events or ``tokens_out``; shape (n,), NaN where unknown.
    plan_codes
        Plan of each account as a number, shape (n,).
    flagged
        Accounts reported, shape (n,).

    Returns
    -------
    ndarray
        Shape (n,); -1 where the account's own volume is unknown.

    Examples
    --------
    >>> did_more(np.array([5.0, 9.0, 7.0, 1.0]), np.zeros(4, np.int64), np.array([True, False, True, False])).tolist()
    [1, 0, 1, 1]

    Notes
    -----
    O(n log n). Blind spot: within a plan where most campaigns go unflagged, those did more, too.

    References
    ----------
    xiufengsun/TokenTracker#534 (2026): blocked accounts audited again by the ratio to their unblocked peers.
    """
    # A plan's values become one run of whole numbers, so that a single sorted array answers for all plans.
    ordered, rank = np.unique(values, return_inverse=True)
    span = ordered.shape[0] + 1
    key = plan_codes * span + rank
    quiet = np.sort(key[~flagged & ~np.isnan(values)])
    after = np.searchsorted(quiet, (plan_codes + 1) * span, side="left")
    more = after - np.searchsorted(quiet, key, side="right")
    return np.where(np.isnan(values), -1, more).astype(np.int64)


def ratio_to_median(
    values: NDArray[np.float64], plan_codes: NDArray[np.int64], flagged: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Divide each account's volume by the median of the unflagged accounts of its plan.

    1 is a middling customer; below 1 more than half of the ordinary customers did more.

    Parameters
    ----------
    values
        A volume, at least 0; shape (n,), NaN where unknown.
    plan_codes
        Plan of each account as a number, shape (n,).
    flagged
        Accounts reported, shape (n,).

    Returns
    -------
    ndarray
        Shape (n,); NaN where the volume is unknown, the plan has no unflagged account or their median is 0.

    Examples
    --------
    >>> values, flagged = np.array([6.0, 1.0, 2.0, 3.0]), np.array([True, False, False, False])
    >>> ratio_to_median(values, np.zeros(4, np.int64), flagged).tolist()
    [3.0, 0.5, 1.0, 1.5]
    """
    sorted_, start, stop = _quiet_runs(values, plan_codes, flagged)
    none = stop == start
    low = np.where(none, 0, start + (stop - start - 1) // 2)
    high = np.where(none, 0, start + (stop - start) // 2)
    median = (sorted_[low] + sorted_[high]) / 2
    return _ratio(values, np.where(none, np.nan, median))


def ratio_to_largest(
    values: NDArray[np.float64], plan_codes: NDArray[np.int64], flagged: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Divide each account's volume by the largest of the unflagged accounts of its plan.

    Below 1 at least one ordinary customer did more. This is the ratio of the audit cited in :func:`did_more`.

    Parameters
    ----------
    values
        A volume, at least 0; shape (n,), NaN where unknown.
    plan_codes
        Plan of each account as a number, shape (n,).
    flagged
        Accounts reported, shape (n,).

    Returns
    -------
    ndarray
        Shape (n,); NaN where the volume is unknown, the plan has no unflagged account or their largest is 0.

    Examples
    --------
    >>> values, flagged = np.array([6.0, 1.0, 2.0, 3.0]), np.array([True, False, False, False])
    >>> ratio_to_largest(values, np.zeros(4, np.int64), flagged)[0]
    np.float64(2.0)
    """
    sorted_, start, stop = _quiet_runs(values, plan_codes, flagged)
    none = stop == start
    return _ratio(values, np.where(none, np.nan, sorted_[np.where(none, 0, stop - 1)]))


def blocks_automation(ratio: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which accounts no machine may act against by itself: a ratio below 1, or none known.

    Parameters
    ----------
    ratio
        Ratio to the ordinary accounts of the same plan, shape (n,).

    Examples
    --------
    >>> blocks_automation(np.array([0.91, 1.0, 7.0, np.nan])).tolist()
    [True, False, False, True]
    """
    return ~(ratio >= 1.0)


def _quiet_runs(
    values: NDArray[np.float64], plan_codes: NDArray[np.int64], flagged: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Give unflagged values sorted within plans, and where the run of each account's plan begins and ends."""
    quiet = np.flatnonzero(~flagged & ~np.isnan(values))
    order = quiet[np.lexsort((values[quiet], plan_codes[quiet]))]
    plans = plan_codes[order]
    # One NaN behind the last run, so that a plan without a run has something to point at.
    sorted_ = np.append(values[order], np.nan)
    return sorted_, np.searchsorted(plans, plan_codes, side="left"), np.searchsorted(plans, plan_codes, side="right")


def _ratio(values: NDArray[np.float64], base: NDArray[np.float64]) -> NDArray[np.float64]:
    usable = base > 0
    return np.where(usable, values / np.where(usable, base, 1.0), np.nan)
