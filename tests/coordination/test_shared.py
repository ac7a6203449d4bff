"""Groups are read off sorted pairs, what is left out is counted, and twins are one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.made import groups_of, listed
from stillwatch.coordination.groups import PLACE
from stillwatch.coordination.shared import ALIKE, Left, collapsed, grouped, packed

Held = list[tuple[int, int]]
held = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 12)), max_size=60)
accounts = st.sets(st.integers(0, 40), min_size=3, max_size=30)


def pairs(some: Held) -> np.ndarray:
    return packed(np.array([value for value, _ in some], np.uint32), np.array([account for _, account in some], int))


def test_a_value_of_three_accounts_makes_a_group_and_one_of_two_does_not() -> None:
    groups, left = grouped(pairs([(7, 4), (7, 0), (7, 2), (5, 1), (5, 0)]), "ja4", PLACE)
    assert listed(groups) == [[0, 2, 4]]
    assert (groups.token.tolist(), groups.made_by.tolist(), groups.names) == ([7], [PLACE], ("ja4",))
    assert left == Left("ja4", 0, 0)


def test_what_too_many_hold_is_left_out_and_counted() -> None:
    some = [(1, a) for a in range(5)] + [(2, a) for a in range(6)] + [(3, a) for a in range(9)]
    groups, left = grouped(pairs(some), "ja4", PLACE, most=5)
    assert listed(groups) == [list(range(5))]
    assert left == Left("ja4", 2, 9)


def test_an_account_that_holds_a_value_many_times_counts_once() -> None:
    assert listed(grouped(pairs([(1, 0), (1, 0), (1, 1), (1, 1)]), "ja4", PLACE)[0]) == []


def test_no_pairs_make_no_groups() -> None:
    groups, left = grouped(pairs([]), "ja4", PLACE)
    assert (len(groups), groups.start.tolist(), left) == (0, [0], Left("ja4", 0, 0))


@pytest.mark.parametrize("value", [0, 0xFFFFFFFF])
def test_the_smallest_and_the_largest_value_are_values_like_others(value: int) -> None:
    groups, _ = grouped(pairs([(value, a) for a in (0, 1, 2)]), "ja4", PLACE)
    assert (listed(groups), groups.token.tolist()) == ([[0, 1, 2]], [value])


@given(held, st.data())
def test_groups_are_those_a_plain_count_finds_whatever_the_order(some: Held, data: st.DataObject) -> None:
    groups, left = grouped(pairs(data.draw(st.permutations(some))), "ja4", PLACE, most=8)
    plain = {value: sorted({a for v, a in some if v == value}) for value, _ in some}
    assert listed(groups) == [plain[value] for value in sorted(plain) if 3 <= len(plain[value]) <= 8]
    dropped = [len(rows) for rows in plain.values() if len(rows) > 8]
    assert left == Left("ja4", len(dropped), max(dropped, default=0))


def test_groups_with_nearly_the_same_accounts_are_one_and_the_larger_leads() -> None:
    kept, place = collapsed(groups_of(range(19), range(20), range(10, 30), range(1, 20)))
    assert listed(kept) == [list(range(20)), list(range(10, 30))]
    assert place.tolist() == [0, 0, 1, 0]


def test_of_equal_groups_the_first_leads() -> None:
    kept, place = collapsed(groups_of(range(5), range(5), range(5), tokens=[9, 3, 4]))
    assert (kept.token.tolist(), place.tolist()) == ([9], [0, 0, 0])


def test_no_groups_collapse_to_none() -> None:
    kept, place = collapsed(groups_of())
    assert (len(kept), place.shape) == (0, (0,))


@given(accounts, accounts)
def test_two_groups_become_one_only_above_the_similarity(a: set[int], b: set[int]) -> None:
    _, place = collapsed(groups_of(sorted(a), sorted(b)))
    alike = len(a & b) / len(a | b)
    if a == b:
        assert place.tolist() == [0, 0]
    if place[0] == place[1]:
        assert alike >= ALIKE


@given(st.lists(accounts, max_size=8))
def test_no_group_is_lost_and_no_member_invented(some: list[set[int]]) -> None:
    groups = groups_of(*(sorted(one) for one in some))
    kept, place = collapsed(groups)
    assert all(rows in listed(groups) for rows in listed(kept))
    assert sorted(set(place.tolist())) == list(range(len(kept)))


def test_nearly_all_twins_of_nine_tenths_are_found() -> None:
    """Four bands of two hashes find a pair of similarity 0.9 with a chance of 0.998."""
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(200):
        rows = rng.choice(10_000, 40, replace=False)
        found += len(collapsed(groups_of(np.sort(rows[:38]), np.sort(rows[2:])))[0]) == 1
    assert found >= 195
