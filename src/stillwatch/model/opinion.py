"""What members think of what was shared: stances, what they add up to, and reviews of a shared appeal docket."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stance(StrEnum):
    """What one member thinks, as in ThreatExchange."""

    NEGATIVE = "negative"
    SEED = "seed"
    POSITIVE = "positive"


class Review(StrEnum):
    """What one member's own review of a docket came to."""

    OPENED = "opened"
    OVERTURNED = "overturned"
    UPHELD = "upheld"
    NOT_ACTED = "not-acted"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many distinct members hold which stance; ten identities of one member are one voice."""

    negative: int = 0
    """Members that say: no abuse here."""
    seed: int = 0
    """Members that say: worth a look."""
    positive: int = 0
    """Members that say: abuse here."""

    @property
    def state(self) -> str:
        """Say what it adds up to.

        Examples
        --------
        >>> Tally(1, 0, 9).state, Tally(0, 3, 1).state, Tally(0, 3, 0).state, Tally().state
        ('DISPUTED', 'POSITIVE', 'SEED', 'NONE')
        """
        if self.positive and self.negative:
            return "DISPUTED"
        if self.positive:
            return "POSITIVE"
        if self.negative:
            return "NEGATIVE"
        return "SEED" if self.seed else "NONE"


@dataclass(frozen=True, slots=True)
class Judged:
    """One subject that a member may see, and what the members think of it."""

    subject: str
    """STIX identifier, or ``joint:EPOCH:NAME``."""
    tally: Tally
    """As it stands now."""
    at_us: int
    """When it last changed (us since 1970); no two changes share one."""


@dataclass(frozen=True, slots=True)
class Docket:
    """One shared docket, as one member sees it."""

    id: str
    """UUID."""
    subject: str
    """What the appeal was about."""
    own: Review | None
    """The member's own review; None where it has said nothing."""
    others: Mapping[Review, int]
    """Outcome -> how many other members came to it."""
    at_us: int
    """When it last changed (us since 1970); no two changes share one."""
