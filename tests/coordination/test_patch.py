"""Some accounts change: everybody holds what coding it all anew would give, and only what changed is touched."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coordination.made import blank, unknown
from stillwatch.coordination.patch import patched, put, put_registered
from stillwatch.coordination.rates import rates
from stillwatch.coordination.roster import Coded

Held = list[set[int]]
held = st.lists(st.sets(st.integers(1, 9), max_size=3), max_size=8)


def coded(some: Held) -> Coded:
    """Values of some accounts, coded by their first appearance."""
    values = [value for one in some for value in sorted(one)]
    token = list(dict.fromkeys(values))
    start = np.concatenate([[0], np.cumsum([len(one) for one in some])]).astype(np.int64)
    return Coded(start, np.array([token.index(value) for value in values], np.int32), np.array(token, np.uint64))


def values(field: Coded) -> Held:
    return [set(field.token[field.value[a:b]].tolist()) for a, b in zip(field.start[:-1], field.start[1:], strict=True)]


@given(held, held, st.data())
def test_changed_accounts_hold_their_new_values_and_others_what_they_held(
    before: Held, fresh: Held, data: st.DataObject
) -> None:
    known = data.draw(st.lists(st.sampled_from(range(len(before))), unique=True)) if before else []
    changed = {row: data.draw(st.sets(st.integers(1, 12), max_size=3)) for row in known}
    changed |= {len(before) + at: one for at, one in enumerate(fresh)}
    rows = list(changed)
    field = coded(before)
    made = patched(field, np.array(rows, np.int64), coded(list(changed.values())), len(before) + len(fresh))
    after = [changed.get(row, one) for row, one in enumerate([*before, *fresh])]
    assert values(made.field) == after
    assert made.field.token[: field.token.shape[0]].tolist() == field.token.tolist()
    was = [*before, *(set() for _ in fresh)]
    moved = {value for row in rows for value in was[row] ^ after[row]}
    assert set(made.field.token[made.touched].tolist()) == moved


def test_accounts_are_written_in_place_and_new_ones_behind() -> None:
    whole, some = blank(4), blank(3)
    some.key[:] = 3, 99, 1
    some.events[:] = 30, 990, 10
    made, rows = put(whole, some)
    assert rows.tolist() == [2, 4, 0]
    assert made.key.tolist() == [1, 2, 3, 4, 99]
    assert made.events.tolist() == [10, 1, 30, 1, 990]
    theirs = unknown(3)
    theirs.payment[:] = 33, 999, 11
    before = unknown(4)
    assert put_registered(before, theirs, rows).payment.tolist() == [11, 0, 33, 0, 999]
    assert before.payment.tolist() == [0] * 4


@given(held, st.data())
def test_rates_are_counts_by_value_and_stratum(some: Held, data: st.DataObject) -> None:
    n = len(some)
    stratum = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), np.int32)
    field = coded(some)
    found = rates(field, stratum)
    for code, value in enumerate(field.token.tolist()):
        holders = [row for row in range(n) if value in some[row]]
        assert found.held_by[code] == len(holders)
        cells = slice(found.start[code], found.start[code + 1])
        counted = dict(zip(found.cell_stratum[cells].tolist(), found.cell_count[cells].tolist(), strict=True))
        wanted = [int(stratum[row]) for row in holders]
        assert counted == {kind: wanted.count(kind) for kind in set(wanted)}
        assert list(counted) == sorted(counted)
    assert found.known.sum() == sum(bool(one) for one in some)
    assert found.tried == max(sum(int(count) >= 2 for count in found.held_by), 1)
    assert 0 <= found.by_chance < 1
