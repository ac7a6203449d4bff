"""Remember pseudonyms by a keyed hash of the identifier, so that a batch costs HMACs for new values only.

A column is hashed in a kernel (SipHash-2-4 under a derived key) and looked up in an open-addressing
table; what is not there yet is keyed with HMAC-SHA-256, once, and entered. The identifiers themselves
are not kept.
"""

from __future__ import annotations

import hmac
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.sketches.hashing import U1, kernel, siphash_many

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

REMEMBERED: Final = 1 << 21
"""Distinct values a field remembers the pseudonym of; past it the memory starts afresh."""
_FIRST_ROOM: Final = 1 << 12


def pseudonym(mac: hmac.HMAC, value: str) -> int:
    """Key one identifier: the first 64 bits of HMAC-SHA-256, signed, never 0; ``mac`` holds the key."""
    keyed = mac.copy()
    keyed.update(value.encode())
    return int.from_bytes(keyed.digest()[:8], "big", signed=True) or 1


@kernel
def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray, out: np.ndarray) -> int:
    """Fill in what is known; returns how many values are not (left at the least int64)."""
    mask = np.uint64(keys.shape[0] - 1)
    unknown = 0
    for i in range(wanted.shape[0]):
        at = wanted[i] & mask
        while keys[at] != np.uint64(0) and keys[at] != wanted[i]:
            at = (at + U1) & mask
        if keys[at] == np.uint64(0):
            out[i] = _UNKNOWN
            unknown += 1
        else:
            out[i] = values[at]
    return unknown


@kernel
def _enter(keys: np.ndarray, values: np.ndarray, new: np.ndarray, given: np.ndarray) -> None:
    mask = np.uint64(keys.shape[0] - 1)
    for i in range(new.shape[0]):
        at = new[i] & mask
        while keys[at] != np.uint64(0):
            at = (at + U1) & mask
        # The value first: another thread may be looking.
        values[at] = given[i]
        keys[at] = new[i]


_UNKNOWN: Final = np.iinfo(np.int64).min


def hash_texts(column: pa.Array, key: tuple[np.uint64, np.uint64]) -> NDArray[np.uint64]:
    """Hash every text of a string column, never 0; nulls hash as the empty text."""
    out = np.zeros(len(column), np.uint64)
    if len(column) and column.null_count < len(column):
        _, offsets, written = column.buffers()
        at = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
        siphash_many(np.frombuffer(written, np.uint8) if written else np.zeros(0, np.uint8), at, *key, out)
    out[out == 0] = 1
    return out


class Pseudonyms:
    """The pseudonyms of one field."""

    def __init__(self, key: bytes, sip: tuple[np.uint64, np.uint64], of: Callable[[str], str] = str) -> None:
        self._mac = hmac.new(key, digestmod="sha256")
        self._sip = sip
        self._of = of
        """Puts an identifier into its one written form; "" means that it is none."""
        self._lock = Lock()
        self._held = 0
        self._table = (np.zeros(_FIRST_ROOM, np.uint64), np.zeros(_FIRST_ROOM, np.int64))

    def of(self, value: str) -> int:
        """Key one identifier; 0 where it is none."""
        text = self._of(value)
        return pseudonym(self._mac, text) if text else 0

    def column(self, column: pa.Array) -> pa.Array:
        """Key a column of texts; null stays null, and so does what is no identifier."""
        if column.null_count == len(column):
            return pa.nulls(len(column), pa.int64())
        hashed = hash_texts(column, self._sip)
        out = np.empty(len(column), np.int64)
        if _look_up(*self._table, hashed, out):
            self._learn(column, hashed, out)
            _look_up(*self._table, hashed, out)
        return pa.array(out, mask=np.asarray(column.is_null()) | (out == 0))

    def _learn(self, column: pa.Array, hashed: NDArray[np.uint64], out: NDArray[np.int64]) -> None:
        missing = np.flatnonzero(out == _UNKNOWN)
        new, first = np.unique(hashed[missing], return_index=True)
        texts = column.take(pa.array(missing[first])).to_pylist()
        given = np.array([self.of(text) if text else 0 for text in texts], np.int64)
        with self._lock:
            # Another thread may have learned some of them meanwhile.
            known = np.empty(new.shape[0], np.int64)
            _look_up(*self._table, new, known)
            new, given = new[known == _UNKNOWN], given[known == _UNKNOWN]
            self._make_room(new.shape[0])
            _enter(*self._table, new, given)
            self._held += new.shape[0]

    def _make_room(self, more: int) -> None:
        keys, values = self._table
        if 2 * (self._held + more) <= keys.shape[0]:
            return
        held = keys != 0
        if self._held > REMEMBERED:
            held[:] = False
            self._held = 0
        size = 1 << int(4 * (self._held + more) - 1).bit_length()
        grown = (np.zeros(size, np.uint64), np.zeros(size, np.int64))
        _enter(*grown, keys[held], values[held])
        self._table = grown
