"""Whom a broken clause spares: every kind of agreement, its window and pace, and declarations that are forged."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.drawn import DAY_MS, KINDS, NOW_MS, replaced
from policy.test_judge_terms import COPIER
from policy.written_terms import loaded
from stillwatch.model.decision import Action
from stillwatch.model.dossier import Agreement, AgreementKind, Seen
from stillwatch.model.dossier_json import from_json, to_json
from stillwatch.model.errors import FormatError
from stillwatch.model.verdict import Met, NotMet, Verdict
from stillwatch.policy.conditions.agreed.agreement import Agreed
from stillwatch.policy.judge import judge
from stillwatch.policy.lint.exempt import leaves
from stillwatch.policy.lint.remark import can_restrict
from stillwatch.policy.shipped import SHIPPED, shipped

OPEN = """
      - agreement: {kind: research}
      - all: [{agreement: {kind: reseller}}, {attributed_share: {at_least: 0.95}}]
      - agreement: {kind: own_model}
      - agreement: {kind: evaluation}
      - agreement: {kind: red_team, longest: 31d}"""
SPARES = loaded(
    (
        """
      - agreement: {kind: research}
      - all: [{agreement: {kind: reseller}}, {attributed_share: {at_least: 0.95}}]
      - agreement: {kind: red_team, longest: 31d}""",
        OPEN,
    )
).terms
every_kind = pytest.mark.parametrize("kind", KINDS)


def agreed(kind: AgreementKind, from_d: float = -1, until_d: float = 20, pace: float = math.inf) -> Agreement:
    """An agreement from and until some days after the dossier was put together."""
    return Agreement(kind, f"C-{kind}", NOW_MS + int(from_d * DAY_MS), NOW_MS + int(until_d * DAY_MS), pace)


def told(*agreements: Agreement, terms=SPARES, **changes: object) -> Verdict:
    """Judge the copier with some agreements; its requests name their customers unless said otherwise."""
    dossier = replaced(COPIER, **({"agreements": agreements, "attributed_share": 0.99} | changes))
    [verdict] = judge(dossier, terms, NOW_MS)
    return verdict


def why(verdict: Verdict, kind: str) -> str:
    return next(
        one.reason for one in verdict.exemptions if isinstance(one, NotMet) and f"kind: {kind}" in one.condition
    )


def test_without_an_agreement_the_clause_is_broken_and_every_exemption_was_tried() -> None:
    verdict = told()

    assert verdict.outcome == "broken"
    assert [one.condition for one in verdict.exemptions] == [
        "agreement: {kind: research}",
        "all: [{agreement: {kind: reseller}}, {attributed_share: {at_least: 0.95}}]",
        "agreement: {kind: own_model}",
        "agreement: {kind: evaluation}",
        "agreement: {kind: red_team, longest: 744h}",
    ]
    assert all("no agreement on record" in why(verdict, kind) for kind in KINDS)


@every_kind
def test_an_agreement_of_each_kind_spares_and_permits_nothing(kind: AgreementKind) -> None:
    verdict = told(agreed(kind))

    assert verdict.outcome == "exempt"
    assert verdict.permitted == verdict.by_person == verdict.withheld == ()
    [met] = [one for one in verdict.exemptions if isinstance(one, Met)]
    assert f"C-{kind}" in met.fact


@every_kind
def test_an_agreement_of_each_kind_ends_to_the_millisecond(kind: AgreementKind) -> None:
    until = agreed(kind, -20, 0).until_ms

    ends_after = replaced(COPIER, agreements=(replace(agreed(kind, -20, 0), until_ms=until + 1),), attributed_share=1.0)
    ends_now = replaced(ends_after, agreements=(agreed(kind, -20, 0),))

    assert [one.outcome for one in judge(ends_after, SPARES, NOW_MS)] == ["exempt"]
    [over] = judge(ends_now, SPARES, NOW_MS)
    assert over.outcome == "broken"
    assert "has ended, and there were requests since" in why(over, kind)


@every_kind
def test_an_agreement_of_each_kind_begins_to_the_millisecond(kind: AgreementKind) -> None:
    begins = Agreement(kind, "C-1", NOW_MS, NOW_MS + 9 * DAY_MS)

    assert told(begins).outcome == "exempt"
    later = told(replace(begins, from_ms=NOW_MS + 1))
    assert later.outcome == "broken"
    assert "has not begun" in why(later, kind)


@every_kind
def test_who_asked_for_nothing_since_an_agreement_ended_is_still_spared_by_it(kind: AgreementKind) -> None:
    ended = agreed(kind, -20, -2)

    assert told(ended, last_ms=ended.until_ms - 1).outcome == "exempt"
    assert told(ended, last_ms=ended.until_ms).outcome == "broken", "one request since, and it covers nothing"
    assert told(ended, last_ms=ended.from_ms - 1, first_ms=0).outcome == "broken", "nothing was asked while it lasted"


@every_kind
def test_an_agreement_of_each_kind_covers_its_pace_and_no_more(kind: AgreementKind) -> None:
    assert told(agreed(kind, pace=100.0)).outcome == "exempt"
    faster = told(agreed(kind, pace=99.9))
    assert faster.outcome == "broken"
    assert "covers 99.9 requests a day, seen were 100" in why(faster, kind)
    assert told(agreed(kind, pace=math.nan)).outcome == "broken"


@every_kind
def test_an_agreement_that_begins_later_is_not_reached_by_a_clock_that_is_ahead(kind: AgreementKind) -> None:
    begins = agreed(kind, 1, 20)

    assert told(begins, last_ms=begins.from_ms + 1).outcome == "broken"


def told_kind(kind: AgreementKind, other: AgreementKind) -> str:
    [clause] = SPARES.clauses
    of_kind = tuple(one for one in clause.exemptions if f"kind: {kind}" in str(one))
    return told(agreed(other), terms=replace(SPARES, clauses=(replace(clause, exemptions=of_kind),))).outcome


@every_kind
@pytest.mark.parametrize("other", KINDS)
def test_an_agreement_of_one_kind_is_none_of_another(kind: AgreementKind, other: AgreementKind) -> None:
    assert told_kind(kind, other) == ("exempt" if kind == other else "broken")


def test_a_red_team_has_a_window_and_a_longer_one_is_none() -> None:
    assert told(agreed("red_team", -1, 30)).outcome == "exempt"
    longer = told(agreed("red_team", -1, 30.001))
    assert longer.outcome == "broken"
    assert "at most 31 are asked for" in why(longer, "red_team")
    assert told(agreed("red_team", -400, 400), agreed("red_team", -1, 30)).outcome == "exempt"


def test_an_agreement_that_ends_before_it_begins_covers_nothing() -> None:
    assert told(Agreement("red_team", "C-1", NOW_MS + DAY_MS, NOW_MS - DAY_MS)).outcome == "broken"


@pytest.mark.parametrize(
    ("share", "outcome"), [(1.0, "exempt"), (0.95, "exempt"), (0.949, "broken"), (0.0, "broken"), (math.nan, "not met")]
)
def test_a_reseller_needs_the_licence_and_requests_that_name_customers(share: float, outcome: str) -> None:
    assert told(agreed("reseller"), attributed_share=share).outcome == outcome


FORGED = {
    "a header that names customers, and no licence": {"attributed_share": 1.0},
    "a plan that calls itself research": {"plan": "research"},
    "a plan that calls itself reseller, and the header": {"plan": "reseller", "attributed_share": 1.0},
    "a purpose that the customer wrote": {
        "seen": (*COPIER.seen, Seen("declared", "habits", -2.0, "the customer declared research"))
    },
    "an organisation that others have agreements with": {"organisation": 12},
    "a reason that quotes an agreement": {"cannot_tell": {"agreement": "research R-2 is in force"}},
    "a detector called like an agreement": {
        "seen": (*COPIER.seen, Seen("agreement: {kind: research}", "habits", -1.0, "agreement R-2 is in force"))
    },
    "an age before the agreement could be": {"signup_ms": 0},
}


@pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED)
def test_what_a_customer_declares_exempts_nobody_only_the_register_does(changes: dict[str, object]) -> None:
    verdict = told(**({"attributed_share": 0.0} | changes))

    assert verdict.outcome == "broken"
    assert Action.THROTTLE in verdict.permitted


def test_a_licence_that_is_over_is_not_revived_by_the_header() -> None:
    assert told(agreed("reseller", -300, -30), attributed_share=1.0).outcome == "broken"


@pytest.mark.parametrize(
    "forged",
    [
        '["friend","R-1",0,99999999999999,null]',
        '["research","R-1",0,99999999999999999,null]',
        '["research","R-1",0,null,null]',
        '["research","R-1",-5,9,null]',
        '["research","R-1","0","9",null]',
        '["research","R-1",0,9,"all"]',
        '["research","R-1",0,9]',
        '{"kind":"research"}',
        "true",
    ],
)
def test_a_dossier_with_a_malformed_agreement_is_refused_and_judges_nobody(forged: str) -> None:
    line = to_json(COPIER)
    assert '"agreements":[]' in line

    with pytest.raises(FormatError, match=r"agreements|until_ms|from_ms|kind|requests_per_day"):
        from_json(line.replace('"agreements":[]', f'"agreements":[{forged}]'))


@pytest.mark.parametrize("name", SHIPPED)
@every_kind
def test_shipped_clauses_that_restrict_spare_every_kind(name: str, kind: AgreementKind) -> None:
    for clause in filter(can_restrict, shipped(name).terms.clauses):
        known = {one.kind: one for one in leaves(clause.exemptions) if isinstance(one, Agreed)}
        assert kind in known, clause.id
        assert kind != "red_team" or known[kind].longest_h <= 31 * 24


@given(
    st.lists(
        st.builds(
            agreed,
            st.sampled_from(KINDS),
            st.floats(-90, 20),
            st.floats(-90, 90),
            st.sampled_from((1.0, 500.0, math.inf)),
        ),
        max_size=4,
    ),
    st.sampled_from((0.0, 0.95, 1.0, math.nan)),
    st.integers(0, 30),
)
def test_an_account_is_spared_where_one_agreement_fits_and_never_otherwise(agreements, share, idle_d) -> None:
    last_ms = NOW_MS - idle_d * DAY_MS
    dossier = replaced(
        COPIER, agreements=tuple(agreements), attributed_share=share, last_ms=last_ms, first_ms=last_ms - 9 * DAY_MS
    )

    def fits(one: Agreement) -> bool:
        lasts = one.until_ms - one.from_ms
        in_force = any(one.from_ms <= at < one.until_ms for at in (NOW_MS, last_ms))
        short = one.kind != "red_team" or lasts <= 31 * DAY_MS
        return in_force and one.requests_per_day >= 100 and short

    kinds = {one.kind for one in agreements if fits(one)}
    spared = bool(kinds - {"reseller"}) or ("reseller" in kinds and share >= 0.95)
    untold = "reseller" in kinds and math.isnan(share)
    [verdict] = judge(dossier, SPARES, NOW_MS)

    assert verdict.outcome == ("exempt" if spared else "not met" if untold else "broken")
    assert bool(verdict.permitted) == (not spared and not untold)
