"""What the judge makes of one clause and one account."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from policy.drawn import DAY_MS, NOW_MS, dossiers, replaced, terms
from policy.written_terms import loaded
from stillwatch.model.decision import Action
from stillwatch.model.dossier import Agreement, Belonging, Dossier, Seen
from stillwatch.model.verdict import Met, NotMet
from stillwatch.policy.judge import evidence_of, judge, judge_all

CONTENT = Seen("harvest_shape", "content", 6.0, "900 of 1,000 prompts have the shape of a harvest")
ASKED = Seen("technique_sweep", "asked", 4.0, "12 techniques were tried")
RHYTHM = Seen("rhythm", "habits", 2.0, "gaps of 4.0 s in 99 of 100 cases")
TOGETHER = Seen("together", "coordination", 30.0, "acts with 40 others")
COPIER = Dossier(
    7,
    NOW_MS,
    "pro",
    NOW_MS - 40 * DAY_MS,
    3,
    900,
    NOW_MS - 9 * DAY_MS,
    NOW_MS,
    90_000,
    6.0,
    0.98,
    0.01,
    (CONTENT, ASKED),
)
RESELLER = Agreement("reseller", "C-17", NOW_MS - DAY_MS, NOW_MS + DAY_MS)
RESEARCH = Agreement("research", "R-2", NOW_MS - DAY_MS, NOW_MS + DAY_MS, 100.0)
TERMS = loaded().terms


def campaign(**changes: object) -> Belonging:
    fields = {
        "name": "c-1",
        "accounts": 40,
        "belongs": 0.97,
        "one_operator": 0.9,
        "extraction": 0.95,
        "harvest_bits": 9.0,
        "log_p_rest": -30.0,
        "extracting": True,
        "sentence": "40 accounts divide one set of prompts",
    }
    return Belonging(**(fields | changes))


def only(dossier: Dossier, at_ms: int = NOW_MS):
    [verdict] = judge(dossier, TERMS, at_ms)
    return verdict


def test_a_broken_clause_permits_its_ladder_and_names_what_it_stands_on() -> None:
    verdict = only(COPIER)

    assert verdict.outcome == "broken"
    assert verdict.permitted == (Action.OBSERVE, Action.NOTIFY, Action.THROTTLE, Action.HOLD, Action.SUSPEND)
    assert verdict.by_person == (Action.HOLD, Action.SUSPEND)
    assert not verdict.shadow
    assert verdict.terms == "test@1"
    assert verdict.campaign == ""
    assert [one.evidence_class for one in verdict.evidence] == ["content", "asked"]
    assert [one.fact for one in verdict.answers if isinstance(one, Met)] == [
        "the total of all evidence in bits is 6",
        "the q-value (share of false accusations) is 0.01",
        "evidence from content and asked speaks against the account; 2 different classes asked for",
    ]
    assert len(verdict.exemptions) == 3


def test_what_is_not_met_permits_nothing_and_says_why() -> None:
    verdict = only(replaced(COPIER, total_bits=2.9))

    assert verdict.outcome == "not met"
    assert verdict.permitted == ()
    assert verdict.answers[0] == NotMet(
        "total_bits: {at_least: 3}", "the total of all evidence in bits is 2.9; asked for: at least 3"
    )
    assert verdict.exemptions == ()


def test_a_missing_q_value_is_unknown_and_restricts_nobody() -> None:
    verdict = only(replaced(COPIER, q_value=math.nan))

    assert verdict.outcome == "not met"
    assert isinstance(verdict.answers[1], NotMet)
    assert verdict.answers[1].unknown


@pytest.mark.parametrize("at_ms", [TERMS.clauses[0].from_ms - 1, TERMS.clauses[0].until_ms])
def test_a_clause_that_has_not_begun_or_has_ended_gives_no_verdict(at_ms: int) -> None:
    assert judge(COPIER, TERMS, at_ms) == ()


def test_a_clause_gives_a_verdict_from_its_first_to_its_last_moment() -> None:
    [clause] = TERMS.clauses

    assert only(COPIER, clause.from_ms).outcome == only(COPIER, clause.until_ms - 1).outcome == "broken"


def test_weak_evidence_alone_does_not_break_it() -> None:
    assert only(replaced(COPIER, seen=(ASKED, RHYTHM))).outcome == "not met"


def test_coordination_is_no_class_of_evidence() -> None:
    assert only(replaced(COPIER, seen=(CONTENT, TOGETHER))).outcome == "not met"
    assert evidence_of(replaced(COPIER, seen=(TOGETHER,), campaign=campaign(extracting=False))) == ()


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "broken"),
        ({"extracting": False}, "not met"),
        ({"belongs": 0.49}, "not met"),
        ({"belongs": math.nan}, "not met"),
        ({"harvest_bits": 0.9}, "not met"),
        ({"harvest_bits": math.nan}, "not met"),
        ({"harvest_bits": 1.0}, "broken"),
    ],
)
def test_a_campaign_speaks_only_where_it_is_reported_and_the_account_belongs(changes, outcome: str) -> None:
    verdict = only(replaced(COPIER, seen=(RHYTHM,), campaign=campaign(**changes)))

    assert verdict.outcome == outcome
    assert (verdict.campaign == "c-1") == (outcome == "broken")
    assert ("campaign" in {one.evidence_class for one in verdict.evidence}) == (outcome == "broken")


def test_an_agreement_exempts_while_it_lasts_and_as_far_as_it_goes() -> None:
    slow = replaced(COPIER, agreements=(RESEARCH,))
    fast = replaced(slow, events=1_000)
    late = replaced(COPIER, agreements=(Agreement("research", "R-1", 0, NOW_MS),))

    assert only(slow).outcome == "exempt"
    assert only(slow).permitted == ()
    assert only(fast).outcome == "broken"
    assert "covers 100 requests a day, seen were 111.1" in only(fast).exemptions[0].reason  # type: ignore[union-attr]
    assert only(late).outcome == "broken"
    assert "has ended" in only(late).exemptions[0].reason  # type: ignore[union-attr]


def test_a_reseller_is_exempt_with_attribution_and_not_restricted_where_the_log_does_not_say() -> None:
    licensed = replaced(COPIER, agreements=(RESELLER,))

    assert only(replaced(licensed, attributed_share=0.97)).outcome == "exempt"
    assert only(replaced(licensed, attributed_share=0.5)).outcome == "broken"
    untold = only(licensed)
    assert untold.outcome == "not met"
    assert untold.exemptions[1].unknown  # type: ignore[union-attr]


def test_a_red_team_is_exempt_within_a_window() -> None:
    month = Agreement("red_team", "T-1", NOW_MS - DAY_MS, NOW_MS + 29 * DAY_MS)
    year = Agreement("red_team", "T-2", NOW_MS - DAY_MS, NOW_MS + 364 * DAY_MS)

    assert only(replaced(COPIER, agreements=(month,))).outcome == "exempt"
    assert only(replaced(COPIER, agreements=(year,))).outcome == "broken"
    assert only(replaced(COPIER, agreements=(year, month))).outcome == "exempt"


def test_evidence_is_listed_strongest_first_without_what_speaks_for_the_account() -> None:
    person = Seen("person", "habits", -3.0, "works by day")
    found = evidence_of(replaced(COPIER, seen=(ASKED, person, CONTENT, TOGETHER), campaign=campaign()))

    assert [(one.evidence_class, one.bits) for one in found] == [("campaign", 9.0), ("content", 6.0), ("asked", 4.0)]


def test_a_class_that_as_a_whole_speaks_for_the_account_is_no_ground() -> None:
    known_set = Seen("known_set", "content", -7.0, "the set is public")
    little = Seen("fixed_string", "content", 0.5, "one fixed text")

    assert [one.evidence_class for one in evidence_of(replaced(COPIER, seen=(CONTENT, known_set, ASKED)))] == ["asked"]
    assert len(evidence_of(replaced(COPIER, seen=(CONTENT, little, ASKED)))) == 3


def test_weights_that_are_no_numbers_are_no_ground() -> None:
    endless, none = (Seen("rhythm", "habits", bits, "even gaps") for bits in (math.inf, math.nan))

    assert [one.evidence_class for one in evidence_of(replaced(COPIER, seen=(endless, ASKED)))] == ["asked"]
    assert [one.evidence_class for one in evidence_of(replaced(COPIER, seen=(none, ASKED)))] == ["asked"]


@given(dossiers(), terms)
def test_judging_many_gives_what_judging_one_gives_where_conditions_hold(dossier, terms) -> None:
    told = judge(dossier, terms, NOW_MS)
    held = tuple(one for one in told if all(isinstance(answer, Met) for answer in one.answers))

    [quick] = judge_all((dossier,), terms, NOW_MS)

    assert quick == held
    assert {one.clause for one in told if one.outcome != "not met"} <= {one.clause for one in quick}
    assert judge(dossier, terms, NOW_MS) == told


@given(dossiers(), terms)
def test_only_what_is_broken_permits(dossier, terms) -> None:
    for verdict in judge(dossier, terms, NOW_MS):
        assert bool(verdict.permitted or verdict.withheld) == (verdict.outcome == "broken")
        assert set(verdict.by_person) <= set(verdict.permitted)
        assert not set(verdict.permitted) & set(verdict.withheld)
        assert not {"coordination"} & {one.evidence_class for one in verdict.evidence}
