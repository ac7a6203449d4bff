from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from enforcement.judged import DAY, HOUR, LADDER, NOW, facts, on_record, verdict
from stillwatch.enforcement.ladder import ceiling, counted, joining, next_steps, wary
from stillwatch.enforcement.rules import Ladder
from stillwatch.model.decision import Action
from stillwatch.model.verdict import EvidenceItem

if TYPE_CHECKING:
    from stillwatch.model.decision import OnRecord
    from stillwatch.model.dossier import EvidenceClass

STRONG = ("campaign", "probing")


def steps(classes: tuple[EvidenceClass, ...], *past: OnRecord, **known: object) -> list[tuple[Action, bool]]:
    given = verdict(classes=classes)
    found = next_steps(given, counted(past, given, Ladder(), NOW), facts(**known), Ladder(), NOW)
    return [(step.action, bool(step.person)) for step in found]


@pytest.mark.parametrize(
    ("classes", "most"),
    [
        ((), Action.OBSERVE),
        (("coordination",), Action.OBSERVE),
        (("asked", "habits"), Action.NOTIFY),
        (("probing", "asked"), Action.THROTTLE),
        (("probing", "content"), Action.RESTRICT),
        (("artefacts",), Action.SUSPEND),
        (("campaign",), Action.NOTIFY),
        (("campaign", "coordination"), Action.NOTIFY),
        (("campaign", "asked"), Action.SUSPEND),
    ],
)
def test_evidence_carries_only_so_much(classes: tuple[EvidenceClass, ...], most: Action) -> None:
    assert ceiling(verdict(classes=classes)) == most


def test_evidence_in_favour_carries_nothing() -> None:
    favour = dataclasses.replace(verdict(), evidence=(EvidenceItem("campaign", -4.0, "It is not."),))

    assert ceiling(favour) == Action.OBSERVE


def test_the_first_step_is_the_mildest_permitted_unless_evidence_is_strong() -> None:
    assert steps(("asked",)) == [(Action.NOTIFY, False)]
    assert steps(("probing", "content")) == [(Action.NOTIFY, False)]
    assert steps(STRONG) == [(Action.THROTTLE, False)]


def test_strong_evidence_never_starts_where_a_person_decides() -> None:
    given = dataclasses.replace(verdict(classes=STRONG), permitted=(Action.NOTIFY, Action.HOLD, Action.SUSPEND))

    assert [step.action for step in next_steps(given, (), facts(), Ladder(strong_skips=5), NOW)] == [Action.NOTIFY]


def test_coordination_alone_comes_to_nothing() -> None:
    assert steps(("coordination",)) == []


def test_a_running_step_is_left_alone_in_its_grace_and_while_nothing_comes() -> None:
    running = on_record(from_ms=NOW - HOUR, until_ms=NOW + DAY)
    older = on_record(from_ms=NOW - 2 * DAY, until_ms=NOW + DAY)

    assert steps(STRONG, running) == []
    assert steps(STRONG, older, last_ms=NOW - 2 * DAY) == [], "it stopped"
    assert steps(STRONG, older, fresh_bits=1.0) == [], "it goes on, and honestly"
    assert steps(STRONG, older) == [(Action.THROTTLE, False)], "it was ignored"


def test_an_ended_step_is_followed_only_where_something_came_after_it() -> None:
    ended = on_record()

    assert steps(STRONG, ended, last_ms=-1) == []
    assert steps(STRONG, ended, fresh_bits=0.0) == []
    assert steps(STRONG, ended) == [(Action.THROTTLE, False)]


def test_a_step_that_a_person_ended_early_stays_a_step() -> None:
    running = on_record(action=Action.THROTTLE, from_ms=NOW - 3 * DAY, until_ms=NOW + DAY)
    settled = dataclasses.replace(running, ended_ms=NOW - DAY)

    assert steps(STRONG, settled, last_ms=NOW - 4 * DAY) == [], "nothing came after it"
    assert steps(STRONG, settled) == [(Action.RESTRICT, False)]
    given = verdict(classes=("probing",))
    again = next_steps(given, counted([settled], given, Ladder(), NOW), facts(), Ladder(), NOW)
    assert [step.action for step in again] == [Action.THROTTLE], "renewed, since it has ended"


def test_what_nobody_measured_is_left_to_a_person() -> None:
    ended = on_record()

    assert (Action.THROTTLE, True) in steps(STRONG, ended, fresh_bits=float("nan"))
    assert all(person for _, person in steps(STRONG, ended, fresh_bits=float("nan")))


@pytest.mark.parametrize(
    ("last", "then"),
    [
        (Action.NOTIFY, [(Action.THROTTLE, False)]),
        (Action.THROTTLE, [(Action.RESTRICT, False)]),
        (Action.RESTRICT, [(Action.HOLD, True), (Action.RESTRICT, False)]),
        (Action.HOLD, [(Action.SUSPEND, True), (Action.HOLD, True)]),
        (Action.SUSPEND, [(Action.SUSPEND, True)]),
    ],
)
def test_steps_follow_one_by_one_and_a_person_takes_the_last(last: Action, then: list[tuple[Action, bool]]) -> None:
    assert steps(STRONG, on_record(action=last)) == then


def test_weak_evidence_does_not_climb() -> None:
    assert steps(("asked",), on_record(action=Action.NOTIFY)) == [(Action.NOTIFY, False)]


@pytest.mark.parametrize("setting", list(Action))
def test_suspending_is_a_persons_whatever_is_set(setting: Action) -> None:
    given = dataclasses.replace(verdict(classes=STRONG), permitted=(Action.SUSPEND,))

    (step,) = next_steps(given, (), facts(), Ladder(person_from=setting), NOW)

    assert "only ever a person's" in step.person


def test_what_a_clause_leaves_to_a_person_no_machine_takes_first_or_later() -> None:
    given = dataclasses.replace(verdict(classes=STRONG), by_person=(Action.THROTTLE, Action.RESTRICT))
    past = counted([on_record()], given, Ladder(), NOW)

    (first,) = next_steps(given, (), facts(), Ladder(), NOW)
    later = next_steps(given, past, facts(), Ladder(), NOW)

    assert (first.action, first.person) == (Action.NOTIFY, "")
    assert (later[0].action, later[0].person) == (
        Action.THROTTLE,
        "clause no-model-copying leaves THROTTLE to a person",
    )
    only = dataclasses.replace(given, permitted=(Action.RESTRICT,))
    assert next_steps(only, (), facts(), Ladder(), NOW)[0].person
    assert joining(given, Action.THROTTLE, Ladder())[0].person


def test_undone_forgotten_and_shadow_steps_and_other_clauses_do_not_count() -> None:
    others = (
        on_record(action=Action.HOLD, lifted_ms=NOW - DAY),
        on_record(action=Action.HOLD, from_ms=NOW - 200 * DAY, until_ms=NOW - 100 * DAY),
        on_record(action=Action.HOLD, shadow=True),
        on_record(action=Action.HOLD, clause="no-resale"),
    )

    assert steps(STRONG, *others) == [(Action.THROTTLE, False)]


def test_where_it_went_wrong_before_a_person_decides() -> None:
    ladder = Ladder()
    undone, standing = on_record(lifted_ms=NOW - DAY), on_record(8)

    assert wary([undone], [], ladder, NOW)
    assert wary([], [undone, on_record(8, lifted_ms=NOW - DAY)], ladder, NOW), "the whole campaign"
    assert not wary([], [undone, standing], ladder, NOW), "one member of it"
    assert not wary([on_record(lifted_ms=NOW - 91 * DAY)], [], ladder, NOW)


def test_all_actions_of_the_terms_are_on_the_ladder() -> None:
    assert list(LADDER) == sorted(LADDER)
