"""Answers come later as a bucket empties: a delay before a denial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stillwatch.enforcement.barriers.base import Barrier
from stillwatch.model.decision import Action


@dataclass(frozen=True, slots=True)
class Delay(Barrier):
    """From nothing at a full bucket to ``most_ms`` at an empty one, as the square of what was used."""

    least: Action = Action.THROTTLE
    """Mildest standing it applies to."""
    most_ms: int = 4_000
    """Longest delay (ms)."""

    name: ClassVar[str] = "delay"
    stops: ClassVar[str] = "volume, without a sharp edge that an attacker could measure and stay under"
    costs: ClassVar[str] = "Heavy users under a decision wait up to the longest delay; light ones do not notice."

    def wait_ms(self, left: float) -> int:
        """Give the delay for the share that is left in the emptiest bucket, 0 to 1.

        Examples
        --------
        >>> [Delay().wait_ms(left) for left in (1.0, 0.5, 0.0)]
        [0, 1000, 4000]
        """
        used = 1 - min(max(left, 0.0), 1.0)
        return round(self.most_ms * used * used)
