"""The outline takes its columns from every account's state, whatever the buckets and their order."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.handmade import blank, set_counts, set_sums
from sketches.events import events, folded
from stillwatch.coordination import outline as room
from stillwatch.coordination.outline import DAYS, NO_CODE, NO_PIECE, Outline, outline
from stillwatch.sketches.layout import CODES, EMPTY_ID, WINDOWS, Arrays

if TYPE_CHECKING:
    import pytest

WHOLE = folded([events(3, 400, accounts=30)]).ordered()


def rows_of(arrays: Arrays, rows: list[int]) -> Arrays:
    return Arrays._make(column[rows] for column in arrays)


def same(a: Outline, b: Outline) -> bool:
    return all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@settings(max_examples=25)
@given(st.permutations(range(30)), st.lists(st.integers(0, 30), max_size=3))
def test_parts_and_their_order_do_not_matter(order: list[int], cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), 30]
    parts = [rows_of(WHOLE, order[a:b]) for a, b in pairwise(bounds)]
    made = outline(parts)
    assert same(made, outline([WHOLE]))
    assert (np.diff(made.key) > 0).all()


def test_stretches_of_rows_give_what_all_rows_at_once_give(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = outline([WHOLE])
    monkeypatch.setattr(room, "_CHUNK", 7)
    assert same(outline([WHOLE]), whole)


def test_no_accounts_give_no_rows() -> None:
    assert outline([]).key.shape == (0,)
    assert outline([rows_of(WHOLE, [])]).week.shape == (0, 168)


def test_columns_are_those_of_the_state() -> None:
    arrays = blank()
    set_counts(arrays, events=9)
    set_sums(arrays, tokens_out=70)
    arrays.code[0, CODES.index("ja4")] = 5
    arrays.code_rank[0, CODES.index("ja4")] = 1
    arrays.code[0, CODES.index("client_lib")] = 6
    arrays.slot_key[0, 0] = np.uint64(8) << np.uint64(32) | np.uint64(3)
    arrays.slot_rank[0, 0] = 2
    arrays.sample_system[0, 0], arrays.sample_head[0, 1], arrays.sample_tail[0, 2] = 11, 12, 13
    made = outline([arrays])
    assert (made.events[0], made.tokens_out[0], made.ja4[0]) == (9, 70, 5)
    assert made.slot_piece[0].tolist() == [8, *[NO_PIECE] * 7]
    assert [made.sample_piece[0, at] for at in (0, 25, 50)] == [11, 12, 13]


def test_a_code_that_was_never_drawn_is_unknown() -> None:
    arrays = blank()
    arrays.code[0, CODES.index("client_lib")] = 6
    assert arrays.code_rank[0, CODES.index("client_lib")] == EMPTY_ID
    assert outline([arrays]).library.tolist() == [NO_CODE]


def test_only_days_are_taken_of_the_windows() -> None:
    arrays = blank()
    arrays.window_id[0] = np.arange(arrays.window_id.shape[1])
    arrays.window_mask[0] = np.arange(arrays.window_id.shape[1]) + 100
    made = outline([arrays])
    before = sum(kept for _, kept in WINDOWS[:-1])
    assert WINDOWS[-1] == (86_400, DAYS)
    assert made.day[0].tolist() == list(range(before, before + DAYS))
    assert made.day_mask[0].tolist() == list(range(before + 100, before + 100 + DAYS))
