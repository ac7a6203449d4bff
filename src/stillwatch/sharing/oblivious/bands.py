"""MinHash bands of a prompt template: by these, templates that are nearly the same coincide in some tags.

A template is cut into the words of :mod:`stillwatch.sketches.text` and into shingles of five. 128 hashes under public
constants keep the smallest of each; every four in a row are one band. Two templates that share a part ``s`` of their
shingles coincide in a band with probability ``s ** 4``.

The constants are public, unlike the keys of the account state, whose template keys cannot be compared across members:
here the pseudo-random function alone keeps the hashes from being guessed.

References
----------
Broder (1997), On the resemblance and containment of documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.errors import InputError
from stillwatch.sharing.oblivious.kinds import BANDS, BANDS_ALIKE
from stillwatch.sketches.text import cut_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SHINGLE: Final = 5
"""Words of a shingle."""
ROWS: Final = 4
"""Hashes of a band."""
LEAST_SHINGLES: Final = 16
"""Different shingles that a template must have: a shorter one is anybody's."""
MOST_BYTES: Final = 1 << 16
"""How much of a template is read (bytes)."""
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_C1: Final = np.uint64(0xFF51AFD7ED558CCD)
_C2: Final = np.uint64(0xC4CEB9FE1A85EC53)
_33: Final = np.uint64(33)


def bands_of(template: str) -> tuple[str, ...]:
    """Give the bands of a template as values of the kind ``tmpl:v1``.

    Parameters
    ----------
    template
        What the requests of a group have in common; read up to ``MOST_BYTES``.

    Returns
    -------
    tuple of str
        ``BANDS`` values, ``BAND:HASH``.

    Raises
    ------
    InputError
        It has fewer than ``LEAST_SHINGLES`` different shingles.

    Notes
    -----
    O(words * 128) time. **Blind spot**: a template that is translated or reworded at every request.
    """
    smallest = _smallest(_shingles(template))
    folded = np.full(BANDS, _STEP)
    for row in range(ROWS):
        folded = _mix(folded ^ smallest[row::ROWS])
    return tuple(f"{band}:{int(value):016x}" for band, value in enumerate(folded))


def alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the bands of two templates that coincide; they match from ``BANDS_ALIKE``."""
    return len(set(one) & set(other))


def chance(share: float) -> float:
    """Give the probability that two templates match that share this part of their shingles (0 to 1).

    Examples
    --------
    >>> round(chance(0.9), 3), round(chance(0.7), 2), round(chance(0.4), 5)
    (1.0, 0.52, 0.0)
    """
    p = share**ROWS
    below = sum(_choose(BANDS, k) * p**k * (1 - p) ** (BANDS - k) for k in range(BANDS_ALIKE))
    return max(0.0, 1.0 - below)


def _choose(n: int, k: int) -> int:
    found = 1
    for i in range(k):
        found = found * (n - i) // (i + 1)
    return found


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread 64-bit values (the finaliser of murmur3), as ``sketches.hashing.mix64`` does one."""
    value = (value ^ (value >> _33)) * _C1
    value = (value ^ (value >> _33)) * _C2
    return value ^ (value >> _33)


def _shingles(template: str) -> NDArray[np.uint64]:
    text = np.frombuffer(template.encode("utf-8", "replace")[:MOST_BYTES], np.uint8)
    words = np.empty(text.shape[0] + 2, np.uint64)
    n = int(cut_words(text, 0, text.shape[0], words, 0)) if text.shape[0] else 0
    found = np.zeros(max(n - SHINGLE + 1, 0), np.uint64)
    for k in range(SHINGLE):
        found = _mix(found + _STEP ^ words[k : k + found.shape[0]])
    different = np.unique(found)
    if different.shape[0] < LEAST_SHINGLES:
        raise InputError(f"tmpl: a template has at least {LEAST_SHINGLES} different runs of {SHINGLE} words")
    return different


def _smallest(shingles: NDArray[np.uint64]) -> NDArray[np.uint64]:
    seeds = _mix(np.arange(1, BANDS * ROWS + 1, dtype=np.uint64) * _STEP)
    return np.array([_mix(shingles ^ seed).min() for seed in seeds], np.uint64)
