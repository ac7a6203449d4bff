"""A verdict: what a clause says of an account. It is no action; ``model.decision`` is.

Every verdict carries its reasons: conditions that were met, the one that was not, exemptions that were tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from stillwatch.model.decision import Action
    from stillwatch.model.dossier import EvidenceClass


@dataclass(frozen=True, slots=True)
class Met:
    """A condition that holds."""

    condition: str
    """The condition, as the terms write it."""
    fact: str
    """The fact that makes it hold, one sentence with numbers."""


@dataclass(frozen=True, slots=True)
class NotMet:
    """A condition that does not hold, or of which nothing can be told."""

    condition: str
    """The condition, as the terms write it."""
    reason: str
    """Why, one sentence."""
    unknown: bool = False
    """Whether a field is missing: absent is not zero, and nobody is restricted by it."""


Answer: TypeAlias = Met | NotMet

Outcome: TypeAlias = Literal["broken", "exempt", "not met"]
"""What a clause comes to: its conditions hold; they hold and an exemption does, too; they do not hold."""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One piece of evidence that a verdict stands on."""

    evidence_class: EvidenceClass
    """Kind of evidence."""
    bits: float
    """Bits that counted."""
    sentence: str
    """One sentence with numbers, no content, nothing about other customers."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one clause says of one account."""

    account: int
    """Pseudonym."""
    clause: str
    """Id of the clause."""
    terms: str
    """Id and version of the terms, such as ``frontier-lab@3``."""
    outcome: Outcome
    """What the clause comes to."""
    shadow: bool
    """Whether the clause is only watched: a decision of it is recorded and not in force."""
    answers: tuple[Answer, ...]
    """Every condition's answer, in the order of the terms."""
    exemptions: tuple[Answer, ...]
    """Every exemption tried."""
    evidence: tuple[EvidenceItem, ...]
    """What it stands on, strongest first."""
    permitted: tuple[Action, ...]
    """Actions that the clause permits, mildest first."""
    campaign: str
    """Campaign it was judged in, "" for the account alone."""
    at_ms: int
    """When it was judged (ms since 1970)."""
    by_person: tuple[Action, ...] = ()
    """Permitted actions that only a person may take, mildest first."""
    withheld: tuple[Action, ...] = ()
    """Actions that the clause names and the evidence does not carry: only weak evidence, or none, speaks, whatever
    the clause asks for."""
