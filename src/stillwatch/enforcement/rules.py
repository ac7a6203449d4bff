"""What a provider may set: the ladder, the limits of anything automatic, the delays. All frozen, all with units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from stillwatch.model.decision import Action


@dataclass(frozen=True, slots=True)
class Ladder:
    """How steps follow each other."""

    person_from: Action = Action.HOLD
    """From this action on a person decides; ``SUSPEND`` is a person's whatever stands here."""
    strong_skips: int = 1
    """Steps that strong evidence may leave out at the start (steps)."""
    grace_h: float = 24.0
    """What an account does in this time after a step began does not count against it (h)."""
    fresh_bits: float = 3.0
    """Evidence found in requests after a step from which it counts as ignored (bits)."""
    forgotten_days: float = 90.0
    """A step that ended this long ago no longer counts as one (days)."""
    wary_days: float = 90.0
    """For this long after something was undone or declined, a person decides about that account (days)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may happen without a person. Past any of these everything of the run waits."""

    accounts_a_run: int = 500
    """Most accounts a run (accounts)."""
    accounts_a_day: int = 1_000
    """Most accounts in any 24 hours (accounts)."""
    share_of_active: float = 0.01
    """Most of the active accounts in any 24 hours (share, 0 to 1)."""
    share_of_plan: float = 0.02
    """Most of the active accounts of any one plan in any 24 hours (share, 0 to 1)."""
    few: int = 5
    """So many accounts a share always allows: 1 % of 50 would be none (accounts)."""
    cohort_ratio: float = 4.0
    """How many times as often as all others a cohort may be acted on (times)."""
    cohort_p: float = 0.001
    """How unlikely that has to be by chance, over all cohorts looked at (0 to 1)."""
    cohort_least: int = 5
    """Fewest acted on in a cohort before proportions say anything (campaigns count once)."""


@dataclass(frozen=True, slots=True)
class Stagger:
    """Delays drawn at random for the members of a campaign, so that its operator cannot tell what gave it away.

    Who began when is evidence, too: what the others do before their own turn shows whether they are steered together.
    """

    window_h: float = 0.0
    """Delays lie evenly between 0 and this (h); 0 acts at once."""
    seed: int = 0
    """The same seed and decision give the same delay."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All that may be set."""

    ladder: Ladder = field(default_factory=Ladder)
    """How steps follow each other."""
    limits: Limits = field(default_factory=Limits)
    """How much may happen without a person."""
    stagger: Stagger = field(default_factory=Stagger)
    """Delays inside a campaign."""


DEFAULT: Final = Rules()
"""Rules of a provider that sets nothing."""
