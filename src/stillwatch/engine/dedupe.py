"""Count each event once: a set of recent event ids in bounded memory.

Two generations of an open-addressing set: when the younger is half full it becomes the elder and the
elder is forgotten. A repeat is found if fewer than the window's events came in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.sketches.hashing import U1, kernel, mix64

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def _holds(table: np.ndarray, identity: np.int64) -> bool:
    mask = np.uint64(table.shape[0] - 1)
    at = mix64(np.uint64(identity)) & mask
    while table[at] != 0:
        if table[at] == identity:
            return True
        at = (at + U1) & mask
    return False


@kernel
def _add(table: np.ndarray, identity: np.int64) -> None:
    mask = np.uint64(table.shape[0] - 1)
    at = mix64(np.uint64(identity)) & mask
    while table[at] != 0:
        at = (at + U1) & mask
    table[at] = identity


@kernel
def _first_times(
    young: np.ndarray, old: np.ndarray, held: np.ndarray, events: np.ndarray, rows: np.ndarray, fresh: np.ndarray
) -> None:
    for j in range(rows.shape[0]):
        identity = events[rows[j]]
        fresh[j] = not (_holds(young, identity) or _holds(old, identity))
        if not fresh[j]:
            continue
        if 2 * (held[0] + 1) > young.shape[0]:
            # The elder generation is forgotten; the younger takes its place.
            old[:] = young
            young[:] = 0
            held[0] = 0
        _add(young, identity)
        held[0] += 1


class Recent:
    """The event ids of one bucket's recent past."""

    def __init__(self, window: int) -> None:
        size = 1 << max(8, int(2 * window - 1).bit_length())
        self._young = np.zeros(size, np.int64)
        self._old = np.zeros(size, np.int64)
        self._held = np.zeros(1, np.int64)

    def first_times(self, events: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which of the events ``rows`` are new, and remember them; shape (k,)."""
        fresh = np.empty(rows.shape[0], np.bool_)
        _first_times(self._young, self._old, self._held, events, rows, fresh)
        return fresh
