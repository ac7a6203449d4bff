"""Conditions, clauses and dossiers drawn at random, of few values each, so that bounds are met exactly and narrowly."""

from __future__ import annotations

import math
from typing import get_args

from hypothesis import strategies as st

from stillwatch.model.decision import Action
from stillwatch.model.dossier import STRENGTH, Agreement, AgreementKind, Belonging, Dossier, Seen
from stillwatch.model.terms import Clause, Terms
from stillwatch.policy.conditions.account.numbers import (
    AccountAge,
    AttributedShare,
    Requests,
    RequestsPerDay,
    TokensOut,
)
from stillwatch.policy.conditions.account.plan import PlanIn
from stillwatch.policy.conditions.agreed.agreement import Agreed
from stillwatch.policy.conditions.campaign.numbers import CampaignBound
from stillwatch.policy.conditions.campaign.reported import CampaignReported
from stillwatch.policy.conditions.evidence.classes import WEIGHED, ClassBits
from stillwatch.policy.conditions.evidence.detector import DetectorBits
from stillwatch.policy.conditions.evidence.numbers import Chance, QValue, TotalBits
from stillwatch.policy.conditions.evidence.speaking import COUNTABLE, Speaking
from stillwatch.policy.conditions.logic import All, AnyOf, Not

DAY_MS = 86_400_000
NOW_MS = 1_796_083_200_000
BITS = (-4.0, -1.0, 0.0, 0.5, 1.0, 3.0, 6.0, 13.0)
CHANCES = (0.0, 0.1, 0.5, 0.9, 1.0)
COUNTS = (0.0, 1.0, 10.0, 200.0, 5000.0)
DAYS = (0.0, 1.0, 30.0, 365.0)
PLANS = ("free", "pro", "enterprise")
DETECTORS = ("artefact_replay", "harvest_shape", "rhythm")
KINDS = get_args(AgreementKind)


def ends(values: tuple[float, ...]) -> st.SearchStrategy[dict[str, float]]:
    """Bounds of a condition: one, or two in order."""
    value = st.sampled_from(values)
    least, most = value.map(lambda x: {"least": x}), value.map(lambda x: {"most": x})
    both = st.tuples(value, value).map(lambda p: {"least": min(p), "most": max(p)})
    return st.one_of(least, least, most, both)


leaves = st.one_of(
    ends(BITS).map(lambda b: TotalBits(**b)),
    ends(CHANCES).map(lambda b: Chance(**b)),
    ends(CHANCES).map(lambda b: QValue(**b)),
    st.tuples(st.sampled_from(WEIGHED), ends(BITS)).map(lambda p: ClassBits(evidence_class=p[0], **p[1])),
    st.tuples(st.sampled_from(DETECTORS), st.sampled_from(WEIGHED), ends(BITS)).map(
        lambda p: DetectorBits(detector=p[0], evidence_class=p[1], **p[2])
    ),
    st.booleans().map(CampaignReported),
    st.tuples(st.sampled_from(("belongs", "one_operator", "extraction")), ends(CHANCES)).map(
        lambda p: CampaignBound(number=p[0], **p[1])
    ),
    ends(BITS).map(lambda b: CampaignBound(number="harvest_bits", **b)),
    ends((-20.0, -7.0, 0.0)).map(lambda b: CampaignBound(number="log_p_rest", **b)),
    ends(COUNTS).map(lambda b: Requests(**b)),
    ends(COUNTS).map(lambda b: RequestsPerDay(**b)),
    ends(COUNTS).map(lambda b: TokensOut(**b)),
    st.sets(st.sampled_from(PLANS), min_size=1).map(lambda names: PlanIn(tuple(sorted(names)))),
    ends(DAYS).map(lambda b: AccountAge(**b)),
    st.tuples(st.sampled_from(KINDS), st.sampled_from((24.0, 720.0, math.inf))).map(lambda p: Agreed(*p)),
    ends(CHANCES).map(lambda b: AttributedShare(**b)),
)

conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3, unique=True).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3, unique=True).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=6,
)

speaking = st.builds(
    lambda among, fewest, strength, bits: Speaking(tuple(sorted(among)), min(fewest, len(among)), strength, bits),
    st.sets(st.sampled_from(COUNTABLE), min_size=1),
    st.integers(0, 3),
    st.integers(1, 3),
    st.sampled_from((0.5, 1.0, 3.0)),
)


@st.composite
def clauses(draw: st.DrawFn, name: str = "drawn") -> Clause:
    """A clause that has begun and restricts."""
    evidence = draw(speaking)
    actions = sorted(draw(st.sets(st.sampled_from(Action), min_size=1)))
    return Clause(
        id=name,
        sentence="You may not use outputs to train a competing model.",
        conditions=tuple(draw(st.lists(conditions, min_size=1, max_size=3))),
        least_classes=(evidence.among, evidence.fewest),
        exemptions=tuple(draw(st.lists(conditions, max_size=2))),
        actions=tuple(actions),
        notice="We saw {facts}. It lasts until {until}. To contest: {appeal}",
        appeal="https://provider.example/appeals/{decision}",
        lasts_h=draw(st.sampled_from((24.0, 72.0, 168.0))),
        from_ms=NOW_MS - DAY_MS,
        until_ms=NOW_MS + 90 * DAY_MS,
        mode=draw(st.sampled_from(("shadow", "live"))),
        jurisdictions=(),
        least_strength=evidence.strength,
        least_bits=evidence.least_bits,
        by_person=tuple(one for one in actions if one is Action.SUSPEND),
    )


terms = st.lists(st.none(), min_size=1, max_size=3).flatmap(
    lambda some: st.tuples(*(clauses(f"clause-{at}") for at in range(len(some)))).map(lambda cs: Terms("drawn", 1, cs))
)

_or_unknown = st.sampled_from((*CHANCES, math.nan))
seen = st.builds(
    Seen,
    st.sampled_from((*DETECTORS, "other")),
    st.sampled_from((*WEIGHED, "campaign", "coordination")),
    st.sampled_from(BITS),
    st.just("12 of 40 prompts"),
)
belonging = st.builds(
    Belonging,
    name=st.just("c-1"),
    accounts=st.just(30),
    belongs=_or_unknown,
    one_operator=_or_unknown,
    extraction=_or_unknown,
    harvest_bits=st.sampled_from(BITS),
    log_p_rest=st.sampled_from((-20.0, -7.0, 0.0, math.nan)),
    extracting=st.booleans(),
    sentence=st.just("30 accounts"),
)
agreements = st.builds(
    lambda kind, start, length, pace: Agreement(kind, "A-7", NOW_MS + start, NOW_MS + start + length, pace),
    st.sampled_from(KINDS),
    st.sampled_from((-90 * DAY_MS, -DAY_MS // 2, DAY_MS)),
    st.sampled_from((DAY_MS, 30 * DAY_MS, 365 * DAY_MS)),
    st.sampled_from((10.0, math.inf)),
)


@st.composite
def dossiers(draw: st.DrawFn) -> Dossier:
    """A dossier near the bounds that conditions have."""
    days = draw(st.sampled_from((0, 1, 10, 90)))
    return Dossier(
        account=draw(st.integers(-3, 3)),
        at_ms=NOW_MS,
        plan=draw(st.sampled_from(("", *PLANS))),
        signup_ms=draw(st.sampled_from((-1, *(NOW_MS - int(d) * DAY_MS for d in DAYS)))),
        organisation=draw(st.integers(0, 2)),
        events=draw(st.sampled_from([int(c) for c in COUNTS])),
        first_ms=NOW_MS - days * DAY_MS,
        last_ms=NOW_MS,
        tokens_out=draw(st.sampled_from((-1, *(int(c) for c in COUNTS)))),
        total_bits=draw(st.sampled_from((*BITS, math.nan))),
        probability=draw(_or_unknown),
        q_value=draw(_or_unknown),
        seen=tuple(draw(st.lists(seen, max_size=5))),
        cannot_tell=draw(st.sampled_from(({}, {"rhythm": "no times in the log"}))),
        campaign=draw(st.none() | belonging),
        agreements=tuple(draw(st.lists(agreements, max_size=2))),
        attributed_share=draw(_or_unknown),
    )


@st.composite
def weak_dossiers(draw: st.DrawFn) -> Dossier:
    """A dossier in which nothing stronger than weak evidence speaks."""
    found = draw(dossiers())
    seen = list(found.seen)
    for name in (one for one in WEIGHED if STRENGTH[one] > 1):
        bits = sum(one.bits for one in found.seen if one.evidence_class == name)
        # Half a bit is left: it is no evidence that anything may rest on.
        seen += [Seen("other", name, 0.5 - bits, "speaks for the account")] if bits >= 1 else []
    campaign = found.campaign
    if campaign and campaign.extracting and campaign.belongs >= 0.5 and campaign.harvest_bits >= 1:
        campaign = None
    return replaced(found, seen=tuple(seen), campaign=campaign)


def replaced(dossier: Dossier, **changes: object) -> Dossier:
    """The same dossier but for some fields."""
    kept = {name: getattr(dossier, name) for name in Dossier.__slots__}
    return Dossier(**(kept | changes))
