"""From a step to a decision: its id, its span, what the customer is told and how to contest it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import POLICY, Decision

if TYPE_CHECKING:
    from stillwatch.enforcement.ladder import Step
    from stillwatch.enforcement.rules import Stagger
    from stillwatch.model.terms import Clause
    from stillwatch.model.verdict import Verdict

FACTS_SHOWN: Final = 8
"""Sentences of evidence that a decision carries, strongest first (sentences)."""
HOUR_MS: Final = 3_600_000


def decision_id(verdict: Verdict, step: Step, ordinal: int) -> str:
    """Name a decision.

    The same account, clause, terms, action and place in the account's history give the same id, whenever it is
    worked out: a run repeated after a crash names what it had recorded.
    """
    kind = "shadow" if verdict.shadow else "live"
    parts = (verdict.account, verdict.clause, verdict.terms, verdict.campaign, step.action.name, ordinal, kind)
    return "d-" + hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def delay_ms(stagger: Stagger, id_: str) -> int:
    """Draw a decision's delay (ms), evenly over the window."""
    window = int(stagger.window_h * HOUR_MS)
    if window <= 0:
        return 0
    drawn = hashlib.sha256(f"{stagger.seed} {id_}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") * window >> 64


def draft(verdict: Verdict, clause: Clause, step: Step, ordinal: int, stagger: Stagger, now_ms: int) -> Decision:
    """Write a decision. ``{until}`` stays in its notice: of one that waits nobody knows yet when it will begin."""
    id_ = decision_id(verdict, step, ordinal)
    begins = now_ms + (delay_ms(stagger, id_) if verdict.campaign else 0)
    ends = begins + max(int(clause.lasts_h * HOUR_MS), 1)
    facts = tuple(item.sentence for item in verdict.evidence if item.bits > 0)[:FACTS_SHOWN]
    appeal = clause.appeal.replace("{decision}", id_)
    return Decision(
        id=id_,
        account=verdict.account,
        action=step.action,
        clause=verdict.clause,
        terms=verdict.terms,
        campaign=verdict.campaign,
        evidence=facts,
        notice=fill(clause.notice, {"facts": " ".join(facts), "appeal": appeal}),
        appeal=appeal,
        from_ms=begins,
        until_ms=ends,
        by=POLICY,
        shadow=verdict.shadow,
        at_ms=now_ms,
    )


def fill(text: str, filled: dict[str, str]) -> str:
    """Fill placeholders in, in one pass: a fact that spells one stays what it is. Those not given stay."""
    parts = text.split("{")
    out = parts[0]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        out += filled[name] + rest if closed and name in filled else "{" + part
    return out
