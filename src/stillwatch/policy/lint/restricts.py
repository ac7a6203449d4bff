"""A clause that can restrict must not ask to on weak evidence alone, nor on coordination alone. Proved, or shown.

The judge would withhold it (``policy.floor``). Terms that say what will never be done are refused all the same: they
are read by customers, by people who approve decisions, and by other programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.dossier import STRENGTH
from stillwatch.policy.conditions.base import plain
from stillwatch.policy.conditions.evidence.classes import WEIGHED, bits_of
from stillwatch.policy.conditions.evidence.speaking import COUNTABLE, speaks
from stillwatch.policy.floor import LEAST_BITS, TELLS, WEAK
from stillwatch.policy.lint.remark import can_restrict
from stillwatch.policy.reasoning.formulas import formula
from stillwatch.policy.reasoning.prove import broken, find, is_broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.model.dossier import Dossier, EvidenceClass
    from stillwatch.model.terms import Clause
    from stillwatch.policy.lint.remark import Looked, Remark
    from stillwatch.policy.reasoning.prove import Found


def silent_above(strength: int) -> tuple[EvidenceClass, ...]:
    """List the classes that must not speak where only evidence up to a strength does."""
    return tuple(one for one in COUNTABLE if STRENGTH[one] > strength)


def without(clause: Clause, silent: tuple[EvidenceClass, ...]) -> Found:
    """Look for an account that breaks a clause though none of some classes speaks against it."""
    quiet = [formula(speaks(one, LEAST_BITS), "unmet") for one in silent]
    return find([broken(clause), *quiet], clause.from_ms, lambda one: is_broken(one, clause))


def shown(dossier: Dossier | None) -> str:
    """Say in words what an example holds."""
    if dossier is None:
        return ""
    sums = {one: bits_of(dossier, one) for one in WEIGHED}
    seen = [f"{name} {bits:+.1f} bits" for name, bits in sums.items() if bits > 0]
    campaign = dossier.campaign
    if campaign and campaign.extracting:
        seen.append(f"a campaign reported as extraction with {plain(campaign.harvest_bits)} bits of harvest")
    elif campaign:
        seen.append("a campaign not reported")
    evidence = ", ".join(seen) or "no evidence against it"
    return f" (for example an account with {evidence}, a total of {plain(dossier.total_bits)} bits)"


def coordination_alone(looked: Looked) -> Iterator[Remark]:
    """Find clauses that restrict, or write to a customer, where nothing speaks of extraction."""
    for clause in looked.terms.clauses:
        found = without(clause, COUNTABLE) if clause.strictest >= TELLS else None
        if found and found.possible:
            verb = "restrict" if can_restrict(clause) else "notify"
            yield looked.remark(
                "coordination-alone",
                "error" if can_restrict(clause) else "warning",
                clause,
                "evidence",
                f"can {verb} where no class of evidence speaks{shown(found.witness)}",
                "ask for classes of evidence that speak (evidence: classes: 2), or permit no more than observe",
                found.witness,
            )


def weak_alone(looked: Looked) -> Iterator[Remark]:
    """Find clauses that restrict on what looks alike in honest work."""
    for clause in filter(can_restrict, looked.terms.clauses):
        found = without(clause, silent_above(WEAK))
        if found.possible is None:
            yield looked.remark(
                "too-many-cases",
                "error",
                clause,
                "conditions",
                "has too many alternatives to prove that it cannot restrict on weak evidence alone",
                "divide it into several clauses, or ask for strength: substantial and fewer alternatives",
            )
        elif found.possible and without(clause, COUNTABLE).possible is False:
            yield looked.remark(
                "weak-alone",
                "error",
                clause,
                "evidence",
                f"can restrict on weak evidence alone{shown(found.witness)}",
                "ask for evidence: strength: substantial or strong, or permit no more than notify",
                found.witness,
            )
