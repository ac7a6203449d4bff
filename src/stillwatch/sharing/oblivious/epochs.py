"""Epochs of keys: each has a key of its own, tags of different epochs do not compare, and ended keys are destroyed.

::

    opens_ms            closes_ms            ends_ms
       |--- open -----------|--- overlap --------|  ended: the key is destroyed

Tags are submitted while an epoch is open. In the overlap the key still answers, so that a batch begun before the close
is finished; after that nobody can compute a tag of that epoch again, and what is kept of it links to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stillwatch.model.errors import InputError

DAY_MS: Final = 86_400_000
"""A day (ms)."""
PLANNED: Final = "planned"
OPEN: Final = "open"
OVERLAP: Final = "overlap"
ENDED: Final = "ended"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch."""

    number: int
    """Number, from 1."""
    opens_ms: int
    """From when (ms since 1970)."""
    closes_ms: int
    """Until when tags are taken, exclusive (ms since 1970)."""
    ends_ms: int
    """Until when the key answers, exclusive (ms since 1970)."""

    def state(self, now_ms: int) -> str:
        """Say how the epoch stands: planned, open, overlap or ended."""
        if now_ms < self.opens_ms:
            return PLANNED
        if now_ms < self.closes_ms:
            return OPEN
        return OVERLAP if now_ms < self.ends_ms else ENDED

    def answers(self, now_ms: int) -> bool:
        """Whether the key of this epoch evaluates."""
        return self.state(now_ms) in (OPEN, OVERLAP)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When epochs are. Hub and custodian must have the same one; both publish it."""

    start_ms: int
    """When epoch 1 opens (ms since 1970)."""
    length_ms: int = 7 * DAY_MS
    """How long each is open (ms)."""
    overlap_ms: int = DAY_MS
    """How long its key answers after that (ms); at most one length."""

    def __post_init__(self) -> None:
        if self.start_ms < 0 or self.length_ms <= 0 or not 0 <= self.overlap_ms <= self.length_ms:
            raise InputError("an epoch has a length above zero, and an overlap of zero to one length")

    def epoch(self, number: int) -> Epoch:
        """Give an epoch by its number.

        Raises
        ------
        InputError
            The number is below 1.
        """
        if number < 1:
            raise InputError("epochs are counted from 1")
        opens = self.start_ms + (number - 1) * self.length_ms
        return Epoch(number, opens, opens + self.length_ms, opens + self.length_ms + self.overlap_ms)

    def current(self, now_ms: int) -> Epoch | None:
        """Give the epoch that is open, None before the first."""
        if now_ms < self.start_ms:
            return None
        return self.epoch((now_ms - self.start_ms) // self.length_ms + 1)

    def answering(self, now_ms: int) -> tuple[Epoch, ...]:
        """Give the epochs whose keys answer, oldest first: one or two."""
        now = self.current(now_ms)
        if now is None:
            return ()
        before = self.epoch(now.number - 1) if now.number > 1 else None
        return (before, now) if before and before.answers(now_ms) else (now,)

    def ended(self, number: int, now_ms: int) -> bool:
        """Whether the key of an epoch must be gone."""
        return self.epoch(number).state(now_ms) == ENDED


def agreed(hub: Epoch, custodian: Epoch) -> Epoch:
    """See that two key holders mean the same epoch; a member asks this before it sends anything to either.

    Tags of keys that differ in their days do not compare, and one holder would refuse half-way.

    Parameters
    ----------
    hub, custodian
        The epoch as each publishes it.

    Raises
    ------
    InputError
        They differ.
    """
    if hub != custodian:
        raise InputError(
            f"hub and custodian do not have the same calendar (epoch {hub.number} opens at {hub.opens_ms} ms, "
            f"epoch {custodian.number} at {custodian.opens_ms} ms): nothing is sent; their operators set the same "
            "--starts, --days and --overlap-days"
        )
    return hub
