"""Deciding: verdicts, an account's past and the guards -> decisions, and those that wait for a person. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillwatch.enforcement.draft import draft
from stillwatch.enforcement.guards import trips
from stillwatch.enforcement.ladder import counted, joining, next_steps, wary
from stillwatch.enforcement.together import joined, key_of, level, levelled
from stillwatch.model.decision import HUMAN_ONLY, Waiting, begun, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stillwatch.enforcement.guards import Trip
    from stillwatch.enforcement.ladder import Step
    from stillwatch.enforcement.rules import Rules
    from stillwatch.enforcement.situation import Facts, Situation
    from stillwatch.enforcement.together import Whole
    from stillwatch.model.decision import Decision, OnRecord
    from stillwatch.model.terms import Clause, Terms
    from stillwatch.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of one run."""

    taken: tuple[Decision, ...]
    """Decisions that no person has to take, shadow ones included."""
    waiting: tuple[Waiting, ...]
    """Decisions that wait for a person, each with the reason."""
    verdicts: Mapping[str, Verdict]
    """Decision -> the verdict it comes from, of both."""
    trips: tuple[Trip, ...]
    """Guards that tripped."""
    steps: Mapping[str, str]
    """Decision -> why this step."""


@dataclass(frozen=True, slots=True)
class _Draft:
    decision: Decision
    verdict: Verdict
    step: Step
    person: str


def decide(verdicts: Iterable[Verdict], terms: Terms, situation: Situation, rules: Rules, now_ms: int) -> Decided:
    """Decide what is done.

    Parameters
    ----------
    verdicts
        All verdicts of a run; those that are not ``broken`` come to nothing.
    terms
        The terms they were judged by: notices, appeal routes, how long decisions last.
    situation
        Everything else, read in the transaction that will record the outcome.
    rules
        Ladder, limits, delays.
    now_ms
        The moment (ms since 1970).

    Returns
    -------
    Decided
        At most one automatic decision an account, the strictest next step of its broken clauses, beside shadow ones.

    Notes
    -----
    Linear in the verdicts and the pasts. Equal input gives equal output. Members of a campaign stand on one step.
    Blind spot: only accounts with a verdict of their own are acted on; a campaign's members that no clause names
    are left alone.
    """
    clauses = {clause.id: clause for clause in terms.clauses}
    broken = [verdict for verdict in verdicts if verdict.outcome == "broken" and verdict.clause in clauses]
    together = joined(broken, situation)
    drafts: dict[tuple[int, str], list[_Draft]] = defaultdict(list)
    stepped = [
        (verdict, _steps(verdict, situation, rules, now_ms, together.get(key_of(verdict)))) for verdict in broken
    ]
    levels = level(stepped)
    for verdict, own in stepped:
        steps = levelled(verdict, own, levels.get(key_of(verdict)), rules.ladder)
        whole = together.get(key_of(verdict))
        for one in _drafts(verdict, steps, clauses[verdict.clause], situation, rules, now_ms, whole):
            drafts[verdict.account, verdict.clause if verdict.shadow else ""].append(one)
    picked = [one for of_account in drafts.values() for one in _strictest(of_account)]
    return _guarded(picked, situation, rules)


def _drafts(
    verdict: Verdict,
    steps: tuple[Step, ...],
    clause: Clause,
    situation: Situation,
    rules: Rules,
    now_ms: int,
    whole: Whole | None,
) -> list[_Draft]:
    own, facts = situation.past.get(verdict.account, ()), situation.of(verdict.account)
    ordinal = sum(one.decision.clause == verdict.clause and one.decision.shadow == verdict.shadow for one in own)

    def made(step: Step, person: str) -> _Draft:
        return _Draft(draft(verdict, clause, step, ordinal, rules.stagger, now_ms), verdict, step, person)

    if verdict.shadow:
        # What a person would have to decide is watched, too; only what never is a machine's is left out.
        return [made(step, "") for step in steps if step.action not in HUMAN_ONLY][:1]
    if verdict.account in situation.held:
        return []
    joint = whole.past if whole else ()
    reason = _agreed(facts, now_ms) or wary(own, joint, rules.ladder, now_ms)
    under = _covered(own, now_ms)
    return [made(step, step.person or reason) for step in steps if step.action > under]


def _covered(own: Sequence[OnRecord], now_ms: int) -> int:
    """Give the strictest action running or about to run, of whatever clause: a milder one beside it adds nothing."""
    return max(
        (one.decision.action for one in own if one.until_ms > now_ms and one.lifted_ms < 0 and not one.decision.shadow),
        default=-1,
    )


def _steps(verdict: Verdict, situation: Situation, rules: Rules, now_ms: int, whole: Whole | None) -> tuple[Step, ...]:
    """Give an account's next steps; a member that is found later stands on its campaign's step at once."""
    mine = counted(situation.past.get(verdict.account, ()), verdict, rules.ladder, now_ms)
    if whole is None:
        return next_steps(verdict, mine, situation.of(verdict.account), rules.ladder, now_ms)
    past = counted(whole.past, verdict, rules.ladder, now_ms)
    climbed = next_steps(verdict, past, whole.facts, rules.ladder, now_ms)
    if climbed or not past:
        return climbed
    running = max((one.decision.action for one in past if one.until_ms > now_ms), default=None)
    if running is None or any(one.until_ms > now_ms for one in mine):
        return ()
    return joining(verdict, running, rules.ladder)


def _agreed(facts: Facts, now_ms: int) -> str:
    for agreement in facts.agreements:
        if agreement.covers(now_ms):
            until = moment(agreement.until_ms)
            return f"the agreement {agreement.reference} ({agreement.kind}) is in force until {until}"
    return ""


def _strictest(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Keep one automatic and one waiting draft of an account: the strictest, of equal ones the first clause's."""
    alone = [one for one in drafts if not one.person]
    person = [one for one in drafts if one.person]
    best = max(alone, key=lambda one: one.decision.action) if alone else None
    ask = max(person, key=lambda one: one.decision.action) if person else None
    if best and ask and ask.decision.action <= best.decision.action:
        ask = None
    return [one for one in (best, ask) if one]


def _guarded(picked: Sequence[_Draft], situation: Situation, rules: Rules) -> Decided:
    tripped = trips([one.decision for one in picked if not one.person], situation, rules.limits)
    taken, waiting = [], []
    for one in picked:
        reasons = [one.person] if one.person else _stopped_by(one.decision, tripped)
        if reasons:
            waiting.append(Waiting(one.decision, "; ".join(reasons)))
        else:
            taken.append(begun(one.decision))
    return Decided(
        taken=tuple(taken),
        waiting=tuple(waiting),
        verdicts={one.decision.id: one.verdict for one in picked},
        trips=tripped,
        steps={one.decision.id: one.step.why for one in picked},
    )


def _stopped_by(decision: Decision, tripped: Sequence[Trip]) -> list[str]:
    if decision.shadow or not decision.action:
        return []
    return [one.sentence for one in tripped if one.accounts is None or decision.account in one.accounts]
