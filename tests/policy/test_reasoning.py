"""What is proved of conditions is what they answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.drawn import NOW_MS, clauses, conditions, dossiers, speaking
from stillwatch.model.verdict import Met
from stillwatch.policy.conditions.logic import All, Not
from stillwatch.policy.judge import judge_clause
from stillwatch.policy.reasoning.formulas import formula
from stillwatch.policy.reasoning.prove import broken, find, implies, is_broken
from stillwatch.policy.reasoning.search import boxes
from stillwatch.policy.reasoning.witness import build


@given(conditions, dossiers())
def test_truth_and_answer_agree(condition, dossier) -> None:
    truth, answer = condition.truth(dossier), condition.answer(dossier)

    assert (truth is True) == isinstance(answer, Met)
    assert (truth is None) == getattr(answer, "unknown", False)


@given(speaking, dossiers())
def test_evidence_asked_for_is_its_tree_and_says_why(evidence, dossier) -> None:
    truth, answer = evidence.truth(dossier), evidence.answer(dossier)

    assert truth == evidence.tree().truth(dossier)
    assert (truth is True) == isinstance(answer, Met)
    assert (truth is None) == getattr(answer, "unknown", False)


@given(conditions, st.sampled_from(["met", "false", "unmet", "not false"]))
def test_a_witness_of_a_formula_gives_the_answer_that_was_wanted(condition, want) -> None:
    wanted = {"met": {True}, "false": {False}, "unmet": {False, None}, "not false": {True, None}}[want]

    found = find([formula(condition, want)], NOW_MS, lambda one: condition.truth(one) in wanted)

    assert found.possible in {True, False}
    if found.possible:
        assert found.witness is not None, f"possible, but no example: {condition}"
        assert condition.truth(found.witness) in wanted


@given(conditions, dossiers(), st.sampled_from(["met", "false", "unmet", "not false"]))
def test_what_is_called_impossible_never_happens(condition, dossier, want) -> None:
    wanted = {"met": {True}, "false": {False}, "unmet": {False, None}, "not false": {True, None}}[want]

    if condition.truth(dossier) in wanted:
        assert next(boxes([formula(condition, want)]), None) is not None


@given(clauses(), dossiers())
def test_a_clause_that_cannot_be_broken_is_not(clause, dossier) -> None:
    found = find([broken(clause)], NOW_MS, lambda one: is_broken(one, clause))

    if judge_clause(dossier, clause, "t@1", NOW_MS).outcome == "broken":
        assert found.possible
    if found.possible:
        assert found.witness is not None
        assert is_broken(found.witness, clause)


@given(clauses(), clauses(), dossiers())
def test_an_implication_holds_of_every_dossier(narrow, wide, dossier) -> None:
    found = implies(narrow, wide)

    if found.possible is False and is_broken(dossier, narrow):
        assert is_broken(dossier, wide)
    if found.witness:
        assert is_broken(found.witness, narrow)
        assert not is_broken(found.witness, wide)


@given(clauses(), conditions)
def test_one_more_condition_implies_the_clause_without_it(clause, condition) -> None:
    more = type(clause)(
        **{name: getattr(clause, name) for name in clause.__slots__} | {"conditions": (*clause.conditions, condition)}
    )

    assert implies(more, clause).possible is False


@given(conditions)
def test_nothing_is_met_and_known_not_to_be(condition) -> None:
    assert next(boxes([formula(All((condition, Not(condition))), "met")]), None) is None


@given(conditions)
def test_boxes_build_dossiers(condition) -> None:
    for box, _ in zip(boxes([formula(condition, "met")]), range(5), strict=False):
        assert build(box, NOW_MS) is not None
