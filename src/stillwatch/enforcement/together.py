"""A campaign is judged as one entity: what is on record of any of its accounts, and the latest that any of them did."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from stillwatch.enforcement.situation import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.enforcement.situation import Situation
    from stillwatch.model.decision import OnRecord
    from stillwatch.model.verdict import Verdict

Key: TypeAlias = tuple[str, str, bool]
"""Campaign, clause, shadow."""


@dataclass(frozen=True, slots=True)
class Whole:
    """One campaign under one clause."""

    past: tuple[OnRecord, ...]
    """Decisions on record about it, those of members without a verdict in this run included."""
    facts: Facts
    """Last request of any member, and the most evidence in any one's later requests."""


def joined(broken: Sequence[Verdict], situation: Situation) -> Mapping[Key, Whole]:
    """Join the members of each campaign."""
    members: dict[Key, list[int]] = defaultdict(list)
    for verdict in broken:
        if verdict.campaign:
            members[verdict.campaign, verdict.clause, verdict.shadow].append(verdict.account)
    if not members:
        return {}
    past: dict[str, list[OnRecord]] = defaultdict(list)
    for records in situation.past.values():
        for one in records:
            if one.decision.campaign:
                past[one.decision.campaign].append(one)
    return {key: Whole(tuple(past[key[0]]), _latest(accounts, situation)) for key, accounts in members.items()}


def _latest(accounts: Sequence[int], situation: Situation) -> Facts:
    facts = [situation.of(account) for account in accounts]
    measured = [one.fresh_bits for one in facts if not math.isnan(one.fresh_bits)]
    return Facts(last_ms=max(one.last_ms for one in facts), fresh_bits=max(measured, default=math.nan))
