from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.engine.dedupe import Recent
from stillwatch.model.errors import CheckpointError

WINDOW = 128
"""The smallest table holds 256 slots, half of them used."""


def fresh(recent: Recent, ids: list[int], accounts: list[int] | None = None) -> list[bool]:
    events = np.array(ids, np.int64)
    who = np.ones(len(ids), np.int64) if accounts is None else np.array(accounts, np.int64)
    return recent.first_times(events, who, np.arange(len(ids))).tolist()


def test_an_id_counts_once_within_a_batch_and_across_batches() -> None:
    recent = Recent(WINDOW)
    assert fresh(recent, [5, 6, 5, 5]) == [True, True, False, False]
    assert fresh(recent, [6, 7, 5]) == [False, True, False]


def test_only_the_rows_asked_for_are_remembered() -> None:
    recent = Recent(WINDOW)
    ids = np.array([5, 6, 7], np.int64)
    assert recent.first_times(ids, np.ones(3, np.int64), np.array([2, 0, 2])).tolist() == [True, True, False]
    assert fresh(recent, [6]) == [True]


def test_an_id_is_a_repeat_only_within_one_account() -> None:
    recent = Recent(WINDOW)
    assert fresh(recent, [5, 5, 5], [1, 2, 1]) == [True, True, False]


def test_an_event_without_an_id_always_counts_and_takes_no_room() -> None:
    recent = Recent(WINDOW)
    assert fresh(recent, [9]) == [True]
    assert fresh(recent, [0] * 1000) == [True] * 1000
    assert fresh(recent, [9]) == [False]


def test_every_id_within_the_window_is_found_and_after_two_generations_forgotten() -> None:
    recent = Recent(WINDOW)
    ids = list(range(1, 2000))
    for at, identity in enumerate(ids):
        assert fresh(recent, [identity]) == [True]
        window = ids[max(0, at - WINDOW + 1) : at + 1]
        assert not any(fresh(recent, window))
        if at >= 2 * WINDOW:
            held = set(recent._young.tolist()) | set(recent._old.tolist())
            assert len(held - {0}) <= 2 * WINDOW
    assert fresh(recent, [1]) == [True]


def test_memory_does_not_grow() -> None:
    recent = Recent(WINDOW)
    before = recent._young.nbytes + recent._old.nbytes
    fresh(recent, list(range(1, 50_000)))
    assert recent._young.nbytes + recent._old.nbytes == before
    assert Recent(1000)._young.shape[0] == 2048


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1).filter(bool) | st.integers(1, 40), max_size=120))
def test_few_ids_are_told_apart_like_a_set_does(ids: list[int]) -> None:
    seen: set[int] = set()
    wanted = [not (identity in seen or seen.add(identity)) for identity in ids]
    assert fresh(Recent(WINDOW), ids) == wanted


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 600))
def test_a_restart_anywhere_changes_nothing(seed: int, cut: int) -> None:
    ids = np.random.default_rng(seed).integers(1, 500, 600).tolist()
    whole = fresh(Recent(WINDOW), ids)
    recent = Recent(WINDOW)
    first = fresh(recent, ids[:cut])
    back = Recent.restore(recent.checkpoint(), WINDOW)
    assert back.checkpoint() == recent.checkpoint()
    assert first + fresh(back, ids[cut:]) == whole


def test_generations_behave_like_two_sets() -> None:
    rng = np.random.default_rng(1)
    generations: deque[set[int]] = deque([set(), set()], maxlen=2)
    recent = Recent(WINDOW)
    for identity in rng.integers(1, 700, 5000).tolist():
        known = identity in generations[0] or identity in generations[1]
        assert fresh(recent, [identity]) == [not known]
        if not known:
            if len(generations[1]) == WINDOW:
                generations.append(set())
            generations[1].add(identity)


def test_another_window_and_torn_bytes_are_refused() -> None:
    recent = Recent(WINDOW)
    fresh(recent, [1, 2, 3])
    written = recent.checkpoint()
    with pytest.raises(CheckpointError, match="128 events, not 64"):
        Recent.restore(written, 64)
    for size in range(len(written)):
        with pytest.raises(CheckpointError):
            Recent.restore(written[:size], WINDOW)
