"""Values that are rare, and common values that are rare together, make groups; chance does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coordination.made import HOUR_MS, START_MS, blank, enrolled, listed, unknown
from stillwatch.coordination.candidates.composites import ALONE, MOST, TOGETHER, bursts, composites
from stillwatch.coordination.groups import MONEY, PLACE, PRODUCT, Groups
from stillwatch.coordination.roster import AT

if TYPE_CHECKING:
    from stillwatch.coordination.outline import Outline
    from stillwatch.model.registered import Registered

ALL = 1000


def people(seed: int = 1) -> tuple[Outline, Registered]:
    """Accounts with a client, a card issuer and a domain of twenty each, by chance, and sign-ups over a year."""
    rng = np.random.default_rng(seed)
    outline, registered = blank(ALL), unknown(ALL)
    outline.user_agent[:], outline.ja4[:] = rng.integers(1, 21, ALL), rng.integers(31, 51, ALL)
    registered.card_bin[:], registered.email_domain[:] = rng.integers(1, 21, ALL), rng.integers(1, 21, ALL)
    registered.signup_ms[:] = START_MS - rng.integers(0, 365 * 24, ALL) * HOUR_MS
    return outline, registered


def kinds(groups: Groups) -> dict[str, list[int]]:
    """Name of each kind -> places of its groups."""
    return {name: np.flatnonzero(groups.kind == at).tolist() for at, name in enumerate(groups.names)}


def found(outline: Outline, registered: Registered) -> tuple[Groups, dict[str, list[int]]]:
    groups, _ = composites(enrolled(outline, registered))
    return groups, kinds(groups)


def test_every_field_named_is_one_of_the_roster() -> None:
    assert set(ALONE) | {name for names in TOGETHER for name in names} <= set(AT)


def test_one_rare_value_makes_a_group_of_the_layer_it_is_of() -> None:
    outline, registered = blank(20), unknown(20)
    outline.nets[:4, 3] = 9
    registered.payment[5:9] = 8
    outline.ja4[10:12] = 7
    groups, at = found(outline, registered)
    assert [listed(groups)[g] for g in at["network"] + at["payment"]] == [[0, 1, 2, 3], [5, 6, 7, 8]]
    assert groups.made_by[at["network"] + at["payment"]].tolist() == [PLACE, MONEY]
    assert at["ja4"] == []


def test_a_value_of_too_many_makes_no_group_and_is_counted() -> None:
    outline = blank(MOST + 10)
    outline.ja4[: MOST + 1], outline.ja4[MOST + 1 : MOST + 6] = 3, 4
    groups, left = composites(enrolled(outline))
    assert [len(rows) for rows in listed(groups)] == [5]
    assert [(one.name, one.values, one.accounts) for one in left] == [("ja4", 1, MOST + 1)]


def test_values_common_each_and_rare_together_make_a_group_that_neither_layer_tests() -> None:
    outline, registered = people()
    outline.ja4[:20], registered.card_bin[:20] = 35, 7
    groups, at = found(outline, registered)
    mine = [g for g in at["ja4+card_bin"] if set(range(20)) <= set(listed(groups)[g])]
    assert len(mine) == 1
    assert groups.made_by[mine[0]] == PRODUCT | MONEY


def test_values_that_come_together_by_chance_make_none() -> None:
    """Twenty by twenty values over a thousand accounts: four hundred pairs of two or three accounts each."""
    outline, registered = people()
    _, at = found(outline, registered)
    together = [g for name, places in at.items() if "+" in name for g in places]
    assert together == []


def test_what_goes_with_its_client_anyway_makes_no_group_of_three() -> None:
    """Each client program has its one fingerprint, so that the three together are no rarer than two."""
    outline, registered = people()
    outline.ja4[:] = outline.user_agent + 30
    _, at = found(outline, registered)
    assert at["user_agent+ja4+card_bin"] == []
    assert len(at["user_agent+ja4"]) == 20


@pytest.mark.parametrize("missing", ["ja4", "card_bin"])
def test_where_one_of_the_values_is_unknown_there_is_no_group(missing: str) -> None:
    outline, registered = people()
    outline.ja4[:20], registered.card_bin[:20] = 35, 7
    getattr(outline if missing == "ja4" else registered, missing)[:20] = 0
    groups, at = found(outline, registered)
    assert not any({0, 1, 2} <= set(listed(groups)[g]) for g in at["ja4+card_bin"])


def test_groups_of_several_values_do_not_depend_on_what_the_values_are() -> None:
    outline, registered = people()
    outline.ja4[:20], registered.card_bin[:20] = 35, 7
    before, _ = found(outline, registered)
    outline.ja4[:] += 1000
    registered.card_bin[:] *= -7
    after, _ = found(outline, registered)
    assert sorted(listed(before)) == sorted(listed(after))


def test_a_burst_of_sign_ups_makes_a_group_and_ordinary_hours_do_not() -> None:
    outline, registered = people()
    registered.signup_ms[:9] = START_MS - 30 * 24 * HOUR_MS
    groups, at = found(outline, registered)
    assert len(at["signup_hour"]) == 1
    assert set(range(9)) <= set(listed(groups)[at["signup_hour"][0]])
    assert groups.made_by[at["signup_hour"][0]] == MONEY


def test_an_hour_is_held_against_the_day_around_it() -> None:
    quiet = np.array([1000, 1010, 1020], np.uint64)
    assert bursts(quiet, np.array([1, 9, 1])).tolist() == [False, True, False]
    # As many in the hours around: nine are no surprise.
    busy = np.arange(1000, 1049, dtype=np.uint64)
    assert not bursts(busy, np.full(49, 9)).any()
    # A day off is not around: 24 hours are, 25 are not.
    many = np.array([400, 9], int)
    assert bursts(np.array([1000, 1024], np.uint64), many)[1] == np.False_
    assert bursts(np.array([1000, 1025], np.uint64), many)[1] == np.True_


def test_nobody_shares_nothing() -> None:
    groups, left = composites(enrolled(blank(0)))
    assert (len(groups), left) == (0, ())
    assert len(composites(enrolled(blank(50)))[0]) == 0
