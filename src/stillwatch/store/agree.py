"""Whether the tables say what the ledger says, row by row. What a table adds or lacks is told in one sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from stillwatch.store import past
from stillwatch.store.calibration import bits_text
from stillwatch.store.canonical import encode
from stillwatch.store.written import fingerprint, plain

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from stillwatch.store.ledger import Entry

    Body: TypeAlias = dict[str, Any]

_COUNTS: Final = (
    ("decision", "decisions", "SELECT count(*) FROM decisions"),
    ("undo", "lifts", "SELECT count(*) FROM lifts"),
    ("end", "ends", "SELECT count(*) FROM ends"),
    ("case", "outcomes", "SELECT count(*) FROM outcomes"),
    ("waiting", "waiting", "SELECT count(*) FROM waiting"),
    ("answer", "waiting", "SELECT count(*) FROM waiting WHERE answer <> ''"),
    ("clause", "clauses", "SELECT count(*) FROM clauses"),
    ("appeal", "appeals", "SELECT count(*) FROM appeals"),
    ("outcome", "appeals", "SELECT count(*) FROM appeals WHERE outcome <> ''"),
)
"""Kind of entry, table, rows that such entries account for."""
_LEARNT: Final = (
    "SELECT count(*) FROM ledger WHERE kind = 'undo'"
    " OR (kind = 'outcome' AND json_extract(body, '$.outcome') = 'upheld')"
)
"""Entries that add a row to the calibration set."""


def of_entry(connection: sqlite3.Connection, entry: Entry) -> Iterator[str]:
    """Tell where the row of an entry is gone or another."""
    try:
        body = json.loads(entry.body)
        compared = _COMPARED.get(entry.kind)
        if compared and (what := compared(connection, entry, body)):
            yield what
    except (ValueError, KeyError, TypeError, AttributeError):
        yield "its text is no entry of this program"


def disagreements(connection: sqlite3.Connection) -> Iterator[str]:
    """Tell where a table holds more rows than the ledger accounts for, or fewer."""
    for kind, table, query in _COUNTS:
        rows = connection.execute(query).fetchone()[0]
        told = connection.execute("SELECT count(*) FROM ledger WHERE kind = ?", (kind,)).fetchone()[0]
        if rows != told:
            yield f"{table} holds {rows} rows where the ledger tells of {told} ({kind})"
    rows = connection.execute("SELECT count(*) FROM calibration").fetchone()[0]
    told = connection.execute(_LEARNT).fetchone()[0]
    if rows != told:
        yield f"calibration holds {rows} rows where the ledger tells of {told} answers"
    row = connection.execute("SELECT state FROM switch").fetchone()
    last = connection.execute("SELECT subject FROM ledger WHERE kind = 'switch' ORDER BY seq DESC LIMIT 1").fetchone()
    if (row[0] if row else "on") != (last[0] if last else "on"):
        yield "the kill switch stands otherwise than the ledger says"


def _decision(connection: sqlite3.Connection, entry: Entry, body: Body) -> str:
    found = past.by_id(connection, entry.subject)
    if found is None:
        return f"decision {entry.subject} is gone"
    if encode(plain(found.decision)) != encode(body["decision"]) or found.case != body["case"]:
        return f"decision {entry.subject} was changed"
    row = connection.execute("SELECT body FROM verdicts WHERE decision = ?", (entry.subject,)).fetchone()
    if (fingerprint(row[0]) if row else "") != body["verdict"]:
        return f"the verdict of decision {entry.subject} was changed"
    return ""


def _undo(connection: sqlite3.Connection, entry: Entry, body: Body) -> str:
    row = connection.execute("SELECT seq, by, why FROM lifts WHERE decision = ?", (entry.subject,)).fetchone()
    if row != (entry.seq, body["by"], body["why"]):
        return f"the undoing of {entry.subject} is gone or another"
    return _learnt(connection, entry.subject, "overturned")


def _end(connection: sqlite3.Connection, entry: Entry, body: Body) -> str:
    row = connection.execute("SELECT seq, by, why FROM ends WHERE decision = ?", (entry.subject,)).fetchone()
    return "" if row == (entry.seq, body["by"], body["why"]) else f"the end of {entry.subject} is gone or another"


def _learnt(connection: sqlite3.Connection, decision: str, outcome: str) -> str:
    """Tell where the calibration set says something else of a decision than its verdict and its outcome do."""
    bits = bits_text(past.verdict(connection, decision))
    rows = connection.execute(
        "SELECT 1 FROM calibration c JOIN decisions d ON d.id = c.decision"
        " WHERE d.id = ? AND c.outcome = ? AND c.bits = ? AND c.account = d.account AND c.clause = d.clause",
        (decision, outcome, bits),
    )
    return "" if rows.fetchone() else f"what the calibration set holds of {decision} is gone or another"


def _case(connection: sqlite3.Connection, entry: Entry, body: Body) -> str:
    rows = connection.execute(
        "SELECT 1 FROM outcomes WHERE case_id = ? AND outcome = ? AND by = ? AND why = ? AND at_ms = ?",
        (entry.subject, body["outcome"], body["by"], body["why"], entry.at_ms),
    )
    return "" if rows.fetchone() else f"the outcome of case {entry.subject} is gone or another"


def _waiting(connection: sqlite3.Connection, entry: Entry, body: Body) -> str:
    row = connection.execute("SELECT body, reason FROM waiting WHERE id = ?", (entry.subject,)).fetchone()
    same = row == (encode(body["decision"]), body["reason"])
    return "" if same else f"what waits as {entry.subject} is gone or another"


def _answer(connection: sqlite3.Connection, entry: Entry, body: Body) -> str:
    row = connection.execute("SELECT answer, by, why FROM waiting WHERE id = ?", (entry.subject,)).fetchone()
    same = row == (body["answer"], body["by"], body["why"])
    return "" if same else f"the answer to {entry.subject} is gone or another"


def _outcome(connection: sqlite3.Connection, entry: Entry, body: Body) -> str:
    row = connection.execute("SELECT outcome, by, why, decision FROM appeals WHERE id = ?", (entry.subject,)).fetchone()
    if row is None or row[:3] != (body["outcome"], body["by"], body["why"]):
        return f"the outcome of appeal {entry.subject} is gone or another"
    return _learnt(connection, row[3], "upheld") if body["outcome"] == "upheld" else ""


def _appeal(connection: sqlite3.Connection, entry: Entry, body: Body) -> str:
    row = connection.execute("SELECT decision FROM appeals WHERE id = ?", (entry.subject,)).fetchone()
    return "" if row == (body["decision"],) else f"appeal {entry.subject} is gone or another"


def _clause(connection: sqlite3.Connection, entry: Entry, body: Body) -> str:
    rows = connection.execute(
        "SELECT 1 FROM clauses WHERE terms = ? AND id = ? AND sentence = ?",
        (body["terms"], entry.subject, body["sentence"]),
    )
    return "" if rows.fetchone() else f"the sentence of clause {entry.subject} is gone or another"


_COMPARED: Final = {
    "decision": _decision,
    "undo": _undo,
    "end": _end,
    "case": _case,
    "waiting": _waiting,
    "answer": _answer,
    "clause": _clause,
    "appeal": _appeal,
    "outcome": _outcome,
}
