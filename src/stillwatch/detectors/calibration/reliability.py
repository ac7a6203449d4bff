"""Probabilities and what became of them: of the accounts called 70 %, did seven in ten extract.

Needs labels. Says how far probabilities can be believed, not how well accounts are ranked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.weights.likelihood import wilson
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ROUNDS: Final = 1000
"""Draws of the bootstrap over sources."""


@dataclass(frozen=True, slots=True)
class BrierParts:
    """What a Brier loss is made of: ``loss = reliability - resolution + uncertainty + within``."""

    loss: float
    """Mean squared distance between probability and outcome, 0 to 1; low is good."""
    reliability: float
    """Distance between what the bins promise and what came, 0 or more; 0 is calibrated."""
    resolution: float
    """How far the bins' outcomes lie apart, 0 or more; high tells accounts apart."""
    uncertainty: float
    """Loss of always saying the base rate; given by the accounts alone."""
    within: float
    """What binning leaves over; 0 where every bin holds one probability."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Promised and observed shares, one row a bin of about equally many accounts."""

    accounts: NDArray[np.int64]
    """Accounts in the bin, shape (k,), each > 0."""
    promised: NDArray[np.float64]
    """Mean probability, shape (k,), ascending."""
    observed: NDArray[np.float64]
    """Share that extracts, shape (k,)."""
    low: NDArray[np.float64]
    """Lower end of the 90 % interval of ``observed``, shape (k,)."""
    high: NDArray[np.float64]
    """Upper end of the 90 % interval of ``observed``, shape (k,)."""

    @property
    def calibration_error(self) -> float:
        """Mean distance between promised and observed, weighted by accounts, 0 to 1; low is good.

        Never 0 by chance alone: with n accounts a bin about sqrt(p (1 - p) / n) is noise.
        """
        return float(np.average(np.abs(self.promised - self.observed), weights=self.accounts))


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far the probabilities of one group of accounts can be believed."""

    accounts: int
    """Accounts with a probability."""
    extracting: int
    """Of them, those labelled as extracting."""
    brier: BrierParts
    """Loss and its parts."""
    curve: Curve
    """Promised against observed."""


def brier(probability: NDArray[np.float64], label: NDArray[np.bool_]) -> float:
    """Give the mean squared distance between probability and outcome.

    Parameters
    ----------
    probability
        0 to 1, shape (n,), n >= 1, none of them NaN.
    label
        Whether the account extracts, shape (n,).

    Examples
    --------
    >>> round(brier(np.array([0.9, 0.2, 0.5]), np.array([True, False, True])), 4)
    0.1

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability.
    """
    return float(np.mean((probability - label) ** 2))


def _bins(probability: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Assign bins of about equally many accounts; equal probabilities share one, and none is empty."""
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf"))
    return np.unique(np.searchsorted(edges, probability, side="left"), return_inverse=True)[1].astype(np.int64)


def brier_parts(probability: NDArray[np.float64], label: NDArray[np.bool_], *, bins: int = 10) -> BrierParts:
    """Split the Brier loss into what calibration, telling apart, and the base rate make of it.

    Parameters
    ----------
    probability
        0 to 1, shape (n,), n >= 1, none of them NaN.
    label
        Whether the account extracts, shape (n,).
    bins
        Most bins.

    Examples
    --------
    >>> parts = brier_parts(np.array([0.2, 0.2, 0.8, 0.8]), np.array([False, True, True, True]))
    >>> [round(x, 4) for x in (parts.loss, parts.reliability, parts.resolution, parts.uncertainty)]
    [0.19, 0.065, 0.0625, 0.1875]

    References
    ----------
    Murphy (1973), A new vector partition of the probability score.
    Stephenson, Coelho & Jolliffe (2008), Two extra components in the Brier score decomposition: ``within``.
    """
    at = _bins(probability, bins)
    share = np.bincount(at) / at.shape[0]
    promised = np.bincount(at, probability) / np.bincount(at)
    observed = np.bincount(at, label) / np.bincount(at)
    base = float(np.mean(label))
    loss = brier(probability, label)
    reliability = float((share * (promised - observed) ** 2).sum())
    resolution = float((share * (observed - base) ** 2).sum())
    uncertainty = base * (1 - base)
    return BrierParts(loss, reliability, resolution, uncertainty, loss - reliability + resolution - uncertainty)


def reliability_curve(
    probability: NDArray[np.float64],
    label: NDArray[np.bool_],
    *,
    bins: int = 10,
    source: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Curve:
    """Set promised beside observed shares, with honest intervals.

    Parameters
    ----------
    probability
        0 to 1, shape (n,), n >= 1, none of them NaN.
    label
        Whether the account extracts, shape (n,).
    bins
        Most bins; fewer where probabilities are equal.
    source
        Where each account comes from, as whole numbers from 0, shape (n,). Accounts of one source resemble
        each other, so whole sources are drawn again. Without it accounts are taken to be independent.
    seed
        Of the draws.

    Returns
    -------
    Curve
        With a source, intervals hold both Wilson's and the bootstrap's; a bin of one source knows nothing
        about others, and its interval is 0 to 1.

    Examples
    --------
    >>> curve = reliability_curve(np.array([0.1] * 50 + [0.9] * 50), np.arange(100) >= 55)
    >>> curve.observed.tolist(), curve.low.round(2).tolist(), curve.high.round(2).tolist()
    ([0.0, 0.9], [0.0, 0.81], [0.05, 0.95])

    Notes
    -----
    O(n + ROUNDS * sources * bins). Blind spot: with fewer than about ten sources the interval is too narrow.

    References
    ----------
    Wilson (1927), Probable inference. Efron & Tibshirani (1993), An introduction to the bootstrap.
    """
    at = _bins(probability, bins)
    accounts = np.bincount(at)
    observed = np.bincount(at, label) / accounts
    low, high = wilson(observed, accounts.astype(np.float64))
    if source is not None:
        drawn_low, drawn_high = _drawn(at, label, source, seed)
        low, high = np.minimum(low, drawn_low), np.maximum(high, drawn_high)
    return Curve(accounts, np.bincount(at, probability) / accounts, observed, low, high)


def _drawn(
    at: NDArray[np.int64], label: NDArray[np.bool_], source: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give each bin's 5th and 95th percentile over draws of whole sources."""
    bins, sources = int(at.max()) + 1, int(source.max()) + 1
    cell = source * bins + at
    all_of = np.bincount(cell, minlength=bins * sources).reshape(sources, bins)
    extracting = np.bincount(cell, label, minlength=bins * sources).reshape(sources, bins)
    present = np.flatnonzero(all_of.any(axis=1))
    all_of, extracting = all_of[present], extracting[present]
    times = np.random.default_rng(seed).multinomial(
        present.shape[0], np.full(present.shape[0], 1 / present.shape[0]), ROUNDS
    )
    n, k = times @ all_of, times @ extracting
    share = np.where(n > 0, k / np.maximum(n, 1), np.nan)
    low, high = np.zeros(bins), np.ones(bins)
    several = (all_of > 0).sum(axis=0) > 1
    if several.any():
        low[several], high[several] = np.nanpercentile(share[:, several], [5, 95], axis=0)
    return low, high


def reliability_by_cohort(
    probability: NDArray[np.float64],
    label: NDArray[np.bool_],
    cohort: Sequence[str],
    *,
    bins: int = 10,
    source: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> dict[str, Reliability]:
    """Judge the probabilities of every cohort by themselves: right on the whole may be wrong for each.

    Parameters
    ----------
    probability
        0 to 1, shape (n,); accounts with NaN are left out.
    label
        Whether the account extracts, shape (n,).
    cohort
        Name of each account's cohort, n of them.
    bins
        Most bins.
    source
        Where each account comes from, as whole numbers from 0, shape (n,).
    seed
        Of the draws.

    Returns
    -------
    dict
        Cohort -> reliability, by name; a cohort without any probability is missing.

    Raises
    ------
    InputError
        A probability lies outside 0 to 1.

    Examples
    --------
    >>> judged = reliability_by_cohort(np.array([0.9, 0.1]), np.array([True, False]), ["pro", "free"])
    >>> {name: round(one.brier.loss, 4) for name, one in judged.items()}
    {'free': 0.01, 'pro': 0.01}
    """
    known = ~np.isnan(probability)
    if ((probability[known] < 0) | (probability[known] > 1)).any():
        raise InputError("a probability lies between 0 and 1; give NaN where there is not enough evidence")
    names = np.asarray(cohort, np.str_)
    judged = {}
    for name in np.unique(names[known]).tolist():
        rows = np.flatnonzero(known & (names == name))
        p, y = probability[rows], label[rows]
        among = None if source is None else source[rows]
        curve = reliability_curve(p, y, bins=bins, source=among, seed=seed)
        judged[name] = Reliability(rows.shape[0], int(y.sum()), brier_parts(p, y, bins=bins), curve)
    return judged
