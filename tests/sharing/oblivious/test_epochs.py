from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.errors import InputError
from stillwatch.sharing.oblivious.epochs import ENDED, OPEN, OVERLAP, PLANNED, Calendar

CALENDAR = Calendar(1_000, 100, 30)


def test_an_epoch_goes_through_its_states():
    second = CALENDAR.epoch(2)
    states = [second.state(now) for now in (1_099, 1_100, 1_199, 1_200, 1_229, 1_230)]
    assert states == [PLANNED, OPEN, OPEN, OVERLAP, OVERLAP, ENDED]


def test_which_keys_answer():
    found = [[one.number for one in CALENDAR.answering(now)] for now in (999, 1_000, 1_099, 1_100, 1_129, 1_130)]
    assert found == [[], [1], [1], [1, 2], [1, 2], [2]]


calendars = st.tuples(st.integers(0, 10**13), st.integers(1, 10**10)).flatmap(
    lambda one: st.builds(Calendar, st.just(one[0]), st.just(one[1]), st.integers(0, one[1]))
)


@given(calendars, st.integers(0, 10**13), st.integers(1, 500))
def test_exactly_the_open_epoch_is_current_and_ended_keys_never_answer(calendar, now, number):
    current = calendar.current(now)
    assert (current is None) == (now < calendar.start_ms)
    assert current is None or current.state(now) == OPEN
    answering = {one.number for one in calendar.answering(now)}
    assert (number in answering) == calendar.epoch(number).answers(now)
    assert calendar.ended(number, now) == (calendar.epoch(number).state(now) == ENDED)
    assert not (calendar.ended(number, now) and number in answering)


@pytest.mark.parametrize("bad", [(-1, 10, 1), (0, 0, 0), (0, 10, 11), (0, 10, -1)])
def test_a_calendar_that_cannot_be_is_refused(bad):
    with pytest.raises(InputError):
        Calendar(*bad)
    with pytest.raises(InputError):
        CALENDAR.epoch(0)
