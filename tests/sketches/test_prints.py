"""Prints of passages: the plain way gives the same, and a passage is known again wherever it stands."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketches.events import prose, seeded
from sketches.oracle_text import M64, mix64, word_hash, words
from stillwatch.sketches.columns import texts
from stillwatch.sketches.prints import (
    ANSWER_BYTES,
    MIN_DIFFERENT,
    MIN_WORDS,
    MOST,
    PROMPT_BYTES,
    RUN_WORDS,
    SPACING,
    head_end,
    print_texts,
    prints_of,
)

if TYPE_CHECKING:
    from random import Random

K0, K1 = 0x0706050403020100, 0x0F0E0D0C0B0A0908
BASE = 0x9E3779B97F4A7C15


def invented(rng: Random, n: int) -> str:
    """``n`` words, hardly any of them twice."""
    return " ".join("".join(rng.choice("abcdefghijklmnop") for _ in range(6)) for _ in range(n))


def printed(pairs: list[tuple[str, str]], keys: tuple[int, int] = (K0, K1)) -> list[tuple[set[int], set[int]]]:
    """Prints carried and born of each (prompt, answer)."""
    columns = [pa.array([pair[k].encode() for pair in pairs], pa.large_binary()) for k in range(2)]
    found = print_texts(np.arange(len(pairs)), texts(columns[0]), texts(columns[1]), keys)
    made = [[set(part.values[a:b].tolist()) for a, b in pairwise(part.offsets)] for part in found]
    return list(zip(*made, strict=True))


def carried(text: str, keys: tuple[int, int] = (K0, K1)) -> set[int]:
    return printed([(text, "")], keys)[0][0]


def born(text: str) -> set[int]:
    return printed([("", text)])[0][1]


def plain_runs(text: bytes) -> tuple[int, set[int]]:
    """Number of words, and hashes of the chosen runs, with Python's integers."""
    hashes = [word_hash(word) for word in words(text)]
    runs = set()
    for k in range(len(hashes) - RUN_WORDS + 1):
        run = hashes[k : k + RUN_WORDS]
        value = sum(word * pow(BASE, RUN_WORDS - 1 - j, 1 << 64) for j, word in enumerate(run)) & M64
        rank = mix64(value ^ K0)
        if rank % SPACING == 0 and len(set(run)) >= MIN_DIFFERENT:
            runs.add(rank)
    return len(hashes), runs


def plain(prompt: bytes, answer: bytes) -> tuple[set[int], set[int]]:
    """Prints carried and born, the slow and plain way."""
    n_sent, sent = plain_runs(prompt[: head(prompt, PROMPT_BYTES)])
    n_got, got = plain_runs(answer[: head(answer, ANSWER_BYTES)])
    chosen = (sorted(sent) if n_sent >= MIN_WORDS else [], sorted(got - sent) if n_got >= MIN_WORDS else [])
    return tuple({signed(mix64((run + K1) & M64)) for run in runs[:MOST]} for runs in chosen)


def head(text: bytes, most: int) -> int:
    return head_end(np.frombuffer(text, np.uint8), 0, len(text), most)


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**6))
def test_prints_equal_the_plain_way(seed: int) -> None:
    rng = seeded(seed)
    pieces = [prose(rng, rng.choice((10, 150, 700, 2500))).decode("utf-8", "ignore") for _ in range(3)]
    pieces += [invented(rng, rng.choice((5, 12, 23, 24, 60, 400))) for _ in range(2)]
    prompt = " ".join(rng.sample(pieces, rng.randrange(4)))
    answer = " ".join(rng.sample(pieces, rng.randrange(4)))
    assert printed([(prompt, answer)])[0] == plain(prompt.encode(), answer.encode())


def test_a_passage_is_known_again_wherever_it_stands() -> None:
    rng = seeded(1)
    passages = [invented(rng, 60) for _ in range(600)]
    prints = [born(passage) for passage in passages]
    framed = [carried(f"{invented(rng, 30)} {passage} {invented(rng, 20)}") for passage in passages]
    again = [len(alone & sent) for alone, sent in zip(prints, framed, strict=True)]
    many = sum(len(alone) for alone in prints)
    assert len(set().union(*prints)) == many > 0.4 * 600
    # What frames a passage may push a print of it out, but seldom does.
    assert sum(again) > 0.8 * many


def test_case_digits_and_marks_between_words_make_no_difference() -> None:
    text = invented(seeded(2), 200) + " 17 and 23"
    assert carried(text) == carried(text.upper().replace(" ", ",\n - ").replace("17", "4"))


def test_a_text_too_short_has_no_print_and_one_word_more_may() -> None:
    rng = seeded(3)
    assert not any(carried(invented(rng, MIN_WORDS - 1)) | born(invented(rng, MIN_WORDS - 1)) for _ in range(200))
    assert any(carried(invented(rng, MIN_WORDS)) for _ in range(200))
    assert any(born(invented(rng, MIN_WORDS)) for _ in range(200))


def test_a_run_of_few_different_words_is_no_print() -> None:
    rng = seeded(4)
    tables = [" ".join(rng.choice(("x", "y", "0", "1", "7", "z")) for _ in range(2000)) for _ in range(20)]
    assert not any(carried(table) for table in tables)
    assert not any(carried(" ".join(rng.sample(invented(rng, 7).split(), 7) * 200)) for _ in range(20))
    assert any(carried(" ".join(rng.sample(invented(rng, 8).split(), 8) * 200)) for _ in range(20))


def test_what_its_own_prompt_holds_is_not_born_in_the_answer() -> None:
    rng = seeded(5)
    found = 0
    for _ in range(60):
        quoted, own = invented(rng, 40), invented(rng, 40)
        prompt = f"correct this: {quoted} {invented(rng, 900)}"
        (_, echo), (_, both) = printed([(prompt, quoted), (prompt, f"{quoted} {own}")])
        assert not echo
        assert not both & {signed(mix64((run + K1) & M64)) for run in plain_runs(quoted.encode())[1]}
        found += len(both)
    assert found > 10


def test_only_the_head_of_an_answer_is_printed_and_never_half_a_character() -> None:
    rng = seeded(6)
    first = invented(rng, 400)[:ANSWER_BYTES]
    assert born(first) == born(first + " " + invented(rng, 300))
    wide = "".join(rng.choice("水火木金土日月山川人口手足耳目心上下左右") for _ in range(1000))
    assert len(born(wide)) == MOST
    assert born(wide) == born(wide[: ANSWER_BYTES // 3])


def valid(text: bytes) -> bool:
    return text.decode("utf-8", "ignore").encode() == text


@pytest.mark.parametrize("text", [b"", b"ab", "é".encode() * 9, "🙂".encode() * 5, b"\x80" * 20, b"a\xff" * 9])
def test_a_head_is_no_longer_than_asked_and_whole_characters_where_there_are_any(text: bytes) -> None:
    for most in range(22):
        end = head(text, most)
        assert end <= most or len(text) <= most
        assert end >= min(len(text), most) - 4
        if valid(text):
            assert text[:end].decode() == text[:most].decode("utf-8", "ignore")


def test_other_keys_give_other_prints() -> None:
    text = invented(seeded(7), 400)
    mine = carried(text)
    assert len(mine) == MOST
    assert not mine & carried(text, (K0, K1 + 1))
    assert not mine & carried(text, (K0 + 1, K1))


def test_prints_are_spread_evenly_though_they_are_the_smallest_of_many() -> None:
    """The index keeps those below a limit: of 1,600 prints half must lie below the middle, +- 5 sd."""
    rng = seeded(8)
    values = np.array([value for _ in range(800) for value in carried(invented(rng, 1000))]).view(np.uint64)
    assert values.shape == (1600,)
    assert abs((values < 1 << 63).mean() - 0.5) < 5 * 0.5 / 40
    assert abs((values % 16 == 0).mean() - 1 / 16) < 5 * 0.25 / 40


def test_prints_of_words_alone_are_those_of_the_text() -> None:
    text = invented(seeded(9), 300)
    hashes = np.array([word_hash(word) for word in words(text.encode())], np.uint64)
    out = np.zeros(MOST, np.uint64)
    count = prints_of(hashes, 300, np.uint64(K0), np.uint64(K1), np.zeros(300, np.uint64), out)
    assert set(out[:count].view(np.int64).tolist()) == carried(text)
    assert prints_of(hashes, MIN_WORDS - 1, np.uint64(K0), np.uint64(K1), np.zeros(300, np.uint64), out) == 0


def test_only_the_rows_asked_for_are_printed_and_named() -> None:
    rng = seeded(10)
    prompts, answers = ([invented(rng, 300) for _ in range(5)] for _ in range(2))
    columns = [texts(pa.array([t.encode() for t in part], pa.large_binary())) for part in (prompts, answers)]
    sent, got = print_texts(np.array([1, 4]), *columns, (K0, K1))
    rows, values = sent.pairs()
    assert rows.tolist() == [1] * MOST + [4] * MOST
    assert set(values[:MOST].tolist()) == carried(prompts[1])
    assert set(got.pairs()[1][MOST:].tolist()) == born(answers[4])
