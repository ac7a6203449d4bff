"""Groups with largely the same members are one entity; what hangs together by little falls apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.made import groups_of
from stillwatch.coordination.entities import entities, incidence


def numbered(*members: object, n: int = 2000) -> list[int]:
    return entities(groups_of(*members), n).tolist()


def test_overlapping_groups_are_one_and_disjoint_ones_two() -> None:
    assert numbered(range(10), range(5, 15), range(20, 30)) == [0, 0, 1]


@pytest.mark.parametrize(("begin", "wanted"), [(5, [0, 0]), (6, [0, 1])])
def test_half_of_the_smaller_must_be_in_common(begin: int, wanted: list[int]) -> None:
    assert numbered(range(10), range(begin, begin + 10)) == wanted


def test_a_small_group_inside_a_large_one_belongs_to_it() -> None:
    assert numbered(range(100), range(4, 8)) == [0, 0]


def test_groups_hang_together_through_others() -> None:
    assert numbered(range(10), range(10, 20), range(5, 15)) == [0, 0, 0]


def test_numbers_follow_the_first_group_of_each_entity() -> None:
    assert numbered(range(50, 60), range(10), range(52, 62), range(20, 30), range(2, 12)) == [0, 1, 0, 2, 1]


def bridged(size: int, groups: int = 20) -> list[range | list[int]]:
    """Two sets of nearly equal groups, and one small group with a foot in each."""
    left = [range(k, size + k) for k in range(groups)]
    right = [range(1000 + k, 1000 + size + k) for k in range(groups)]
    return [*left, *right, [20, 21, 22, 23, 1020, 1021, 1022, 1023]]


def test_a_large_component_is_split_where_it_hangs_by_one_group() -> None:
    found = numbered(*bridged(300))
    assert set(found[:20]) == {0}
    assert set(found[20:40]) == {1}
    assert found[40] in (0, 1)


def test_a_small_component_is_split_as_well() -> None:
    found = numbered(*bridged(60))
    assert len(set(found[:20])) == len(set(found[20:40])) == 1
    assert found[0] != found[20]


def test_a_large_group_and_its_twin_stay_one() -> None:
    assert numbered(range(600), range(5, 600)) == [0, 0]
    assert numbered(*(range(k, 600 + k) for k in range(6))) == [0] * 6


def test_no_groups_are_no_entities() -> None:
    assert numbered() == []


def test_incidence_is_one_where_an_account_is_a_member() -> None:
    assert incidence(groups_of([0, 2], [1]), 3).toarray().tolist() == [[1, 0, 1], [0, 1, 0]]


members = st.lists(st.sets(st.integers(0, 14), min_size=3, max_size=8).map(sorted), min_size=1, max_size=8)


@given(members, st.permutations(range(15)), st.data())
def test_neither_names_of_accounts_nor_order_of_groups_change_who_is_with_whom(
    some: list[list[int]], renamed: list[int], data: st.DataObject
) -> None:
    found = numbered(*some, n=15)
    assert numbered(*(sorted(renamed[row] for row in one) for one in some), n=15) == found
    order = data.draw(st.permutations(range(len(some))))
    shuffled = numbered(*(some[g] for g in order), n=15)
    together = np.equal.outer(found, found)[np.ix_(order, order)]
    assert np.array_equal(np.equal.outer(shuffled, shuffled), together)
