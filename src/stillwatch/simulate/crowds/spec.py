"""An honest crowd: what binds its accounts, how many they are, and how alike their work is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

from stillwatch.model.errors import InputError

CrowdKind: TypeAlias = Literal[
    "independent",
    "household",
    "saas",
    "cgnat",
    "office",
    "subaccounts",
    "agent_users",
    "hackathon",
    "launch_surge",
    "benign_distillers",
    "company_team",
    "agency",
]
CROWD_KINDS: Final[tuple[str, ...]] = get_args(CrowdKind)
"""What binds the accounts of a crowd."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Some groups of one kind."""

    kind: CrowdKind
    """One of CROWD_KINDS; also the seed of its own randomness, with the name."""
    accounts: int
    """Accounts in all (accounts, >= 1)."""
    groups: int = 1
    """Groups among which they are divided (groups, >= 1)."""
    per_day: float = 8.0
    """Median requests of an account on a day; the spread is wide (requests a day, > 0)."""
    alike: float = 1.0
    """How alike the topics of a group's accounts are: concentration of the Dirichlet draw around the group's own mix
    of topics. 0.05 gives nearly one topic each, 1 similar, 50 nearly the same mix (> 0)."""
    name: str = ""
    """Name of its groups in the truth; empty takes the kind."""

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        says = {
            f"kind={self.kind}: write one of {', '.join(CROWD_KINDS)}": self.kind not in CROWD_KINDS,
            f"accounts={self.accounts}: write 1 or more": self.accounts < 1,
            f"groups={self.groups}: write 1 to {self.accounts}": not 1 <= self.groups <= max(1, self.accounts),
            "per_day and alike: write numbers above 0": not (0 < self.per_day < math.inf and 0 < self.alike < math.inf),
        }
        problem = next((text for text, holds in says.items() if holds), "")
        if problem:
            raise InputError(f"crowd {self.name or self.kind}: {problem}")

    @property
    def called(self) -> str:
        """Name of its groups."""
        return self.name or self.kind

    def scaled(self, factor: float) -> Crowd:
        """Make the same crowd with more or fewer accounts; groups grow with the square root.

        Parameters
        ----------
        factor
            Times as many accounts, > 0.

        Returns
        -------
        Crowd
            With at least one account a group.

        Raises
        ------
        InputError
            The factor is not a number above 0.
        """
        if not 0.0 < factor < math.inf:
            raise InputError(f"a crowd is scaled by a number above 0, not {factor}")
        accounts = max(1, round(self.accounts * factor))
        return replace(self, accounts=accounts, groups=max(1, min(accounts, round(self.groups * math.sqrt(factor)))))
