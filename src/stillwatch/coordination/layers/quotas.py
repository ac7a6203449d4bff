"""Volumes that lie closer together than those of accounts with a life of their own.

A scheduler deals every account its share; customers' volumes differ by orders of magnitude. The variance of ln requests
a day is held against the *least* spread that ordinary groups show, so that a group of colleagues is no surprise.

References
----------
The sum of squares of n normal values over their variance is chi-square with n - 1 degrees of freedom; ln volumes of
customers are about normal (ServeGen's clients: standard deviation of ln rate above 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.groups import Groups
    from stillwatch.coordination.roster import Roster

FEWEST: Final = 5
"""Fewest members whose volumes are compared."""
LEAST_SPREAD: Final = 0.5
"""Least standard deviation of ln requests a day ascribed to ordinary groups."""
MOST_SPREAD: Final = 0.8
"""Most; a provider whose groups spread more is still held to this."""
DEFAULT_SPREAD: Final = 0.7
"""What is assumed where too few groups are there to measure it."""
_FEWEST_NATURAL: Final = 20
_FEWEST_IN_NATURAL: Final = 8
_DAY_MS: Final = 86_400_000.0


def ln_rates(roster: Roster) -> NDArray[np.float64]:
    """Give ln requests a day of each account over the days from its first to its last request; shape (n,)."""
    outline = roster.outline
    days = np.maximum((outline.last_ms - outline.first_ms) / _DAY_MS, 1.0)
    return np.asarray(np.log(outline.events / days))


def volume_spread(groups: Groups, roster: Roster) -> NDArray[np.float64]:
    """Give the standard deviation of ln requests a day over the members of each group; NaN for fewer than two."""
    rate = ln_rates(roster)[groups.members]
    group = np.repeat(np.arange(len(groups)), groups.sizes)
    n = groups.sizes.astype(np.float64)
    mean = np.bincount(group, rate, minlength=len(groups)) / np.maximum(n, 1.0)
    squares = np.bincount(group, (rate - mean[group]) ** 2, minlength=len(groups))
    return np.where(n >= 2, np.sqrt(squares / np.maximum(n - 1.0, 1.0)), np.nan)


def natural_volumes(spread: NDArray[np.float64], sizes: NDArray[np.int64]) -> float:
    """Measure how close volumes lie in ordinary groups: the lower tenth, within LEAST_SPREAD and MOST_SPREAD."""
    seen = spread[sizes >= _FEWEST_IN_NATURAL]
    if seen.shape[0] < _FEWEST_NATURAL:
        return DEFAULT_SPREAD
    return float(np.clip(np.quantile(seen, 0.1), LEAST_SPREAD, MOST_SPREAD))


def quotas(groups: Groups, spread: NDArray[np.float64], usual: float) -> NDArray[np.float64]:
    """Test whether the volumes of each group lie too close together.

    Parameters
    ----------
    groups
        Candidate groups.
    spread
        (g,) as :func:`volume_spread` gives it.
    usual
        Least standard deviation of ordinary groups.

    Returns
    -------
    ndarray
        (g,) ln p; NaN for fewer than FEWEST members.

    Notes
    -----
    Blind spot: an operator who draws every account's volume as customers' are spread.
    """
    free = groups.sizes - 1.0
    with np.errstate(divide="ignore"):
        tail = np.log(special.chdtr(np.maximum(free, 1.0), free * (spread / usual) ** 2))
    # Below the smallest float the leading term of the lower tail is used: x^(k/2) e^(-x/2) / (2^(k/2) Gamma(k/2 + 1)).
    half, x = np.maximum(free, 1.0) / 2.0, np.maximum(free * (spread / usual) ** 2, 1e-300)
    deep = half * np.log(x / 2.0) - x / 2.0 - special.gammaln(half + 1.0)
    return np.where(groups.sizes >= FEWEST, np.minimum(np.where(np.isfinite(tail), tail, deep), 0.0), np.nan)
