"""Old and new terms over recorded dossiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.drawn import DAY_MS, NOW_MS, dossiers, replaced, terms
from policy.test_judge_terms import ASKED, CONTENT, COPIER, RESEARCH, RHYTHM
from policy.written_terms import SECOND, loaded
from stillwatch.policy.replay import AHEAD_MS, TURNS, replay

OLD = loaded(("total_bits: {at_least: 3}", "total_bits: {at_least: 8}")).terms
NEW = loaded(
    ("[observe, notify, throttle, hold, suspend]", "[observe, notify, throttle]"),
    ("    by_person: [hold, suspend]\n", ""),
).terms


def recorded(account: int, day: int, **changes: object):
    at_ms = NOW_MS - (90 - day) * DAY_MS
    return replaced(
        COPIER, **{"account": account, "at_ms": at_ms, "first_ms": at_ms - 9 * DAY_MS, "last_ms": at_ms} | changes
    )


def test_a_replay_says_whose_action_changes_and_when_it_first_did() -> None:
    found = replay(
        [
            recorded(1, 0, total_bits=9.0),
            recorded(2, 1, total_bits=1.0, plan="free"),
            recorded(3, 2, total_bits=2.0),
            recorded(3, 40, total_bits=5.0),
            recorded(3, 50, total_bits=6.0),
        ],
        OLD,
        NEW,
    )

    assert (found.dossiers, dict(found.accounts)) == (5, {"free": 1, "pro": 2})
    assert (found.from_ms, found.until_ms) == (NOW_MS - 90 * DAY_MS, NOW_MS - 40 * DAY_MS)
    assert dict(found.counts) == {
        ("free", "none"): (1, 1),
        ("pro", "none"): (1, 0),
        ("pro", "suspend"): (1, 0),
        ("pro", "throttle"): (0, 2),
    }
    assert [(one.account, one.turn, one.old, one.new, one.clauses) for one in found.moved] == [
        (3, "new", "none", "throttle", ("no-model-copying",)),
        (1, "milder", "suspend", "throttle", ("no-model-copying",)),
    ]
    assert found.turns == {"new": 1, "stricter": 0, "other": 0, "milder": 1, "gone": 0}
    assert found.moved[0].first_ms == NOW_MS - 50 * DAY_MS


def test_clauses_count_before_they_begin_and_in_shadow_since_that_is_the_question() -> None:
    later = loaded(("2026-12-01", "2027-05-01"), ("mode: live", "mode: shadow")).terms

    assert [one.new for one in replay([recorded(1, 0)], loaded(("classes: 2", "classes: 4")).terms, later).moved] == [
        "suspend"
    ]


def test_an_exempt_account_does_not_move() -> None:
    spared = replaced(recorded(1, 0), seen=(CONTENT, ASKED), attributed_share=1.0)

    assert replay([spared], OLD, OLD).moved == ()


def test_no_dossiers() -> None:
    found = replay([], OLD, NEW)

    assert (found.dossiers, found.from_ms, found.until_ms, found.moved) == (0, -1, -1, ())


LESS = ("total_bits: {at_least: 3}", "total_bits: {at_least: 1}")
NOTICE_ONLY = (
    "actions: [observe, notify, throttle, hold, suspend]\n    by_person: [hold, suspend]",
    "actions: [observe, notify]",
)
MACHINE_HOLDS = ("by_person: [hold, suspend]", "by_person: [suspend]")
OTHER_NAME = ("id: no-model-copying", "id: no-copying")
NOBODY = ("classes: 2", "classes: 5")


@pytest.mark.parametrize(
    ("before", "after", "turn", "was", "now"),
    [
        ((NOBODY,), (), "new", "none", "suspend"),
        ((NOTICE_ONLY,), (), "stricter", "notify", "suspend"),
        ((), (NOTICE_ONLY,), "milder", "suspend", "notify"),
        ((), (NOBODY,), "gone", "suspend", "none"),
        ((), (MACHINE_HOLDS,), "other", "suspend", "suspend"),
        ((), (OTHER_NAME,), "other", "suspend", "suspend"),
        ((), (("[observe, notify, throttle,", "[observe, notify, restrict,"),), "other", "suspend", "suspend"),
    ],
)
def test_each_turn_of_a_change(before, after, turn: str, was: str, now: str) -> None:
    found = replay([recorded(1, 40)], loaded(*before).terms, loaded(*after).terms)

    [moved] = found.moved
    assert (moved.turn, moved.old, moved.new) == (turn, was, now)
    assert found.turns == {name: int(name == turn) for name in TURNS}


def test_the_same_action_at_another_time_is_another_decision() -> None:
    earlier = [recorded(1, 10, total_bits=2.0), recorded(1, 60, total_bits=6.0)]

    [moved] = replay(earlier, loaded().terms, loaded(LESS).terms).moved

    assert (moved.turn, moved.first_ms) == ("other", earlier[0].at_ms)


@pytest.mark.parametrize("changed", [("You may not", "Nobody may"), ("72h", "96h"), ("mode: live", "mode: shadow")])
def test_what_changes_nobody_s_actions_moves_nobody(changed) -> None:
    assert replay([recorded(1, 40)], loaded().terms, loaded(changed).terms).moved == ()


def test_an_account_that_only_weak_evidence_speaks_against_never_moves_to_a_restriction() -> None:
    weak = recorded(1, 40, seen=(ASKED, RHYTHM))
    unlinted = loaded(("{classes: 2, strength: substantial}", "{classes: 0}")).terms

    [moved] = replay([weak], loaded().terms, unlinted).moved

    assert (moved.turn, moved.new) == ("new", "notify")


def test_a_difference_that_only_clauses_in_shadow_make_is_marked() -> None:
    shadow = SECOND.replace("mode: live", "mode: shadow").replace("at_least: 3}", "at_least: 1}")
    both = loaded(more=shadow).terms
    some = [recorded(1, 40, total_bits=2.0), recorded(2, 40)]

    assert {one.account: one.watched for one in replay(some, loaded().terms, both).moved} == {1: True, 2: True}
    live = loaded(more=shadow.replace("mode: shadow", "mode: live")).terms
    assert {one.account: one.watched for one in replay(some, loaded().terms, live).moved} == {1: False, 2: False}
    assert not replay(some, loaded().terms, loaded(NOBODY).terms).moved[0].watched, "what was live goes"


def test_the_time_looked_at_has_both_its_ends() -> None:
    some = [recorded(day, day) for day in (0, 45, 89, 90)]

    found = replay(some, OLD, NEW, from_ms=some[1].at_ms, until_ms=some[2].at_ms)

    assert (found.dossiers, found.outside, found.ahead) == (2, 2, 0)
    assert (found.from_ms, found.until_ms) == (some[1].at_ms, some[2].at_ms)
    assert {one.account for one in found.moved} == {45, 89}


def test_a_dossier_that_counts_what_came_after_it_is_left_out_and_counted() -> None:
    late = recorded(1, 40)
    written_today = replaced(late, account=2, last_ms=late.at_ms + AHEAD_MS + 1)
    clocks_differ = replaced(late, account=3, last_ms=late.at_ms + AHEAD_MS)

    found = replay([late, written_today, clocks_differ], OLD, NEW)

    assert (found.dossiers, found.ahead) == (2, 1)
    assert {one.account for one in found.moved} == {1, 3}


def test_an_agreement_signed_later_spares_nobody_earlier() -> None:
    before, after = recorded(1, 40, agreements=(RESEARCH,)), recorded(1, 90, agreements=(RESEARCH,))
    assert before.at_ms < RESEARCH.from_ms < after.at_ms

    found = replay([before, after], loaded(NOBODY).terms, loaded().terms)

    assert [(one.turn, one.first_ms) for one in found.moved] == [("new", before.at_ms)]
    assert replay([after], loaded(NOBODY).terms, loaded().terms).moved == ()


several = st.lists(st.tuples(dossiers(), st.integers(0, 90)), max_size=6).map(
    lambda some: [
        replaced(one, at_ms=NOW_MS - day * DAY_MS, last_ms=NOW_MS - day * DAY_MS, first_ms=NOW_MS - 200 * DAY_MS)
        for one, day in some
    ]
)


@given(terms, terms, several)
def test_counts_add_up_and_order_of_dossiers_does_not_matter(old, new, some) -> None:
    # Of two dossiers of one moment that name two plans either may be the later, so here every account keeps one.
    some = [replaced(one, plan="pro") for one in some]
    found = replay(some, old, new)

    accounts = len({one.account for one in some})
    for at in (0, 1):
        assert sum(both[at] for both in found.counts.values()) == accounts
    assert sum(found.turns.values()) == len(found.moved) <= accounts
    assert replay(some[::-1], old, new) == found
    assert replay(some, old, old).moved == ()


@given(terms, terms, several, st.integers(0, 90))
def test_nothing_that_comes_later_changes_what_was_said_before(old, new, some, day: int) -> None:
    """No look-ahead: a replay up to a day is the replay of what was recorded up to it, and later days only add."""
    cut = NOW_MS - day * DAY_MS
    past = [one for one in some if one.at_ms <= cut]

    whole, early = replay(some, old, new), replay(past, old, new)

    assert replay(some, old, new, until_ms=cut).moved == early.moved
    first = {one.account: one.first_ms for one in whole.moved}
    assert {one.account: one.first_ms for one in early.moved} == {name: at for name, at in first.items() if at <= cut}


@given(terms, terms, several)
def test_turning_old_and_new_round_turns_every_turn_round(old, new, some) -> None:
    back = {"new": "gone", "gone": "new", "stricter": "milder", "milder": "stricter", "other": "other"}

    there = {one.account: one.turn for one in replay(some, old, new).moved}

    assert {one.account: back[one.turn] for one in replay(some, new, old).moved} == there
