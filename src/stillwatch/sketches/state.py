"""The state of some accounts: fold events into it, merge two, write it down and read it back."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.errors import CheckpointError
from stillwatch.sketches.fold import fold_rows
from stillwatch.sketches.hashing import U1, kernel, mix64
from stillwatch.sketches.layout import BYTES_PER_ACCOUNT, Arrays, grow, open_rows, reserve, take
from stillwatch.sketches.merge import merge_rows
from stillwatch.sketches.seal import seal, unseal
from stillwatch.sketches.text import Scratch, scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.sketches.columns import Columns
    from stillwatch.sketches.tables import Tables

LAYOUT_VERSION: Final = 4
"""Raised when the meaning of any cell changes; a checkpoint of another version is refused."""
_FIRST_ROOM: Final = 64
_GROWTH: Final = 1.25


@dataclass(frozen=True, slots=True)
class Keys:
    """What makes the sketches of one provider its own: two states merge only under equal keys."""

    k0: int
    """Lower half of the 128-bit SipHash key."""
    k1: int
    """Upper half."""

    def fingerprint(self) -> str:
        """Name the key without giving it away, to refuse a merge across keys."""
        return hashlib.sha256(b"stillwatch-sketch-key" + self.k0.to_bytes(8) + self.k1.to_bytes(8)).hexdigest()[:16]


@kernel
def _locate(
    index: np.ndarray, keys: np.ndarray, used: int, accounts: np.ndarray, rows: np.ndarray, at: np.ndarray
) -> int:
    """Find or open the row of each event's account; returns the number of rows in use."""
    mask = np.uint64(index.shape[0] - 1)
    for j in range(rows.shape[0]):
        account = accounts[rows[j]]
        slot = mix64(np.uint64(account)) & mask
        while True:
            row = index[slot]
            if row < 0:
                index[slot] = used
                keys[used] = account
                at[j] = used
                used += 1
                break
            if keys[row] == account:
                at[j] = row
                break
            slot = (slot + U1) & mask
    return used


@kernel
def _reindex(index: np.ndarray, keys: np.ndarray, used: int) -> None:
    mask = np.uint64(index.shape[0] - 1)
    for row in range(used):
        slot = mix64(np.uint64(keys[row])) & mask
        while index[slot] >= 0:
            slot = (slot + U1) & mask
        index[slot] = row


class AccountState:
    """Sketches of a growing set of accounts.

    ``fold`` and ``merge`` change the state in place; everything it holds depends on the set of
    events folded, not on their order or grouping, except the order of rows, which
    :meth:`ordered` fixes.
    """

    def __init__(self, keys: Keys, *, text_limit_bytes: int = 2048) -> None:
        self.keys = keys
        self.used = 0
        self.arrays = reserve(_FIRST_ROOM)
        self._index = np.full(_FIRST_ROOM * 2, -1, np.int32)
        self._limit = text_limit_bytes
        self._room: Scratch = scratch(text_limit_bytes)

    def __len__(self) -> int:
        """Count the accounts."""
        return self.used

    @property
    def nbytes(self) -> int:
        """Bytes of the rows in use and of the index of keys."""
        return self.used * BYTES_PER_ACCOUNT + self._index.nbytes

    def _rows_of(self, accounts: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        wanted = self.used + rows.shape[0]
        if wanted > self.arrays.key.shape[0]:
            # Room for the batch's new accounts at most, not for its events, decides how far to grow.
            wanted = self.used + np.unique(accounts[rows]).shape[0]
        if wanted > self.arrays.key.shape[0]:
            self.arrays = grow(self.arrays, self.used, int(wanted * _GROWTH))
        if 2 * wanted > self._index.shape[0]:
            self._index = np.full(1 << int(2 * wanted - 1).bit_length(), -1, np.int32)
            _reindex(self._index, self.arrays.key, self.used)
        at = np.empty(rows.shape[0], np.int64)
        before = self.used
        self.used = int(_locate(self._index, self.arrays.key, before, accounts, rows, at))
        open_rows(self.arrays, before, self.used)
        return at

    def fold(self, batch: Columns, rows: NDArray[np.int64], tables: Tables) -> None:
        """Fold some events of a batch.

        Parameters
        ----------
        batch
            Columns of the whole batch.
        rows
            Which of its events to fold, each with an account; shape (k,).
        tables
            What texts are looked up in, as ``tables.tables`` gives it.

        Notes
        -----
        O(k) time and no memory beyond new accounts. Runs without the interpreter lock; two threads
        may fold the same batch into two states.
        """
        at = self._rows_of(batch.account, rows)
        fold_rows(
            self.arrays,
            at,
            batch,
            rows,
            tables,
            np.uint64(self.keys.k0),
            np.uint64(self.keys.k1),
            self._limit,
            self._room,
        )

    def merge(self, other: AccountState) -> None:
        """Add another state's events to this one.

        Raises
        ------
        CheckpointError
            The other state was made under another key, or cut texts at another limit.
        """
        if other._limit != self._limit:
            raise CheckpointError(
                f"two states that cut texts at {self._limit} and at {other._limit} bytes cannot be merged"
            )
        if other.keys != self.keys:
            raise CheckpointError("two states under different keys cannot be merged: their hashes do not compare")
        accounts = other.arrays.key[: other.used]
        at = self._rows_of(accounts, np.arange(other.used, dtype=np.int64))
        merge_rows(self.arrays, at, other.arrays)

    def forget(self, accounts: NDArray[np.int64]) -> None:
        """Drop the rows of some accounts, as if none of their events had come."""
        self._hold(take(self.arrays, np.flatnonzero(~np.isin(self.arrays.key[: self.used], accounts))))

    def _hold(self, rows: Arrays) -> None:
        self.used = int(rows.key.shape[0])
        room = max(_FIRST_ROOM, self.used)
        self.arrays = grow(rows, self.used, room)
        self._index = np.full(1 << int(2 * room - 1).bit_length(), -1, np.int32)
        _reindex(self._index, self.arrays.key, self.used)

    def ordered(self) -> Arrays:
        """Copy the rows in use, by ascending account."""
        return take(self.arrays, np.argsort(self.arrays.key[: self.used], kind="stable"))

    def checkpoint(self) -> bytes:
        """Write the state down; equal sets of events give equal bytes."""
        sink = io.BytesIO()
        header = {
            "version": LAYOUT_VERSION,
            "key": self.keys.fingerprint(),
            "text_limit_bytes": self._limit,
            "accounts": self.used,
        }
        sink.write(json.dumps(header, sort_keys=True).encode() + b"\n")
        for column in self.ordered():
            np.lib.format.write_array(sink, column, allow_pickle=False)
        return seal(sink.getvalue())

    @classmethod
    def restore(cls, written: bytes, keys: Keys, *, text_limit_bytes: int = 2048) -> AccountState:
        """Read a checkpoint back.

        Raises
        ------
        CheckpointError
            The bytes are torn, of another layout version, made under another key or another text limit.
        """
        source = io.BytesIO(unseal(written, "the checkpoint"))
        header = json.loads(source.readline())
        if header["version"] != LAYOUT_VERSION:
            raise CheckpointError(f"the checkpoint has layout {header['version']}, this version reads {LAYOUT_VERSION}")
        if header["key"] != keys.fingerprint():
            raise CheckpointError("the checkpoint was made under another key file")
        if header["text_limit_bytes"] != text_limit_bytes:
            raise CheckpointError(
                f"the checkpoint cut texts at {header['text_limit_bytes']} bytes, this run at {text_limit_bytes}"
            )
        state = cls(keys, text_limit_bytes=text_limit_bytes)
        made = [np.lib.format.read_array(source, allow_pickle=False) for _ in Arrays._fields]
        state._hold(Arrays._make(made))
        return state
