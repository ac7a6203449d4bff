"""Buckets, delays, and the refusals that name a clause and a way to contest it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.barriers.cases_of_barriers import call
from stillwatch.enforcement.barriers.carried import Carried
from stillwatch.enforcement.barriers.delay import Delay
from stillwatch.enforcement.barriers.hold import Hold
from stillwatch.enforcement.barriers.rate import Level, Rate
from stillwatch.enforcement.barriers.step_up import StepUp
from stillwatch.model.decision import Action

RATE = Rate(account_per_min=60, account_burst=3, campaign_per_min=6, campaign_burst=2)


def test_a_bucket_empties_says_when_it_is_filled_and_fills():
    levels = {"account": None}
    for _ in range(3):
        taken = RATE.take(levels, 1_000)
        assert taken.wait_ms == 0
        levels = taken.levels

    empty = RATE.take(levels, 1_000)
    assert (empty.wait_ms, empty.left, empty.emptiest) == (1_000, 0.0, "account")
    assert RATE.take(empty.levels, 1_999).wait_ms == 1
    assert RATE.take(empty.levels, 2_000).wait_ms == 0


def test_where_one_bucket_is_empty_none_is_charged():
    levels = {"account": Level(3.0, 0), "campaign": Level(0.0, 0)}

    taken = RATE.take(levels, 0)

    assert taken.wait_ms == 10_000
    assert taken.emptiest == "campaign"
    assert taken.levels["account"].left == 3.0


def test_new_accounts_do_not_raise_the_allowance_of_a_campaign():
    campaign, let = None, 0
    for _ in range(50):
        taken = RATE.take({"account": None, "campaign": campaign}, 0)
        campaign = taken.levels["campaign"]
        let += not taken.wait_ms

    assert let == 2


@given(st.lists(st.integers(-5_000, 5_000), max_size=60))
def test_a_clock_that_jumps_gives_no_more_than_time_that_passed(jumps):
    now, levels, let, gained = 0, {"account": None}, 0, 0
    latest = jumps[0] if jumps else 0
    for jump in jumps:
        now += jump
        gained += max(now - latest, 0)
        latest = max(latest, now)
        taken = RATE.take(levels, now)
        levels = taken.levels
        let += not taken.wait_ms
        assert 0 <= levels["account"].left <= 3

    assert let <= 3 + gained / 1_000 + 1e-6


@given(st.floats(-1, 2), st.floats(-1, 2))
def test_delay_grows_as_the_bucket_empties_and_has_a_bound(a, b):
    delay = Delay(most_ms=900)

    assert 0 <= delay.wait_ms(a) <= 900
    assert (a <= b) <= (delay.wait_ms(a) >= delay.wait_ms(b))


@pytest.mark.parametrize("action", list(Action))
def test_verification_is_asked_only_while_it_is_in_force(action):
    barrier = StepUp(link="https://example.com/verify/{decision}", status=428)

    assert barrier.applies(call(action)) is (action == Action.STEP_UP)
    refusal = barrier.gate(call(Action.STEP_UP))
    assert (refusal.status, refusal.link) == (428, "https://example.com/verify/d-1")


@pytest.mark.parametrize(("action", "code"), [(Action.HOLD, "account_held"), (Action.SUSPEND, "account_suspended")])
def test_a_hold_names_clause_decision_and_the_way_to_contest_it(action, code):
    refusal = Hold(appeal="https://example.com/appeals/{decision}").gate(call(action))

    assert (refusal.status, refusal.code) == (403, code)
    assert "no-copying" in refusal.sentence
    assert "d-1" in refusal.sentence
    assert refusal.link == "https://example.com/appeals/d-1"


def test_carried_reasoning_is_refused_only_where_it_is_known_to_be_foreign():
    assert Carried().gate(call(Action.THROTTLE)) is None
    refusal = Carried().gate(call(Action.THROTTLE, foreign=frozenset(["c2ln"])))
    assert refusal.code == "foreign_reasoning"
    assert dataclasses.replace(Carried(), how="strip").gate(call(Action.THROTTLE, foreign=frozenset(["a"]))) is None
