"""What a member asked of its own accounts, and what it was told. Functions work inside a transaction.

Only which account a handle is stands here; the values that were asked about are nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

TABLES: Final = """
CREATE TABLE questions (
  epoch INTEGER NOT NULL PRIMARY KEY,
  asked_ms INTEGER NOT NULL,
  closes_ms INTEGER NOT NULL,
  sent INTEGER NOT NULL CHECK (sent IN (0, 1)),
  answered_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE question_accounts (
  epoch INTEGER NOT NULL REFERENCES questions (epoch),
  handle BLOB NOT NULL CHECK (length(handle) = 16),
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  tags INTEGER NOT NULL,
  members INTEGER NOT NULL,
  PRIMARY KEY (epoch, handle)
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked under one epoch."""

    epoch: int
    """Epoch."""
    asked_ms: int
    """When (ms since 1970)."""
    closes_ms: int
    """When answers come, at the earliest (ms since 1970)."""
    sent: bool
    """Whether everything has left."""
    answered_ms: int
    """When the answers came, -1 while they have not (ms since 1970)."""


@dataclass(frozen=True, slots=True)
class Known:
    """One account that others know something of."""

    account: str
    """As the account file names it."""
    kind: str
    """Kind of what they know."""
    tags: int
    """How many of its values they know."""
    members: int
    """How many others, at least."""


def ask(
    connection: sqlite3.Connection,
    epoch: int,
    closes_ms: int,
    handles: Mapping[bytes, tuple[str, str]],
    now_ms: int,
) -> None:
    """Keep what is asked, before anything leaves; whoever was stopped asks again, of other accounts if need be.

    Parameters
    ----------
    connection
        The member's file, inside a transaction.
    epoch, closes_ms
        Under which epoch, open until when.
    handles
        Handle -> kind and account.
    now_ms
        Now (ms since 1970).
    """
    connection.execute(
        "INSERT INTO questions VALUES (?, ?, ?, 0, -1) ON CONFLICT (epoch) DO UPDATE SET asked_ms = excluded.asked_ms",
        (epoch, now_ms, closes_ms),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO question_accounts VALUES (?, ?, ?, ?, 0, 0)",
        ((epoch, handle, kind, account) for handle, (kind, account) in handles.items()),
    )


def sent(connection: sqlite3.Connection, epoch: int) -> None:
    """Note that everything has left."""
    connection.execute("UPDATE questions SET sent = 1 WHERE epoch = ?", (epoch,))


def questions(connection: sqlite3.Connection) -> list[Question]:
    """Give every question, oldest first."""
    rows = connection.execute("SELECT epoch, asked_ms, closes_ms, sent, answered_ms FROM questions ORDER BY epoch")
    return [Question(epoch, at, closes, bool(all_), told) for epoch, at, closes, all_, told in rows]


def answer(
    connection: sqlite3.Connection, epoch: int, told: Iterable[tuple[bytes, str, int, int]], now_ms: int
) -> None:
    """Keep the answers: (handle, kind, tags, members); what was never asked is passed over."""
    connection.executemany(
        "UPDATE question_accounts SET tags = ?3, members = ?4 WHERE epoch = ?5 AND handle = ?1 AND kind = ?2",
        ((*one, epoch) for one in told),
    )
    connection.execute("UPDATE questions SET answered_ms = ? WHERE epoch = ?", (now_ms, epoch))


def drop(connection: sqlite3.Connection, epoch: int) -> None:
    """Drop what was asked under an epoch and can be answered no more."""
    for table in ("question_accounts", "questions"):
        connection.execute(f"DELETE FROM {table} WHERE epoch = ?", (epoch,))


def known(connection: sqlite3.Connection, epoch: int) -> Sequence[Known]:
    """Give the accounts that others know something of, in the order of their names."""
    rows = connection.execute(
        "SELECT account, kind, tags, members FROM question_accounts WHERE epoch = ? AND members > 0 ORDER BY 1, 2",
        (epoch,),
    )
    return [Known(*row) for row in rows]
