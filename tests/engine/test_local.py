"""The engine folds what the account state folds: each event once, in any number of buckets and threads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.engines import SMALL, engine, fold_all, held, state_of
from sketches.events import KEYS, batch, event, events, folded, pseudonym, seeded, unequal
from stillwatch.engine.local import Folded, LocalEngine, workers
from stillwatch.sketches.artefacts import PRINTS, ArtefactIndex
from stillwatch.sketches.prints import MOST

ROWS = events(1, 300, accounts=40)
LONG = b" ".join(b"w" + bytes([97 + k % 26, 97 + k // 26]) for k in range(600))
"""A text of 600 different words."""


def test_the_engine_holds_what_one_state_and_one_index_hold() -> None:
    with engine() as made:
        done = [made.fold(batch(ROWS[:100])), made.fold(batch(ROWS[100:]))]
    index = ArtefactIndex(SMALL.artefact_pairs)
    index.fold(batch(ROWS))
    without = sum(row["account_id"] is None for row in ROWS)
    assert without > 0
    assert state_of(made) == folded([ROWS]).checkpoint()
    assert made.artefacts.checkpoint() == index.checkpoint()
    assert len(made) == 40
    assert [sum(column) for column in zip(*((f.events, f.duplicates, f.unattributed) for f in done), strict=True)] == [
        300 - without,
        0,
        without,
    ]


def counted(one: Folded) -> tuple[int, int, int]:
    return one.events, one.duplicates, one.unattributed


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_number_of_threads_changes_no_byte(threads: int) -> None:
    with engine(replace(SMALL, threads=1)) as alone, engine(replace(SMALL, threads=threads)) as made:
        fold_all(alone, ROWS)
        fold_all(made, ROWS)
        assert held(made) == held(alone)
        assert unequal(made.arrays(), alone.arrays()) == []


@pytest.mark.parametrize("buckets", [1, 3, 16, 255, 256, 300])
def test_the_number_of_buckets_changes_no_account(buckets: int) -> None:
    config = replace(SMALL, buckets=buckets, dedupe_window=1024 * buckets)
    with engine(config) as made:
        fold_all(made, ROWS + ROWS[:50])
    assert state_of(made) == folded([ROWS]).checkpoint()
    arrays = made.arrays()
    order = np.argsort(arrays.key)
    assert unequal(type(arrays)(*(column[order] for column in arrays)), folded([ROWS]).ordered()) == []


def test_a_repeated_event_counts_once_in_a_batch_and_across_batches() -> None:
    rows = [row for row in ROWS if row["account_id"]][:60]
    with engine() as made:
        assert counted(made.fold(batch(rows + rows[:7]))) == (60, 7, 0)
        assert counted(made.fold(batch(rows))) == (0, 60, 0)
    assert state_of(made) == folded([rows]).checkpoint()
    index = ArtefactIndex(SMALL.artefact_pairs)
    index.fold(batch(rows))
    assert made.artefacts.checkpoint() == index.checkpoint()


def test_a_repeat_brings_no_artefact_of_its_own() -> None:
    row = event(seeded(1), 1, account_id=pseudonym(1), artefacts_carried=[5], artefacts_born=None)
    with engine() as made:
        made.fold(batch([row, row | {"artefacts_carried": [6]}]))
    assert made.artefacts._compact() is None
    assert made.artefacts._rows[0].tolist() == [5]


@pytest.mark.parametrize("buckets", [1, 4, 16])
def test_an_id_under_two_accounts_counts_for_both_in_any_number_of_buckets(buckets: int) -> None:
    row = event(seeded(1), 1)
    rows = [row | {"account_id": pseudonym(k, "account")} for k in range(20)]
    with engine(replace(SMALL, buckets=buckets)) as made:
        assert counted(made.fold(batch(rows + rows))) == (20, 20, 0)


def test_an_id_is_forgotten_after_two_generations_of_its_bucket() -> None:
    rng = seeded(2)
    me = pseudonym(1, "account")
    rows = [event(rng, k, nulls=1, account_id=me) for k in range(300)]
    with engine(replace(SMALL, buckets=1, dedupe_window=128)) as made:
        fold_all(made, rows, 100)
        assert counted(made.fold(batch(rows[-128:]))) == (0, 128, 0)
        assert counted(made.fold(batch(rows[:1]))) == (1, 0, 0)


def test_events_without_an_account_are_counted_and_left_out() -> None:
    rows = [row | {"account_id": None} for row in ROWS[:9]]
    with engine() as made:
        assert counted(made.fold(batch(rows))) == (0, 0, 9)
        assert counted(made.fold(batch([]))) == (0, 0, 0)
        assert (len(made), len(made.artefacts), made.nbytes > 0) == (0, 0, True)
        assert made.arrays().key.shape == (0,)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 120), max_size=60), st.integers(1, 60), st.integers(1, 20))
def test_any_stream_with_repeats_equals_its_set(numbers: list[int], size: int, buckets: int) -> None:
    rows = [event(seeded(k), k, account_id=pseudonym(k % 7, "account")) for k in numbers]
    once = [event(seeded(k), k, account_id=pseudonym(k % 7, "account")) for k in sorted(set(numbers))]
    with engine(replace(SMALL, buckets=buckets, dedupe_window=128 * buckets)) as made:
        fold_all(made, rows, size)
    assert state_of(made) == folded([once]).checkpoint()


def prints_of(rows: list[dict[str, Any]], sizes: list[int] | None = None, most: int = 500) -> bytes:
    """The index of prints after batches of these sizes, and what is left in a last one."""
    with engine(replace(SMALL, print_pairs=most)) as made:
        at = 0
        for size in [*(sizes or []), len(rows)]:
            made.fold(batch(rows[at : at + size]))
            at += size
        return made.prints.checkpoint()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 200), unique=True, max_size=40),
    st.lists(st.integers(0, 30), max_size=4),
    st.sampled_from((5, 500)),
    st.data(),
)
def test_prints_do_not_depend_on_order_or_batches_whoever_has_answers(
    numbers: list[int], sizes: list[int], most: int, data: st.DataObject
) -> None:
    """Batches without any answer, batches with some, and both in either order hold the same prints."""
    rows = [event(seeded(k), k, account_id=pseudonym(k % 5, "account")) for k in numbers]
    shuffled = data.draw(st.permutations(rows))
    by_answer = sorted(rows, key=lambda row: row["completion"] is not None)
    whole = prints_of(rows, most=most)
    assert prints_of(shuffled, sizes, most) == whole
    assert prints_of(by_answer, [sum(row["completion"] is None for row in rows)], most) == whole
    assert prints_of(by_answer[::-1], sizes, most) == whole


def test_merged_prints_of_parts_equal_one_fold_in_any_order() -> None:
    parts = [events(seed, 60, accounts=5) for seed in (11, 12, 13)]
    for most in (40, 500):
        made = []
        for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
            index = ArtefactIndex(most, PRINTS)
            for k in order:
                index.merge(ArtefactIndex.restore(prints_of(parts[k], most=most), PRINTS))
            made.append(index.checkpoint())
        assert made == [prints_of([row for part in parts for row in part], most=most)] * 3


def test_prompts_are_printed_only_beside_an_answer() -> None:
    row = event(seeded(1), 1, account_id=pseudonym(1), prompt=LONG, completion=None)
    beside = event(seeded(2), 2, account_id=pseudonym(2), prompt=LONG, completion=b"yes")
    with engine() as made:
        made.fold(batch([row]))
        assert len(made.prints) == 0
        made.fold(batch([row, beside]))
        made.prints._compact()
        assert made.prints._rows[1].tolist() == [pseudonym(2)] * MOST
        assert made.prints.births == 0


def test_a_repeat_brings_no_print_and_neither_does_an_event_without_an_account() -> None:
    rows = [row for row in events(4, 80, accounts=4) if row["completion"] is not None]
    rows = [row | {"event_id": pseudonym(k, "event")} for k, row in enumerate(rows)]
    named = [row for row in rows if row["account_id"]]
    other = [row | {"completion": LONG, "prompt": None} for row in named]
    assert prints_of(other) != prints_of(named)
    assert prints_of(named + other) == prints_of(rows) == prints_of(named)


def test_a_failure_in_a_thread_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    with engine() as made:
        monkeypatch.setattr("stillwatch.sketches.state.AccountState.fold", fail)
        with pytest.raises(MemoryError):
            made.fold(batch(ROWS[:10]))


def test_threads_are_as_told_or_one_a_processor() -> None:
    assert workers(replace(SMALL, threads=3)) == 3
    assert workers(replace(SMALL, threads=0)) >= 1


def test_an_engine_makes_its_own_threads_where_none_are_given() -> None:
    made = LocalEngine(KEYS, SMALL)
    fold_all(made, ROWS[:20])
    made._pool.shutdown()
    assert state_of(made) == folded([ROWS[:20]]).checkpoint()
