"""Text to a few numbers: template keys and a topic, in one pass over the bytes.

A word is a maximal run of ASCII letters, digits and bytes above 0x7f; letters are lowercased, a run
of digits counts as ``0``, and every CJK, kana or hangul character is a word of its own. Template keys
are the smallest keyed hash over the three-word shingles of the first 32 and of the last 32 words, so
that a fixed beginning or ending gives the same key again and again whatever stands between.

References
----------
Broder (1997), On the resemblance and containment of documents: the smallest hash of a shingle set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from stillwatch.sketches.hashing import U1, kernel, mix64
from stillwatch.sketches.layout import EMPTY_HASH, TOPICS
from stillwatch.sketches.words import BUCKET_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME_WORDS: Final = 32
"""Words at each end of a text whose shingles may become its template key."""

_HEAD_BYTES: Final = 1024
_BUCKET: Final = np.uint64((1 << BUCKET_BITS) - 1)
_BUCKET_BITS: Final = np.uint64(BUCKET_BITS)
_FNV_OFFSET: Final = np.uint64(0xCBF29CE484222325)
_FNV_PRIME: Final = np.uint64(0x100000001B3)
_S1: Final = np.uint64(0x9E3779B97F4A7C15)
_S2: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_S3: Final = np.uint64(0x165667B19E3779F9)
_NONE: Final = np.uint64(EMPTY_HASH)
_32: Final = np.uint64(32)


class Scratch(NamedTuple):
    """Room that one thread reuses for every text."""

    votes: NDArray[np.int32]
    """(TOPICS,) weight of the known words, by topic; all zero between texts."""
    words: NDArray[np.uint64]
    """Hashes of one text's words, one more than can be."""
    seen: NDArray[np.int32]
    """(64,) where each concept was last seen in one text."""


def scratch(limit: int) -> Scratch:
    """Make room for one thread that cuts at most ``2 * limit`` bytes of a prompt into words."""
    # The head of a system text is cut in the same room, however small the limit of prompts.
    return Scratch(
        np.zeros(TOPICS, np.int32), np.zeros(max(2 * limit, _HEAD_BYTES) + 2, np.uint64), np.zeros(64, np.int32)
    )


def _classes() -> NDArray[np.uint64]:
    """Map a byte to what the word hash takes of it, or 0 separator, 1 digit, 2 wide character."""
    table = np.zeros(256, np.uint64)
    table[0x61:0x7B] = np.arange(0x61, 0x7B)
    table[0x41:0x5B] = np.arange(0x61, 0x7B)
    table[0x30:0x3A] = 1
    table[0x80:] = np.arange(0x80, 0x100)
    table[0xE3:0xEE] = 2
    return table


_DIGIT: Final = np.uint64(1)
_WIDE: Final = np.uint64(2)
_ZERO: Final = np.uint64(0x30)
_CLASS: Final = _classes()


@kernel
def cut_words(buffer: np.ndarray, start: int, end: int, words: np.ndarray, at: int) -> np.int64:
    """Write the hashes of the words of ``buffer[start:end]`` to ``words[at:]``; returns the new length.

    The open word is written at every byte and kept only where it ends: a store costs less than the
    branch that would be mispredicted at every end of a word.
    """
    i, stop = np.uint64(start), np.uint64(end)
    n = np.uint64(at)
    digest = _FNV_OFFSET
    is_open = np.uint64(0)
    in_digits = False
    while i < stop:
        c = _CLASS[buffer[i]]
        if c == _DIGIT:
            if in_digits:
                i += U1
                continue
            in_digits = True
            c = _ZERO
        else:
            in_digits = False
        words[n] = digest
        if c == _WIDE:
            n += is_open
            digest = _FNV_OFFSET
            for _ in range(3):
                if i < stop:
                    digest = (digest ^ np.uint64(buffer[i])) * _FNV_PRIME
                    i += U1
            words[n] = digest
            n += U1
            is_open = np.uint64(0)
            digest = _FNV_OFFSET
            continue
        if c:
            digest = (digest ^ c) * _FNV_PRIME
            is_open = U1
        else:
            n += is_open
            is_open = np.uint64(0)
            digest = _FNV_OFFSET
        i += U1
    words[n] = digest
    n += is_open
    for k in range(np.uint64(at), n):
        words[k] = mix64(words[k])
    return np.int64(n)


@kernel
def _shingle(w0: np.uint64, w1: np.uint64, w2: np.uint64, seed: np.uint64) -> np.uint64:
    return mix64((w0 * _S1) ^ ((w1 * _S2) << U1) ^ ((w2 * _S3) << np.uint64(2)) ^ seed)


@kernel
def frame_key(words: np.ndarray, first: int, last: int, seed: np.uint64) -> np.uint64:
    """Give the smallest keyed hash over the shingles of words first..last-1; all-ones without words."""
    n = last - first
    if n == 0:
        return _NONE
    if n < 3:
        return _shingle(words[first], words[first + 1] if n == 2 else np.uint64(0), np.uint64(0), seed)
    smallest = _NONE
    for k in range(first, last - 2):
        smallest = min(smallest, _shingle(words[k], words[k + 1], words[k + 2], seed))
    return smallest


@kernel
def head_key(buffer: np.ndarray, start: int, end: int, seed: np.uint64, room: Any) -> tuple[np.uint64, int]:  # noqa: ANN401
    """Give (template key, words) of the head of a text; the key is all-ones for a text without words."""
    n = cut_words(buffer, start, min(end, start + _HEAD_BYTES), room.words, 0)
    return frame_key(room.words, 0, min(n, FRAME_WORDS), seed), n


@kernel
def topic_of(words: np.ndarray, first: int, last: int, table: np.ndarray, votes: np.ndarray) -> int:
    """Give the topic of words first..last-1; -1 where fewer than two are known to the table."""
    known = 0
    for k in range(first, last):
        key = words[k] >> _32
        first = (key & _BUCKET) << np.uint64(3)
        tag = np.uint32(key >> _BUCKET_BITS)
        found = np.uint32(0)
        for way in range(np.uint64(8)):
            entry = table[first + way]
            if entry >> np.uint32(14) == tag:
                found |= entry
        votes[found & np.uint32(0x3F)] += np.int32((found >> np.uint32(6)) & np.uint32(0xFF))
        known += found != np.uint32(0)
    topic = -1
    best = 0
    for t in range(TOPICS):
        if votes[t] > best:
            best = votes[t]
            topic = t
        votes[t] = 0
    return topic if known >= 2 else -1


@kernel
def read_text(
    buffer: np.ndarray,
    start: int,
    end: int,
    limit: int,
    seed: np.uint64,
    table: np.ndarray,
    room: Any,  # noqa: ANN401  a Scratch; numba types it by its fields
) -> tuple[np.uint64, np.uint64, int, int]:
    """Give (head key, tail key, topic, words) of a text; the words' hashes stay in ``room.words``.

    Keys are all-ones where there is none; the tail has a key only past 32 words. The topic is -1
    where fewer than two words are known to the table. Of a text longer than twice ``limit`` bytes
    only the first and the last ``limit`` bytes are cut into words.
    """
    words = room.words
    if end - start <= 2 * limit:
        n = cut_words(buffer, start, end, words, 0)
    else:
        n = cut_words(buffer, start, start + limit, words, 0)
        n = cut_words(buffer, end - limit, end, words, n)
    head = frame_key(words, 0, min(n, FRAME_WORDS), seed)
    tail = frame_key(words, n - FRAME_WORDS, n, seed) if n > FRAME_WORDS else _NONE
    return head, tail, topic_of(words, 0, n, table, room.votes), n
