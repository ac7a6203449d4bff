"""Terms of use as data: clauses, what they require, what they permit. Reading and judging is ``policy``'s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from stillwatch.model.decision import Action
    from stillwatch.model.dossier import Dossier, EvidenceClass
    from stillwatch.model.verdict import Answer

Mode: TypeAlias = Literal["shadow", "live"]
"""``shadow``, the default: verdicts are recorded and no decision is in force. ``live``: they are."""


class Condition(Protocol):
    """A question about a dossier. Conditions are small frozen types of their own, in ``policy.conditions``."""

    def answer(self, dossier: Dossier) -> Answer:
        """Say whether it holds, and why."""
        ...

    def __str__(self) -> str:
        """Write it as the terms do."""
        ...


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause."""

    id: str
    """Short name, such as ``no-model-copying``."""
    sentence: str
    """The sentence of the contract that it enforces, word for word."""
    conditions: tuple[Condition, ...]
    """All must hold."""
    least_classes: tuple[tuple[EvidenceClass, ...], int]
    """Classes that count, and how many different ones must speak against the account."""
    exemptions: tuple[Condition, ...]
    """Where one holds, the clause does not apply."""
    actions: tuple[Action, ...]
    """Actions it permits, mildest first."""
    notice: str
    """Text to the customer; ``{facts}``, ``{until}`` and ``{appeal}`` are filled in."""
    appeal: str
    """How to contest it: an address, ``{decision}`` is filled in."""
    lasts_h: float
    """How long a decision under it lasts (h)."""
    from_ms: int
    """In force from (ms since 1970)."""
    until_ms: int
    """In force until (ms since 1970): every clause is looked at again."""
    mode: Mode
    """Whether it is only watched."""
    jurisdictions: tuple[str, ...]
    """Where it applies, as tags for reviewers; no condition reads them."""
    least_strength: int = 1
    """Strength that at least one of the classes that speak must have, as in ``model.dossier.STRENGTH``, 1 to 3."""
    least_bits: float = 1.0
    """Bits from which a class of evidence speaks against an account."""
    by_person: tuple[Action, ...] = ()
    """Permitted actions that only a person may take, mildest first."""

    def in_force(self, at_ms: int) -> bool:
        """Whether it has begun and not ended."""
        return self.from_ms <= at_ms < self.until_ms

    @property
    def strictest(self) -> Action:
        """The strictest action it permits."""
        return max(self.actions)


@dataclass(frozen=True, slots=True)
class Terms:
    """All clauses of one provider, in order."""

    id: str
    """Name."""
    version: int
    """Raised with every change."""
    clauses: tuple[Clause, ...]
    """In the order in which they are judged."""

    @property
    def name(self) -> str:
        """Id and version, as verdicts and decisions name it."""
        return f"{self.id}@{self.version}"
