"""Hashes, words, template keys and topics, the slow and plain way: Python's integers, one text at a time."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from stillwatch.sketches import topics
from stillwatch.sketches.concepts import packed as phrase_table
from stillwatch.sketches.phrases import find_families

M64 = (1 << 64) - 1
NONE = M64
WIDE = re.compile(rb"[\xe3-\xed][\x00-\xff]{0,2}|[A-Za-z0-9\x80-\xe2\xee-\xff]+", re.DOTALL)
"""A CJK, kana or hangul character of up to three bytes, or a run of letters, digits and bytes above 0x7f."""


def mix64(value: int) -> int:
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD & M64
    value ^= value >> 33
    value = value * 0xC4CEB9FE1A85EC53 & M64
    return value ^ (value >> 33)


def _left(value: int, by: int) -> int:
    return (value << by | value >> (64 - by)) & M64


def _round(v: list[int]) -> None:
    v[0] = (v[0] + v[1]) & M64
    v[2] = (v[2] + v[3]) & M64
    v[1] = _left(v[1], 13) ^ v[0]
    v[3] = _left(v[3], 16) ^ v[2]
    v[0] = _left(v[0], 32)
    v[2] = (v[2] + v[1]) & M64
    v[0] = (v[0] + v[3]) & M64
    v[1] = _left(v[1], 17) ^ v[2]
    v[3] = _left(v[3], 21) ^ v[0]
    v[2] = _left(v[2], 32)


def siphash(k0: int, k1: int, text: bytes) -> int:
    """SipHash-2-4 as in the paper's figure 2.1: words, then the rest with the length, then finalise."""
    start = int.from_bytes(b"somepseudorandomlygeneratedbytes"[0:8], "big")
    v = [k0 ^ start]
    v += [k1 ^ int.from_bytes(b"dorandom", "big"), k0 ^ int.from_bytes(b"lygenera", "big")]
    v += [k1 ^ int.from_bytes(b"tedbytes", "big")]
    whole = len(text) // 8 * 8
    blocks = [int.from_bytes(text[i : i + 8], "little") for i in range(0, whole, 8)]
    blocks.append(int.from_bytes(text[whole:], "little") | (len(text) & 0xFF) << 56)
    for block in blocks:
        v[3] ^= block
        _round(v)
        _round(v)
        v[0] ^= block
    v[2] ^= 0xFF
    for _ in range(4):
        _round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def words(text: bytes) -> list[bytes]:
    return [w if 0xE3 <= w[0] <= 0xED else re.sub(rb"[0-9]+", b"0", w).lower() for w in WIDE.findall(text)]


@cache
def word_hash(word: bytes) -> int:
    digest = 0xCBF29CE484222325
    for byte in word:
        digest = (digest ^ byte) * 0x100000001B3 & M64
    return mix64(digest)


def shingle(seed: int, first: int, second: int = 0, third: int = 0) -> int:
    a = first * 0x9E3779B97F4A7C15 & M64
    b = (second * 0xC2B2AE3D27D4EB4F & M64) << 1 & M64
    c = (third * 0x165667B19E3779F9 & M64) << 2 & M64
    return mix64(a ^ b ^ c ^ seed)


def frame(hashes: list[int], seed: int) -> int:
    """Smallest hash of three words in a row; of fewer words, the hash of all; without words, none."""
    if len(hashes) < 3:
        return shingle(seed, *hashes) if hashes else NONE
    return min(shingle(seed, *hashes[k : k + 3]) for k in range(len(hashes) - 2))


def read(text: bytes, limit: int) -> list[int]:
    """Hashes of the words that are read of a prompt: all, or those of the first and of the last ``limit`` bytes."""
    parts = [text] if len(text) <= 2 * limit else [text[:limit], text[len(text) - limit :]]
    return [word_hash(word) for part in parts for word in words(part)]


def prompt_keys(hashes: list[int], seed: int) -> list[int]:
    """Template keys of a prompt: of the first 32 words, and of the last 32 where there are more."""
    keys = [frame(hashes[:32], seed)]
    if len(hashes) > 32:
        keys.append(frame(hashes[-32:], seed))
    return [key for key in dict.fromkeys(keys) if key != NONE]


def system_keys(text: bytes, seed: int) -> list[int]:
    key = frame([word_hash(word) for word in words(text[:1024])][:32], seed)
    return [] if key == NONE else [key]


def families(prompt: bytes, system: bytes, limit: int) -> int:
    """Families of phrases of a prompt, and those of its system text that count there.

    What a family is has an oracle of its own in ``test_phrases``; here it matters which words are asked.
    """
    table, seen = phrase_table(), np.zeros(64, np.int32)
    framed = [word_hash(word) for word in words(system[:1024])]
    parts = [np.array([*hashes, 0], np.uint64) for hashes in (read(prompt, limit), framed)]
    asked, in_system = (int(find_families(part, len(part) - 1, table, seen)) for part in parts)
    return asked | (in_system & int(table.systems))


@cache
def known() -> dict[int, tuple[int, int]]:
    """Key of a word -> (topic, weight): the shipped table less the words its buckets of eight have no room for."""
    table = topics.load()
    buckets: dict[int, list[tuple[int, int, int]]] = {}
    for at in np.flatnonzero(table.keys).tolist():
        key, value = int(table.keys[at]), int(table.values[at])
        buckets.setdefault(key % (1 << 14), []).append((-(value >> 8), key, value & 0xFF))
    return {key: (topic, -least) for bucket in buckets.values() for least, key, topic in sorted(bucket)[:8]}


def topic(hashes: list[int]) -> int:
    """Topic of the largest sum of weights, the lower of two; -1 where fewer than two words are known."""
    votes: dict[int, int] = {}
    seen = [known()[h >> 32] for h in hashes if h >> 32 in known()]
    for at, weight in seen:
        votes[at] = votes.get(at, 0) + weight
    return min(votes, key=lambda at: (-votes[at], at)) if len(seen) >= 2 else -1
