"""Public prompt sets as one Bloom filter: which prompts of an account are already known to the world.

Turns texts into hashes of their eight-word shingles, and a prompt into yes or no: at least half of its
shingles stand in the filter. Words are hashed without a key, so that one filter serves every provider;
it holds public text only. What a known prompt means (an evaluation run, or a harvest that starts from
public seeds) is not judged here.

References
----------
Bloom (1970), Space/time trade-offs in hash coding with allowable errors.
Kirsch & Mitzenmacher (2006), Less hashing, same performance: two hashes give all probes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final
from zipfile import BadZipFile

import numpy as np

from stillwatch.model.errors import InputError
from stillwatch.sketches.hashing import U0, U1, kernel, mix64

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

SHINGLE_WORDS: Final = 8
"""Words of a shingle; a shorter text is one shingle."""
VERSION: Final = 1
BITS_A_SHINGLE: Final = 12
"""Bits of filter a shingle: about 1 in 100 unknown shingles seems known with four probes."""
_PROBES: Final = 4
_MANY_WORDS: Final = 64
_SAMPLED: Final = np.uint64(7)
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_BASE_8: Final = np.uint64(pow(0x9E3779B97F4A7C15, SHINGLE_WORDS, 1 << 64))
_6, _32, _63 = np.uint64(6), np.uint64(32), np.uint64(63)

# What numpy and its archives raise on bytes that are no archive, a bare array, a damaged or a locked one.
_NO_FILTER: Final = (
    *(OSError, ValueError, KeyError, EOFError, TypeError, MemoryError, RuntimeError, BadZipFile, zlib.error),
)

NO_CORPUS: Final = np.zeros(0, np.uint64)
"""No filter: nothing is looked up."""
NO_CORPUS.flags.writeable = False


@kernel
def _holds(bits: np.ndarray, digest: np.uint64) -> bool:
    mask = np.uint64(bits.shape[0] * 64 - 1)
    step = (digest >> _32) | U1
    at = digest
    for _ in range(_PROBES):
        place = at & mask
        if not (bits[place >> _6] >> (place & _63)) & U1:
            return False
        at += step
    return True


@kernel
def _put(bits: np.ndarray, digest: np.uint64) -> None:
    mask = np.uint64(bits.shape[0] * 64 - 1)
    step = (digest >> _32) | U1
    at = digest
    for _ in range(_PROBES):
        place = at & mask
        bits[place >> _6] |= U1 << (place & _63)
        at += step


@kernel
def in_corpus(words: np.ndarray, n: int, bits: np.ndarray) -> bool:
    """Say whether at least half of the shingles of ``words[:n]`` stand in the filter.

    Of a text of 64 words or more one shingle in eight is looked up, the same ones wherever they stand.
    """
    rolled = U0
    asked = 0
    found = 0
    for k in range(n):
        rolled = rolled * _BASE + words[k]
        if k >= SHINGLE_WORDS:
            rolled -= words[k - SHINGLE_WORDS] * _BASE_8
        if k >= SHINGLE_WORDS - 1 or k == n - 1:
            digest = mix64(rolled)
            if n < _MANY_WORDS or digest & _SAMPLED == U0:
                asked += 1
                found += _holds(bits, digest)
    return asked > 0 and 2 * found >= asked


@kernel
def put_text(words: np.ndarray, n: int, bits: np.ndarray) -> int:
    """Add every shingle of ``words[:n]`` to the filter; returns how many those were."""
    rolled = U0
    added = 0
    for k in range(n):
        rolled = rolled * _BASE + words[k]
        if k >= SHINGLE_WORDS:
            rolled -= words[k - SHINGLE_WORDS] * _BASE_8
        if k >= SHINGLE_WORDS - 1 or k == n - 1:
            _put(bits, mix64(rolled))
            added += 1
    return added


def room_for(shingles: int) -> NDArray[np.uint64]:
    """Make an empty filter for about that many shingles, a power of two of bits.

    Examples
    --------
    >>> room_for(1000).shape
    (256,)
    """
    bits = max(64, shingles * BITS_A_SHINGLE)
    return np.zeros((1 << (bits - 1).bit_length()) // 64, np.uint64)


def write_corpus(sink: BinaryIO, bits: NDArray[np.uint64], texts: int, shingles: int) -> None:
    """Write a filter into an open file; equal texts give equal bytes."""
    np.savez(sink, version=np.array([VERSION]), bits=bits, counted=np.array([texts, shingles]))


def read_corpus(path: Path) -> NDArray[np.uint64]:
    """Read a filter.

    Raises
    ------
    InputError
        There is no such file, or it is no filter of this version.
    """
    again = "build it with: stillwatch corpus"
    try:
        # numpy leaves a file that it opened itself open where the archive is damaged.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            version, bits = stored["version"].tolist(), np.asarray(stored["bits"])
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such filter of public prompts; {again}") from error
    except _NO_FILTER as error:
        raise InputError(f"{path}: not a filter of public prompts; {again}") from error
    size = bits.shape[0] if bits.ndim == 1 else 0
    if version != [VERSION] or bits.dtype != np.uint64 or not size or size & (size - 1):
        raise InputError(f"{path}: a filter of another version or of no use; {again}")
    return bits
