"""Several p-values of one group into one: Fisher where independent, Cauchy where one cannot be sure.

All p-values are natural logarithms, since those of a campaign are often below the smallest float.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Logs = NDArray[np.float64]

_NEAR_ONE = 1e-15


def fisher(log_p: Logs) -> Logs:
    """Join independent p-values, row by row.

    Parameters
    ----------
    log_p
        Natural logarithms, shape (n, layers); NaN where a layer could not tell.

    Returns
    -------
    ndarray
        ln p, shape (n,); NaN where no layer could tell.

    Examples
    --------
    >>> fisher(np.log([[0.05, 0.05], [0.5, np.nan]])).round(3).tolist()
    [-4.047, -0.693]

    Notes
    -----
    Anti-conservative where layers move together; join those by :func:`cauchy` first.

    References
    ----------
    Fisher (1932), Statistical methods for research workers, section 21.1.
    """
    known = ~np.isnan(log_p)
    layers = known.sum(axis=1)
    half = -np.where(known, log_p, 0.0).sum(axis=1)
    # P(chi2 with 2m degrees > 2h) = e^-h * sum of h^j / j!, j < m: exact for whole m, and safe in logarithms.
    order = np.arange(max(int(layers.max(initial=1)), 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = order[None, :] * np.log(half)[:, None] - special.gammaln(order + 1.0)[None, :]
    terms = np.where(order[None, :] == 0, 0.0, terms)
    terms = np.where(order[None, :] < np.maximum(layers, 1)[:, None], terms, -np.inf)
    endless = np.isinf(half)
    joined = np.where(endless, -np.inf, -half + special.logsumexp(np.where(endless[:, None], 0.0, terms), axis=1))
    return np.where(layers > 0, np.minimum(joined, 0.0), np.nan)


def cauchy(log_p: Logs) -> Logs:
    """Join p-values that may depend on each other in any way, row by row.

    Parameters
    ----------
    log_p
        Natural logarithms, shape (n, layers); NaN where a layer could not tell.

    Returns
    -------
    ndarray
        ln p, shape (n,); NaN where no layer could tell.

    Examples
    --------
    >>> cauchy(np.log([[0.01, 0.5]])).round(2).tolist()
    [-3.91]

    Notes
    -----
    Close to the smallest p times the number of layers where that is small. Holds for small p-values under
    almost any dependence; not exact near 1.

    References
    ----------
    Liu & Xie (2020), Cauchy combination test: a powerful test with analytic p-value calculation.
    """
    known = ~np.isnan(log_p)
    layers = known.sum(axis=1)
    # tan((1/2 - p) pi) is 1 / (pi p) for small p, which stays finite only as a logarithm.
    small = log_p < np.log(_NEAR_ONE)
    p = np.exp(np.where(small | ~known, 0.0, log_p))
    bounded = np.clip(p, _NEAR_ONE, 1.0 - _NEAR_ONE)
    plain = np.where(known & ~small, np.tan((0.5 - bounded) * np.pi), 0.0).sum(axis=1)
    huge = np.where(known & small, -log_p - np.log(np.pi), -np.inf)
    log_huge = special.logsumexp(huge, axis=1) if log_p.shape[1] else np.full(log_p.shape[0], -np.inf)
    many = np.maximum(layers, 1)
    with np.errstate(over="ignore"):
        mean = plain / many
        shallow = np.log(np.clip(0.5 - np.arctan(mean) / np.pi, 1e-300, 1.0))
    steep = np.log(many) - np.logaddexp(log_huge, np.log(np.maximum(plain, 1e-300))) - np.log(np.pi)
    joined = np.where(np.isfinite(log_huge) | (huge == np.inf).any(axis=1), steep, shallow)
    return np.where(layers > 0, np.minimum(joined, 0.0), np.nan)


def without_strongest(log_p: Logs) -> Logs:
    """Take the smallest p-value of each row away: what is left of the evidence without its best layer.

    Parameters
    ----------
    log_p
        Natural logarithms, shape (n, layers); NaN where a layer could not tell.

    Returns
    -------
    ndarray
        The same with NaN in place of each row's smallest value, shape (n, layers).

    Notes
    -----
    Joined by :func:`fisher` this is a test that at least two layers speak.

    References
    ----------
    Benjamini & Heller (2008), Screening for partial conjunction hypotheses.
    """
    left = log_p.copy()
    rows = np.flatnonzero(~np.isnan(log_p).all(axis=1))
    left[rows, np.nanargmin(log_p[rows], axis=1)] = np.nan
    return left
