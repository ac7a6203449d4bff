"""What an hour changes, against a full run over the same accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coordination.ordinary import START_MS, run, world
from stillwatch.coordination.delta import recoordinate
from stillwatch.coordination.outline import Outline
from stillwatch.model.registered import Registered

if TYPE_CHECKING:
    from stillwatch.coordination.coordinate import Coordination

NOTHING = (np.zeros(0, np.int64), np.zeros(0, np.int64))
GANG = np.arange(100, 140)


def copied(outline: Outline) -> Outline:
    return Outline._make(column.copy() for column in outline)


def some(outline: Outline, known: Registered, rows: np.ndarray) -> tuple[Outline, Registered]:
    theirs = {name: getattr(known, name)[rows] for name in Registered.__slots__}
    return Outline._make(column[rows].copy() for column in outline), Registered(**theirs)


def gang(outline: Outline, known: Registered, rows: np.ndarray) -> None:
    """Give some accounts a template, a pool of networks, an hour of sign-up and even volumes in common."""
    outline.sample_piece[rows, 30:40] = 77_777
    outline.nets[rows, 0] = 31
    outline.nets[rows] = np.sort(outline.nets[rows], axis=1)
    outline.events[rows] = 60
    known.signup_ms[rows] = START_MS - 9 * 86_400_000
    known.email_domain[rows] = 4_242


def groups_of(found: Coordination) -> set[tuple[str, int, tuple[int, ...]]]:
    groups = found.tested.groups
    own = np.flatnonzero(found.origin < 0)
    return {
        (groups.names[groups.kind[g]], int(groups.token[g]), tuple(groups.of(int(g)).tolist())) for g in own.tolist()
    }


def members_of(found: Coordination) -> list[set[int]]:
    return [set(one.rows.tolist()) for one in found.memberships()]


def test_nothing_changed_changes_nothing() -> None:
    outline, known = world(5)
    gang(outline, known, GANG)
    full = run(outline, known)
    rows = np.arange(0, 3000, 7)
    again = recoordinate(full, *some(outline, known, rows), NOTHING)
    assert groups_of(again) == groups_of(full)
    assert members_of(again) == members_of(full)
    assert np.sort(again.tested.rest).tolist() == pytest.approx(np.sort(full.tested.rest).tolist(), nan_ok=True)


@pytest.mark.parametrize("seed", [5, 6])
def test_a_gang_that_forms_is_found_like_by_a_full_run(seed: int) -> None:
    outline, known = world(seed)
    first = run(copied(outline), Registered(**{n: getattr(known, n).copy() for n in Registered.__slots__}))
    assert members_of(first) == []
    gang(outline, known, GANG)
    others = np.setdiff1d(np.random.default_rng(seed).choice(3000, 110, replace=False), GANG)
    changed = np.sort(np.concatenate([GANG, others]))
    delta = recoordinate(first, *some(outline, known, changed), NOTHING)
    full = run(outline, known)
    assert members_of(full) == [set(GANG.tolist())]
    assert members_of(delta) == members_of(full)
    by_value = {"template", "network", "payment", "card_bin", "email_domain", "user_agent", "ja4", "referral"}
    mine, whole = ({one for one in groups_of(f) if one[0] in by_value} for f in (delta, full))
    assert mine == whole


def test_a_gang_that_falls_apart_is_gone() -> None:
    outline, known = world(5)
    before = copied(outline)
    kept = Registered(**{n: getattr(known, n).copy() for n in Registered.__slots__})
    gang(outline, known, GANG)
    first = run(copied(outline), known)
    assert members_of(first) == [set(GANG.tolist())]
    delta = recoordinate(first, *some(before, kept, GANG), NOTHING)
    assert members_of(delta) == []


def test_new_accounts_join_the_group_they_belong_to() -> None:
    outline, known = world(5)
    gang(outline, known, GANG)
    late = np.array([130, 135, 139])
    early = np.setdiff1d(np.arange(3000), late)
    first = run(*some(outline, known, early))
    delta = recoordinate(first, *some(outline, known, late), NOTHING)
    (found,) = delta.memberships()
    keys = delta.roster.outline.key[found.rows]
    assert set(keys.tolist()) == set((GANG + 1).tolist())


def test_deltas_upon_deltas_end_where_one_would() -> None:
    outline, known = world(6)
    found = run(copied(outline), Registered(**{n: getattr(known, n).copy() for n in Registered.__slots__}))
    gang(outline, known, GANG)
    for part in np.array_split(GANG, 4):
        found = recoordinate(found, *some(outline, known, part), NOTHING)
    assert members_of(found) == [set(GANG.tolist())]
