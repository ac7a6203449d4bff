"""Laws of every barrier: nothing in good standing, the same twice, no foreign field, a benign near miss."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest

from enforcement.barriers.cases_of_barriers import ANSWERS, KEY, REQUESTS, Case, call
from stillwatch.enforcement.barriers import BARRIERS, Barrier
from stillwatch.enforcement.barriers.marks.canaries import Canaries
from stillwatch.enforcement.barriers.marks.variants import Variants
from stillwatch.model.decision import Action

READY = {
    one.name: dataclasses.replace(one, used=True, **({"key": KEY} if isinstance(one, Variants | Canaries) else {}))
    for one in BARRIERS
}
READY["carried"] = dataclasses.replace(READY["carried"], how="strip")
GATES = ("hold", "step_up", "rate", "delay")
ASKED = [(name, case) for name, cases in REQUESTS.items() for case in cases]
ANSWERED = [(name, case) for name, cases in ANSWERS.items() for case in cases]


def asked(name: str, case: Case, action: Action = Action.RESTRICT):
    return READY[name].ask(copy.deepcopy(case.body), call(action, case.shape, **case.call))


def answered(name: str, case: Case, action: Action = Action.RESTRICT):
    return READY[name].answer(copy.deepcopy(case.body), call(action, case.shape, **case.call))


def without(tree, names):
    if isinstance(tree, dict):
        return {name: without(value, names) for name, value in tree.items() if name not in names}
    return [without(one, names) for one in tree] if isinstance(tree, list) else tree


def test_every_barrier_has_a_case_that_it_changes_and_a_near_miss():
    for barrier in BARRIERS:
        if barrier.name in GATES:
            continue
        cases = [*REQUESTS.get(barrier.name, ()), *ANSWERS.get(barrier.name, ())]
        assert {case.changes for case in cases} == {True, False}, barrier.name


def test_names_are_told_apart_and_described():
    assert len({one.name for one in BARRIERS}) == len(BARRIERS)
    assert all(one.name and one.stops and one.costs for one in BARRIERS)


@pytest.mark.parametrize("barrier", BARRIERS, ids=lambda one: one.name)
def test_no_barrier_applies_to_good_standing_by_default(barrier: Barrier):
    assert not barrier.applies(call(Action.OBSERVE))
    assert barrier.least > Action.OBSERVE


@pytest.mark.parametrize("barrier", BARRIERS, ids=lambda one: one.name)
def test_marks_alone_are_off_by_default(barrier: Barrier):
    assert barrier.used is (barrier.name not in {"variants", "canaries"})


@pytest.mark.parametrize(("name", "case"), ASKED)
def test_a_request_changes_where_it_must_and_nowhere_else(name: str, case: Case):
    body, notes = asked(name, case)

    assert (body != case.body) is case.changes
    assert bool(notes) is case.changes
    assert without(body, READY[name].owns) == without(case.body, READY[name].owns)


@pytest.mark.parametrize(("name", "case"), ANSWERED)
def test_an_answer_changes_where_it_must_and_nowhere_else(name: str, case: Case):
    body, notes = answered(name, case)

    assert (body != case.body) is case.changes
    assert bool(notes) is case.changes
    assert without(body, READY[name].owns) == without(case.body, READY[name].owns)


@pytest.mark.parametrize(("name", "case"), ASKED)
def test_a_changed_request_is_not_changed_again(name: str, case: Case):
    once, _ = asked(name, case)
    again, notes = READY[name].ask(copy.deepcopy(once), call(Action.RESTRICT, case.shape, **case.call))

    assert again == once
    assert notes == ()


@pytest.mark.parametrize(("name", "case"), ANSWERED)
def test_a_changed_answer_is_not_changed_again(name: str, case: Case):
    once, _ = answered(name, case)
    again, notes = READY[name].answer(copy.deepcopy(once), call(Action.RESTRICT, case.shape, **case.call))

    assert again == once
    assert notes == ()


@pytest.mark.parametrize(("name", "case"), ASKED)
def test_the_given_request_stays_as_it_is(name: str, case: Case):
    given = copy.deepcopy(case.body)
    READY[name].ask(given, call(Action.RESTRICT, case.shape, **case.call))

    assert given == case.body


@pytest.mark.parametrize(("name", "case"), ANSWERED)
def test_the_given_answer_stays_as_it_is(name: str, case: Case):
    given = copy.deepcopy(case.body)
    READY[name].answer(given, call(Action.RESTRICT, case.shape, **case.call))

    assert given == case.body


@pytest.mark.parametrize(("name", "case"), ANSWERED)
@pytest.mark.parametrize("junk", [None, 7, "text", [], [None, 3, [1]], {"logprobs": 3, "message": 4}])
def test_junk_from_upstream_is_no_fault(name: str, case: Case, junk):
    for field in ("choices", "content", "output"):
        body = {**case.body, field: junk}
        changed, _ = READY[name].answer(body, call(Action.RESTRICT, case.shape))
        assert json.dumps(changed)


def test_notes_hold_no_content_of_reasoning():
    secret = "the-secret-way"  # noqa: S105  of a test
    case = Case("chat", {"choices": [{"message": {"content": f"<think>{secret}</think>x"}}]}, changes=True)

    _, notes = answered("reasoning", case)

    assert notes == (f"{len(secret)} characters of reasoning withheld",)
