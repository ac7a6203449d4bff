"""The queue of outcomes to be told: written with the outcome itself, so that a crash loses none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.store.canonical import encode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from stillwatch.store.canonical import Plain
    from stillwatch.store.database import Database

FIRST_MS: Final = 30_000
"""Wait after the first failure (ms); each further one doubles it."""
LONGEST_MS: Final = 21_600_000
"""Longest wait between two tries (ms); there is no last try."""
TROUBLE_CHARS: Final = 200
"""Characters kept of what went wrong."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One outcome to be told."""

    id: int
    """Number; the receiver sees it and can tell a repetition."""
    body: str
    """JSON."""
    tries: int
    """Failed tries so far."""


def enqueue(connection: sqlite3.Connection, body: Mapping[str, Plain], now_ms: int) -> None:
    """Put an outcome into the queue, inside its own transaction."""
    connection.execute("INSERT INTO callbacks (body, due_ms) VALUES (?, ?)", (encode(body), now_ms))


def due(database: Database, now_ms: int, most: int = 20) -> tuple[Callback, ...]:
    """Give what is to be told now, the oldest first."""
    with database.reading() as connection:
        rows = connection.execute(
            "SELECT id, body, tries FROM callbacks WHERE done_ms < 0 AND due_ms <= ? ORDER BY id LIMIT ?",
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
