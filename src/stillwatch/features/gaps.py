"""Pauses between requests, read from the sampled windows of time.

Each window is a mask of 64 places, so a pause is known to a 64th of a minute, of an hour or of a
day. Windows more than half full are left out: there a pause of one place is all that can be seen,
and a busy service would look like a clock. For the same reason a scale counts only where most of
its pauses are longer than one place: a person who writes every half minute fills the places of an
hour one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import entropy_nats, only_where, ratio
from stillwatch.sketches.layout import WINDOWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.features.shares import Columns

_FEWEST, _MOST = 4, 32
_TOLD_APART: Final = 2 / 3
_BUCKETS: Final = 7
_SCALES: Final = len(WINDOWS)
_SCALE_OF: Final = np.repeat(np.arange(_SCALES), [kept for _, kept in WINDOWS])
_PLACE_S: Final = np.array([width / 64 for width, _ in WINDOWS])


def _place(bit: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Give the position of a single set bit."""
    return np.frexp(bit.astype(np.float64))[1].astype(np.int64) - 1


def pauses(masks: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Count, add up and square the pauses inside sampled windows.

    Parameters
    ----------
    masks
        Occupancy masks, shape (n, windows).

    Returns
    -------
    tuple of ndarray
        Pauses by (account, scale, log2 bucket), shape (n, scales, 7); their sum and their sum of
        squares in places, each of shape (n, scales).

    Notes
    -----
    Time is that of the fullest window kept, 32 steps over the windows that still have pauses.
    """
    n = masks.shape[0]
    places = np.bitwise_count(masks)
    account, window = np.nonzero((places >= _FEWEST) & (places <= _MOST))
    cell = account * _SCALES + _SCALE_OF[window]
    left = masks[account, window]
    buckets = np.zeros(n * _SCALES * _BUCKETS)
    sums, squares = np.zeros(n * _SCALES), np.zeros(n * _SCALES)
    lowest = left & (~left + np.uint64(1))
    before = _place(lowest)
    left ^= lowest
    while True:
        going = left != 0
        if not going.any():
            break
        cell, left, before = cell[going], left[going], before[going]
        lowest = left & (~left + np.uint64(1))
        here = _place(lowest)
        pause = here - before
        sums += np.bincount(cell, pause, n * _SCALES)
        squares += np.bincount(cell, pause * pause, n * _SCALES)
        bucket = np.frexp(pause.astype(np.float64))[1] - 1
        buckets += np.bincount(cell * _BUCKETS + bucket, minlength=n * _SCALES * _BUCKETS)
        left ^= lowest
        before = here
    return buckets.reshape(n, _SCALES, _BUCKETS), sums.reshape(n, _SCALES), squares.reshape(n, _SCALES)


def gap_columns(masks: NDArray[np.uint64]) -> Columns:
    """Measure how regular the pauses are, at the scale of time that shows the most of them."""
    buckets, sums, squares = pauses(masks)
    seen = buckets.sum(axis=2)
    told_apart = seen - buckets[:, :, 0] >= _TOLD_APART * seen
    usable = np.where(told_apart, seen, 0.0)
    scale = usable.argmax(axis=1)
    row = np.arange(masks.shape[0])
    n = usable[row, scale]
    mean = ratio(sums[row, scale], n)
    spread = np.maximum(ratio(squares[row, scale], n) - mean * mean, 0.0)
    columns = {
        "gaps_seen": n,
        "gap_mean_s": mean * _PLACE_S[scale],
        "gap_cv": ratio(np.sqrt(spread), mean),
        "gap_entropy": only_where(entropy_nats(buckets[row, scale]) / np.log(_BUCKETS), n > 0),
    }
    for i, (width, _) in enumerate(WINDOWS):
        columns[f"gap_entropy_{width}s"] = only_where(entropy_nats(buckets[:, i]) / np.log(_BUCKETS), usable[:, i] > 0)
    return columns
