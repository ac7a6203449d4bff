from __future__ import annotations

from dataclasses import replace

import pytest

from enforcement.judged import DAY, HOUR, NOW, RULES, TERMS, clause, facts, on_record, situation, verdict
from stillwatch.enforcement.decide import decide
from stillwatch.enforcement.draft import delay_ms, fill
from stillwatch.enforcement.rules import Stagger
from stillwatch.model.decision import Action
from stillwatch.model.terms import Terms

STRONG = ("campaign", "probing")


@pytest.mark.parametrize("outcome", ["exempt", "not met"])
def test_what_is_not_broken_comes_to_nothing(outcome: str) -> None:
    assert not decide([verdict(outcome=outcome)], TERMS, situation(), RULES, NOW).taken


def test_a_decision_names_clause_evidence_end_and_appeal() -> None:
    (made,) = decide([verdict()], TERMS, situation(), RULES, NOW).taken

    assert (made.clause, made.terms, made.by) == ("no-model-copying", "lab@1", "policy")
    assert made.until_ms == NOW + 48 * HOUR
    assert made.evidence == ("asked: 640 of 900 requests.",)
    assert made.appeal == f"https://lab.example/appeals/{made.id}"
    assert made.notice == f"We saw: asked: 640 of 900 requests. Until 2026-09-23 14:13 UTC. Contest it: {made.appeal}"


def test_a_fact_that_spells_a_placeholder_stays_a_fact() -> None:
    assert fill("{facts} {appeal} {x} {", {"facts": "{appeal}", "appeal": "a"}) == "{appeal} a {x} {"


def test_the_id_depends_on_the_place_in_the_history_and_not_on_the_clock() -> None:
    def id_of(now: int, *past: object, **changes: object) -> str:
        given = situation(past={7: past}, facts={7: facts(last_ms=now)})
        return decide([verdict(**changes)], TERMS, given, RULES, now).taken[0].id  # type: ignore[arg-type]

    first = id_of(NOW)
    assert id_of(NOW + HOUR) == first
    assert id_of(NOW, on_record()) != first
    assert id_of(NOW, terms="lab@2") != first
    assert id_of(NOW, shadow=True) != first
    assert id_of(NOW, clause="no-resale") != first


def test_a_shadow_verdict_gives_a_shadow_decision_and_never_a_suspension() -> None:
    past = {7: (on_record(action=Action.HOLD, shadow=True),)}
    given = situation(past=past, facts={7: facts()})

    made = decide([verdict(classes=STRONG, shadow=True)], TERMS, given, RULES, NOW)

    assert [(one.shadow, one.action) for one in made.taken] == [(True, Action.HOLD)]
    assert made.waiting == ()


def test_of_several_broken_clauses_the_strictest_step_counts() -> None:
    made = decide([verdict(), verdict(classes=STRONG, clause="no-resale")], TERMS, situation(), RULES, NOW)

    assert [(one.clause, one.action) for one in made.taken] == [("no-resale", Action.THROTTLE)]


def test_beside_a_running_decision_another_clause_adds_only_what_is_stricter() -> None:
    running = on_record(action=Action.THROTTLE, from_ms=NOW + HOUR, until_ms=NOW + DAY)
    given = situation(past={7: (running,)}, facts={7: facts()})

    assert not decide([verdict(classes=STRONG, clause="no-resale")], TERMS, given, RULES, NOW).taken
    close = verdict(classes=STRONG, clause="no-resale", permitted=(Action.RESTRICT,))
    assert [one.action for one in decide([close], TERMS, given, RULES, NOW).taken] == [Action.RESTRICT]


def test_a_clause_that_the_terms_no_longer_have_comes_to_nothing() -> None:
    assert not decide([verdict(clause="gone")], TERMS, situation(), RULES, NOW).taken


def test_about_an_account_that_waits_for_a_person_no_machine_decides() -> None:
    given = [verdict(), verdict(7, clause="no-resale"), verdict(8)]

    made = decide(given, TERMS, situation(held=frozenset({7})), RULES, NOW)

    assert [one.account for one in made.taken] == [8]


def test_members_of_a_campaign_stand_on_one_step_and_late_ones_join_it() -> None:
    running = on_record(1, Action.RESTRICT, campaign="C", from_ms=NOW - HOUR, until_ms=NOW + DAY)
    given = situation(past={1: (running,)}, facts={n: facts() for n in (1, 2)})

    made = decide([verdict(n, STRONG, campaign="C") for n in (1, 2)], TERMS, given, RULES, NOW)

    assert [(one.account, one.action) for one in made.taken] == [(2, Action.RESTRICT)]


def test_members_begin_on_one_step_as_far_as_their_evidence_goes() -> None:
    given = [verdict(1, STRONG, campaign="C"), verdict(2, ("probing",), campaign="C"), verdict(3, campaign="C")]

    made = decide(given, TERMS, situation(), RULES, NOW)

    assert [one.action for one in made.taken] == [Action.THROTTLE, Action.THROTTLE, Action.NOTIFY]


def test_a_late_member_is_not_carried_past_its_own_evidence() -> None:
    running = on_record(1, Action.RESTRICT, campaign="C", from_ms=NOW - HOUR, until_ms=NOW + DAY)
    given = situation(past={1: (running,)}, facts={2: facts()})

    made = decide([verdict(2, ("asked",), campaign="C")], TERMS, given, RULES, NOW)

    assert [one.action for one in made.taken] == [Action.NOTIFY]


def test_a_campaign_climbs_as_one_where_any_member_ignores_its_step() -> None:
    ignored = tuple(
        on_record(n, Action.THROTTLE, campaign="C", from_ms=NOW - 2 * DAY, until_ms=NOW + DAY) for n in (1, 2)
    )
    given = situation(
        past={one.decision.account: (one,) for one in ignored},
        facts={1: facts(fresh_bits=float("nan"), last_ms=0), 2: facts()},
    )

    made = decide([verdict(n, STRONG, campaign="C") for n in (1, 2)], TERMS, given, RULES, NOW)

    assert [one.action for one in made.taken] == [Action.RESTRICT, Action.RESTRICT]


def test_an_overturned_campaign_waits_for_a_person_late_members_too() -> None:
    undone = on_record(1, Action.THROTTLE, campaign="C", lifted_ms=NOW - HOUR)

    made = decide([verdict(2, STRONG, campaign="C")], TERMS, situation(past={1: (undone,)}), RULES, NOW)

    assert "undone" in made.waiting[0].reason


def test_a_hold_waits_for_a_person_with_its_end_left_open() -> None:
    terms = Terms("lab", 1, (clause(),))
    made = decide([verdict(classes=STRONG, permitted=(Action.HOLD,))], terms, situation(), RULES, NOW)

    assert made.taken == ()
    assert "{until}" in made.waiting[0].decision.notice


def test_delays_are_drawn_evenly_and_the_same_again() -> None:
    stagger = Stagger(window_h=10.0, seed=4)
    drawn = [delay_ms(stagger, f"d-{n}") for n in range(2_000)]

    assert drawn == [delay_ms(stagger, f"d-{n}") for n in range(2_000)]
    assert drawn != [delay_ms(replace(stagger, seed=5), f"d-{n}") for n in range(2_000)]
    assert min(drawn) >= 0
    assert max(drawn) < 10 * HOUR
    assert all(150 < sum(hour * HOUR <= one < (hour + 1) * HOUR for one in drawn) < 250 for hour in range(10))


def test_only_members_of_campaigns_are_delayed_and_each_lasts_its_whole_span() -> None:
    rules = replace(RULES, stagger=Stagger(window_h=10.0))

    made = decide(
        [verdict(1), *(verdict(n, STRONG, campaign="C") for n in range(2, 6))], TERMS, situation(), rules, NOW
    )

    assert made.taken[0].from_ms == NOW
    assert len({one.from_ms for one in made.taken[1:]}) == 4
    assert {one.until_ms - one.from_ms for one in made.taken} == {48 * HOUR}


def test_what_was_undone_under_one_clause_is_no_machines_under_another() -> None:
    undone = on_record(lifted_ms=NOW - HOUR)
    given = [verdict(classes=STRONG), verdict(classes=STRONG, clause="no-resale")]

    made = decide(given, TERMS, situation(past={7: (undone,)}, facts={7: facts()}), RULES, NOW)

    assert made.taken == ()
    assert "undone" in made.waiting[0].reason
