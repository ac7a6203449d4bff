"""Laws that every condition keeps: absent is not zero, an answer has a reason, one question has one answer."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.drawn import conditions, dossiers, replaced
from policy.written_terms import loaded
from stillwatch.model.dossier import Dossier
from stillwatch.model.verdict import Met, NotMet
from stillwatch.policy.conditions import CONDITIONS
from stillwatch.policy.conditions.logic import Not
from stillwatch.policy.reasoning.formulas import formula
from stillwatch.policy.reasoning.search import boxes
from stillwatch.policy.reasoning.witness import build

NOTHING = Dossier(1, 1_796_083_200_000, "", -1, 0, 40, 0, 86_400_000, -1, math.nan, math.nan, math.nan)
"""A dossier of which nothing is known but that there were requests."""
EXAMPLES = [(word, example) for word in CONDITIONS for example in word.examples]
each = pytest.mark.parametrize(("word", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])


def condition_of(example: str):
    both = "      - total_bits: {at_least: 3}\n      - q_value: {at_most: 0.05}"
    return loaded((both, f"      - {example}")).terms.clauses[0].conditions[0]


def test_every_word_is_there_once() -> None:
    assert len({word.name for word in CONDITIONS}) == len(CONDITIONS)


@each
def test_an_example_is_read_and_written_back(word, example: str) -> None:
    assert example.startswith(f"{word.name}: ")
    assert str(condition_of(str(condition_of(example)))) == str(condition_of(example))


@each
def test_what_is_missing_is_neither_met_nor_met_under_not(word, example: str) -> None:
    condition = condition_of(example)
    if word.unknown.startswith("Never"):
        assert condition.truth(NOTHING) is not None
        return
    for asked in (condition, Not(condition), Not(Not(condition))):
        answer = asked.answer(NOTHING)
        assert isinstance(answer, NotMet)
        assert answer.unknown
        assert len(answer.reason) > 15


@each
def test_an_example_can_be_met_and_says_which_fact_meets_it(word, example: str) -> None:  # noqa: ARG001
    condition = condition_of(example)
    dossier = build(next(boxes([formula(condition, "met")])), NOTHING.at_ms)

    answer = condition.answer(dossier)

    assert isinstance(answer, Met)
    assert answer.condition == str(condition)
    assert len(answer.fact) > 10
    assert "nan" not in answer.fact


@each
def test_an_example_can_fail_and_says_why(word, example: str) -> None:  # noqa: ARG001
    condition = condition_of(example)
    dossier = build(next(boxes([formula(condition, "false")])), NOTHING.at_ms)

    answer = condition.answer(dossier)

    assert isinstance(answer, NotMet)
    assert not answer.unknown
    assert len(answer.reason) > 10


@each
def test_a_condition_says_itself_in_words(word, example: str) -> None:  # noqa: ARG001
    said = condition_of(example).words()

    assert len(said) > 15
    assert "inf" not in said
    assert "_" not in said


@given(conditions, dossiers())
def test_same_question_same_answer_and_order_of_evidence_does_not_matter(condition, dossier) -> None:
    turned = replaced(dossier, seen=dossier.seen[::-1])

    assert condition.answer(dossier) == condition.answer(dossier)
    assert condition.truth(turned) == condition.truth(dossier)


@given(conditions, dossiers(), st.sampled_from(["total_bits", "probability", "q_value", "attributed_share"]))
def test_taking_a_number_away_never_turns_an_answer_round(condition, dossier, name: str) -> None:
    before, after = condition.truth(dossier), condition.truth(replaced(dossier, **{name: math.nan}))

    assert after == before or after is None


@given(conditions, dossiers())
def test_taking_all_evidence_and_the_campaign_away_never_turns_an_answer_round(condition, dossier) -> None:
    before, after = condition.truth(dossier), condition.truth(replaced(dossier, seen=(), campaign=None, plan=""))

    assert after == before or after is None


@given(conditions, dossiers())
def test_coordination_never_matters(condition, dossier) -> None:
    without = tuple(one for one in dossier.seen if one.evidence_class != "coordination")

    assert condition.answer(replaced(dossier, seen=without)) == condition.answer(dossier)
