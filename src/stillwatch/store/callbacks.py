"""The queue of what a customer is to be told: written with the thing itself, so that a crash loses none.

Decisions taken, decisions undone, appeals answered. Whoever is told them passes them on: accounts are pseudonyms here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stillwatch.model.decision import Action
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.store.canonical import encode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from stillwatch.model.decision import Decision
    from stillwatch.store.canonical import Plain
    from stillwatch.store.database import Database

FIRST_MS: Final = 30_000
"""Wait after the first failure (ms); each further one doubles it."""
LONGEST_MS: Final = 21_600_000
"""Longest wait between two tries (ms); there is no last try."""
TROUBLE_CHARS: Final = 200
"""Characters kept of what went wrong."""
How: TypeAlias = Literal["undone", "ended"]
TAKEN: Final = "decision.taken"
FOREVER: Final = 1 << 62
"""Until when something is told that is worth knowing at any time (ms since 1970)."""


@dataclass(frozen=True, slots=True)
class Callback:
    """Something to be told."""

    id: int
    """Number; the receiver sees it and can tell a repetition."""
    body: str
    """JSON."""
    tries: int
    """Failed tries so far."""


def enqueue(
    connection: sqlite3.Connection,
    kind: str,
    decision: str,
    more: Mapping[str, Plain],
    now_ms: int,
    until_ms: int = FOREVER,
) -> None:
    """Put something about a decision into the queue, inside its own transaction; past ``until_ms`` it is not told."""
    body = encode({"kind": kind, "decision": decision, **more})
    connection.execute(
        "INSERT INTO callbacks (decision, kind, body, due_ms, until_ms) VALUES (?, ?, ?, ?, ?)",
        (decision, kind, body, now_ms, until_ms),
    )


def tell_taken(connection: sqlite3.Connection, decision: Decision, now_ms: int) -> None:
    """Queue the notice of a decision; one that is only watched, or only observes, is nobody's to be told."""
    if decision.shadow or decision.action == Action.OBSERVE:
        return
    more: dict[str, Plain] = _about(decision) | {
        "action": decision.action.name.lower(),
        "notice": decision.notice,
        "from_ms": decision.from_ms,
        "until_ms": decision.until_ms,
    }
    # Nobody is told before it begins: a delay that is announced is none.
    enqueue(connection, TAKEN, decision.id, more, max(now_ms, decision.from_ms), decision.until_ms)


def tell_over(connection: sqlite3.Connection, decision: Decision, how: How, why: str, now_ms: int) -> None:
    """Queue that a decision was undone, or ended early; a notice that was not told yet is taken back."""
    if decision.shadow or decision.action == Action.OBSERVE:
        return
    connection.execute(
        "UPDATE callbacks SET until_ms = 0 WHERE decision = ? AND kind = ? AND done_ms < 0", (decision.id, TAKEN)
    )
    enqueue(connection, f"decision.{how}", decision.id, _about(decision) | {"why": why, "at_ms": now_ms}, now_ms)


def _about(decision: Decision) -> dict[str, Plain]:
    return {"account": pseudonym_text(decision.account), "clause": decision.clause}


def due(database: Database, now_ms: int, most: int = 20) -> tuple[Callback, ...]:
    """Give what is to be told now, the oldest first; notices of decisions that are over are not."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT id, body, tries FROM callbacks WHERE done_ms < 0 AND due_ms <= ?1 AND until_ms > ?1"
            " ORDER BY id LIMIT ?2",
            (now_ms, most),
        )
        return tuple(Callback(*row) for row in rows)


def delivered(database: Database, id_: int, now_ms: int) -> None:
    """Take one off the queue."""
    with database.writing() as connection:
        connection.execute("UPDATE callbacks SET done_ms = ?, trouble = '' WHERE id = ?", (now_ms, id_))


def wait_ms(tries: int) -> int:
    """Give how long to wait after so many failures (ms)."""
    return min(FIRST_MS << min(tries, 20), LONGEST_MS)


def failed(database: Database, one: Callback, trouble: str, now_ms: int) -> None:
    """Try one again later."""
    with database.writing() as connection:
        connection.execute(
            "UPDATE callbacks SET tries = tries + 1, due_ms = ?, trouble = ? WHERE id = ?",
            (now_ms + wait_ms(one.tries), trouble[:TROUBLE_CHARS], one.id),
        )
