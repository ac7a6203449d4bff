"""Guards before anything automatic: how many, which cohorts. Whatever trips makes decisions wait for a person.

They look at numbers only and know nothing of the evidence: they are what stands between a wrong weight, a wrong
clause or a poisoned log and ten thousand customers.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.enforcement.situation import TRAITS
from stillwatch.model.decision import Action
from stillwatch.statistics.tails import log_binomial_tail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.enforcement.rules import Limits
    from stillwatch.enforcement.situation import Situation
    from stillwatch.model.decision import Decision

DAY_MS: Final = 86_400_000
"""Time over which the limits of a day look back (ms)."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A guard that tripped."""

    guard: str
    """``switch``, ``blast`` or ``cohort``."""
    sentence: str
    """What was found, with numbers; shown to the person who decides."""
    accounts: frozenset[int] | None = None
    """Whose decisions wait; None: everybody's of this run."""


def trips(decisions: Sequence[Decision], situation: Situation, limits: Limits) -> tuple[Trip, ...]:
    """Ask every guard about the automatic decisions of one run.

    Parameters
    ----------
    decisions
        What would be done by no person; shadow decisions and mere observations touch nobody and are left out.
    situation
        Who was acted on in the past 24 h, who there is, whether the kill switch is on.
    limits
        What is allowed.

    Returns
    -------
    tuple of Trip
        Empty where all may go on.

    Notes
    -----
    Blind spot: slow creep below the daily limits; the fairness report looks at longer spans.
    """
    touching = [one for one in decisions if one.action > Action.OBSERVE and not one.shadow]
    if not touching:
        return ()
    if situation.stopped:
        return (Trip("switch", situation.stopped),)
    return (*_blast(touching, situation, limits), *_cohorts(touching, situation, limits))


def allowed(number: int, share: float, few: int) -> int:
    """Give how many accounts a share of a number allows."""
    return min(max(int(number * share), few), number)


def _blast(decisions: Sequence[Decision], situation: Situation, limits: Limits) -> list[Trip]:
    run = {one.account for one in decisions}
    day = run | situation.lately.keys()
    active = situation.population.active
    if active <= 0:
        return [Trip("blast", "how many accounts are active is not known, so no share can be kept")]
    most = allowed(active, limits.share_of_active, limits.few)
    found = [
        Trip("blast", f"{number:,} accounts {when}, {limit:,} is the most{why}")
        for number, limit, when, why in (
            (len(run), limits.accounts_a_run, "in this run", ""),
            (len(day), limits.accounts_a_day, "within 24 hours", ""),
            (len(day), most, "within 24 hours", f" ({limits.share_of_active:.2%} of {active:,} active ones)"),
        )
        if number > limit
    ]
    plans = Counter(situation.of(account).traits.plan for account in day)
    for plan, number in sorted(plans.items()):
        there = situation.population.cohorts.get(("plan", plan), 0)
        if not plan:
            continue
        if there <= 0:
            found.append(Trip("blast", f"how many accounts of plan {plan} are active is not known"))
            continue
        limit = allowed(there, limits.share_of_plan, limits.few)
        if number > limit:
            found.append(
                Trip("blast", f"{number:,} of {there:,} accounts of plan {plan} within 24 hours, {limit:,} is the most")
            )
    return found


def _units(decisions: Sequence[Decision], situation: Situation) -> Mapping[tuple[str, int], set[int]]:
    """Group the accounts acted on: a campaign is one entity and counts once."""
    units: dict[tuple[str, int], set[int]] = defaultdict(set)
    for account, campaign in situation.lately.items():
        units[campaign, 0 if campaign else account].add(account)
    for one in decisions:
        units[one.campaign, 0 if one.campaign else one.account].add(one.account)
    return units


def _group_of(accounts: set[int], trait: str, situation: Situation) -> str:
    """Name the group that more than half of some accounts belong to, "" where there is none."""
    name, number = Counter(getattr(situation.of(a).traits, trait) for a in accounts).most_common(1)[0]
    return str(name) if number * 2 > len(accounts) else ""


def _cohorts(decisions: Sequence[Decision], situation: Situation, limits: Limits) -> list[Trip]:
    units = _units(decisions, situation)
    seen = {trait: Counter(_group_of(unit, trait, situation) for unit in units.values()) for trait in TRAITS}
    tested = sum(1 for groups in seen.values() for group in groups if group) or 1
    found = []
    for trait, groups in seen.items():
        told = sum(number for group, number in groups.items() if group)
        for group, number in sorted(groups.items()):
            if not group:
                continue
            sentence = _unlike(trait, group, number, told, situation, limits, tested)
            if sentence:
                hit = {a for unit in units.values() if _group_of(unit, trait, situation) == group for a in unit}
                found.append(Trip("cohort", sentence, frozenset(hit)))
    return found


def _unlike(trait: str, group: str, number: int, told: int, situation: Situation, limits: Limits, tested: int) -> str:
    """Say how a cohort is acted on out of proportion; "" where it is not."""
    counts = situation.population.cohorts
    here = counts.get((trait, group), 0)
    everybody = sum(count for (name, other), count in counts.items() if name == trait and other)
    if number < limits.cohort_least:
        return ""
    if not 0 < here <= everybody:
        return f"{number} acted on of {trait} {group}, and how many there are is not known"
    others, rest = told - number, everybody - here
    if rest == 0:
        return ""
    share, theirs = number / here, max(others, 0.5) / rest
    log_p = log_binomial_tail(number, told, here / everybody)
    if share > limits.cohort_ratio * theirs and log_p < math.log(limits.cohort_p / tested):
        return (
            f"{number} of {here:,} acted on of {trait} {group} and {others} of {rest:,} of all others,"
            f" {share / theirs:.1f} times as often; {limits.cohort_ratio:g} is the most"
        )
    return ""
