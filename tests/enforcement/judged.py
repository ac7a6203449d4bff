"""Terms, verdicts and situations made up for the tests of deciding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stillwatch.enforcement.rules import Limits, Rules
from stillwatch.enforcement.situation import Facts, Population, Situation, Traits
from stillwatch.model.decision import Action, Decision, OnRecord
from stillwatch.model.terms import Clause, Terms
from stillwatch.model.verdict import EvidenceItem, Verdict

if TYPE_CHECKING:
    from stillwatch.model.dossier import EvidenceClass

NOW = 1_790_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
LADDER = (Action.NOTIFY, Action.THROTTLE, Action.RESTRICT, Action.HOLD, Action.SUSPEND)


def clause(id_: str = "no-model-copying", **changes: object) -> Clause:
    made = Clause(
        id=id_,
        sentence="You may not use answers to develop a competing model.",
        conditions=(),
        least_classes=((), 0),
        exemptions=(),
        actions=LADDER,
        notice="We saw: {facts} Until {until}. Contest it: {appeal}",
        appeal="https://lab.example/appeals/{decision}",
        lasts_h=48.0,
        from_ms=0,
        until_ms=NOW * 2,
        mode="live",
        jurisdictions=(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


TERMS = Terms("lab", 1, (clause(), clause("no-resale")))


def verdict(account: int = 7, classes: tuple[EvidenceClass, ...] = ("asked",), **changes: object) -> Verdict:
    evidence = tuple(EvidenceItem(kind, 5.0, f"{kind}: 640 of 900 requests.") for kind in classes)
    made = Verdict(
        account=account,
        clause="no-model-copying",
        terms="lab@1",
        outcome="broken",
        shadow=False,
        answers=(),
        exemptions=(),
        evidence=evidence,
        permitted=LADDER,
        campaign="",
        at_ms=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def on_record(account: int = 7, action: Action = Action.NOTIFY, **changes: object) -> OnRecord:
    lifted = changes.pop("lifted_ms", -1)
    made = Decision(
        id=f"d-{account}-{action}",
        account=account,
        action=action,
        clause="no-model-copying",
        terms="lab@1",
        campaign="",
        evidence=(),
        notice="n",
        appeal="a",
        from_ms=NOW - 10 * DAY,
        until_ms=NOW - 5 * DAY,
        by="policy",
        shadow=False,
        at_ms=NOW - 10 * DAY,
    )
    return OnRecord(replace(made, **changes), "c", lifted)  # type: ignore[arg-type]


def facts(**changes: object) -> Facts:
    return replace(Facts(traits=Traits("free", "small", "none", "openai"), last_ms=NOW, fresh_bits=9.0), **changes)  # type: ignore[arg-type]


PLANS = {"free": 60_000, "team": 30_000, "enterprise": 10_000}
POPULATION = Population(
    active=100_000,
    cohorts={("plan", name): number for name, number in PLANS.items()}
    | {("size", "small"): 90_000, ("size", "large"): 10_000}
    | {("agreement", "none"): 99_000, ("agreement", "research"): 1_000}
    | {("sdk", "openai"): 70_000, ("sdk", "anthropic"): 30_000},
)


def situation(**changes: object) -> Situation:
    return replace(Situation(population=POPULATION), **changes)  # type: ignore[arg-type]


RULES = Rules()


def limited(**changes: object) -> Rules:
    return replace(RULES, limits=replace(Limits(), **changes))  # type: ignore[arg-type]
