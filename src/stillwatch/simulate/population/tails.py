"""Heavy tails: a few values are drawn often, most values hardly ever."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Floats, Ints


@lru_cache(maxsize=64)
def _edges(values: int, exponent: float, shift: float) -> Floats:
    weights = (np.arange(values) + 1.0 + shift) ** -exponent
    return np.asarray(np.cumsum(weights) / weights.sum(), dtype=np.float64)


def ranked(u: Floats, values: int, exponent: float, shift: float = 0.0) -> Ints:
    """Turn uniform draws into ranks whose shares fall with a power of the rank.

    Parameters
    ----------
    u
        Uniform draws between 0 and 1; shape (n,).
    values
        How many values there are, >= 1.
    exponent
        Power; 0 draws all alike, 1 is Zipf's law.
    shift
        Added to every rank; a larger one flattens the head.

    Returns
    -------
    Ints
        Ranks from 0, the frequent ones first; shape (n,).

    Examples
    --------
    >>> ranked(np.array([0.0, 0.999]), 10, 1.0).tolist()
    [0, 9]
    """
    found = np.searchsorted(_edges(values, exponent, shift), u, side="right")
    return np.minimum(found, values - 1).astype(np.int64)
