"""The kernels against the oracle, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from sketches import oracle
from sketches.events import KEYS, SOME_DAY_MS, batch, event, events, folded, prose, pseudonym, seeded, unequal
from sketches.oracle_text import WIDE
from stillwatch.sketches.columns import columns
from stillwatch.sketches.tables import tables

ME = pseudonym(1, "account")


def differences(rows: list[oracle.Event], limit: int = 2048) -> list[str]:
    return unequal(folded([rows], limit=limit).ordered(), oracle.arrays(rows, KEYS.k0, KEYS.k1, limit))


@pytest.mark.parametrize("seed", range(6))
def test_random_events_equal_the_oracle(seed: int) -> None:
    assert differences(events(seed, 120, accounts=3)) == []


@pytest.mark.parametrize("nulls", [0.0, 0.9, 1.0])
def test_few_many_and_only_nulls_equal_the_oracle(nulls: float) -> None:
    assert differences(events(7, 60, nulls=nulls)) == []


@pytest.mark.parametrize("limit", [0, 1, 16, 100, 511])
def test_a_small_limit_of_text_equals_the_oracle(limit: int) -> None:
    assert differences(events(8, 60, nulls=0.1), limit) == []


def test_every_length_around_the_limits_equals_the_oracle() -> None:
    rng = seeded(9)
    sizes = (*range(70), *range(2044, 2054), *range(4090, 4104), 4200, 9999)
    rows = [event(rng, k, account_id=ME, prompt=prose(rng, size)) for k, size in enumerate(sizes)]
    assert differences(rows) == []


@pytest.mark.parametrize("limit", [30, 31, 32])
def test_wide_characters_are_cut_where_the_limit_says(limit: int) -> None:
    rng = seeded(10)
    texts = [("a" * k + "水着한" * 30 + "z" * k).encode() for k in range(4)]
    texts += [b"\xe6" * 100, b"\xe6\xb0" * 50, b"\xed" + b"1" * 99, b"9" * 100, b"\x80" * 100]
    rows = [event(rng, k, account_id=ME, prompt=text) for k, text in enumerate(texts)]
    assert differences(rows, limit) == []


def test_times_of_one_hour_and_of_many_years_equal_the_oracle() -> None:
    rng = seeded(11)
    for spread_ms in (1, 60_000, 3_600_000, 23 * 3_600_000, 24 * 3_600_000, 10**9, 10**11, 2 * 10**12):
        times = [SOME_DAY_MS + rng.randrange(spread_ms) for _ in range(40)]
        rows = [event(rng, k, account_id=ME, ts_ms=t) for k, t in enumerate(times)]
        assert differences(rows) == [], spread_ms


def test_a_slice_of_a_batch_is_read_where_it_lies() -> None:
    rows = events(12, 40)
    whole = batch(rows)
    part = type(whole)(whole.columns.slice(13, 20), whole.provenance)
    state = folded([[]])
    cols = columns(part)
    state.fold(cols, np.flatnonzero(cols.account), tables())
    assert state.checkpoint() == folded([rows[13:33]]).checkpoint()


def test_an_empty_batch_changes_nothing() -> None:
    assert len(folded([[]])) == 0
    assert folded([events(1, 20), []]).checkpoint() == folded([events(1, 20)]).checkpoint()


def test_a_cell_of_16_bits_stays_full() -> None:
    row = event(seeded(13), 1, nulls=0, account_id=ME, prompt=b"the guitar and the river", tokens_out=7)
    cols = columns(batch([row] * 1000))
    state = folded([])
    for _ in range(66):
        state.fold(cols, np.arange(1000), tables())
    assert state.arrays.counts[0, 0] == 66_000
    for name in ("week", "topics", "out_hist", "timeline", "models", "window_count", "slot_topics"):
        column = getattr(state.arrays, name)[0]
        assert set(column[column > 0].tolist()) == {65_535}, name
    state.merge(state)
    assert state.arrays.week.max() == 65_535
    assert state.arrays.counts[0, 0] == 132_000


def test_every_mix_of_nulls_runs_the_same_compiled_kernel() -> None:
    from stillwatch.sketches.fold import fold_rows  # noqa: PLC0415

    before = len(fold_rows.signatures)
    for nulls in (0.0, 0.5, 1.0):
        folded([events(14, 5, nulls=nulls)])
    assert len(fold_rows.signatures) <= max(before, 1)


def test_the_pattern_of_words_leaves_no_byte_out() -> None:
    assert WIDE.findall(bytes(range(0x80, 0xE3))) == [bytes(range(0x80, 0xE3))]
