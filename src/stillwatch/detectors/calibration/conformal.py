"""How rare an account's bits are among the accounts of its own cohort: a p-value without a model.

Holds as far as the account, if honest, could have been one of the cohort. A workload that the provider has
never had is rare without being extraction: the p-value says unusual, not guilty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.detectors.calibration.reference import WHOLE
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.detectors.calibration.reference import Cohort, Reference


def conformal_p(
    reference: Reference, bits: NDArray[np.float64], cohort: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Give the share of the cohort with as many bits or more, the account itself counted.

    p = (1 + accounts of the cohort with bits >= x) / (m + 1), m the accounts that vouch for being ordinary.

    Parameters
    ----------
    reference
        The provider's own traffic.
    bits
        Evidence without prior, shape (n,); NaN where no detector could tell.
    cohort
        What ``reference.place`` gave, shape (n,); by default everybody is compared with all accounts, which
        is right only where plans and sizes do not matter.

    Returns
    -------
    ndarray
        Shape (n,), from ``smallest_p`` to 1; NaN where bits are NaN. Low: few ordinary accounts show as much.

    Examples
    --------
    >>> from datetime import date
    >>> from stillwatch.detectors.calibration.reference import build_reference
    >>> ordinary = np.arange(99.0) / 10
    >>> reference = build_reference(ordinary, {}, [""] * 99, np.full(99, 50.0), made=date(2026, 1, 31), trim=0.0)
    >>> conformal_p(reference, np.array([-1.0, 4.9, 9.8, 12.0])).tolist()
    [1.0, 0.51, 0.02, 0.01]

    Notes
    -----
    O(n log m). Equal bits count as rarer, and a thinned reference only raises p. An account that was in the
    reference itself gets a p-value too large, never too small. Without a reference every p is 1. Blind spot: the
    promise holds on average over a cohort, not for each kind of work within it.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world.
    Bates, Candès, Lei, Romano & Sesia (2023), Testing for outliers with conformal p-values.
    """
    p = np.full(bits.shape, np.nan)
    for at, rows in _members(cohort, bits.shape[0]):
        among = reference.cohort(at)
        p[rows] = np.minimum((1.0 + among.at_least(bits[rows])) / (reference.vouching(among) + 1.0), 1.0)
    return np.where(np.isnan(bits), np.nan, p)


def smallest_p(reference: Reference, cohort: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the smallest p-value that each account could have: 1 / (m + 1).

    Parameters
    ----------
    reference
        The provider's own traffic.
    cohort
        What ``reference.place`` gave, shape (n,).

    Returns
    -------
    ndarray
        Shape (n,). An error rate below it can never be reached, whatever the evidence.

    Examples
    --------
    >>> from datetime import date
    >>> from stillwatch.detectors.calibration.reference import build_reference
    >>> reference = build_reference(np.arange(99.0), {}, [""] * 99, np.ones(99), made=date(2026, 1, 31), trim=0.0)
    >>> smallest_p(reference, np.array([WHOLE])).tolist()
    [0.01]
    """
    smallest = np.empty(cohort.shape)
    for at, rows in _members(cohort, cohort.shape[0]):
        smallest[rows] = 1.0 / (reference.vouching(reference.cohort(at)) + 1.0)
    return smallest


def bits_at(reference: Reference, cohort: Cohort, rate: float) -> float:
    """Give the bits above which an account's p-value is at most a rate: a threshold made without labels.

    Parameters
    ----------
    reference
        The provider's own traffic.
    cohort
        One of its cohorts, its rest, or its whole.
    rate
        Share of honest accounts that may lie above, 0 to 1.

    Returns
    -------
    float
        Bits without prior: p <= rate exactly where an account has more. Infinite where the cohort is too small
        to promise the rate.

    Raises
    ------
    InputError
        The rate is not between 0 and 1.

    Examples
    --------
    >>> from datetime import date
    >>> from stillwatch.detectors.calibration.reference import build_reference
    >>> reference = build_reference(np.arange(99.0), {}, [""] * 99, np.ones(99), made=date(2026, 1, 31), trim=0.0)
    >>> bits_at(reference, reference.whole, 0.05), bits_at(reference, reference.whole, 0.005)
    (94.0, inf)
    """
    if not 0 < rate < 1:
        raise InputError(f"an error rate is a share between 0 and 1, such as 0.01, not {rate}")
    room = rate * (reference.vouching(cohort) + 1.0) - 1.0
    # A rounding error must not close the room that is exactly there.
    allowed = np.flatnonzero(cohort.above <= room + 1e-9)
    return float(cohort.points[allowed[0]]) if allowed.size else float("inf")


def _members(cohort: NDArray[np.int64] | None, n: int) -> list[tuple[int, NDArray[np.int64]]]:
    """Give each cohort that occurs, and its rows."""
    if cohort is None:
        return [(WHOLE, np.arange(n))]
    if not n:
        return []
    order = np.argsort(cohort, kind="stable")
    names, starts = np.unique(cohort[order], return_index=True)
    return list(zip(names.tolist(), np.split(order, starts[1:]), strict=True))
