"""Several accounts as one: what one account that had sent all their requests would hold."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.engines import SMALL, engine, fold_all
from sketches.events import Event, events, folded, pseudonym, unequal
from stillwatch.engine.union import unions
from stillwatch.sketches.layout import Arrays

ROWS = [row for row in events(7, 260, accounts=6) if row["account_id"]]


def as_one(rows: list[Event], account: int) -> Arrays:
    """State of one account that had sent all these requests."""
    return folded([[row | {"account_id": account} for row in rows]]).ordered()


def of(account: int) -> list[Event]:
    return [row for row in ROWS if row["account_id"] == pseudonym(account, "account")]


def state_of(*accounts: int) -> Arrays:
    return folded([[row for account in accounts for row in of(account)]]).ordered()


@settings(max_examples=12)
@given(st.lists(st.sets(st.integers(0, 5), min_size=1).map(sorted), min_size=1, max_size=3))
def test_a_group_holds_the_union_of_its_accounts(groups: list[list[int]]) -> None:
    made = unions([state_of(*accounts) for accounts in groups])
    assert made.key.tolist() == list(range(1, len(groups) + 1))
    for at, accounts in enumerate(groups):
        mine = Arrays._make(column[at : at + 1] for column in made)
        # A draw is ranked by account, so what is drawn differs from that of one account with all requests.
        one = as_one([row for account in accounts for row in of(account)], 1)
        assert np.array_equal(mine.counts, one.counts)
        assert np.array_equal(mine.sums, one.sums)
        assert np.array_equal(mine.hll, one.hll)
        assert np.array_equal(mine.sample, one.sample)
        assert np.array_equal(mine.week, one.week)


def test_the_order_of_accounts_does_not_matter() -> None:
    whole = state_of(0, 1, 2, 3)
    turned = Arrays._make(column[::-1].copy() for column in whole)
    assert unequal(unions([whole]), unions([turned])) == []


def test_a_group_of_no_accounts_holds_nothing() -> None:
    nobody = Arrays._make(column[:0] for column in state_of(0))
    assert unions([nobody]).counts.sum() == 0


def test_rows_of_an_engine_are_those_asked_for_whatever_the_buckets() -> None:
    asked = np.array([pseudonym(k, "account") for k in (1, 4, 99)])
    with engine() as made:
        fold_all(made, ROWS)
        rows = made.rows(asked)
        parts = made.parts()
    assert sorted(rows.key.tolist()) == sorted(asked[:2].tolist())
    order = np.argsort(rows.key)
    assert unequal(Arrays._make(column[order] for column in rows), state_of(1, 4)) == []
    assert len(parts) == SMALL.buckets
    assert sorted(key for part in parts for key in part.key.tolist()) == sorted({row["account_id"] for row in ROWS})


def test_rows_are_copies_and_parts_are_seen_in_place() -> None:
    with engine() as made:
        fold_all(made, ROWS)
        before = made.arrays()
        copied = made.rows(before.key)
        copied.counts[:] = 0
        assert unequal(made.arrays(), before) == []
        for part, state in zip(made.parts(), made.states, strict=True):
            assert len(part.key) == 0 or np.shares_memory(part.key, state.arrays.key)


def test_an_empty_engine_has_no_rows() -> None:
    with engine() as made:
        assert made.rows(np.array([5])).key.shape == (0,)
        assert [part.key.shape for part in made.parts()] == [(0,)] * SMALL.buckets
