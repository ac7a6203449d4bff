"""A campaign is judged as one entity: what is on record of any of its accounts, and the latest that any of them did."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from stillwatch.enforcement.ladder import joining
from stillwatch.enforcement.situation import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.enforcement.ladder import Step
    from stillwatch.enforcement.rules import Ladder
    from stillwatch.enforcement.situation import Situation
    from stillwatch.model.decision import Action, OnRecord
    from stillwatch.model.verdict import Verdict

Key: TypeAlias = tuple[str, str, bool]
"""Campaign, clause, shadow."""


@dataclass(frozen=True, slots=True)
class Whole:
    """One campaign under one clause."""

    past: tuple[OnRecord, ...]
    """Decisions on record about it, those of members without a verdict in this run included."""
    facts: Facts
    """Last request of any member, and the most evidence in any one's later requests or in those of all together."""


def key_of(verdict: Verdict) -> Key:
    """Name the whole that a verdict belongs to; of a lone account's there is none."""
    return verdict.campaign, verdict.clause, verdict.shadow


def level(stepped: Sequence[tuple[Verdict, tuple[Step, ...]]]) -> Mapping[Key, Action]:
    """Give the strictest automatic step of each campaign in this run."""
    found: dict[Key, Action] = {}
    for verdict, steps in stepped:
        for step in steps:
            if verdict.campaign and not step.person:
                found[key_of(verdict)] = max(step.action, found.get(key_of(verdict), step.action))
    return found


def levelled(verdict: Verdict, steps: tuple[Step, ...], to: Action | None, ladder: Ladder) -> tuple[Step, ...]:
    """Put a member on its campaign's step, as far as its own evidence and clause go."""
    alone = [step for step in steps if not step.person]
    if to is None or not alone:
        return steps
    shared = joining(verdict, to, ladder)
    if not shared or shared[0].action <= alone[-1].action:
        return steps
    return (*(step for step in steps if step.person), *shared)


def joined(broken: Sequence[Verdict], situation: Situation) -> Mapping[Key, Whole]:
    """Join the members of each campaign."""
    members: dict[Key, list[int]] = defaultdict(list)
    for verdict in broken:
        if verdict.campaign:
            members[key_of(verdict)].append(verdict.account)
    if not members:
        return {}
    past: dict[str, list[OnRecord]] = defaultdict(list)
    for records in situation.past.values():
        for one in records:
            if one.decision.campaign:
                past[one.decision.campaign].append(one)
    return {key: Whole(tuple(past[key[0]]), _latest(key[0], each, situation)) for key, each in members.items()}


def _latest(campaign: str, accounts: Sequence[int], situation: Situation) -> Facts:
    facts = [situation.of(account) for account in accounts]
    bits = [situation.together.get(campaign, math.nan), *(one.fresh_bits for one in facts)]
    measured = [one for one in bits if not math.isnan(one)]
    return Facts(last_ms=max(one.last_ms for one in facts), fresh_bits=max(measured, default=math.nan))
