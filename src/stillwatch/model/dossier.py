"""What a clause may read about one account at one moment, and nothing else.

A dossier holds observations (findings, a campaign) and what the provider itself knows (plan, age, agreements). It holds
no content, no network, no nationality, country or language: a clause cannot ask for what is not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

EvidenceClass: TypeAlias = Literal["artefacts", "campaign", "probing", "content", "asked", "habits", "coordination"]
"""Kinds of evidence. *artefacts*: signed reasoning of other owners. *campaign*: membership in a campaign that is
reported as extraction. *coordination*: acting together, of which nothing follows. The others: groups of detectors."""

STRENGTH: Final[Mapping[EvidenceClass, int]] = {
    "artefacts": 3,
    "campaign": 3,
    "probing": 2,
    "content": 2,
    "asked": 1,
    "habits": 1,
    "coordination": 0,
}
"""3 strong, 2 substantial, 1 weak: looks alike in honest work, 0 none: no evidence of extraction at all."""

AgreementKind: TypeAlias = Literal["research", "reseller", "own_model", "evaluation", "red_team"]
"""Declared research, licensed reseller, distillation into a model of the provider's own offering, evaluation partner,
red team."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the provider and a customer agreed on."""

    kind: AgreementKind
    """What it permits."""
    reference: str
    """Where it is written, such as a contract number; shown to reviewers."""
    from_ms: int
    """Start (ms since 1970)."""
    until_ms: int
    """End (ms since 1970); never open: an agreement is looked at again."""
    requests_per_day: float = float("inf")
    """Most requests a day it covers."""

    def covers(self, at_ms: int) -> bool:
        """Whether it is in force."""
        return self.from_ms <= at_ms < self.until_ms


@dataclass(frozen=True, slots=True)
class Seen:
    """One detector's evidence, as it counted."""

    detector: str
    """Name of the detector."""
    evidence_class: EvidenceClass
    """Kind of evidence."""
    bits: float
    """Bits that counted after the caps; negative speaks for the account."""
    sentence: str
    """One sentence with numbers, no content."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """The campaign that an account belongs to."""

    name: str
    """Stable id of the campaign."""
    accounts: int
    """Members."""
    belongs: float
    """Chance that this account is one of them, 0 to 1."""
    one_operator: float
    """Chance of one operator, 0 to 1."""
    extraction: float
    """Chance of extraction, given one operator, 0 to 1."""
    harvest_bits: float
    """Evidence of harvest, without which there is no extraction (bits)."""
    log_p_rest: float
    """ln p of the coordination without its strongest kind of evidence."""
    extracting: bool
    """Whether the campaign is reported as extraction."""
    sentence: str
    """One sentence with numbers."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """One account as a clause sees it."""

    account: int
    """Pseudonym."""
    at_ms: int
    """When it was put together (ms since 1970)."""
    plan: str
    """Plan, "" where unknown."""
    signup_ms: int
    """Sign-up (ms since 1970), -1 where unknown."""
    organisation: int
    """Pseudonym of the organisation, 0 where unknown."""
    events: int
    """Requests seen."""
    first_ms: int
    """First request (ms since 1970)."""
    last_ms: int
    """Last request (ms since 1970)."""
    tokens_out: int
    """Answer tokens."""
    total_bits: float
    """Prior and all evidence of the account alone (log2 odds of extraction)."""
    probability: float
    """Chance of extraction under the stated base rate, 0 to 1."""
    q_value: float
    """Share of false accusations if everybody up to here were reported; NaN where nothing could tell."""
    seen: tuple[Seen, ...] = ()
    """Evidence by detector, strongest first; in favour, too."""
    cannot_tell: Mapping[str, str] = field(default_factory=dict)
    """Detector -> why it could not tell."""
    campaign: Belonging | None = None
    """Campaign it belongs to."""
    agreements: tuple[Agreement, ...] = ()
    """Agreements of the account and of its organisation."""
    attributed_share: float = float("nan")
    """Share of requests that name the customer's own user, 0 to 1, as a reseller agrees to do; NaN where none does."""

    @property
    def days(self) -> float:
        """Days from first to last request, at least one."""
        return max((self.last_ms - self.first_ms) / 86_400_000, 1.0)

    def bits_of(self, evidence_class: EvidenceClass) -> float:
        """Add up the bits of one class of evidence; those in favour count, too."""
        return sum(one.bits for one in self.seen if one.evidence_class == evidence_class)
