"""What a persona is: a name, a truth and a way to play."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.simulate.compose import Scene
    from stillwatch.simulate.stage import Stage


@dataclass(frozen=True, slots=True)
class Persona:
    """One kind of customer."""

    name: str
    """Name, as in WorldSpec and in the truth."""
    extracting: bool
    """Whether its accounts copy the model against its terms."""
    play: Callable[[Stage], Scene]
    """Fills a stage (what to draw on) with a scene: its accounts and their events in the raw schema."""
