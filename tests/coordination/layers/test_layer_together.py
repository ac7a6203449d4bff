"""Work that starts and stops together is found; a time zone, a launch and a daily schedule are not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest
from scipy import stats

from coordination.made import DAY, blank, enrolled, groups_of, works
from stillwatch.coordination.layers.together import SLOTS, at_work, company, together

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.coordination.outline import Outline
    from stillwatch.coordination.roster import Roster

ALL = 300
DAYS_KEPT = (1, 3, 9)
"""A Tuesday, a Thursday and the Wednesday after."""
MEMBERS = range(12)
SMALL = math.log(1e-3)
Slots: TypeAlias = "Callable[[int, int], list[int]]"


def crowd(seed: int = 1) -> Slots:
    """Six slots a day around an hour of each account's own."""
    rng = np.random.default_rng(seed)
    middle = rng.integers(0, SLOTS, ALL)
    return lambda row, _: sorted({int(slot) % SLOTS for slot in middle[row] + rng.normal(0, 8, 6)})


def day_long(members: Slots, others: Slots | None = None) -> Roster:
    """Members who work as one rule says among accounts that work as another does."""
    outline, others = blank(ALL), others or crowd()
    for row in range(ALL):
        for day in DAYS_KEPT:
            works(outline, row, day, (members if row in MEMBERS else others)(row, day))
    return enrolled(outline)


def found(roster: Roster) -> float:
    return float(together(groups_of(MEMBERS), roster).log_p[0])


def test_work_that_starts_together_at_another_time_every_day_is_found() -> None:
    roster = day_long(lambda _, day: [6 * day, 6 * day + 1, 6 * day + 2])
    step = together(groups_of(MEMBERS, range(100, 112)), roster)
    assert step.log_p[0] < math.log(1e-12)
    assert (step.most[0], step.slot[0] // SLOTS - DAY in DAYS_KEPT) == (12, True)
    assert 0 < step.expected[0] < 3
    assert step.log_p[1] > SMALL


def test_people_of_one_time_zone_are_not_found() -> None:
    rng = np.random.default_rng(4)
    assert found(day_long(lambda *_: sorted(rng.choice(np.arange(22, 48), 6, replace=False).tolist()))) > SMALL


def test_a_launch_that_brings_everybody_is_not_found_and_one_that_brings_members_alone_is() -> None:
    usual = crowd()

    def launch(row: int, day: int) -> list[int]:
        return [40, 41, 42] if day == 3 else usual(row, day)

    assert found(day_long(launch, launch)) > SMALL
    assert found(day_long(launch)) < math.log(1e-9)


def test_a_daily_schedule_at_one_clock_time_is_not_found() -> None:
    assert found(day_long(lambda *_: list(range(16, 24)))) > SMALL


def test_accounts_that_always_work_are_not_found() -> None:
    assert found(day_long(lambda *_: list(range(SLOTS)))) > SMALL


def test_fewer_than_three_members_with_a_day_tell_nothing() -> None:
    outline = blank(ALL)
    for row in (0, 1, 3, 4, 5):
        works(outline, row, 1, [5])
    step = together(groups_of([0, 1, 2], [3, 4, 5], [6, 7, 8]), enrolled(outline))
    assert np.isnan(step.log_p).tolist() == [True, False, True]
    assert step.slot.tolist() == [-1, (DAY + 1) * SLOTS + 5, -1]


def test_a_busy_slot_is_weighed_as_by_hand() -> None:
    """Three of four hundred work in one slot of one day, each in one slot a day, and their week says nothing else."""
    outline = blank(ALL)
    for row in MEMBERS:
        works(outline, row, 1, [row + 30 if row > 2 else 5])
    outline.week[:] = 1
    step = together(groups_of(range(3)), enrolled(outline))
    # Even hours: 1/24 of an hour's share, 24/64 hours a slot, so 1/64 a member; the others make no rush.
    mean = 3 / 64
    assert (step.most[0], step.expected[0]) == (3, pytest.approx(mean))
    # One slot of 64 could have been any, and one to three choices of how many slots to take.
    assert step.log_p[0] == pytest.approx(math.log(stats.poisson.sf(2, mean) * 64 * 3))


def test_a_rush_of_others_raises_what_is_expected() -> None:
    def step(others: int) -> float:
        outline = blank(ALL)
        for row in (*range(3), *range(20, 20 + others)):
            works(outline, row, 1, [5])
        outline.week[:] = 1
        return float(together(groups_of(range(3)), enrolled(outline)).expected[0])

    # (seen + 5) / (wanted + 5) of the others, where each is wanted with a chance of 1/64.
    assert step(0) == pytest.approx(3 / 64)
    assert step(95) == pytest.approx(3 / 64 * 100 / (95 / 64 + 5))


def test_the_groups_beside_it_change_nothing() -> None:
    roster = day_long(lambda _, day: [6 * day, 6 * day + 1])
    one = together(groups_of(MEMBERS), roster)
    many = together(groups_of(range(50, 90), MEMBERS, range(6, 60)), roster)
    for mine, among in ((one.log_p, many.log_p), (one.most, many.most), (one.expected, many.expected)):
        assert mine[0] == among[1]


def test_who_is_at_work_in_a_slot() -> None:
    outline = blank(3)
    works(outline, 0, 1, [5, 63])
    works(outline, 1, 3, [5])
    roster = enrolled(outline)
    rows, slot = np.arange(3, dtype=np.int32), (DAY + 1) * SLOTS
    assert at_work(roster, rows, np.full(3, slot + 5)).tolist() == [True, False, False]
    assert at_work(roster, rows, np.full(3, slot + 63)).tolist() == [True, False, False]
    assert not at_work(roster, rows, np.full(3, -1)).any()


def at_jobs(outline: Outline, rows: range, slots: list[int]) -> None:
    for row in rows:
        works(outline, row, 1, slots)


def test_company_is_kept_by_who_works_with_the_members_and_by_no_one_that_always_works() -> None:
    outline, usual = blank(60), crowd()
    at_jobs(outline, range(8), [10, 11, 12])
    works(outline, 8, 1, [10, 11])
    works(outline, 9, 1, list(range(SLOTS)))
    works(outline, 10, 1, [40, 41, 42])
    for row in range(11, 60):
        works(outline, row, 1, usual(row, 1))
    bits = company(enrolled(outline), np.arange(8), np.arange(60))
    assert (bits[:9] > 3).all()
    assert bits[9] <= 0
    assert bits[10] < 0


def test_company_is_the_binomial_ratio_worked_by_hand() -> None:
    """Members have three of four slots in the busy ones, the others one of four."""
    outline = blank(8)
    for row in range(4):
        works(outline, row, 1, [10, 11, 12, 40 + row])
    for row in range(4, 8):
        works(outline, row, 1, [10, 20 + row, 30 + row, 50 + row])
    bits = company(enrolled(outline), np.arange(4), np.arange(8))
    assert bits[:4] == pytest.approx(3 * math.log2(0.75 / 0.25) + math.log2(0.25 / 0.75))
    assert bits[4:] == pytest.approx(math.log2(0.75 / 0.25) + 3 * math.log2(0.25 / 0.75))


def test_members_without_busy_slots_keep_no_company() -> None:
    outline = blank(20)
    for row in range(20):
        works(outline, row, 1, [3 * row])
    assert company(enrolled(outline), np.arange(8), np.arange(20)).tolist() == [0.0] * 20


def test_where_others_work_as_the_members_do_nobody_keeps_company() -> None:
    outline = blank(40)
    at_jobs(outline, range(40), [10, 11, 12])
    assert company(enrolled(outline), np.arange(8), np.arange(40)).tolist() == [0.0] * 40
