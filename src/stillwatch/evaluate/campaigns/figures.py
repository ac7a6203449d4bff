"""Figures over worlds with their intervals: Wilson for shares of counts, the bootstrap over seeds for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.scores import drawn, resampled, wilson95
from stillwatch.evaluate.tables import rate, spanned

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEED: Final = 1


def share(found: int, of: int) -> str:
    """Write a share of counts with its 95 % interval.

    Examples
    --------
    >>> share(19, 20)
    '95.0 % (19/20) [76.4, 99.1]'
    """
    if not of:
        return "-"
    low, high = wilson95(found, of)
    return f"{rate(found, of)} [{100 * low:.1f}, {100 * high:.1f}]"


def over_seeds(values: Sequence[float]) -> str:
    """Write the mean over worlds with the interval when whole worlds are drawn again; NaN values are left out.

    Examples
    --------
    >>> over_seeds([0.5, 0.5, float("nan")])
    '0.500 [0.500, 0.500]'
    """
    known = np.array([value for value in values if not np.isnan(value)], np.float64)
    if not known.shape[0]:
        return "-"
    return spanned(resampled(lambda rng: float(drawn(known, rng).mean()), np.random.default_rng(_SEED)))
