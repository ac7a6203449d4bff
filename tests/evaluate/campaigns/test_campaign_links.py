from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.evaluate.campaigns.peers.base import affordable, components, distinct, links_by_place, numbered

rows = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), max_size=40)


def columns(pairs):
    member, place = (
        (np.array(column, np.int64) for column in zip(*pairs, strict=True)) if pairs else (np.zeros(0, np.int64),) * 2
    )
    return distinct(member, place)


@given(rows)
def test_pairs_are_counted_once_a_place(pairs) -> None:
    places: dict[int, set[int]] = {}
    for member, place in pairs:
        places.setdefault(place, set()).add(member)
    expected = Counter(pair for members in places.values() for pair in combinations(sorted(members), 2))

    links = links_by_place(*columns(pairs))

    assert (
        dict(zip(zip(links.left.tolist(), links.right.tolist(), strict=True), links.together.tolist(), strict=True))
        == expected
    )


def test_the_most_common_places_are_left_out_for_want_of_budget() -> None:
    member, place = columns([(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (3, 1), (2, 2), (3, 2)])

    links = links_by_place(member, place, budget=7)

    assert links.together.tolist() == [1, 1]
    assert links_by_place(member, place, budget=8).together.sum() == 8
    assert len(links_by_place(member, place, budget=1).left) == 0


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(0, 60))
def test_what_is_afforded_stays_in_the_budget_and_ties_stay_together(costs: list[int], budget: int) -> None:
    cost = np.array(costs, np.int64)

    wanted = affordable(cost, budget)

    assert cost[wanted].sum() <= budget
    assert not set(cost[wanted]) & set(cost[~wanted])
    if not wanted.all():
        rest = cost[~wanted]
        assert cost[wanted].sum() + rest[rest == rest.min()].sum() > budget


def test_components_are_numbered_by_size_and_small_ones_dropped() -> None:
    left, right = np.array([0, 2, 3, 6]), np.array([1, 3, 4, 7])

    assert components(left, right, 9).labels.tolist() == [1, 1, 0, 0, 0, -1, 2, 2, -1]
    assert components(left, right, 9, least=3).labels.tolist() == [-1, -1, 0, 0, 0, -1, -1, -1, -1]
    assert components(left[:0], right[:0], 2).labels.tolist() == [-1, -1]


def test_numbers_given_already_stay_apart_from_none() -> None:
    assert numbered(np.array([7, -1, 3, 3, 7, -1, 9])).labels.tolist() == [0, -1, 1, 1, 0, -1, -1]
