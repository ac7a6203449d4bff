"""What a key holder keeps in its database: calendar, members, public keys, what was spent, which requests were seen.

No secret key is in here: those are files of their own (``keys``), so that a copy of the database evaluates nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import NotNow
from stillwatch.store.database import Database
from stillwatch.store.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TABLES: Final = """
CREATE TABLE calendar (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  start_ms INTEGER NOT NULL,
  length_ms INTEGER NOT NULL,
  overlap_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE members (
  name TEXT NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64),
  secret_hash BLOB NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
  since_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE keys (
  epoch INTEGER NOT NULL PRIMARY KEY,
  public BLOB NOT NULL CHECK (length(public) = 32),
  made_ms INTEGER NOT NULL,
  destroyed_ms INTEGER NOT NULL DEFAULT -1
) STRICT;
CREATE TABLE spent (
  epoch INTEGER NOT NULL,
  member TEXT NOT NULL,
  elements INTEGER NOT NULL CHECK (elements >= 0),
  PRIMARY KEY (epoch, member)
) STRICT, WITHOUT ROWID;
CREATE TABLE seen (
  member TEXT NOT NULL,
  nonce BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (member, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_time ON seen (at_ms);
CREATE TRIGGER keys_no_delete BEFORE DELETE ON keys BEGIN SELECT RAISE(ABORT, 'keys are only added to'); END;
CREATE TRIGGER keys_once BEFORE INSERT ON keys
WHEN EXISTS (SELECT 1 FROM keys WHERE epoch = NEW.epoch)
BEGIN SELECT RAISE(ABORT, 'an epoch has one key'); END;
CREATE TRIGGER keys_destroyed_once BEFORE UPDATE ON keys
WHEN OLD.destroyed_ms >= 0 OR NEW.epoch <> OLD.epoch OR NEW.public <> OLD.public OR NEW.made_ms <> OLD.made_ms
BEGIN SELECT RAISE(ABORT, 'a key is destroyed once, and never another'); END;
"""


_SCHEMA: Final = Schema("database of a key holder", 0x53544C4B, 1, _TABLES)


class HolderBase(Database):
    """The database of a key holder."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        super().__init__(path, create=create, schema=_SCHEMA)


@dataclass(frozen=True, slots=True)
class Charge:
    """What came of asking for elements of a budget."""

    granted: bool
    """Whether they were taken off."""
    left: int
    """What is left of the epoch's budget (elements)."""
    replayed: bool = False
    """Whether the request had been seen already."""


def charge(
    base: HolderBase, member: str, epoch: int, count: int, most: int, nonce: bytes, now: tuple[int, int]
) -> Charge:
    """Take elements off a member's budget, on the disk before anything is evaluated.

    Parameters
    ----------
    base
        The holder's database.
    member, epoch, count
        Who asks, under which key, for how many elements.
    most
        Budget of a member and epoch (elements).
    nonce
        Names the request; a second one of the same name is refused.
    now
        Now, and how long a nonce is remembered (ms).

    Notes
    -----
    A crash after this loses the answer and not the count.
    """
    now_ms, window_ms = now
    with base.writing() as connection:
        connection.execute("DELETE FROM seen WHERE at_ms < ?", (now_ms - window_ms,))
        row = connection.execute(
            "SELECT elements FROM spent WHERE epoch = ? AND member = ?", (epoch, member)
        ).fetchone()
        spent = row[0] if row else 0
        if connection.execute("SELECT 1 FROM seen WHERE member = ? AND nonce = ?", (member, nonce)).fetchone():
            return Charge(granted=False, left=max(most - spent, 0), replayed=True)
        if spent + count > most:
            return Charge(granted=False, left=max(most - spent, 0))
        connection.execute("INSERT INTO seen VALUES (?, ?, ?)", (member, nonce, now_ms))
        connection.execute(
            "INSERT INTO spent VALUES (?, ?, ?) ON CONFLICT (epoch, member) DO UPDATE SET elements = excluded.elements",
            (epoch, member, spent + count),
        )
    return Charge(granted=True, left=most - spent - count)


def give_back(base: HolderBase, member: str, epoch: int, count: int) -> None:
    """Give elements back that we failed to evaluate."""
    with base.writing() as connection:
        connection.execute(
            "UPDATE spent SET elements = max(elements - ?, 0) WHERE epoch = ? AND member = ?", (count, epoch, member)
        )


def settle_calendar(base: HolderBase, start_ms: int, length_ms: int, overlap_ms: int) -> None:
    """Write the calendar down; it is settled once, since hub and custodian share it.

    Raises
    ------
    NotNow
        Another one is settled already.
    """
    asked = (start_ms, length_ms, overlap_ms)
    with base.writing() as connection:
        row = connection.execute("SELECT start_ms, length_ms, overlap_ms FROM calendar").fetchone()
        if row is None:
            connection.execute("INSERT INTO calendar VALUES (1, ?, ?, ?)", asked)
        elif tuple(row) != asked:
            raise NotNow("the calendar of epochs is settled already, and members rely on it; begin with a new store")


def calendar_of(base: HolderBase) -> tuple[int, int, int] | None:
    """Give start, length and overlap (ms) as settled, None before."""
    with base.reading() as connection:
        row = connection.execute("SELECT start_ms, length_ms, overlap_ms FROM calendar").fetchone()
    return (row[0], row[1], row[2]) if row else None


def hash_of(secret: str) -> bytes:
    """Give what is kept of a member's secret: it has 256 random bits, so that one SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


def admit(base: HolderBase, member: str, secret: str, now_ms: int) -> None:
    """Let a member in by a new secret; an older one of the same member stops working."""
    with base.writing() as connection:
        connection.execute(
            "INSERT INTO members VALUES (?, ?, ?) ON CONFLICT (name) "
            "DO UPDATE SET secret_hash = excluded.secret_hash, since_ms = excluded.since_ms",
            (member, hash_of(secret), now_ms),
        )


def dismiss(base: HolderBase, member: str) -> bool:
    """Let a member in no longer; says whether it was one. What it spent stays on record."""
    with base.writing() as connection:
        return bool(connection.execute("DELETE FROM members WHERE name = ?", (member,)).rowcount)


def members_of(base: HolderBase) -> Mapping[str, bytes]:
    """Give the members and the hashes of their secrets."""
    with base.reading() as connection:
        return dict(connection.execute("SELECT name, secret_hash FROM members ORDER BY name"))


def spent_of(base: HolderBase) -> list[tuple[int, str, int]]:
    """Give (epoch, member, elements) of all that was spent."""
    with base.reading() as connection:
        return connection.execute("SELECT epoch, member, elements FROM spent ORDER BY epoch, member").fetchall()
