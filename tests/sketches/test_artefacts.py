"""The index of reasoning artefacts: its laws, its cap, its seal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketches.events import batch, event, pseudonym, seeded
from stillwatch.model.errors import CheckpointError
from stillwatch.model.event import EventBatch
from stillwatch.sketches.artefacts import PRINTS, ArtefactIndex

Event = dict[str, Any]
laws = settings(max_examples=40, deadline=None)


def indexed(parts: list[list[Event]], most: int = 10_000) -> ArtefactIndex:
    index = ArtefactIndex(most)
    for rows in parts:
        index.fold(batch(rows))
    return index


def rows_of(numbers: list[int]) -> list[Event]:
    return [event(seeded(k), k, account_id=pseudonym(k % 5, "account")) for k in numbers]


def carriers(n: int, accounts: int = 50) -> list[Event]:
    """``n`` events that each carry one artefact of their own."""
    blank = event(seeded(1), 0, artefacts_born=None)
    return [
        blank | {"account_id": pseudonym(k % accounts, "account"), "artefacts_carried": [pseudonym(k, "block")]}
        for k in range(n)
    ]


numbers = st.lists(st.integers(0, 300), unique=True, max_size=40)


@laws
@given(numbers, st.sampled_from((3, 10, 10_000)), st.data())
def test_order_and_grouping_are_irrelevant_below_and_above_the_cap(
    chosen: list[int], most: int, data: st.DataObject
) -> None:
    rows = rows_of(chosen)
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    assert indexed([shuffled[:cut], shuffled[cut:]], most).checkpoint() == indexed([rows], most).checkpoint()


@laws
@given(numbers, numbers, numbers, st.sampled_from((3, 10, 10_000)))
def test_merging_is_commutative_associative_and_equals_one_fold(
    a: list[int], b: list[int], c: list[int], most: int
) -> None:
    parts = [rows_of(chosen) for chosen in (a, b, c)]

    def merged(*order: int) -> bytes:
        made = ArtefactIndex(most)
        for k in order:
            made.merge(indexed([parts[k]], most))
        return made.checkpoint()

    right = indexed([parts[1]], most)
    right.merge(indexed([parts[2]], most))
    left = indexed([parts[0]], most)
    left.merge(right)
    assert merged(0, 1, 2) == merged(2, 0, 1) == merged(1, 2, 0) == left.checkpoint()
    assert merged(0, 1, 2) == indexed([[*parts[0], *parts[1], *parts[2]]], most).checkpoint()


@laws
@given(numbers, st.sampled_from((3, 10_000)), st.data())
def test_a_restart_anywhere_changes_nothing(chosen: list[int], most: int, data: st.DataObject) -> None:
    rows = rows_of(chosen)
    cut = data.draw(st.integers(0, len(rows)))
    back = ArtefactIndex.restore(indexed([rows[:cut]], most).checkpoint())
    back.fold(batch(rows[cut:]))
    assert back.checkpoint() == indexed([rows], most).checkpoint()


def test_below_the_cap_every_pair_is_kept() -> None:
    rows = carriers(1000)
    index = indexed([rows], 1000)
    assert (len(index), index.share_kept) == (1000, 1.0)
    found = index.replay(np.array(sorted({row["account_id"] for row in rows})))
    assert (found.artefacts_distinct == 20).all()


def test_one_pair_too_many_halves_the_share() -> None:
    index = indexed([carriers(1001)], 1000)
    assert index.share_kept == 0.5
    assert 400 <= len(index) <= 600


def test_above_the_cap_the_counts_are_unbiased() -> None:
    """8,000 artefacts at a share of 1/16: standard error 4.3 % over all accounts, 12.2 % of one of eight."""
    rows = carriers(8000, accounts=8)
    index = indexed([rows[k : k + 1000] for k in range(0, 8000, 1000)], 750)
    assert index.share_kept == 1 / 16
    assert len(index) <= 750
    found = index.replay(np.array(sorted({row["account_id"] for row in rows})))
    assert abs(found.artefacts_distinct.sum() / index.share_kept / 8000 - 1) < 4 * 0.043
    assert abs(found.artefacts_distinct / index.share_kept / 1000 - 1).max() < 5 * 0.122
    assert (found.foreign_distinct == 0).all()


def test_the_same_artefacts_stay_whatever_came_with_them() -> None:
    rows = carriers(2000)
    few, all_of_them = indexed([rows[:1000]], 250), indexed([rows], 250)
    kept = {index.limit for index in (few, all_of_them)}
    assert len(kept) == 2
    inside = few._rows[0][few._rows[0].view(np.uint64) < np.uint64(all_of_them.limit)]
    assert np.isin(inside, all_of_them._rows[0]).all()


def test_events_left_out_and_accounts_unknown_leave_no_pair() -> None:
    rows = carriers(10)
    index = ArtefactIndex(100)
    index.fold(batch(rows), np.arange(10) < 4)
    assert len(index) == 4
    unknown = [row | {"account_id": None} for row in rows]
    assert len(indexed([unknown])) == 0


def test_lists_are_read_right_where_a_null_list_hides_values() -> None:
    lists = pa.ListArray.from_arrays(
        pa.array([0, 2, 3, 5], pa.int32()), pa.array([11, 12, 13, 14, None]), mask=pa.array([False, True, False])
    )
    made = batch([row | {"artefacts_born": None} for row in carriers(3)])
    at = made.columns.schema.get_field_index("artefacts_carried")
    index = ArtefactIndex(100)
    index.fold(EventBatch(made.columns.set_column(at, "artefacts_carried", lists), made.provenance))
    assert len(index) == 3
    first, third = pseudonym(0, "account"), pseudonym(2, "account")
    assert index._rows[0].tolist() == [11, 12, 14]
    assert index._rows[1].tolist() == [first, first, third]


def test_another_cap_is_refused_when_merging() -> None:
    with pytest.raises(CheckpointError, match="100 artefact pairs"):
        ArtefactIndex(200).merge(ArtefactIndex(100))


def test_an_index_of_something_else_is_refused() -> None:
    with pytest.raises(CheckpointError, match="200 print pairs"):
        ArtefactIndex(200).merge(ArtefactIndex(200, PRINTS))
    with pytest.raises(CheckpointError, match="no print index"):
        ArtefactIndex.restore(ArtefactIndex(200).checkpoint(), PRINTS)
    with pytest.raises(CheckpointError, match="no artefact index"):
        ArtefactIndex.restore(ArtefactIndex(200, PRINTS).checkpoint())


def test_births_are_counted_once_a_pair() -> None:
    born = [row | {"artefacts_born": row["artefacts_carried"], "artefacts_carried": None} for row in carriers(7)]
    assert indexed([carriers(20), born, born]).births == 7
    assert indexed([carriers(20)]).births == 0


def test_every_truncation_and_flip_is_noticed() -> None:
    written = indexed([carriers(5)]).checkpoint()
    for size in range(0, len(written), 3):
        with pytest.raises(CheckpointError):
            ArtefactIndex.restore(written[:size])
    for at in range(0, len(written), 3):
        torn = bytearray(written)
        torn[at] ^= 1 << at % 8
        with pytest.raises(CheckpointError):
            ArtefactIndex.restore(bytes(torn))


def test_another_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    written = ArtefactIndex(5).checkpoint()
    monkeypatch.setattr("stillwatch.sketches.artefacts.FORMAT_VERSION", 3)
    with pytest.raises(CheckpointError, match="format 2"):
        ArtefactIndex.restore(written)


def shared(rows: list[Event], most: int = 10_000) -> list[tuple[int, int]]:
    artefact, account = indexed([rows], most).shared()
    return list(zip(artefact.tolist(), account.tolist(), strict=True))


def test_artefacts_of_more_than_one_account_are_shared_whoever_bore_or_carried_them() -> None:
    blank = event(seeded(1), 0, artefacts_born=None, artefacts_carried=None)
    rows = [
        blank | {"account_id": 3, "artefacts_born": [7]},
        blank | {"account_id": 2, "artefacts_carried": [7, 8]},
        blank | {"account_id": 2, "artefacts_carried": [7], "artefacts_born": [8]},
        blank | {"account_id": 4, "artefacts_carried": [9]},
        blank | {"account_id": None, "artefacts_carried": [9]},
    ]
    assert shared(rows) == [(7, 2), (7, 3)]
    assert shared(rows[3:]) == []
    assert shared([]) == []


@laws
@given(numbers, st.sampled_from((3, 10_000)), st.data())
def test_what_is_shared_does_not_depend_on_the_order_of_events(
    chosen: list[int], most: int, data: st.DataObject
) -> None:
    rows = rows_of(chosen)
    found = shared(data.draw(st.permutations(rows)), most)
    assert found == shared(rows, most)
    assert all(sum(artefact == other for other, _ in found) > 1 for artefact, _ in found)
