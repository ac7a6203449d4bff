"""What ``stillwatch terms --json`` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stillwatch.model.dossier_json import to_value
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.model.verdict import Met

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.model.terms import Terms
    from stillwatch.model.verdict import Answer, Verdict
    from stillwatch.policy.diff import Change
    from stillwatch.policy.explain import InWords
    from stillwatch.policy.language.load import Loaded
    from stillwatch.policy.lint.remark import Remark
    from stillwatch.policy.replay import Replayed


def linted(loaded: Loaded, remarks: Sequence[Remark]) -> dict[str, Any]:
    """Lay out what lint said of one file."""
    rows = []
    for one in remarks:
        row = {"rule": one.rule, "severity": one.severity, "clause": one.clause, "line": one.line}
        witness = to_value(one.witness) if one.witness else None
        rows.append(row | {"says": one.says, "do": one.do, "witness": witness})
    return {"file": loaded.file, "terms": loaded.terms.name, "clauses": len(loaded.terms.clauses), "remarks": rows}


def _answer(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Met):
        return {"condition": answer.condition, "met": True, "because": answer.fact}
    said = {"condition": answer.condition, "met": None if answer.unknown else False}
    return said | {"because": answer.reason}


def verdict(one: Verdict) -> dict[str, Any]:
    """Lay out one verdict; ``met`` is null where nothing can be told."""
    return {
        "account": pseudonym_text(one.account),
        "clause": one.clause,
        "terms": one.terms,
        "outcome": one.outcome,
        "shadow": one.shadow,
        "answers": [_answer(answer) for answer in one.answers],
        "exemptions": [_answer(answer) for answer in one.exemptions],
        "evidence": [[item.evidence_class, item.bits, item.sentence] for item in one.evidence],
        "permitted": [action.name.lower() for action in one.permitted],
        "by_person": [action.name.lower() for action in one.by_person],
        "withheld": [action.name.lower() for action in one.withheld],
        "campaign": one.campaign,
        "at_ms": one.at_ms,
    }


def explained(terms: Terms, words: Sequence[InWords], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Lay out terms in words, and the verdicts of one dossier."""
    page: dict[str, Any] = {"terms": terms.name, "clauses": [asdict(one) for one in words]}
    return page | ({"verdicts": [verdict(one) for one in verdicts]} if verdicts else {})


def _change(one: Change) -> dict[str, Any]:
    examples = {"newly": one.newly, "spared": one.spared}
    return {
        "clause": one.clause,
        "what": one.what,
        "turn": one.turn,
        "says": list(one.says),
        **{name: to_value(found) if found else None for name, found in examples.items()},
    }


def _replayed(one: Replayed) -> dict[str, Any]:
    return {
        "dossiers": one.dossiers,
        "outside": one.outside,
        "ahead": one.ahead,
        "accounts": dict(one.accounts),
        "from_ms": one.from_ms,
        "until_ms": one.until_ms,
        "counts": [
            {"plan": plan, "action": action, "old": old, "new": new}
            for (plan, action), (old, new) in one.counts.items()
        ],
        "turns": dict(one.turns),
        "moved": [asdict(moved) | {"account": pseudonym_text(moved.account)} for moved in one.moved],
    }


def compared(old: Terms, new: Terms, changes: Sequence[Change], replayed: Replayed | None) -> dict[str, Any]:
    """Lay out what changed between two versions, and whose action would."""
    raised = new.version > old.version or old.id != new.id
    page = {"old": old.name, "new": new.name, "version_raised": raised, "changes": [_change(one) for one in changes]}
    return page | {"replay": _replayed(replayed) if replayed else None}
