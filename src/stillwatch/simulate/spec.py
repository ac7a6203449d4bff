"""How many accounts of each persona live in a world, and for how long.

A spec says nothing about what the personas do; that is in ``personas/``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Final

from stillwatch.model.errors import InputError


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

    def scaled(self, factor: float) -> WorldSpec:
        """Make a world of the same mix with more or fewer accounts.

        Parameters
        ----------
        factor
            Times as many accounts, > 0.

        Returns
        -------
        WorldSpec
            A persona that was there keeps at least one account. Operators grow with the square root, so that there
            are more of them and each has more accounts.

        Raises
        ------
        InputError
            The factor is not a number above 0.

        Examples
        --------
        >>> WorldSpec(interactive=10, slow_distiller=2).scaled(4).slow_operators
        2
        """
        if not 0.0 < factor < math.inf:
            raise InputError(f"a world is scaled by a number above 0, not {factor}")
        counts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "days"}
        times = {name: math.sqrt(factor) if name.endswith("_operators") else factor for name in counts}
        return replace(self, **{name: max(min(1, n), round(n * times[name])) for name, n in counts.items()})

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
