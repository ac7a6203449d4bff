from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.errors import NotNow
from stillwatch.store.exchange.holder import (
    HolderBase,
    admit,
    calendar_of,
    charge,
    dismiss,
    give_back,
    hash_of,
    members_of,
    settle_calendar,
    spent_of,
)


@pytest.fixture
def base(tmp_path):
    opened = HolderBase(tmp_path / "holder.db")
    yield opened
    opened.close()


def nonce(n):
    return n.to_bytes(16)


def test_a_budget_is_counted_by_member_and_epoch_and_kept(base):
    assert charge(base, "a", 1, 60, 100, nonce(1), (0, 10)).left == 40
    again = HolderBase(base.path)
    assert not charge(again, "a", 1, 41, 100, nonce(2), (0, 10)).granted
    assert charge(again, "a", 1, 40, 100, nonce(3), (0, 10)).granted
    assert charge(again, "b", 1, 100, 100, nonce(1), (0, 10)).granted
    assert charge(again, "a", 2, 100, 100, nonce(4), (0, 10)).granted
    again.close()
    assert spent_of(base) == [(1, "a", 100), (1, "b", 100), (2, "a", 100)]


def test_a_nonce_is_taken_once_within_its_window_and_costs_nothing_twice(base):
    assert charge(base, "a", 1, 1, 100, nonce(1), (0, 10)).granted
    found = charge(base, "a", 1, 1, 100, nonce(1), (10, 10))
    assert found.replayed
    assert not found.granted
    assert found.left == 99
    # Past the window the request's date is refused before it gets here.
    assert charge(base, "a", 1, 1, 100, nonce(1), (11, 10)).granted
    with base.reading() as connection:
        assert connection.execute("SELECT count(*) FROM seen").fetchone()[0] == 1


def test_what_we_failed_to_do_is_given_back_and_no_more(base):
    charge(base, "a", 1, 60, 100, nonce(1), (0, 10))
    give_back(base, "a", 1, 60)
    give_back(base, "a", 1, 60)
    assert spent_of(base) == [(1, "a", 0)]


@given(st.lists(st.integers(1, 40), max_size=12))
@settings(max_examples=20, deadline=None)
def test_never_more_than_the_budget_is_granted(tmp_path_factory, counts):
    base = HolderBase(tmp_path_factory.mktemp("b") / "holder.db")
    granted = 0
    for n, count in enumerate(counts):
        found = charge(base, "a", 1, count, 100, nonce(n), (0, 10))
        assert found.granted == (granted + count <= 100)
        granted += count if found.granted else 0
        assert found.left == 100 - granted
    base.close()


def test_two_programs_at_once_grant_no_more_than_the_budget(base):
    others = [HolderBase(base.path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: charge(others[n % 4], "a", 1, 10, 100, nonce(n), (0, 10)).granted, range(40)))
    assert sum(found) == 10
    for one in others:
        one.close()


def test_a_calendar_is_settled_once(base):
    assert calendar_of(base) is None
    settle_calendar(base, 1, 2, 1)
    settle_calendar(base, 1, 2, 1)
    with pytest.raises(NotNow):
        settle_calendar(base, 1, 3, 1)
    assert calendar_of(base) == (1, 2, 1)


def test_members_are_kept_by_hash_and_a_new_secret_ends_the_old_one(base):
    admit(base, "a", "first", 1)
    admit(base, "a", "second", 2)
    assert members_of(base) == {"a": hash_of("second")}
    assert dismiss(base, "a")
    assert not dismiss(base, "a")
    assert b"second" not in base.path.read_bytes()
