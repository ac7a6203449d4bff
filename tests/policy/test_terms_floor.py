"""The judge's own floor: terms that nobody linted, and that no language can write, restrict nobody on weak evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enforcement.judged import POPULATION, RULES
from policy.drawn import NOW_MS, clauses, conditions, dossiers, replaced, speaking, terms, weak_dossiers
from policy.test_judge_terms import ASKED, CONTENT, COPIER, RHYTHM, TOGETHER, campaign
from policy.written_terms import loaded, text
from stillwatch.enforcement.decide import decide
from stillwatch.enforcement.situation import Facts, Situation
from stillwatch.model.decision import Action
from stillwatch.model.dossier import Dossier, Seen
from stillwatch.model.terms import Clause, Terms
from stillwatch.model.verdict import Met
from stillwatch.policy import judge as judging
from stillwatch.policy.judge import judge, judge_all
from stillwatch.policy.language.load import load
from stillwatch.policy.lint import lint

EVERYTHING = tuple(Action)
MILD = (Action.OBSERVE, Action.NOTIFY)


@dataclass(frozen=True)
class Always:
    """A condition that no language has: it holds of everybody."""

    def answer(self, dossier: Dossier) -> Met:  # noqa: ARG002
        return Met(str(self), "so it is")

    def __str__(self) -> str:
        return "always"


def lawless(**changes: object) -> Terms:
    """Terms that ask for nothing at all and permit everything to a machine, as no file could be linted clean."""
    [fine] = loaded().terms.clauses
    asks = {"conditions": (Always(),), "least_classes": ((), 0), "least_strength": 0, "least_bits": -math.inf}
    permits = {"exemptions": (), "actions": EVERYTHING, "by_person": ()}
    return Terms("lawless", 1, (replace(fine, **(asks | permits | changes)),))


def enough(dossier: Dossier) -> bool:
    """Whether substantial evidence speaks, said once more and in other words than the judge says it."""
    sums = {name: math.fsum(one.bits for one in dossier.seen if one.evidence_class == name)
            for name in ("artefacts", "probing", "content")}  # fmt: skip
    found = dossier.campaign
    pool = found is not None and found.extracting and found.belongs >= 0.5 and found.harvest_bits >= 1.0
    return pool or max(sums.values()) >= 1.0


def anything(dossier: Dossier) -> bool:
    """Whether any class at all speaks."""
    sums = [math.fsum(one.bits for one in dossier.seen if one.evidence_class == name) for name in ("asked", "habits")]
    return enough(dossier) or max(sums) >= 1.0


def permitted(dossier: Dossier, terms: Terms) -> tuple[Action, ...]:
    [verdict] = judge(dossier, terms, NOW_MS)
    assert verdict.outcome == "broken"
    assert [verdict] == [one for some in judge_all([dossier], terms, NOW_MS) for one in some]
    return verdict.permitted


WEAK_ALONE = {
    "asked": {"seen": (ASKED,)},
    "exactly one bit": {"seen": (replace(ASKED, bits=1.0),)},
    "asked and habits, any number of bits": {"seen": (replace(ASKED, bits=180.0), replace(RHYTHM, bits=180.0))},
    "a campaign that is not reported": {"seen": (ASKED,), "campaign": campaign(extracting=False, harvest_bits=40.0)},
    "a campaign of which it is a bystander": {"seen": (ASKED,), "campaign": campaign(belongs=0.49)},
    "a campaign reported without harvest": {"seen": (ASKED,), "campaign": campaign(harvest_bits=0.5)},
    "content, less than one bit": {"seen": (replace(CONTENT, bits=0.99), ASKED)},
    "content that other content speaks against": {"seen": (CONTENT, replace(CONTENT, bits=-5.5), ASKED)},
    "content that is no number": {"seen": (replace(CONTENT, bits=math.nan), ASKED)},
    "content without end": {"seen": (replace(CONTENT, bits=math.inf), ASKED)},
}
NONE_SPEAKS = {
    "nothing": {"seen": ()},
    "asked, less than one bit": {"seen": (replace(ASKED, bits=0.99),)},
    "coordination": {"seen": (TOGETHER,)},
    "coordination under the name of a detector": {"seen": (replace(TOGETHER, detector="artefact_replay"),)},
    "a campaign that is not reported": {"seen": (), "campaign": campaign(extracting=False, harvest_bits=40.0)},
    "a campaign that nobody knows if it belongs to": {"seen": (), "campaign": campaign(belongs=math.nan)},
    "a campaign of which nobody knows the harvest": {"seen": (), "campaign": campaign(harvest_bits=math.nan)},
    "a campaign as a detector's class": {"seen": (Seen("pool", "campaign", 30.0, "acts together"),)},
    "coordination beside a campaign without harvest": {"seen": (TOGETHER,), "campaign": campaign(harvest_bits=0.0)},
}
CARRIES = {
    "content": {"seen": (CONTENT,)},
    "exactly one bit": {"seen": (replace(CONTENT, bits=1.0),)},
    "probing": {"seen": (Seen("logit_probing", "probing", 2.0, "40 biases"),)},
    "artefacts": {"seen": (Seen("artefact_replay", "artefacts", 9.0, "412 of 480"),)},
    "a reported campaign with harvest": {"seen": (), "campaign": campaign(belongs=0.5, harvest_bits=1.0)},
}


@pytest.mark.parametrize("changes", WEAK_ALONE.values(), ids=WEAK_ALONE)
@pytest.mark.parametrize("total", [-10.0, 90.0, math.nan])
def test_no_terms_restrict_on_weak_evidence_or_coordination_alone(changes: dict[str, object], total: float) -> None:
    [verdict] = judge(replaced(COPIER, total_bits=total, probability=1.0, **changes), lawless(), NOW_MS)

    assert verdict.outcome == "broken"
    assert verdict.permitted == MILD
    assert verdict.withheld == EVERYTHING[2:]
    assert verdict.by_person == ()


@pytest.mark.parametrize("changes", NONE_SPEAKS.values(), ids=NONE_SPEAKS)
@pytest.mark.parametrize("total", [-10.0, 90.0, math.nan])
def test_where_nothing_speaks_of_extraction_no_terms_even_write_to_anybody(
    changes: dict[str, object], total: float
) -> None:
    terms = lawless()
    [verdict] = judge(replaced(COPIER, total_bits=total, probability=1.0, **changes), terms, NOW_MS)

    assert verdict.outcome == "broken"
    assert verdict.permitted == (Action.OBSERVE,)
    assert verdict.withheld == EVERYTHING[1:]
    assert decided([verdict], terms) == [Action.OBSERVE]


@pytest.mark.parametrize("changes", CARRIES.values(), ids=CARRIES)
def test_the_same_terms_permit_their_actions_where_substantial_evidence_speaks(changes: dict[str, object]) -> None:
    [verdict] = judge(replaced(COPIER, **changes), lawless(), NOW_MS)

    assert verdict.permitted == EVERYTHING
    assert verdict.withheld == ()
    assert verdict.by_person == (Action.SUSPEND,), "a suspension is a person's even where the clause forgets it"


def test_it_is_the_floor_and_nothing_else_that_withholds(monkeypatch: pytest.MonkeyPatch) -> None:
    weak = replaced(COPIER, seen=(ASKED, RHYTHM))
    assert permitted(weak, lawless()) == MILD

    monkeypatch.setattr(judging, "carried", lambda actions, _dossier: actions)

    assert permitted(weak, lawless()) == EVERYTHING


def test_a_clause_with_nothing_mild_permits_nothing_at_all_on_weak_evidence() -> None:
    terms = lawless(actions=(Action.THROTTLE, Action.HOLD))
    [verdict] = judge(replaced(COPIER, seen=(ASKED,)), terms, NOW_MS)

    assert (verdict.outcome, verdict.permitted) == ("broken", ())
    assert verdict.withheld == (Action.THROTTLE, Action.HOLD)
    assert decided([verdict], terms) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ((("{classes: 2, strength: substantial}", "{classes: 2, strength: weak}"),), "weak-alone"),
        ((("{classes: 2, strength: substantial}", "{classes: 0}"),), "coordination-alone"),
        ((("strength: substantial", "strength: substantial, bits: 0.5"),), "coordination-alone"),
    ],
)
def test_what_lint_refuses_the_judge_withholds_from_lint_s_own_example(changes, rule: str) -> None:
    written = load(text(*changes).encode(), "unlinted.yaml")
    shown = {one.rule: one.witness for one in lint(written, NOW_MS)}
    [verdict] = judge(shown[rule], written.terms, NOW_MS)

    assert verdict.outcome == "broken"
    assert verdict.permitted == (MILD if rule == "weak-alone" else MILD[:1])
    assert verdict.permitted + verdict.withheld == written.terms.clauses[0].actions


def decided(verdicts, terms: Terms) -> list[Action]:
    live = Terms(terms.id, terms.version, tuple(replace(one, mode="live") for one in terms.clauses))
    known = {one.account: Facts(last_ms=NOW_MS, fresh_bits=99.0) for one in verdicts}
    made = decide(verdicts, live, Situation(facts=known, population=POPULATION), RULES, NOW_MS)
    return [one.action for one in (*made.taken, *(wait.decision for wait in made.waiting))]


lawless_clauses = st.builds(
    lambda asked, exempts, evidence, actions: lawless(
        conditions=tuple(asked),
        exemptions=tuple(exempts),
        least_classes=(evidence.among, evidence.fewest),
        least_strength=evidence.strength,
        least_bits=evidence.least_bits,
        actions=tuple(sorted(actions)),
    ),
    st.lists(conditions | st.just(Always()), max_size=3),
    st.lists(conditions, max_size=1),
    speaking,
    st.sets(st.sampled_from(Action), min_size=1),
)


@settings(max_examples=200)
@given(lawless_clauses | terms, dossiers())
def test_whatever_is_written_a_restriction_stands_on_substantial_evidence(terms, dossier) -> None:
    verdicts = judge(dossier, terms, NOW_MS)
    for verdict in verdicts:
        if any(one >= Action.THROTTLE for one in verdict.permitted):
            assert enough(dossier)
        if any(one >= Action.NOTIFY for one in verdict.permitted):
            assert anything(dossier)
        assert (Action.SUSPEND in verdict.permitted) == (Action.SUSPEND in verdict.by_person)
    assert enough(dossier) or all(one < Action.THROTTLE for one in decided(verdicts, terms))


@given(lawless_clauses, weak_dossiers())
def test_on_weak_evidence_no_terms_restrict(terms, dossier) -> None:
    assert not enough(dossier)
    assert all(one < Action.THROTTLE for verdict in judge(dossier, terms, NOW_MS) for one in verdict.permitted)


def voices(dossier: Dossier, clause: Clause) -> set[str]:
    """The classes that speak as the clause counts them, said once more."""
    among, _ = clause.least_classes
    said = {one.evidence_class for one in dossier.seen} - {"campaign", "coordination"}
    loud = {name for name in said if math.fsum(one.bits for one in dossier.seen if one.evidence_class == name)
            >= clause.least_bits}  # fmt: skip
    found = dossier.campaign
    pool = found is not None and found.extracting and found.belongs >= 0.5 and found.harvest_bits >= 1.0
    return (loud | ({"campaign"} if pool else set())) & set(among)


@settings(max_examples=150)
@given(clauses(), dossiers())
def test_a_broken_clause_has_as_many_classes_and_the_strength_that_it_asks_for(clause, dossier) -> None:
    strength = {"artefacts": 3, "campaign": 3, "probing": 2, "content": 2, "asked": 1, "habits": 1}
    [verdict] = judge(dossier, Terms("t", 1, (clause,)), NOW_MS)
    fewest = clause.least_classes[1]

    if verdict.outcome != "not met" and fewest:
        speaking = voices(dossier, clause)
        assert len(speaking) >= fewest
        assert max(strength[name] for name in speaking) >= clause.least_strength


@given(clauses(), dossiers())
def test_where_lint_finds_nothing_nothing_is_ever_withheld(clause, dossier) -> None:
    terms = Terms("t", 1, (clause,))
    fine = {"weak-alone", "coordination-alone", "too-many-cases"}.isdisjoint(
        one.rule for one in lint(type(loaded())(terms, "", {}), NOW_MS)
    )

    if fine:
        assert all(not one.withheld for one in judge(dossier, terms, NOW_MS))
