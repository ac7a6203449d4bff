from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sketches import oracle_text
from stillwatch.sketches.hashing import mix64, siphash, siphash_many

K0, K1 = 0x0706050403020100, 0x0F0E0D0C0B0A0908
PAPER = 0xA129CA6149BE45E5
"""Appendix A of the paper: key 00..0f, message 00..0e."""
VECTORS = (
    "310e0edd47db6f72",
    "fd67dc93c539f874",
    "5a4fa9d909806c0d",
    "2d7efbd796666785",
    "b7877127e09427cf",
    "8da699cd64557618",
    "cee3fe586e46c9cb",
    "37d1018bf50002ab",
    "6224939a79f5f593",
    "b0e4a90bdf82009e",
    "f3b9dd94c5bb5d7a",
    "a7ad6b22462fb3f4",
    "fbe50e86bc8f1e75",
    "903d84c02756ea14",
    "eef27a8e90ca23f7",
    "e545be4961ca29a1",
)
"""First 16 of the reference implementation's ``vectors_sip64``: messages of 0 to 15 bytes 00, 01, ..."""


def kernel(text: bytes, k0: int = K0, k1: int = K1) -> int:
    return int(siphash(np.frombuffer(text, np.uint8), 0, len(text), np.uint64(k0), np.uint64(k1)))


def test_siphash_gives_the_reference_vectors() -> None:
    for size, vector in enumerate(VECTORS):
        message = bytes(range(size))
        assert oracle_text.siphash(K0, K1, message).to_bytes(8, "little").hex() == vector
        assert kernel(message).to_bytes(8, "little").hex() == vector
    assert kernel(bytes(range(15))) == PAPER


def test_all_64_reference_lengths_and_longer_ones_agree() -> None:
    for size in (*range(70), 255, 256, 257, 1000):
        message = bytes(k % 251 for k in range(size))
        assert kernel(message) == oracle_text.siphash(K0, K1, message)


@given(st.binary(max_size=80), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_siphash_equals_the_oracle(text: bytes, k0: int, k1: int) -> None:
    assert kernel(text, k0, k1) == oracle_text.siphash(k0, k1, text)


@given(st.binary(max_size=60), st.data())
def test_siphash_reads_only_its_part_of_the_buffer(text: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    found = siphash(np.frombuffer(text, np.uint8), start, end, np.uint64(K0), np.uint64(K1))
    assert int(found) == oracle_text.siphash(K0, K1, text[start:end])


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_many_strings_hash_as_one_by_one(texts: list[bytes]) -> None:
    at = np.cumsum([0, *map(len, texts)])
    out = np.zeros(len(texts), np.uint64)
    siphash_many(np.frombuffer(b"".join(texts), np.uint8), at, np.uint64(K0), np.uint64(K1), out)
    assert out.tolist() == [oracle_text.siphash(K0, K1, text) for text in texts]


@given(st.integers(0, 2**64 - 1))
def test_mix64_equals_the_oracle(value: int) -> None:
    assert int(mix64(np.uint64(value))) == oracle_text.mix64(value)


def test_the_key_has_a_name_that_is_not_the_key() -> None:
    from stillwatch.sketches.state import Keys  # noqa: PLC0415

    name = Keys(K0, K1).fingerprint()
    assert name != Keys(K0, K1 + 1).fingerprint()
    assert name != Keys(K1, K0).fingerprint()
    assert name == hashlib.sha256(b"stillwatch-sketch-key" + K0.to_bytes(8) + K1.to_bytes(8)).hexdigest()[:16]
