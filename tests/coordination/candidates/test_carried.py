"""Artefacts that pass from account to account join them, directly and through others."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coordination.made import listed
from stillwatch.coordination.candidates.carried import carried
from stillwatch.coordination.groups import ARTEFACTS

Pairs = list[tuple[int, int]]


def joined(pairs: Pairs, n: int = 20) -> list[list[int]]:
    return listed(carried(np.array([a for a, _ in pairs], np.int64), np.array([row for _, row in pairs], np.int64), n))


def test_accounts_with_one_artefact_are_a_group() -> None:
    groups = carried(np.array([-7, -7, -7]), np.array([4, 2, 9]), 20)
    assert listed(groups) == [[2, 4, 9]]
    assert (groups.made_by.tolist(), groups.names) == ([ARTEFACTS], ("artefact",))


def test_a_chain_of_artefacts_is_one_group_and_two_chains_are_two() -> None:
    assert joined([(1, 0), (1, 1), (2, 1), (2, 2), (8, 10), (8, 11), (8, 12)]) == [[0, 1, 2], [10, 11, 12]]


def test_two_accounts_are_no_group() -> None:
    assert joined([(1, 0), (1, 1)]) == []


def test_no_artefacts_join_nobody() -> None:
    assert joined([]) == []
    assert joined([], n=0) == []


def components(pairs: Pairs) -> list[list[int]]:
    """Connected groups of three accounts or more, slowly."""
    found = [{row} for row in {row for _, row in pairs}]
    for artefact in {artefact for artefact, _ in pairs}:
        holders = {row for a, row in pairs if a == artefact}
        touched = [one for one in found if one & holders]
        found = [one for one in found if not one & holders] + [set().union(*touched)]
    return sorted(sorted(one) for one in found if len(one) >= 3)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 19)), max_size=25), st.data())
def test_groups_are_the_connected_ones_whatever_the_order(pairs: Pairs, data: st.DataObject) -> None:
    assert sorted(joined(data.draw(st.permutations(pairs)))) == components(pairs)
