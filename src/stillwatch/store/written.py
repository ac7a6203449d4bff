"""Decisions and verdicts as plain values and as rows, and back."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.decision import Action, Decision, OnRecord
from stillwatch.model.verdict import EvidenceItem, Met, NotMet, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.model.verdict import Answer
    from stillwatch.store.canonical import Plain

COLUMNS: Final = (
    *("id", "account", "action", "clause", "terms", "campaign", "evidence", "notice", "appeal"),
    *("from_ms", "until_ms", "by", "shadow", "at_ms"),
)
"""Columns of a decision, in the order of :class:`stillwatch.model.decision.Decision`."""
SELECTED: Final = (
    ", ".join(f"d.{name}" for name in COLUMNS) + ", d.case_id, coalesce(l.at_ms, -1), coalesce(e.at_ms, -1)"
)
"""What :func:`on_record` reads, from decisions d with lifts l and ends e."""


def plain(decision: Decision) -> dict[str, Plain]:
    """Write a decision as the ledger keeps it."""
    return {
        "id": decision.id,
        "account": decision.account,
        "action": int(decision.action),
        "clause": decision.clause,
        "terms": decision.terms,
        "campaign": decision.campaign,
        "evidence": list(decision.evidence),
        "notice": decision.notice,
        "appeal": decision.appeal,
        "from_ms": decision.from_ms,
        "until_ms": decision.until_ms,
        "by": decision.by,
        "shadow": decision.shadow,
        "at_ms": decision.at_ms,
    }


def row(decision: Decision) -> tuple[object, ...]:
    """Lay a decision out as a row, in the order of ``COLUMNS``."""
    values = plain(decision) | {"evidence": json.dumps(decision.evidence), "shadow": int(decision.shadow)}
    return tuple(values[name] for name in COLUMNS)


def decision_of(values: Mapping[str, Any]) -> Decision:
    """Read back what :func:`plain` wrote."""
    known = {name: values[name] for name in COLUMNS}
    return Decision(
        **known
        | {"action": Action(known["action"]), "evidence": tuple(known["evidence"]), "shadow": bool(known["shadow"])}
    )


def on_record(values: Sequence[Any]) -> OnRecord:
    """Read a row of ``SELECTED``."""
    named = dict(zip(COLUMNS, values, strict=False))
    named["evidence"] = json.loads(named["evidence"])
    return OnRecord(decision_of(named), *values[len(COLUMNS) :])


def _answer(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Met):
        return {"met": True, "condition": answer.condition, "fact": answer.fact}
    return {"met": False, "condition": answer.condition, "reason": answer.reason, "unknown": answer.unknown}


def _answer_of(values: Mapping[str, Any]) -> Answer:
    if values["met"]:
        return Met(values["condition"], values["fact"])
    return NotMet(values["condition"], values["reason"], values["unknown"])


def verdict_text(verdict: Verdict) -> str:
    """Write a verdict as JSON."""
    return json.dumps(
        {
            "account": verdict.account,
            "clause": verdict.clause,
            "terms": verdict.terms,
            "outcome": verdict.outcome,
            "shadow": verdict.shadow,
            "answers": [_answer(answer) for answer in verdict.answers],
            "exemptions": [_answer(answer) for answer in verdict.exemptions],
            "evidence": [
                {"class": item.evidence_class, "bits": item.bits, "sentence": item.sentence}
                for item in verdict.evidence
            ],
            "permitted": [int(action) for action in verdict.permitted],
            "by_person": [int(action) for action in verdict.by_person],
            "withheld": [int(action) for action in verdict.withheld],
            "campaign": verdict.campaign,
            "at_ms": verdict.at_ms,
        },
        sort_keys=True,
        allow_nan=False,
    )


def verdict_of(text: str) -> Verdict:
    """Read back what :func:`verdict_text` wrote."""
    values = json.loads(text)
    return Verdict(
        account=values["account"],
        clause=values["clause"],
        terms=values["terms"],
        outcome=values["outcome"],
        shadow=values["shadow"],
        answers=tuple(_answer_of(answer) for answer in values["answers"]),
        exemptions=tuple(_answer_of(answer) for answer in values["exemptions"]),
        evidence=tuple(EvidenceItem(item["class"], item["bits"], item["sentence"]) for item in values["evidence"]),
        permitted=tuple(Action(action) for action in values["permitted"]),
        campaign=values["campaign"],
        at_ms=values["at_ms"],
        by_person=tuple(Action(action) for action in values.get("by_person", ())),
        withheld=tuple(Action(action) for action in values.get("withheld", ())),
    )


def fingerprint(text: str) -> str:
    """Name a text by its SHA-256; the ledger keeps it, so that a changed verdict is found."""
    return hashlib.sha256(text.encode()).hexdigest()
