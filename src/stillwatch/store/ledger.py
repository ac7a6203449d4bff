"""The ledger: everything that was ever decided, undone, contested or switched, each entry chained to the one before.

An entry's hash is SHA-256 over the hash before it and its own canonical text. Whoever changes, removes or reorders
an entry breaks the chain from there on; whoever cuts the end off, or writes the whole chain anew, is found by any
head exported earlier.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.store.canonical import encode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from stillwatch.store.canonical import Plain

START: Final = hashlib.sha256(b"stillwatch ledger 1\n").digest()
"""What the first entry is chained to."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry."""

    seq: int
    """Number, from 1, without gaps."""
    at_ms: int
    """When (ms since 1970); never before the entry before it."""
    clock_ms: int
    """What the clock said (ms since 1970); earlier than ``at_ms`` where the clock had gone back."""
    kind: str
    """What happened: decision, waiting, answer, undo, end, case, appeal, outcome, clause, switch, run."""
    subject: str
    """Id of what it is about."""
    body: str
    """The rest, in canonical form."""
    hash: bytes
    """32 bytes, over the hash before it and all of the above."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the ledger at some moment. Kept elsewhere, it proves later what had been written by then."""

    seq: int
    """Number of the last entry, 0 for an empty ledger."""
    hash: bytes
    """Its hash."""


def chained(before: bytes, seq: int, at_ms: int, clock_ms: int, kind: str, subject: str, body: str) -> bytes:
    """Hash one entry onto the one before it."""
    text = encode({"seq": seq, "at_ms": at_ms, "clock_ms": clock_ms, "kind": kind, "subject": subject, "body": body})
    return hashlib.sha256(before + text.encode("ascii")).digest()


def head(connection: sqlite3.Connection) -> Head:
    """Give the end of the ledger."""
    row = connection.execute("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head(0, START)


def append(
    connection: sqlite3.Connection, kind: str, subject: str, body: Mapping[str, Plain], now_ms: int
) -> tuple[int, int]:
    """Add an entry, inside the transaction of what it tells.

    Parameters
    ----------
    connection
        Inside ``Database.writing``.
    kind, subject, body
        As in :class:`Entry`.
    now_ms
        What the clock says (ms since 1970). Where that is before the last entry, the entry is dated as the
        last one and keeps the clock's reading beside it.

    Returns
    -------
    tuple of int
        Number and time of the entry.
    """
    row = connection.execute("SELECT seq, at_ms, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
    last, last_ms, before = row or (0, now_ms, START)
    seq, at_ms, text = last + 1, max(now_ms, last_ms), encode(body)
    made = chained(before, seq, at_ms, now_ms, kind, subject, text)
    connection.execute(
        "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, at_ms, now_ms, kind, subject, text, made)
    )
    return seq, at_ms


def entries(connection: sqlite3.Connection, after: int = 0, most: int = -1) -> Iterator[Entry]:
    """Give entries in order, those after a number; ``most`` of them, all where negative."""
    rows = connection.execute(
        "SELECT seq, at_ms, clock_ms, kind, subject, body, hash FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, most),
    )
    for row in rows:
        yield Entry(*row)
