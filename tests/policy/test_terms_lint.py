"""Each rule of lint: what it finds, and the fine file in which it finds nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from policy.drawn import NOW_MS, clauses, dossiers, replaced, weak_dossiers
from policy.written_terms import SECOND, loaded
from stillwatch.model.decision import Action
from stillwatch.model.dossier import STRENGTH
from stillwatch.model.dossier_json import from_json, to_json
from stillwatch.model.terms import Terms
from stillwatch.policy.conditions.evidence.classes import WEIGHED, bits_of
from stillwatch.policy.judge import judge
from stillwatch.policy.language.load import Loaded
from stillwatch.policy.lint import RULES, lint
from stillwatch.policy.lint.places import named
from stillwatch.policy.lint.remark import Looked
from stillwatch.policy.reasoning.prove import is_broken

KNOWN = {"artefact_replay": "artefacts", "person": None}


def said(*changes: tuple[str, str], more: str = "") -> dict[str, str]:
    return {one.rule: one.says for one in lint(loaded(*changes, more=more), NOW_MS, KNOWN)}


def test_the_fine_file_is_clean() -> None:
    assert said() == {}


WEAK = ("{classes: 2, strength: substantial}", "{classes: 2, strength: weak}")
NONE = ("{classes: 2, strength: substantial}", "{classes: 0}")
HARVESTING = "all: [{campaign: {number: belongs, at_least: 0.5}}, {campaign: {number: harvest_bits, at_least: 1}}]"
MILD = ("actions: [observe, notify, throttle, hold, suspend]\n    by_person: [hold, suspend]", "actions: [notify]")


@pytest.mark.parametrize(
    ("rule", "changes", "says"),
    [
        ("coordination-alone", (NONE,), "can restrict where no class of evidence speaks"),
        ("weak-alone", (WEAK,), "can restrict on weak evidence alone (for example an account with"),
        (
            "weak-alone",
            (("{classes: 2, strength: substantial}", "{classes: 1, among: [asked], strength: weak}"),),
            "asked +2.0 bits",
        ),
        ("place-or-language", (("q_value: {at_most: 0.05}", "plan: {in: [trial-cn]}"),), "'trial-cn' in conditions"),
        ("place-or-language", (("q_value: {at_most: 0.05}", "plan: {in: [basic-china]}"),), "'basic-china'"),
        ("place-or-language", (("id: no-model-copying", "id: no-foreign-nationals"),), "'foreign'"),
        ("place-or-language", (("You may not", "Users in any unsupported country may not"),), "'country'"),
        ("place-or-language", (("We saw {facts}.", "Your Chinese prompts: {facts}."),), "the notice speaks of"),
        ("place-or-language", (("kind: research}", "kind: research}\n      - plan: {in: [us_citizen]}"),), "citizen"),
        ("needs-person", (("by_person: [hold, suspend]", "by_person: [hold]"),), "permits suspend without a person"),
        ("unreachable", (("q_value: {at_most: 0.05}", "total_bits: {at_most: 2}"),), "contradict each other"),
        ("unreachable", (("q_value: {at_most: 0.05}", "not: {total_bits: {at_least: 1}}"),), "contradict each other"),
        (
            "unreachable",
            (("q_value: {at_most: 0.05}", "all: [{requests: {at_most: 10}}, {requests_per_day: {at_least: 20}}]"),),
            "contradict each other",
        ),
        ("unreachable", (("kind: research}", "kind: research}\n      - total_bits: {at_least: 1}"),), "an exemption"),
        ("notice", (('    notice: "We saw {facts}. Until {until}. To contest: {appeal}"\n', ""),), "has no notice"),
        ("notice", ((" To contest: {appeal}", ""),), "does not say {appeal}"),
        ("notice", (("We saw {facts}.", "We saw things."),), "does not say {facts}"),
        ("notice", (("We saw {facts}.", "We saw {facts} in {city}."),), "never filled in"),
        ("appeal", (("    appeal: https://provider.example/appeals/{decision}\n", ""),), "has no way to appeal"),
        ("appeal", (("appeals/{decision}", "appeals"),), "does not name the decision"),
        ("expiry", (("2027-06-01", "2029-06-01"),), "not looked at again for more than 400 days"),
        ("expiry", (("2026-12-01", "2026-10-01"), ("2027-06-01", "2026-11-30")), "has ended"),
        ("outlives", (("2027-06-01", "2026-12-02"),), "longer than the clause itself"),
        ("outlives", (("72h", "91d"),), "more than 90 days"),
        (
            "agreements",
            (
                ("      - agreement: {kind: research}\n", ""),
                ("      - all: [{agreement: {kind: reseller}}, {attributed_share: {at_least: 0.95}}]\n", ""),
                ("agreement: {kind: red_team, longest: 31d}", "plan: {in: [partner]}"),
            ),
            "exempts nobody with an agreement",
        ),
        ("attribution", (("all: [{agreement: {kind: reseller}}, ", "any: [{agreement: {kind: reseller}}, "),), ""),
        ("red-team", ((", longest: 31d", ""),), "a red team of any length"),
        ("warns-first", (("[observe, notify,", "[observe,"),), "no step on which"),
        (
            "detector",
            (("q_value: {at_most: 0.05}", "detector_bits: {detector: artefact_repla, class: artefacts, at_least: 1}"),),
            "no detector is called artefact_repla",
        ),
        (
            "detector",
            (("q_value: {at_most: 0.05}", "detector_bits: {detector: artefact_replay, class: content, at_least: 1}"),),
            "is of class artefacts, not content",
        ),
    ],
)
def test_a_rule_finds_what_it_is_for(rule: str, changes: tuple[tuple[str, str], ...], says: str) -> None:
    if rule == "attribution":
        changes = (
            (
                "      - all: [{agreement: {kind: reseller}}, {attributed_share: {at_least: 0.95}}]",
                "      - agreement: {kind: reseller}",
            ),
        )
    found = said(*changes)

    assert rule in found, found
    assert says in found[rule]


@pytest.mark.parametrize(
    ("rule", "changes", "more"),
    [
        ("coordination-alone", (NONE, (MILD[0], "actions: [observe]")), ""),
        ("weak-alone", (WEAK, MILD), ""),
        ("weak-alone", (WEAK, ("q_value: {at_most: 0.05}", "class_bits: {class: content, at_least: 1}")), ""),
        ("weak-alone", (WEAK, ("q_value: {at_most: 0.05}", "campaign_reported: true"),
                        ("total_bits: {at_least: 3}", HARVESTING)), ""),
        ("place-or-language", (("You may not", "In natural language or with a large language model you may not"),), ""),
        ("place-or-language", (("q_value: {at_most: 0.05}", "plan: {in: [pro-us, team]}"),), ""),
        ("appeal", (("actions: [observe, notify, throttle, hold, suspend]", "actions: [observe]"),
                    ("    by_person: [hold, suspend]\n", ""),
                    ("    appeal: https://provider.example/appeals/{decision}\n", "")), ""),
        ("agreements", (("mode: live", "mode: shadow"), ("      - agreement: {kind: research}\n", "")), ""),
        ("detector", (("q_value: {at_most: 0.05}",
                       "detector_bits: {detector: person, class: habits, at_most: 1}"),), ""),
    ],
)  # fmt: skip
def test_a_rule_leaves_alone_what_it_is_not_for(rule: str, changes: tuple[tuple[str, str], ...], more: str) -> None:
    assert rule not in said(*changes, more=more)


def test_the_condition_of_a_campaign_that_may_be_a_bystander_s_is_weak() -> None:
    bystander = (
        WEAK,
        ("total_bits: {at_least: 3}", "campaign_reported: true"),
        ("q_value: {at_most: 0.05}", "campaign: {number: belongs, at_least: 0.4}"),
    )

    assert "weak-alone" in said(*bystander)


def test_a_clause_that_adds_nothing_is_named_once() -> None:
    narrower = SECOND.replace("at_least: 3}", "at_least: 4}")

    assert said(more=SECOND)["shadowed"].startswith("adds nothing: whatever breaks it breaks no-model-copying")
    assert [one.clause for one in lint(loaded(more=narrower), NOW_MS)] == ["second"]


def test_a_narrower_clause_with_a_stricter_ladder_is_no_shadow() -> None:
    narrower = SECOND.replace("at_least: 3}", "at_least: 4}").replace("throttle, hold", "throttle, restrict, hold")

    assert said(more=narrower) == {}


def test_the_same_conditions_with_two_ladders_contradict_each_other() -> None:
    other = SECOND.replace("[observe, notify, throttle, hold, suspend]", "[notify, throttle, restrict, hold, suspend]")
    spelt = other.replace("q_value: {at_most: 0.05}", "not: {not: {q_value: {at_most: 0.05}}}")

    assert "permits other actions" in said(more=other)["contradiction"]
    assert "permits other actions" in said(more=spelt)["contradiction"]


def test_a_narrower_clause_that_is_milder_is_named() -> None:
    milder = SECOND.replace("at_least: 3}", "at_least: 9}").replace(
        "[observe, notify, throttle, hold, suspend]\n    by_person: [hold, suspend]", "[notify, step_up]"
    )

    assert "is milder than no-model-copying" in said(more=milder)["milder-within"]


def test_remarks_name_the_line_and_errors_come_first() -> None:
    found = lint(loaded((", longest: 31d", ""), ("by_person: [hold, suspend]", "by_person: [hold]")), NOW_MS)

    assert [(one.rule, one.line) for one in found] == [("needs-person", 17), ("red-team", 16)]


def test_terms_built_without_a_file_are_linted_too() -> None:
    [clause] = loaded().terms.clauses
    fields = {name: getattr(clause, name) for name in clause.__slots__}
    endless = type(clause)(**(fields | {"until_ms": 1 << 62, "lasts_h": float("inf")}))

    found = lint(Loaded(Terms("t", 1, (endless,)), "", {}), NOW_MS)

    assert {(one.rule, one.severity, one.line) for one in found} == {("expiry", "error", 0)}
    assert len(found) == 2


@pytest.mark.parametrize(
    "text",
    [
        "accounts of Brazilian customers",
        "whose native-speaker",
        "a user from Iran",
        "South Korea",
        "by nationality",
        "prompts in other languages",
        "the country of the card",
        "Jordan",
    ],
)
def test_a_text_about_people_or_places_is_seen(text: str) -> None:
    assert named(text)


@pytest.mark.parametrize(
    "text",
    [
        "a large language model",
        "natural-language prompts",
        "in a programming language",
        "polish the wording",
        "signed for other owners; carried foreign reasoning",
        "a turkey and a jordan almond",
        "a race condition",
        "Provider may restrict the Service.",
    ],
)
def test_an_honest_text_is_left_alone(text: str) -> None:
    assert named(text) == ""


def restricting(clause):
    fields = {name: getattr(clause, name) for name in clause.__slots__}
    actions = tuple(sorted({*clause.actions, Action.THROTTLE}))
    return type(clause)(**(fields | {"actions": actions}))


def errors(clause) -> dict[str, object]:
    """Errors about what a clause can restrict on, with their witnesses; these rules are the first two."""
    terms = Terms("drawn", 1, (clause,))
    found = [one for rule in RULES[:2] for one in rule(looked(terms))]
    return {one.rule: one.witness for one in found}


def looked(terms: Terms):
    return Looked(terms, NOW_MS)


@settings(max_examples=300)
@given(clauses().map(restricting), weak_dossiers())
def test_what_lint_lets_pass_is_never_broken_on_weak_evidence_alone(clause, dossier) -> None:
    if not errors(clause):
        assert not is_broken(dossier, clause)


@settings(max_examples=300)
@given(clauses().map(restricting))
def test_an_error_comes_with_a_dossier_that_the_judge_judges_broken(clause) -> None:
    for rule, witness in errors(clause).items():
        assert witness is not None, rule
        assert {one.outcome for one in judge(witness, Terms("t", 1, (clause,)), clause.from_ms)} == {"broken"}
        assert all(not bits_of(witness, name) >= 1 for name in WEIGHED if STRENGTH[name] > 1)
        campaign = witness.campaign
        assert not (campaign and campaign.extracting and campaign.belongs >= 0.5 and campaign.harvest_bits >= 1)
        assert is_broken(from_json(to_json(witness)), clause), "a witness survives being written down"


@given(clauses().map(restricting), dossiers())
def test_coordination_alone_never_breaks_what_lint_lets_pass(clause, dossier) -> None:
    bare = replaced(dossier, seen=tuple(one for one in dossier.seen if one.evidence_class == "coordination"))
    if bare.campaign and bare.campaign.extracting:
        bare = replaced(bare, campaign=None)
    if "coordination-alone" not in errors(clause):
        assert not is_broken(bare, clause)
