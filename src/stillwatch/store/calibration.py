"""The calibration set: for each answered case an account's evidence in bits and what a person said. No content."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from stillwatch.store import past

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from stillwatch.model.decision import OnRecord
    from stillwatch.model.verdict import Verdict
    from stillwatch.store.cases import Outcome


@dataclass(frozen=True, slots=True)
class Learnt:
    """One answered decision."""

    decision: str
    """Decision."""
    account: int
    """Pseudonym."""
    clause: str
    """Clause it was decided under."""
    bits: Mapping[str, float]
    """Kind of evidence -> bits that had counted; empty where the decision came without a verdict."""
    outcome: Outcome
    """What a person said."""
    at_ms: int
    """When (ms since 1970)."""


def learn(connection: sqlite3.Connection, one: OnRecord, outcome: Outcome, now_ms: int) -> None:
    """Add a decision; what a person says later counts for more."""
    bits = bits_text(past.verdict(connection, one.decision.id))
    connection.execute(
        "INSERT INTO calibration (decision, account, clause, bits, outcome, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
        (one.decision.id, one.decision.account, one.decision.clause, bits, outcome, now_ms),
    )


def bits_text(verdict: Verdict | None) -> str:
    """Write what counted, kind of evidence -> bits. Nothing else of a case is learnt from, least of all an appeal."""
    bits: dict[str, float] = {}
    for item in verdict.evidence if verdict else ():
        bits[item.evidence_class] = bits.get(item.evidence_class, 0.0) + item.bits
    return json.dumps(bits)


def calibration_set(connection: sqlite3.Connection) -> Iterator[Learnt]:
    """Give the last answer to every answered decision, in the order of the answers."""
    rows = connection.execute(
        "SELECT decision, account, clause, bits, outcome, at_ms FROM calibration"
        " WHERE id IN (SELECT max(id) FROM calibration GROUP BY decision) ORDER BY id"
    )
    for decision, account, clause, bits, outcome, at_ms in rows:
        yield Learnt(decision, account, clause, json.loads(bits), cast("Outcome", outcome), at_ms)
