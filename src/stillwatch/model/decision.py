"""A decision: what is done about an account, under which clause, until when, and how to contest it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final


class Action(IntEnum):
    """The ladder, mildest first. Each is reversible in one command and expires."""

    OBSERVE = 0
    """Recorded, nothing else."""
    NOTIFY = 1
    """The customer is told what was seen."""
    THROTTLE = 2
    """Fewer requests a minute, answers delayed."""
    STEP_UP = 3
    """Requests are answered with a request to verify, until that is done."""
    RESTRICT = 4
    """Some features are closed: log-probabilities, reasoning, several answers."""
    HOLD = 5
    """No requests until a person has looked."""
    SUSPEND = 6
    """The account is closed; only ever by a person."""


HUMAN_ONLY: Final = (Action.SUSPEND,)
"""Actions that nothing but a person, named by id, may take."""
POLICY: Final = "policy"
"""``by`` of a decision that no person took."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one account."""

    id: str
    """Stable id: the same account, clause, terms and span give the same."""
    account: int
    """Pseudonym."""
    action: Action
    """What is done."""
    clause: str
    """Clause that permits it."""
    terms: str
    """Id and version of the terms."""
    campaign: str
    """Campaign it belongs to, "" for the account alone; linked decisions are undone together."""
    evidence: tuple[str, ...]
    """Sentences it stands on, as they may be shown to the customer."""
    notice: str
    """Text to the customer."""
    appeal: str
    """How to contest it: address of the appeal."""
    from_ms: int
    """In force from (ms since 1970)."""
    until_ms: int
    """In force until (ms since 1970); there is no decision without an end."""
    by: str
    """``policy``, or the id of the person who decided."""
    shadow: bool
    """Whether it is only recorded and never in force."""
    at_ms: int
    """When it was taken (ms since 1970)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force for one account: all the gateway ever reads."""

    account: int
    """Pseudonym."""
    action: Action
    """The strictest action in force."""
    until_ms: int
    """Until when (ms since 1970)."""
    decision: str
    """Decision it comes from."""
    clause: str
    """Clause of that decision."""
    campaign: str
    """Campaign, "" for the account alone: accounts of one share a bucket of tokens."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision that no machine may take: nothing is in force until a person approves it."""

    decision: Decision
    """What would be done; ``{until}`` stands in its notice until a person begins it."""
    reason: str
    """Why a person is needed, one sentence."""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A decision as it stands on record."""

    decision: Decision
    """The decision."""
    case: str
    """Case that joins it with the other decisions of its account or campaign."""
    lifted_ms: int = -1
    """When it was undone (ms since 1970), -1 where it was not."""
    ended_ms: int = -1
    """When a person ended it early, rightly taken as it was (ms since 1970), -1 where nobody did."""

    @property
    def until_ms(self) -> int:
        """Until when it binds (ms since 1970): its own end, or the earlier one that a person set."""
        return self.decision.until_ms if self.ended_ms < 0 else min(self.ended_ms, self.decision.until_ms)

    def in_force(self, now_ms: int) -> bool:
        """Whether it binds at a moment: not shadow, not undone, begun and not over.

        One that a person ended binds at no moment any longer: a clock set back must not bring it back.
        """
        spans = self.decision.from_ms <= now_ms < self.decision.until_ms
        return spans and not self.decision.shadow and self.lifted_ms < 0 and self.ended_ms < 0


def moment(ms: int) -> str:
    """Write a moment as a notice shows it.

    Examples
    --------
    >>> moment(1_790_000_000_000)
    '2026-09-21 14:13 UTC'
    """
    return f"{datetime.fromtimestamp(ms / 1000, tz=UTC):%Y-%m-%d %H:%M} UTC"


def begun(decision: Decision) -> Decision:
    """Fill the end of a decision's span into its notice, now that it is known."""
    return replace(decision, notice=decision.notice.replace("{until}", moment(decision.until_ms)))


IN_GOOD_STANDING: Final = Standing(0, Action.OBSERVE, 0, "", "", "")
"""The standing of everybody about whom nothing was decided."""
