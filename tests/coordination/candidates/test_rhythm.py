"""The same hours of work make a group, an hour's shift is forgiven, and chance makes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coordination.made import blank, groups_of, listed
from stillwatch.coordination.candidates.rhythm import FEWEST_HOURS, MOST, MOST_HOURS, _checked, rhythms
from stillwatch.coordination.groups import RHYTHM

if TYPE_CHECKING:
    from stillwatch.coordination.outline import Outline

HOURS = [*range(8, 12), *range(32, 36), *range(81, 85), *range(130, 134)]


def at_work(*weeks: list[int], others: int = 0) -> Outline:
    """Accounts at work in these hours of the week, and others in sixteen hours of their own."""
    rng = np.random.default_rng(7)
    outline = blank(len(weeks) + others)
    chosen = [*weeks, *(rng.choice(168, 16, replace=False).tolist() for _ in range(others))]
    for row, hours in enumerate(chosen):
        outline.week[row, [hour % 168 for hour in hours]] = 1 + row % 5
    return outline


def test_accounts_with_the_same_hours_are_a_group_among_others() -> None:
    groups, left = rhythms(at_work(*[HOURS] * 6, others=300))
    assert listed(groups) == [list(range(6))]
    assert (groups.made_by.tolist(), left) == ([RHYTHM], ())


def test_how_often_they_work_in_those_hours_does_not_matter() -> None:
    outline = at_work(*[HOURS] * 6)
    outline.week[2] *= 50
    assert listed(rhythms(outline)[0]) == [list(range(6))]


@pytest.mark.parametrize("begin", [8, 9])
def test_shifts_that_begin_an_hour_later_are_still_a_group(begin: int) -> None:
    """Five hours a day, taken in twos: on one of two grids they cover the same twos as those an hour later."""
    hours = [day * 24 + hour for day in range(5) for hour in range(begin, begin + 5)]
    groups, _ = rhythms(at_work(*[hours] * 3, *[[hour + 1 for hour in hours]] * 3, others=50))
    assert list(range(6)) in listed(groups)


def test_two_teams_apart_are_two_groups() -> None:
    later = [hour + 12 for hour in HOURS]
    groups = listed(rhythms(at_work(*[HOURS] * 4, *[later] * 4, others=50))[0])
    assert sorted(groups) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_random_hours_are_no_group() -> None:
    groups, _ = rhythms(at_work(others=600))
    assert len(groups) == 0


@pytest.mark.parametrize(("own", "stays"), [(8, False), (5, True)])
def test_one_whose_hours_are_mostly_others_is_left_out_of_the_group_it_fell_into(own: int, stays: bool) -> None:
    """Eight of sixteen hours in common and eight of its own are 8 of 24; eleven and five are 11 of 21."""
    outline = at_work(*[HOURS] * 5, HOURS[own:] + list(range(140, 140 + own)))
    fallen = _checked(groups_of(range(6), made_by=RHYTHM), outline)
    assert listed(fallen) == [list(range(5 + stays))]


def test_a_group_of_which_hardly_anybody_is_left_is_none() -> None:
    outline = at_work(*[[10 * row + k for k in range(10)] for row in range(6)])
    assert len(_checked(groups_of(range(6), made_by=RHYTHM), outline)) == 0


def test_few_hours_and_half_the_week_say_nothing() -> None:
    def grouped(hours: int) -> bool:
        return len(rhythms(at_work(*[list(range(hours))] * 5))[0]) > 0

    assert [grouped(FEWEST_HOURS - 1), grouped(FEWEST_HOURS)] == [False, True]
    assert [grouped(MOST_HOURS), grouped(MOST_HOURS + 1)] == [True, False]


def test_hours_that_a_crowd_keeps_are_a_time_zone_and_counted_as_left_out() -> None:
    groups, left = rhythms(at_work(*[HOURS] * (MOST + 1)))
    assert len(groups) == 0
    assert {(one.name, one.accounts) for one in left} == {("hours", MOST + 1)}
    assert listed(rhythms(at_work(*[HOURS] * MOST))[0]) == [list(range(MOST))]


def test_nobody_has_no_hours() -> None:
    assert len(rhythms(blank(0))[0]) == 0
    assert len(rhythms(blank(9))[0]) == 0
