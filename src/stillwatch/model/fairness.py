"""Whom decisions fell on: shares by group, with intervals. Groups are persona, plan and size, never nationality."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind: TypeAlias = Literal["persona", "plan", "size"]
LEVELS: Final = {
    "noticed": Action.NOTIFY,
    "throttled": Action.THROTTLE,
    "restricted": Action.RESTRICT,
    "held": Action.HOLD,
}
"""Level -> mildest action of it: told; slowed down or asked to verify; features closed; no requests."""


@dataclass(frozen=True, slots=True)
class Fell:
    """What fell on one account."""

    action: Action
    """The strictest action ever taken about it, those undone included; ``OBSERVE`` where none was."""
    undone: bool = False
    """Whether something that it was told of was undone."""
    groups: Mapping[Kind, str] = field(default_factory=dict)
    """Kind -> group; one that is not known is left out."""
    operator: str = ""
    """Whoever runs it, "" where it stands alone; accounts of one operator are no independent observations."""
    extracting: bool = False
    """Whether it extracts, by the truth; False where nobody knows."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    """Accounts it is true of."""
    of: int
    """Accounts looked at."""
    low: float
    """Lower end of the interval, 0 to 1; NaN where there is nobody."""
    high: float
    """Upper end, 0 to 1; NaN where there is nobody."""

    @property
    def value(self) -> float:
        """The share, 0 to 1; NaN where there is nobody."""
        return self.count / self.of if self.of else float("nan")


@dataclass(frozen=True, slots=True)
class GroupShares:
    """One group."""

    kind: Kind
    """What it is a group of."""
    name: str
    """Its name."""
    accounts: int
    """Accounts in it; where the truth is known, honest ones."""
    operators: int
    """Those who run them: the number of independent observations is nearer to this than to ``accounts``."""
    shares: tuple[Share, ...]
    """In the order of ``LEVELS``."""
    undone: Share
    """Of those noticed, the ones with a decision that was undone."""
    unlike: tuple[str, ...]
    """Levels that it reaches out of proportion, beyond chance."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """The whole report."""

    everybody: tuple[Share, ...]
    """All honest accounts; all accounts where the truth is not known. In the order of ``LEVELS``."""
    undone: Share
    """Of those noticed, the ones with a decision that was undone."""
    groups: tuple[GroupShares, ...]
    """Groups by kind, the most often noticed first."""
    extracting: tuple[Share, ...] | None
    """Accounts that extract, where the truth is known. In the order of ``LEVELS``."""
    unknown: tuple[Kind, ...]
    """Kinds of groups that nothing is known of."""
    confidence: float
    """Chance that all intervals hold at once, at least (0 to 1)."""
    intervals: int
    """Intervals that this is shared out over."""
