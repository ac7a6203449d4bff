"""Diluted groups lose their bystanders and are judged on what made neither part."""

from __future__ import annotations

import numpy as np

from coordination.made import blank, enrolled, groups_of, listed, unknown
from stillwatch.coordination.groups import MONEY, PLACE, PRODUCT
from stillwatch.coordination.layers.values import hold
from stillwatch.coordination.peel import MOST_OF, peeled
from stillwatch.coordination.roster import FIELDS, Roster
from stillwatch.coordination.shared import LEAST

ALL = 300


def paid(by_one: int, network: int = 0) -> Roster:
    """Accounts with cards of their own, but for the first ones; the first on one network likewise."""
    outline, registered = blank(ALL), unknown(ALL)
    registered.payment[:] = np.arange(1, ALL + 1)
    registered.payment[:by_one] = 9999
    outline.nets[:, 0] = np.arange(1, ALL + 1)
    outline.nets[:network, 0] = 9999
    return enrolled(outline, registered)


def parts_of(roster: Roster, *members: range, made_by: int = PRODUCT) -> list[tuple[list[list[int]], list[int], int]]:
    """Members, origins and makers of each part."""
    groups = groups_of(*members, made_by=made_by)
    parts, origins = peeled(groups, roster, tuple(hold(groups, roster, at) for at in range(len(FIELDS))))
    return [(listed(part), which.tolist(), int(part.made_by[0])) for part, which in zip(parts, origins, strict=True)]


def test_the_part_that_shares_a_card_is_a_group_made_by_both_layers() -> None:
    found = parts_of(paid(6), range(100, 120), range(20))
    assert found == [([list(range(6))], [1], PRODUCT | MONEY)]


def test_each_field_takes_its_own_part() -> None:
    found = parts_of(paid(6, network=9), range(20))
    assert found == [([list(range(9))], [0], PRODUCT | PLACE), ([list(range(6))], [0], PRODUCT | MONEY)]


def test_a_group_that_holds_the_value_nearly_whole_is_not_diluted() -> None:
    assert MOST_OF == 0.8
    assert parts_of(paid(16), range(20)) == []
    assert parts_of(paid(15), range(20)) != []


def test_a_part_is_never_taken_by_the_layer_that_made_the_group() -> None:
    assert parts_of(paid(6), range(20), made_by=MONEY) == []


def test_two_accounts_and_what_is_no_surprise_make_no_part() -> None:
    assert LEAST == 3
    assert parts_of(paid(2), range(20)) == []
    assert len(parts_of(paid(3), range(20))) == 1
    # Half of everybody pays by one card: six of twenty do too.
    roster = paid(150)
    assert parts_of(roster, range(144, 164)) == []


def test_no_groups_have_no_parts() -> None:
    assert parts_of(paid(6)) == []
