"""How many accounts of each persona live in a world, and for how long.

A spec says nothing about what the personas do; that is in ``personas/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """The size of a world. Every count may be 0."""

    interactive: int = 0
    """Accounts of people who chat (accounts)."""
    developer: int = 0
    """Accounts of developers with a coding agent (accounts)."""
    batch_app: int = 0
    """Accounts of applications that classify customer text (accounts)."""
    evaluation: int = 0
    """Accounts that run a known set of prompts over model versions (accounts)."""
    researcher: int = 0
    """Accounts that make training text for a model of their own and say so (accounts)."""
    reseller: int = 0
    """Accounts of licensed resellers, whose customers chat (accounts)."""
    fast_distiller: int = 0
    """Extracting accounts with machine rhythm and high volume (accounts)."""
    slow_distiller: int = 0
    """Extracting accounts of 2 to 26 requests a day each (accounts)."""
    fast_operators: int = 1
    """Operators among whom the fast distillers are divided (operators)."""
    slow_operators: int = 1
    """Operators among whom the slow distillers are divided (operators)."""
    days: int = 7
    """Length of the world (days of 24 h from its start)."""

    @property
    def accounts(self) -> int:
        """Count all accounts."""
        people = self.interactive + self.developer + self.reseller
        machines = self.batch_app + self.evaluation + self.researcher
        return people + machines + self.fast_distiller + self.slow_distiller

    def of(self, persona: str) -> int:
        """Count the accounts of one persona.

        Parameters
        ----------
        persona
            Name of a persona, such as ``developer``.

        Returns
        -------
        int
            Accounts.
        """
        return int(getattr(self, persona))

    def operators(self, persona: str) -> int:
        """Count the operators of one persona.

        Parameters
        ----------
        persona
            Name of a persona.

        Returns
        -------
        int
            Operators; 0 for the honest personas, whose accounts belong to their own organisations.
        """
        return {"fast_distiller": self.fast_operators, "slow_distiller": self.slow_operators}.get(persona, 0)


SMALL: Final = WorldSpec(
    interactive=180,
    developer=70,
    batch_app=12,
    evaluation=14,
    researcher=6,
    reseller=2,
    fast_distiller=4,
    slow_distiller=10,
)
"""The world of the demo: 298 accounts, 7 days, about 70,000 events, 14 extracting accounts under 2 operators."""
