"""The filter of public prompts: what is found, what is not, and files that are none."""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketches.events import KEYS, batch, event, pseudonym, seeded
from stillwatch.model.errors import InputError
from stillwatch.sketches.columns import columns
from stillwatch.sketches.corpus import (
    BITS_A_SHINGLE,
    NO_CORPUS,
    SHINGLE_WORDS,
    in_corpus,
    put_text,
    read_corpus,
    room_for,
    write_corpus,
)
from stillwatch.sketches.layout import COUNTS
from stillwatch.sketches.state import AccountState
from stillwatch.sketches.tables import with_corpus
from stillwatch.sketches.text import cut_words, scratch

if TYPE_CHECKING:
    from pathlib import Path

ME = pseudonym(1, "account")
ROOM = 1 << 14
RNG = np.random.default_rng(7)


def words(n: int, seed: int) -> np.ndarray:
    """Random word hashes; texts of two seeds share none."""
    return np.random.default_rng(seed).integers(1, 2**64, n, dtype=np.uint64)


def cut(text: bytes) -> np.ndarray:
    room = scratch(2048).words
    return room[: cut_words(np.frombuffer(text, np.uint8), 0, len(text), room, 0)].copy()


def filled(*texts: np.ndarray, shingles: int = ROOM) -> np.ndarray:
    bits = room_for(shingles)
    for text in texts:
        put_text(text, text.shape[0], bits)
    return bits


def found(text: np.ndarray, bits: np.ndarray) -> bool:
    return bool(in_corpus(text, text.shape[0], bits))


@settings(deadline=None)
@given(st.integers(1, 500), st.integers(0, 2**32))
def test_a_text_that_was_put_in_is_found(n: int, seed: int) -> None:
    text = words(n, seed)

    # Of a long text one shingle in eight is looked up; a text of which that is none is not found.
    assert found(text, filled(text)) or (n >= 64 and not found(text, np.full(256, 2**64 - 1, np.uint64)))


def test_an_empty_filter_and_an_empty_text_find_nothing() -> None:
    assert not found(words(20, 1), room_for(ROOM))
    assert not found(words(0, 1), np.full(64, 2**64 - 1, np.uint64))
    assert NO_CORPUS.shape == (0,)


@pytest.mark.parametrize(("known", "is_found"), [(11, True), (10, False), (20, True), (0, False)])
def test_half_of_the_shingles_are_enough(known: int, is_found: bool) -> None:
    # 27 words are 20 shingles; the first k + 7 words hold k of them.
    text = words(27, 5)
    bits = filled(text[: known + SHINGLE_WORDS - 2] if known else text[:0])

    assert found(text, bits) is is_found


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_short_text_is_one_shingle_and_found_only_as_a_whole(n: int) -> None:
    text = words(n, 6)
    bits = filled(text)

    assert found(text, bits)
    assert not found(np.append(text, words(1, 8)), bits)
    assert not found(text[::-1].copy(), bits) or n == 1


@pytest.mark.parametrize(("n", "shingles"), [(0, 0), (1, 1), (7, 1), (8, 1), (9, 2), (100, 93)])
def test_every_shingle_of_a_text_is_put_in(n: int, shingles: int) -> None:
    assert put_text(words(n, 3), n, room_for(ROOM)) == shingles


def test_a_shingle_is_known_wherever_it_stands() -> None:
    middle = words(20, 9)
    bits = filled(np.concatenate([words(40, 10), middle, words(40, 11)]))

    assert found(middle, bits)


def test_below_64_words_every_shingle_is_looked_up_and_from_then_on_a_sample() -> None:
    def looked_up(text: np.ndarray) -> list[bool]:
        """Say for each shingle whether the answer hangs on it, as the only one known."""
        n = text.shape[0]
        return [found(text, filled(text[k : k + SHINGLE_WORDS])) for k in range(n - SHINGLE_WORDS + 1)]

    # A text whose sample is one or two shingles is decided by one of them; such texts exist from 64 words on only.
    short = [sum(looked_up(words(63, seed))) for seed in range(40)]
    long = [sum(looked_up(words(64, seed))) for seed in range(400)]

    assert set(short) == {0}
    assert max(long) > 0


def test_long_texts_are_found_for_the_same_reason_wherever_the_known_part_stands() -> None:
    known = words(400, 12)
    bits = filled(known)
    before = np.concatenate([words(60, 13), known])
    after = np.concatenate([known, words(60, 13)])

    assert found(before, bits)
    assert found(after, bits)
    assert not found(np.concatenate([words(900, 14), known]), bits)


@pytest.mark.parametrize("n", [1, 8, 30, 63])
def test_an_unknown_text_is_rarely_taken_for_a_known_one(n: int) -> None:
    stored = 5000
    bits = room_for(stored)
    put_text(words(stored + SHINGLE_WORDS - 1, 20), stored + SHINGLE_WORDS - 1, bits)
    wrong = sum(found(words(n, 1000 + seed), bits) for seed in range(4000))

    # About 1 in 100 for one shingle, and far less where half of many would have to agree.
    assert wrong <= 4000 * (0.015 if n <= SHINGLE_WORDS else 0.001)


@pytest.mark.parametrize("shingles", [1, 5, 6, 1000, 100_000])
def test_a_filter_has_a_power_of_two_of_bits_and_enough_of_them(shingles: int) -> None:
    bits = room_for(shingles).shape[0] * 64

    assert bits & (bits - 1) == 0
    assert bits >= shingles * BITS_A_SHINGLE


def test_a_filter_comes_back_from_its_file_and_equal_texts_give_equal_bytes(tmp_path: Path) -> None:
    text = words(90, 30)
    for name in ("one", "two"):
        with (tmp_path / name).open("wb") as sink:
            write_corpus(sink, filled(text), 1, 83)

    assert np.array_equal(read_corpus(tmp_path / "one"), filled(text))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def archive(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def written(tmp_path: Path) -> bytes:
    with (tmp_path / "sound").open("wb") as sink:
        write_corpus(sink, filled(words(50, 1), shingles=100), 1, 43)
    return (tmp_path / "sound").read_bytes()


def packed_badly() -> bytes:
    """A compressed member whose stream is damaged."""
    file = io.BytesIO()
    np.savez_compressed(file, version=np.array([1]), bits=np.arange(4096, dtype=np.uint64))
    body = bytearray(file.getvalue())
    body[len(body) // 2 : len(body) // 2 + 40] = b"\xff" * 40
    return bytes(body)


def endless() -> bytes:
    """A member that claims more cells than there is memory."""
    file = io.BytesIO()
    np.save(file, np.zeros(8, np.uint64))
    header = file.getvalue().replace(b"(8,), }" + b" " * 10, b"(%d,), }" % 2**58, 1)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("version.npy", _npy(np.array([1])))
        target.writestr("bits.npy", header)
    return made.getvalue()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


BITS = np.zeros(8, np.uint64)
HOSTILE = {
    "another version": archive(version=np.array([2]), bits=BITS),
    "no version": archive(bits=BITS),
    "no bits": archive(version=np.array([1])),
    "not a power of two": archive(version=np.array([1]), bits=np.zeros(3, np.uint64)),
    "no cells": archive(version=np.array([1]), bits=np.zeros(0, np.uint64)),
    "signed": archive(version=np.array([1]), bits=np.zeros(8, np.int64)),
    "a table": archive(version=np.array([1]), bits=np.zeros((2, 4), np.uint64)),
    "pickled bits": archive(version=np.array([1]), bits=np.array([{}] * 8, object)),
    "a pickle": pickle.dumps({"version": 1}),
    "one bare array": _npy(BITS),
    "text": b"version,bits\n1,0\n",
    "nothing": b"",
    "a damaged stream": packed_badly(),
    "cells without end": endless(),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_no_filter_is_refused_and_says_what_to_do(what: str, tmp_path: Path) -> None:
    path = tmp_path / "filter.npz"
    path.write_bytes(HOSTILE[what])

    with pytest.raises(InputError, match="stillwatch corpus") as refused:
        read_corpus(path)

    assert str(path) in str(refused.value)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(part: float, tmp_path: Path) -> None:
    body = written(tmp_path)
    (tmp_path / "cut").write_bytes(body[: int(len(body) * part)])

    with pytest.raises(InputError, match="not a filter"):
        read_corpus(tmp_path / "cut")


def test_any_changed_byte_is_refused_or_harmless(tmp_path: Path) -> None:
    body = bytearray(written(tmp_path))
    for at in RNG.integers(0, len(body), 150).tolist():
        damaged = bytearray(body)
        damaged[at] ^= 0x5A
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            read_corpus(tmp_path / "damaged")
        except InputError:
            continue


@pytest.mark.parametrize("name", ["missing.npz", "."])
def test_a_path_without_a_filter_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="stillwatch corpus"):
        read_corpus(tmp_path / name)


TEXTS = (
    b"Which trees grow well beside a river in a cold valley, and which of them bear fruit that people eat?",
    b"Write a short story about a lighthouse keeper who repairs clocks for the ships that pass by at night.",
    b"hello there",
    b"A train leaves the station at nine and travels for three hours; how far does it come at that speed?",
    b" ".join(b"page %s of a long book" % bytes([97 + k % 26, 97 + k // 26]) for k in range(60)),
)
UNKNOWN = (b"Sort this list of names by the second letter and then by length, please.", b"", b"good day", b"1 2 3")


def test_a_fold_counts_what_asking_text_by_text_finds() -> None:
    bits = filled(*(cut(text) for text in TEXTS))
    rng = seeded(4)
    asked = [*TEXTS, *UNKNOWN, TEXTS[0], None, TEXTS[0][: len(TEXTS[0]) // 3] + UNKNOWN[0] * 2]
    rows = [event(rng, k, 0.0, account_id=ME, prompt=text) for k, text in enumerate(asked)]
    expected = sum(found(cut(text), bits) for text in asked if text)
    state = AccountState(KEYS, text_limit_bytes=2048)
    cols = columns(batch(rows))

    state.fold(cols, np.flatnonzero(cols.account), with_corpus(bits))

    assert expected == len(TEXTS) + 1
    assert int(state.ordered().counts[0, COUNTS.index("corpus_found")]) == expected
