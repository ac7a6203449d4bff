"""Judges a dossier by terms: one verdict a clause, with every reason. A verdict is no action.

Pure: the same dossier, terms and time give the same verdicts. Evidence of a campaign counts only where the campaign is
reported as extraction and the account likely belongs to it; coordination never counts. Whatever a clause asks for, what
the evidence does not carry is withheld (``policy.floor``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stillwatch.model.verdict import EvidenceItem, Met, NotMet, Verdict
from stillwatch.policy.conditions.evidence.classes import WEIGHED, bits_of
from stillwatch.policy.conditions.evidence.speaking import Speaking, campaign_speaks
from stillwatch.policy.floor import by_person, carried

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stillwatch.model.dossier import Dossier
    from stillwatch.model.terms import Clause, Terms
    from stillwatch.model.verdict import Answer, Outcome


def evidence_of(dossier: Dossier) -> tuple[EvidenceItem, ...]:
    """List what speaks against an account and may be counted, strongest first.

    Nothing of a class that as a whole speaks for the account is listed: no verdict stands on it.
    """
    against = {one for one in WEIGHED if bits_of(dossier, one) > 0}
    found = [
        EvidenceItem(one.evidence_class, one.bits, one.sentence)
        for one in dossier.seen
        if 0 < one.bits < math.inf and one.evidence_class in against
    ]
    campaign = dossier.campaign
    if campaign and campaign_speaks(dossier):
        found.append(EvidenceItem("campaign", campaign.harvest_bits, campaign.sentence))
    return tuple(sorted(found, key=lambda one: -one.bits))


def _outcome(held: bool, exemptions: tuple[Answer, ...]) -> Outcome:
    if not held:
        return "not met"
    if any(isinstance(one, Met) for one in exemptions):
        return "exempt"
    # An exemption of which nothing can be told may well hold: absent is not zero, so the clause is not broken.
    return "not met" if any(isinstance(one, NotMet) and one.unknown for one in exemptions) else "broken"


def judge_clause(dossier: Dossier, clause: Clause, terms: str, now_ms: int) -> Verdict:
    """Judge one clause, in force or not; see :func:`judge`."""
    answers = (*(one.answer(dossier) for one in clause.conditions), Speaking.of(clause).answer(dossier))
    held = all(isinstance(one, Met) for one in answers)
    exemptions = tuple(one.answer(dossier) for one in clause.exemptions) if held else ()
    outcome = _outcome(held, exemptions)
    campaign = dossier.campaign
    asked = clause.actions if outcome == "broken" else ()
    permitted = carried(asked, dossier)
    return Verdict(
        account=dossier.account,
        clause=clause.id,
        terms=terms,
        outcome=outcome,
        shadow=clause.mode == "shadow",
        answers=answers,
        exemptions=exemptions,
        evidence=evidence_of(dossier) if held else (),
        permitted=permitted,
        campaign=campaign.name if campaign and campaign_speaks(dossier) else "",
        at_ms=now_ms,
        by_person=by_person(clause, permitted),
        withheld=tuple(one for one in asked if one not in permitted),
    )


def judge(dossier: Dossier, terms: Terms, now_ms: int) -> tuple[Verdict, ...]:
    """Judge one account by every clause that is in force.

    Parameters
    ----------
    dossier
        The account.
    terms
        The terms.
    now_ms
        When it is judged (ms since 1970); a clause that has ended or not begun gives no verdict.

    Returns
    -------
    tuple of Verdict
        In the order of the terms. ``broken`` needs every condition met, enough classes of evidence, and every exemption
        known not to hold. Restrictions are permitted only where substantial or strong evidence speaks, and nothing but
        observation where none does, even by terms that lint would refuse; a suspension only by a person.

    Notes
    -----
    O(conditions), some tens of microseconds. Blind spot: it believes the dossier; whether detectors were right is for
    the appeal.
    """
    return tuple(judge_clause(dossier, one, terms.name, now_ms) for one in terms.clauses if one.in_force(now_ms))


def _holds(dossier: Dossier, clause: Clause, evidence: Speaking) -> bool:
    return all(_truth(one, dossier) for one in clause.conditions) and evidence.truth(dossier) is True


def _truth(condition: object, dossier: Dossier) -> bool:
    quick = getattr(condition, "truth", None)
    if quick is not None:
        return quick(dossier) is True
    return isinstance(condition.answer(dossier), Met)  # type: ignore[attr-defined]


def judge_all(dossiers: Iterable[Dossier], terms: Terms, now_ms: int) -> Iterator[tuple[Verdict, ...]]:
    """Judge many accounts, and give only what the clauses come to whose conditions hold.

    Yields
    ------
    tuple of Verdict
        For each dossier, in order: verdicts that are not for want of a condition ``not met``. Most are empty.

    Notes
    -----
    Some microseconds a dossier: no sentence is written where nothing holds. :func:`judge` gives the reasons.
    """
    clauses = [(one, Speaking.of(one)) for one in terms.clauses if one.in_force(now_ms)]
    for dossier in dossiers:
        yield tuple(
            judge_clause(dossier, clause, terms.name, now_ms)
            for clause, evidence in clauses
            if _holds(dossier, clause, evidence)
        )
