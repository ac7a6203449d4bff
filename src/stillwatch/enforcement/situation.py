"""What deciding reads beside the verdicts: facts about accounts, their past, who was acted on lately, who there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.model.decision import OnRecord
    from stillwatch.model.dossier import Agreement

TRAITS: Final = ("plan", "size", "agreement", "sdk")
"""What cohorts are told apart by. Never nationality, country or language: there is no field for them."""


@dataclass(frozen=True, slots=True)
class Traits:
    """Cohorts that an account belongs to; "" where unknown, and then it counts in none."""

    plan: str = ""
    """Plan."""
    size: str = ""
    """Size class, such as ``1-10 a day``."""
    agreement: str = ""
    """Kind of agreement, ``none`` where there is none."""
    sdk: str = ""
    """SDK family."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the provider knows of one account at the moment of deciding."""

    traits: Traits = field(default_factory=Traits)
    """Its cohorts."""
    agreements: tuple[Agreement, ...] = ()
    """Agreements of the account and of its organisation, read anew: the verdict may be older."""
    last_ms: int = -1
    """Its last request (ms since 1970), -1 where unknown."""
    fresh_bits: float = float("nan")
    """Evidence in requests since its last step began (bits); NaN where nobody measured."""


@dataclass(frozen=True, slots=True)
class Population:
    """Who there is."""

    active: int = 0
    """Accounts with a request in the past 30 days; 0 where unknown, and then nothing is automatic."""
    cohorts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(trait, group) -> active accounts, such as ``("plan", "free") -> 81000``."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Evidence in what came since the last step began (bits); what is missing nobody measured."""

    accounts: Mapping[int, float] = field(default_factory=dict)
    """Account -> bits in its own requests."""
    campaigns: Mapping[str, float] = field(default_factory=dict)
    """Campaign -> bits in the requests of its members, read as one account."""


NOT_MEASURED: Final = Fresh()
"""Nobody looked."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything at the moment of deciding, read in one transaction."""

    facts: Mapping[int, Facts] = field(default_factory=dict)
    """Account -> facts; those acted on lately included, as far as known."""
    together: Mapping[str, float] = field(default_factory=dict)
    """Campaign -> evidence since the last step in what its members did, read as one account (bits)."""
    past: Mapping[int, tuple[OnRecord, ...]] = field(default_factory=dict)
    """Account -> what was decided before, oldest first; what a person declined counts as undone."""
    lately: Mapping[int, str] = field(default_factory=dict)
    """Accounts acted on automatically in the past 24 h -> campaign, "" for the account alone."""
    held: frozenset[int] = frozenset()
    """Accounts about which something waits for a person already: until that is answered no machine decides."""
    population: Population = field(default_factory=Population)
    """Who there is."""
    stopped: str = ""
    """Why nothing may be decided automatically; "" where it may."""

    def of(self, account: int) -> Facts:
        """Give an account's facts; nothing known where there are none."""
        return self.facts.get(account, _NOTHING)


_NOTHING: Final = Facts()
