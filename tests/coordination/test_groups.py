"""Groups side by side: taken, put together, and named."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coordination.made import groups_of, listed
from stillwatch.coordination.groups import (
    ARTEFACTS,
    LAYERS,
    MONEY,
    PRODUCT,
    Groups,
    gathered,
    no_groups,
    spans,
)

members = st.lists(st.sets(st.integers(0, 9), max_size=5).map(sorted), max_size=6)


@given(members, st.data())
def test_taken_groups_are_those_asked_for_in_that_order(some: list[list[int]], data: st.DataObject) -> None:
    groups = groups_of(*some)
    which = data.draw(st.lists(st.integers(0, len(some) - 1), max_size=8)) if some else []
    taken = groups.take(np.array(which, np.int64))
    assert listed(taken) == [some[g] for g in which]
    assert taken.token.tolist() == [g + 1 for g in which]
    assert taken.sizes.tolist() == [len(some[g]) for g in which]


@given(st.lists(members, max_size=4))
def test_gathered_groups_follow_each_other(parts: list[list[list[int]]]) -> None:
    whole = gathered([no_groups("none"), *(groups_of(*part) for part in parts)])
    assert listed(whole) == [one for part in parts for one in part]


def test_gathered_groups_keep_what_they_share_who_made_them_and_its_name() -> None:
    a = groups_of([0, 1], [2, 3], made_by=[PRODUCT, MONEY], tokens=[5, 6])
    b = groups_of([4, 5], made_by=ARTEFACTS, tokens=[7])
    named = Groups(b.start, b.members, b.made_by, b.token, b.kind, ("artefact",))
    whole = gathered([a, named, a])
    assert whole.token.tolist() == [5, 6, 7, 5, 6]
    assert whole.made_by.tolist() == [PRODUCT, MONEY, ARTEFACTS, PRODUCT, MONEY]
    assert [whole.names[kind] for kind in whole.kind] == ["made", "made", "artefact", "made", "made"]


def test_spans_lay_chosen_stretches_end_to_end() -> None:
    start, rows = spans(np.array([0, 2, 2, 5]), np.array([2, 1, 0, 2]))
    assert start.tolist() == [0, 3, 3, 5, 8]
    assert rows.tolist() == [2, 3, 4, 0, 1, 2, 3, 4]


def test_every_layer_has_a_bit_of_its_own() -> None:
    bits = {layer: 1 << at for at, layer in enumerate(LAYERS)}
    assert (bits["product"], bits["money"], bits["artefacts"]) == (PRODUCT, MONEY, ARTEFACTS)
    assert sum(bits.values()) <= np.iinfo(np.uint8).max
