"""Bits to probability: under a stated base rate, or learnt from labelled accounts.

Neither knows whether the base rate is true; a probability is worth what its base rate is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _log_odds(base_rate: float) -> float:
    if not 0 < base_rate < 1:
        raise InputError(f"a base rate is a share of all accounts between 0 and 1, such as 0.001, not {base_rate}")
    return log2(base_rate / (1 - base_rate))


def probability(bits: NDArray[np.float64], base_rate: float) -> NDArray[np.float64]:
    """Give the probability of extraction if this share of all accounts extracts.

    Parameters
    ----------
    bits
        Evidence without any prior, shape (n,); NaN where there is not enough.
    base_rate
        Share of accounts that extract, before evidence; above 0 and below 1.

    Returns
    -------
    ndarray
        0 to 1, shape (n,); NaN stays NaN.

    Raises
    ------
    InputError
        The base rate is not between 0 and 1.

    Examples
    --------
    >>> probability(np.array([0.0, 10.0, 13.0]), 0.001).round(3).tolist()
    [0.001, 0.506, 0.891]

    Notes
    -----
    Blind spot: right only if the bits are; :class:`Isotonic` learns what they were worth.

    References
    ----------
    Good (1950), Probability and the weighing of evidence.
    """
    # Above 1,000 bits a float's probability is 1 already, and the power below would overflow.
    log_odds = np.clip(bits + _log_odds(base_rate), -1000.0, 1000.0)
    return np.asarray(1.0 / (1.0 + np.exp2(-log_odds)))


def rebase(probability: NDArray[np.float64], learnt_rate: float, stated_rate: float) -> NDArray[np.float64]:
    """Carry a probability learnt at one base rate over to another.

    Parameters
    ----------
    probability
        0 to 1, shape (n,), from accounts of which ``learnt_rate`` extracted.
    learnt_rate
        Share of extracting accounts among those it was learnt from.
    stated_rate
        Share to assume instead.

    Returns
    -------
    ndarray
        0 to 1, shape (n,); 0 and 1 stay what they are.

    Raises
    ------
    InputError
        A rate is not between 0 and 1.

    Examples
    --------
    >>> rebase(np.array([0.0, 0.5, 0.99]), 0.5, 0.001).round(4).tolist()
    [0.0, 0.001, 0.0902]

    Notes
    -----
    Blind spot: the accounts themselves must look alike at both rates; only their mixture may differ.

    References
    ----------
    Saerens, Latinne & Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities.
    """
    factor = 2.0 ** (_log_odds(stated_rate) - _log_odds(learnt_rate))
    raised = probability * factor
    return np.asarray(raised / (raised + (1.0 - probability)))


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A map from bits to probability that never falls as bits rise."""

    bits: NDArray[np.float64]
    """Where it bends, ascending, shape (k,), bits."""
    probability: NDArray[np.float64]
    """Its value there, never falling, shape (k,), 0 to 1."""
    base_rate: float
    """Share of extracting accounts it was learnt from."""

    def __call__(self, bits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the probability: a straight line between bends, flat outside; NaN stays NaN."""
        return np.asarray(np.interp(bits, self.bits, self.probability))


def fit_isotonic(
    bits: NDArray[np.float64],
    label: NDArray[np.bool_],
    weight: NDArray[np.float64] | None = None,
    *,
    anchored: bool = True,
) -> Isotonic:
    """Learn what bits were worth from labelled accounts, assuming only that more bits never mean less.

    Parameters
    ----------
    bits
        Evidence without prior, shape (n,); accounts with NaN are left out.
    label
        Whether the account extracts, shape (n,).
    weight
        How much each account counts, > 0; by default all the same.
    anchored
        Put one more honest account at the most bits and one more extracting account at the fewest, so that
        a handful of accounts never proves a probability of 0 or 1.

    Returns
    -------
    Isotonic
        The map, and the base rate that its probabilities hold for; :func:`rebase` carries them to another.

    Raises
    ------
    InputError
        No labelled account has bits, or all of them have the same label.

    Examples
    --------
    >>> label = np.array([False, True, False, True, True])
    >>> learnt = fit_isotonic(np.array([-3.0, 1.0, 2.0, 6.0, 9.0]), label, anchored=False)
    >>> learnt(np.array([-5.0, 1.5, 9.0])).tolist()
    [0.0, 0.5, 1.0]

    Notes
    -----
    O(n log n). Blind spot: learnt on accounts it is then shown with, it looks better than it is; fit and
    judge on different sources.

    References
    ----------
    Ayer, Brunk, Ewing, Reid & Silverman (1955), An empirical distribution function for sampling with
    incomplete information.
    Zadrozny & Elkan (2002), Transforming classifier scores into accurate multiclass probability estimates.
    """
    known = ~np.isnan(bits)
    x, y = bits[known], label[known].astype(np.float64)
    w = np.ones(x.shape) if weight is None else weight[known]
    if not x.size or (y == y[0]).all():
        raise InputError("a probability is learnt from accounts of both kinds; label some of the other kind, too")
    base_rate = float((w * y).sum() / w.sum())
    if anchored:
        x, y, w = np.append(x, [x.min(), x.max()]), np.append(y, [1.0, 0.0]), np.append(w, [1.0, 1.0])
    places, at = np.unique(x, return_inverse=True)
    first, value = _pool(np.bincount(at, w * y).astype(np.float64), np.bincount(at, w).astype(np.float64))
    last = np.append(first[1:], places.shape[0]) - 1
    # A pool of one place bends once, any other where it begins and where it ends.
    bends = np.unique(np.concatenate([first, last]))
    pool = np.searchsorted(first, bends, side="right") - 1
    return Isotonic(places[bends], value[pool], base_rate)


def _pool(total: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Merge neighbours until means rise: first place and mean of each pool."""
    first: list[int] = []
    totals: list[float] = []
    weights: list[float] = []
    for place, (t, w) in enumerate(zip(total.tolist(), weight.tolist(), strict=True)):
        start, pooled, mass = place, t, w
        while totals and totals[-1] * mass >= pooled * weights[-1]:
            start, pooled, mass = first.pop(), pooled + totals.pop(), mass + weights.pop()
        first.append(start)
        totals.append(pooled)
        weights.append(mass)
    return np.array(first, np.int64), np.array(totals) / np.array(weights)
