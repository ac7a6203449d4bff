"""Count each event once: a set of recent event ids in bounded memory.

Two generations of an open-addressing set: when the younger is half full it becomes the elder and the
elder is forgotten. A repeat is found if fewer than the window's events came in between. It is a repeat
only within one account, so that what counts does not depend on which accounts share a bucket. An event
without an id cannot be known again and always counts.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.errors import CheckpointError
from stillwatch.sketches.hashing import U1, kernel, mix64
from stillwatch.sketches.seal import seal, unseal

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
    young: np.ndarray,
    old: np.ndarray,
    held: np.ndarray,
    events: np.ndarray,
    accounts: np.ndarray,
    rows: np.ndarray,
    fresh: np.ndarray,
) -> None:
    for j in range(rows.shape[0]):
        event = events[rows[j]]
        if event == 0:
            fresh[j] = True
            continue
        identity = event ^ np.int64(mix64(np.uint64(accounts[rows[j]])))
        if identity == 0:
            identity = np.int64(1)
        fresh[j] = not (_holds(young, identity) or _holds(old, identity))
        if not fresh[j]:
            continue
        if 2 * (held[0] + 1) > young.shape[0]:
            # The elder generation is forgotten; the younger takes its place.
            for slot in range(young.shape[0]):
                old[slot] = young[slot]
                young[slot] = 0
            held[0] = 0
        _add(young, identity)
        held[0] += 1


@kernel
def _add_all(table: np.ndarray, identities: np.ndarray) -> None:
    for j in range(identities.shape[0]):
        _add(table, identities[j])


class Recent:
    """The event ids of one bucket's recent past."""

    def __init__(self, window: int) -> None:
        self._window = window
        size = 1 << max(8, int(2 * window - 1).bit_length())
        self._young = np.zeros(size, np.int64)
        self._old = np.zeros(size, np.int64)
        self._held = np.zeros(1, np.int64)

    def first_times(
        self, events: NDArray[np.int64], accounts: NDArray[np.int64], rows: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Say which of the events ``rows`` are new, and remember them; shape (k,)."""
        fresh = np.empty(rows.shape[0], np.bool_)
        _first_times(self._young, self._old, self._held, events, accounts, rows, fresh)
        return fresh

    def checkpoint(self) -> bytes:
        """Write the ids down; the same events in the same order give equal bytes."""
        sink = io.BytesIO()
        np.lib.format.write_array(sink, np.array([self._window], np.int64), allow_pickle=False)
        for table in (self._young, self._old):
            np.lib.format.write_array(sink, np.sort(table[table != 0]), allow_pickle=False)
        return seal(sink.getvalue())

    @classmethod
    def restore(cls, written: bytes, window: int) -> Recent:
        """Read the ids back.

        Raises
        ------
        CheckpointError
            The bytes are torn or were written for another window.
        """
        source = io.BytesIO(unseal(written, "the set of recent event ids"))
        (made_for,) = np.lib.format.read_array(source, allow_pickle=False).tolist()
        if made_for != window:
            raise CheckpointError(f"the recent event ids were kept for a window of {made_for} events, not {window}")
        recent = cls(window)
        for table in (recent._young, recent._old):
            identities = np.lib.format.read_array(source, allow_pickle=False)
            _add_all(table, identities)
        recent._held[0] = np.count_nonzero(recent._young)
        return recent
