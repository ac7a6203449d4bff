"""Where in the transparency log a submission is, and which entries of the log tell of a member.

Objects of one record of the log were added one after the other, so their dates say which record tells of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

TABLES: Final = """
CREATE TABLE submissions (
  first_us INTEGER PRIMARY KEY,
  last_us INTEGER NOT NULL CHECK (last_us >= first_us),
  entry INTEGER NOT NULL REFERENCES log_entries (seq)
) STRICT;
CREATE TABLE log_about (
  about TEXT NOT NULL,
  entry INTEGER NOT NULL REFERENCES log_entries (seq),
  PRIMARY KEY (about, entry)
) STRICT, WITHOUT ROWID;
"""


def keep_entries(connection: sqlite3.Connection, first: int, counts: Sequence[int]) -> None:
    """Remember which entries of the log tell of the objects added last.

    Parameters
    ----------
    connection
        Inside the transaction that added them.
    first
        Number of the first entry; the others follow.
    counts
        Objects of each entry.
    """
    last = connection.execute("SELECT max(date_added) FROM objects").fetchone()[0]
    at = last - sum(counts) + 1
    for entry, count in enumerate(counts, first):
        connection.execute("INSERT INTO submissions VALUES (?, ?, ?)", (at, at + count - 1, entry))
        at += count


def keep_about(connection: sqlite3.Connection, first: int, about: Sequence[str | None]) -> None:
    """Remember which member or group each entry of the log tells of, from the first on; None where of none."""
    rows = [(one, entry) for entry, one in enumerate(about, first) if one]
    connection.executemany("INSERT INTO log_about VALUES (?, ?)", rows)


def entry_of(connection: sqlite3.Connection, added_us: int) -> int | None:
    """Give the number of the entry that tells of an object, by the date it was added; None where there is none."""
    row = connection.execute(
        "SELECT last_us, entry FROM submissions WHERE first_us <= ? ORDER BY first_us DESC LIMIT 1", (added_us,)
    ).fetchone()
    return int(row[1]) if row and added_us <= row[0] else None


def tells_of(connection: sqlite3.Connection, entry: int, about: str) -> bool:
    """Say whether an entry of the log tells of a member or group."""
    row = connection.execute("SELECT 1 FROM log_about WHERE about = ? AND entry = ?", (about, entry)).fetchone()
    return row is not None


def move_entry(connection: sqlite3.Connection, before: int, after: int) -> None:
    """Point from the objects of an entry whose record was erased to the entry that tells of them now."""
    connection.execute("UPDATE submissions SET entry = ? WHERE entry = ?", (after, before))
