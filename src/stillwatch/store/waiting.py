"""Decisions that wait for a person: put down by the guards, approved or declined by somebody named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillwatch.model.decision import Waiting
from stillwatch.store.canonical import encode
from stillwatch.store.ledger import append
from stillwatch.store.written import decision_of, plain, verdict_of, verdict_text

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.model.verdict import Verdict
    from stillwatch.store.database import Database


@dataclass(frozen=True, slots=True)
class Held:
    """One decision that waits, or waited."""

    waiting: Waiting
    """The decision and why it waits."""
    verdict: Verdict | None
    """The verdict it comes from."""
    at_ms: int
    """Since when (ms since 1970)."""
    answer: str
    """"" while it waits, ``approved`` or ``declined``."""
    by: str
    """Who answered."""
    why: str
    """Why."""


_COLUMNS = "body, verdict, reason, at_ms, answer, by, why"


def _held(row: tuple[str, str, str, int, str, str, str]) -> Held:
    body, verdict, because, at_ms, answer, by, why = row
    waiting = Waiting(decision_of(json.loads(body)), because)
    return Held(waiting, verdict_of(verdict) if verdict else None, at_ms, answer, by, why)


def put_waiting(connection: sqlite3.Connection, one: Waiting, verdict: Verdict | None, now_ms: int) -> tuple[str, bool]:
    """Put one down, once; says whether it is new."""
    id_ = one.decision.id
    known = connection.execute(
        "SELECT 1 FROM waiting WHERE id = ?1 UNION ALL SELECT 1 FROM decisions WHERE id = ?1", (id_,)
    ).fetchone()
    if known is not None:
        return id_, False
    body = plain(one.decision)
    _, at_ms = append(connection, "waiting", id_, {"decision": body, "reason": one.reason}, now_ms)
    connection.execute(
        "INSERT INTO waiting (id, account, body, verdict, reason, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
        (id_, one.decision.account, encode(body), verdict_text(verdict) if verdict else "", one.reason, at_ms),
    )
    return id_, True


def waits(connection: sqlite3.Connection, id_: str) -> bool:
    """Say whether something was ever left to a person: then no machine takes it."""
    return connection.execute("SELECT 1 FROM waiting WHERE id = ?", (id_,)).fetchone() is not None


def held(connection: sqlite3.Connection, id_: str) -> Held | None:
    """Look one up."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM waiting WHERE id = ?", (id_,)).fetchone()
    return _held(row) if row else None


def how_many_wait(database: Database) -> int:
    """Count what waits for a person's answer."""
    with database.reading() as connection:
        (count,) = connection.execute("SELECT count(*) FROM waiting WHERE answer = ''").fetchone()
    return int(count)


def all_held(connection: sqlite3.Connection) -> tuple[Held, ...]:
    """Give all that wait, the longest wait first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM waiting WHERE answer = '' ORDER BY at_ms, id")
    return tuple(_held(row) for row in rows)


def declined(connection: sqlite3.Connection, account: int) -> tuple[tuple[Held, int], ...]:
    """Give an account's declined ones, each with when that was (ms since 1970)."""
    rows = connection.execute(
        f"SELECT {_COLUMNS}, answered_ms FROM waiting WHERE account = ? AND answer = 'declined'",
        (account,),
    )
    return tuple((_held(row[:-1]), row[-1]) for row in rows)


def answer(connection: sqlite3.Connection, id_: str, said: str, by: str, why: str, now_ms: int) -> None:
    """Write down a person's answer to one that waits."""
    _, at_ms = append(connection, "answer", id_, {"answer": said, "by": by, "why": why}, now_ms)
    connection.execute(
        "UPDATE waiting SET answer = ?, by = ?, why = ?, answered_ms = ? WHERE id = ?", (said, by, why, at_ms, id_)
    )
