"""Members that begin where others were closed, and not those that begin when everybody does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from coordination.made import DAY_MS, HOUR_MS, START_MS, blank, enrolled, groups_of, unknown
from stillwatch.coordination.layers.lifecycle import FEWEST, SUCCEEDS_WITHIN_H, succession

if TYPE_CHECKING:
    from stillwatch.coordination.roster import Roster

ALL = 300
"""Accounts; those that no test speaks of begin one every five hours, from the first day on."""


def lives(begun: dict[int, float], closed: dict[int, float]) -> Roster:
    """Accounts of which some begin or are closed so many days after the first."""
    outline, registered = blank(ALL), unknown(ALL)
    outline.first_ms[:] = START_MS + np.arange(ALL) * 5 * HOUR_MS
    for row, day in begun.items():
        outline.first_ms[row] = START_MS + int(day * DAY_MS)
    for row, day in closed.items():
        registered.closed_ms[row] = START_MS + int(day * DAY_MS)
    return enrolled(outline, registered)


def test_successors_are_counted_and_weighed_as_by_hand() -> None:
    """Three closed on the days 10, 20 and 30, three others that begin the day after each."""
    roster = lives({0: 1, 1: 4, 2: 7, 3: 11, 4: 21, 5: 31}, {0: 10, 1: 20, 2: 30})
    log_p, count, closed, expected = succession(groups_of(range(6)), roster)
    assert (count[0], closed[0]) == (3, 3)
    window = range(10 * 24, 10 * 24 + 48), range(20 * 24, 20 * 24 + 48), range(30 * 24, 30 * 24 + 48)
    others = sum(5 * row in hours for row in range(6, ALL) for hours in window)
    rate = (others + 0.5) / (ALL - 6 + 1)
    assert expected[0] == pytest.approx(5 * rate)
    # Six beginnings, each more than half a day from the next, of which three follow a closing.
    assert log_p[0] == pytest.approx(math.log(stats.binom.sf(2, 6, rate)))


def test_a_successor_begins_from_the_closing_on_for_two_days() -> None:
    first, last = 10.0, 10 + SUCCEEDS_WITHIN_H / 24
    almost = last - 1 / DAY_MS
    for begun, counted in ((first, True), (almost, True), (last, False), (first - 1 / DAY_MS, False)):
        roster = lives({0: 1, 1: 11, 2: begun}, {0: first})
        assert succession(groups_of([0, 1, 2]), roster)[1][0] == 1 + counted


def test_a_burst_of_beginnings_is_one_event() -> None:
    """Eight begin within an hour of one closing; eight others after eight closings, one each."""
    burst = {0: 1.0} | {row: 20 + row / 200 for row in range(1, 9)}
    closed = {row: 4.0 * row + 3 for row in range(10, 18)}
    each = {row: 0.5 * (row - 9) for row in range(10, 18)} | {row: 4.0 * (row - 10) + 4 for row in range(20, 28)}
    roster = lives(burst | each, {0: 20.0} | closed)
    rows = [*range(10, 18), *range(20, 28)]
    log_p, count, _, _ = succession(groups_of(range(9), rows), roster)
    assert count[0] == 8
    assert log_p[0] > math.log(0.05)
    assert log_p[1] < math.log(1e-2)


def test_one_successor_is_not_looked_at() -> None:
    roster = lives({0: 1, 1: 2, 2: 20.5}, {0: 20})
    log_p, count, _, _ = succession(groups_of([0, 1, 2]), roster)
    assert (log_p[0], count[0], FEWEST) == (0.0, 1, 2)


def test_without_a_closing_nothing_is_told() -> None:
    roster = lives({}, {200: 5})
    log_p, count, closed, _ = succession(groups_of(range(6), [200, 201, 202]), roster)
    assert np.isnan(log_p[0])
    assert (count[0], closed.tolist()) == (0, [0, 1])
    assert not np.isnan(log_p[1])


def test_where_everybody_begins_then_nobody_succeeds_anybody() -> None:
    """The same two hundred and forty beginnings of others fall into the windows, or do not."""
    members, closed = {0: 1, 1: 4, 2: 11, 3: 21.2, 4: 31.3}, {0: 10, 1: 20, 2: 30}
    crowd = {row: (10.3, 20.3, 30.3)[row % 3] for row in range(60, ALL)}
    apart = {row: (14.3, 24.3, 34.3)[row % 3] for row in range(60, ALL)}
    busy, quiet = (succession(groups_of(range(5)), lives(members | rest, closed))[0][0] for rest in (crowd, apart))
    assert busy > math.log(0.5)
    assert quiet < math.log(1e-2)


def test_members_do_not_make_their_own_beginnings_usual() -> None:
    """A hundred members that each succeed one of a hundred closed ones: the others never begin in those days."""
    rows = range(200)
    begun = {row: row / 200 for row in range(100)} | {row: row + 0.5 for row in range(100, 200)}
    begun |= dict.fromkeys(range(200, ALL), 0.0)
    roster = lives(begun, {row: 100.0 + row for row in range(100)})
    log_p, count, _, expected = succession(groups_of(rows), roster)
    assert count[0] == 100
    assert expected[0] < 2
    assert log_p[0] < -100


def test_windows_that_overlap_are_counted_once() -> None:
    once = lives({0: 1, 1: 2, 2: 10.5, 3: 11}, {0: 10})
    twice = lives({0: 1, 1: 2, 2: 10.5, 3: 11}, {0: 10, 1: 10})
    group = groups_of(range(4))
    assert succession(group, once)[3][0] == succession(group, twice)[3][0]


def test_the_order_of_members_does_not_matter_to_a_group_among_many() -> None:
    roster = lives({0: 1, 1: 4, 3: 11, 4: 21}, {0: 10, 1: 20})
    alone = succession(groups_of([0, 1, 3, 4]), roster)
    among = succession(groups_of([9, 10, 11, 12, 13, 14], [0, 1, 3, 4], [1, 2, 3]), roster)
    assert [column[0] for column in alone] == [column[1] for column in among]


def test_no_groups_have_no_successors() -> None:
    assert [column.shape for column in succession(groups_of(), lives({}, {}))] == [(0,)] * 4
