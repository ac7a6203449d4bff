"""Folding is a commutative monoid: a state is a function of the *set* of events and of nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sketches.events import KEYS, event, folded, pseudonym, seeded, unequal
from stillwatch.sketches.layout import Arrays
from stillwatch.sketches.state import AccountState

Event = dict[str, Any]
NARROW = ("week", "topics", "out_hist", "timeline", "models", "window_count", "slot_topics")
"""Columns of 16-bit cells."""
EVENTS = 24

laws = settings(max_examples=40, deadline=None)


@st.composite
def event_sets(draw: st.DrawFn) -> list[Event]:
    """Different events of up to four accounts; what is in each follows from a small number that shrinks."""
    numbers = draw(st.lists(st.integers(0, 400), unique=True, max_size=EVENTS))
    return [event(seeded(k), k, account_id=pseudonym(k % 4, "account")) for k in numbers]


@st.composite
def splits(draw: st.DrawFn, rows: list[Event]) -> list[list[Event]]:
    """The same events in any order, cut anywhere, with empty batches between."""
    shuffled = draw(st.permutations(rows))
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=5)))
    return [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]


def merged(*states: AccountState) -> AccountState:
    """A new state; those given stay as they are."""
    made = AccountState(KEYS)
    for state in states:
        made.merge(state)
    return made


def near_full(state: AccountState, seed: int) -> AccountState:
    """Lift the used 16-bit cells to just below where they stay."""
    rng = np.random.default_rng(seed)
    for name in NARROW:
        cells = getattr(state.arrays, name)[: state.used]
        lifted = cells + rng.integers(65_520, 65_536, cells.shape)
        cells[:] = np.where(cells > 0, np.minimum(lifted, 65_535), 0)
    return state


@laws
@given(event_sets(), st.data())
def test_any_order_in_any_batches_gives_the_same_bytes(rows: list[Event], data: st.DataObject) -> None:
    assert folded(data.draw(splits(rows))).checkpoint() == folded([rows]).checkpoint()


@laws
@given(event_sets(), st.data())
def test_states_of_the_parts_merge_to_the_state_of_the_whole(rows: list[Event], data: st.DataObject) -> None:
    parts = [folded([part]) for part in data.draw(splits(rows))]
    assert merged(*data.draw(st.permutations(parts))).checkpoint() == folded([rows]).checkpoint()


@laws
@given(event_sets(), st.data())
def test_merging_is_commutative_and_associative(rows: list[Event], data: st.DataObject) -> None:
    cut = sorted(data.draw(st.tuples(*[st.integers(0, len(rows))] * 2)))
    a, b, c = folded([rows[: cut[0]]]), folded([rows[cut[0] : cut[1]]]), folded([rows[cut[1] :]])
    assert merged(a, b).checkpoint() == merged(b, a).checkpoint()
    assert merged(merged(a, b), c).checkpoint() == merged(a, merged(b, c)).checkpoint()


@laws
@given(event_sets())
def test_the_empty_state_changes_nothing(rows: list[Event]) -> None:
    state = folded([rows])
    assert merged(state, AccountState(KEYS)).checkpoint() == state.checkpoint()
    assert merged(AccountState(KEYS), state).checkpoint() == state.checkpoint()


@laws
@given(event_sets(), event_sets(), event_sets(), st.integers(0, 99))
def test_the_laws_hold_where_cells_are_full(
    first: list[Event], second: list[Event], third: list[Event], seed: int
) -> None:
    a, b, c = (near_full(folded([rows]), seed + k) for k, rows in enumerate((first, second, third)))
    assert merged(a, b).checkpoint() == merged(b, a).checkpoint()
    assert merged(merged(a, b), c).checkpoint() == merged(a, merged(b, c)).checkpoint()
    both = merged(a, b).ordered()
    for part in (a.ordered(), b.ordered()):
        at = np.searchsorted(both.key, part.key)
        assert (both.week[at] >= part.week).all()
        assert (both.topics[at] >= part.topics).all()


@laws
@given(event_sets(), st.data())
def test_a_restart_anywhere_changes_nothing(rows: list[Event], data: st.DataObject) -> None:
    parts = data.draw(splits(rows))
    state = AccountState(KEYS)
    for part in parts:
        state.merge(folded([part]))
        state = AccountState.restore(state.checkpoint(), KEYS)
    assert state.checkpoint() == folded([rows]).checkpoint()


@laws
@given(event_sets())
def test_a_restored_state_equals_the_written_one_cell_by_cell(rows: list[Event]) -> None:
    state = folded([rows])
    back = AccountState.restore(state.checkpoint(), KEYS)
    assert unequal(Arrays(*(column[: back.used] for column in back.arrays)), state.ordered()) == []
    assert back.checkpoint() == state.checkpoint()


@laws
@given(event_sets(), st.data())
def test_an_account_knows_nothing_of_others(rows: list[Event], data: st.DataObject) -> None:
    alone = data.draw(st.sampled_from([pseudonym(k, "account") for k in range(4)]))
    mine = folded([[row for row in rows if row["account_id"] == alone]]).ordered()
    all_of_them = folded([rows]).ordered()
    at = all_of_them.key == alone
    assert unequal(mine, Arrays(*(column[at] for column in all_of_them))) == []


@laws
@given(event_sets(), event_sets())
def test_more_events_never_take_anything_away(rows: list[Event], more: list[Event]) -> None:
    known = {row["event_id"] for row in rows}
    new = [row for row in more if row["event_id"] not in known]
    before, after = folded([rows]).ordered(), folded([rows, new]).ordered()
    at = np.searchsorted(after.key, before.key)
    for name in ("counts", "sums", "hll", "reach", "week", "topics", "out_hist", "models", "last_ms", "slot_count"):
        assert (getattr(after, name)[at] >= getattr(before, name)).all(), name
    for name in ("first_ms", "sample", "slot_rank", "code_rank", "slot_first_s"):
        assert (getattr(after, name)[at] <= getattr(before, name)).all(), name
