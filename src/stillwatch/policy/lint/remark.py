"""What lint says, and what its rules look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from stillwatch.policy.floor import RESTRICTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.model.dossier import Dossier, EvidenceClass
    from stillwatch.model.terms import Clause, Terms

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that lint found."""

    rule: str
    """Name of the rule."""
    severity: Severity
    """``error``: such terms must not go live. ``warning``: look again."""
    clause: str
    """Clause it is about."""
    line: int
    """Line in the file, 0 where the terms come from no file."""
    says: str
    """What is wrong."""
    do: str
    """What to do about it."""
    witness: Dossier | None = None
    """A dossier that shows it: the judge calls the clause broken, and only ``policy.floor`` withholds the actions."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the rules look at."""

    terms: Terms
    """The terms."""
    now_ms: int
    """When (ms since 1970)."""
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(clause, field) -> line."""
    detectors: Mapping[str, EvidenceClass | None] = field(default_factory=dict)
    """Detectors there are and their classes, None for any; empty where not known, and then names are not checked."""
    examples: dict[Clause, Dossier | None] = field(default_factory=dict)
    """Clause -> an account that breaks it, as found so far."""
    inside: dict[tuple[Clause, Clause], bool] = field(default_factory=dict)
    """(narrow, wide) -> whether whatever breaks the one is proved to break the other, as found so far."""

    def remark(
        self,
        rule: str,
        severity: Severity,
        clause: Clause,
        part: str,
        says: str,
        do: str,
        witness: Dossier | None = None,
    ) -> Remark:
        """Make a remark about one field of a clause, with its line."""
        line = self.lines.get((clause.id, part)) or self.lines.get((clause.id, ""), 0)
        return Remark(rule, severity, clause.id, line, says, do, witness)


def can_restrict(clause: Clause) -> bool:
    """Whether a clause permits what a customer feels."""
    return clause.strictest >= RESTRICTS
