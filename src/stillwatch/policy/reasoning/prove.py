"""Questions about clauses, answered by search: can it be broken, by what, does one imply another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillwatch.policy.conditions.evidence.speaking import Speaking
from stillwatch.policy.judge import judge_clause
from stillwatch.policy.reasoning.formulas import Both, Either, formula
from stillwatch.policy.reasoning.search import TooManyCases, boxes
from stillwatch.policy.reasoning.witness import build

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stillwatch.model.dossier import Dossier
    from stillwatch.model.terms import Clause
    from stillwatch.policy.reasoning.formulas import Formula


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    possible: bool | None
    """Whether there is such a dossier; None where there were too many cases to tell."""
    witness: Dossier | None = None
    """One, where one could be written down and the judge agrees."""


def holding(clause: Clause) -> Formula:
    """Write down that conditions and evidence of a clause hold."""
    return Both((*(formula(one, "met") for one in clause.conditions), formula(Speaking.of(clause), "met")))


def broken(clause: Clause) -> Formula:
    """Write down that a clause is broken: it holds, and every exemption is known not to."""
    return Both((holding(clause), *(formula(one, "false") for one in clause.exemptions)))


def not_broken(clause: Clause) -> Formula:
    """Write down that a clause is not broken."""
    conditions = [formula(one, "unmet") for one in (*clause.conditions, Speaking.of(clause))]
    return Either((*conditions, *(formula(one, "not false") for one in clause.exemptions)))


def find(formulas: Sequence[Formula], at_ms: int, shows: Callable[[Dossier], bool]) -> Found:
    """Look for a dossier that makes formulas true.

    Parameters
    ----------
    formulas
        What must be true of it.
    at_ms
        When the dossier is put together (ms since 1970).
    shows
        Whether a dossier really does what the formulas say, as the judge sees it.

    Returns
    -------
    Found
        ``possible`` False is a proof. True comes with a witness but for values so narrow that rounding misses them.
    """
    possible = False
    try:
        for box in boxes(formulas):
            possible = True
            dossier = build(box, at_ms)
            if dossier and shows(dossier):
                return Found(possible=True, witness=dossier)
    except TooManyCases:
        return Found(True if possible else None)
    return Found(possible)


def is_broken(dossier: Dossier, clause: Clause) -> bool:
    """Whether the judge calls a clause broken, in force or not."""
    return judge_clause(dossier, clause, "", dossier.at_ms).outcome == "broken"


def implies(narrow: Clause, wide: Clause) -> Found:
    """Look for a dossier that breaks one clause and not the other; none means that one implies the other.

    Returns
    -------
    Found
        ``possible`` False: every dossier that breaks ``narrow`` breaks ``wide``.
    """

    def shows(dossier: Dossier) -> bool:
        return is_broken(dossier, narrow) and not is_broken(dossier, wide)

    return find((broken(narrow), not_broken(wide)), narrow.from_ms, shows)
