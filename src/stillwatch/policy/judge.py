"""Judges a dossier by terms: one verdict a clause, with every reason. A verdict is no action.

Pure: the same dossier, terms and time give the same verdicts. Evidence of a campaign counts only where the campaign is
reported as extraction and the account likely belongs to it; coordination never counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.verdict import EvidenceItem, Met, NotMet, Verdict
from stillwatch.policy.conditions.evidence.classes import WEIGHED
from stillwatch.policy.conditions.evidence.speaking import LIKELY, Speaking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stillwatch.model.dossier import Dossier
    from stillwatch.model.terms import Clause, Terms
    from stillwatch.model.verdict import Answer, Outcome


def evidence_of(dossier: Dossier) -> tuple[EvidenceItem, ...]:
    """List what speaks against an account and may be counted, strongest first."""
    found = [
        EvidenceItem(one.evidence_class, one.bits, one.sentence)
        for one in dossier.seen
        if one.bits > 0 and one.evidence_class in WEIGHED
    ]
    campaign = dossier.campaign
    if campaign and campaign.extracting and campaign.belongs >= LIKELY:
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
    return Verdict(
        account=dossier.account,
        clause=clause.id,
        terms=terms,
        outcome=outcome,
        shadow=clause.mode == "shadow",
        answers=answers,
        exemptions=exemptions,
        evidence=evidence_of(dossier) if held else (),
        permitted=clause.actions if outcome == "broken" else (),
        campaign=campaign.name if campaign and campaign.extracting and campaign.belongs >= LIKELY else "",
        at_ms=now_ms,
        by_person=clause.by_person if outcome == "broken" else (),
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
        known not to hold.

    Notes
    -----
    O(conditions), some tens of microseconds. Blind spot: it believes the dossier; whether detectors were right is for
    the appeal.
    """
    return tuple(judge_clause(dossier, one, terms.name, now_ms) for one in terms.clauses if one.in_force(now_ms))


def _holds(dossier: Dossier, clause: Clause, evidence: Speaking) -> bool:
    if evidence.truth(dossier) is not True:
        return False
    return all(_truth(one, dossier) for one in clause.conditions)


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
