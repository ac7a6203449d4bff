"""The member's file: who it is at which hub, what it prepared and sent, what came back.

Everything that ever left or came in stands in the journal, in order, and stays: what a member must be able to show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.store.database import Database
from stillwatch.store.member import questions
from stillwatch.store.schema import Schema

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

_TABLES: Final = """
CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;
CREATE TABLE shares (
  id INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  made_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'withdrawn', 'dropped')),
  why TEXT NOT NULL
) STRICT;
CREATE TABLE groups (
  share INTEGER NOT NULL REFERENCES shares (id),
  handle BLOB NOT NULL CHECK (length(handle) = 16),
  epoch INTEGER NOT NULL,
  name TEXT NOT NULL,
  accounts BLOB NOT NULL,
  belongs BLOB NOT NULL,
  prepared BLOB NOT NULL,
  body BLOB NOT NULL,
  offered INTEGER NOT NULL CHECK (offered IN (0, 1)),
  PRIMARY KEY (share, handle)
) STRICT;
CREATE INDEX groups_of_epochs ON groups (epoch, handle);
CREATE TABLE identifiers (
  share INTEGER NOT NULL REFERENCES shares (id),
  kind TEXT NOT NULL,
  input BLOB NOT NULL,
  handle BLOB NOT NULL CHECK (length(handle) = 16),
  PRIMARY KEY (share, kind, input, handle)
) STRICT, WITHOUT ROWID;
CREATE TABLE identifier_matches (
  epoch INTEGER NOT NULL,
  handle BLOB NOT NULL CHECK (length(handle) = 16),
  kind TEXT NOT NULL,
  tags INTEGER NOT NULL,
  members INTEGER NOT NULL,
  PRIMARY KEY (epoch, handle, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE own_tags (
  epoch INTEGER NOT NULL,
  tag BLOB NOT NULL CHECK (length(tag) = 16),
  handle BLOB NOT NULL CHECK (length(handle) = 16),
  PRIMARY KEY (epoch, tag, handle)
) STRICT, WITHOUT ROWID;
CREATE TABLE findings (
  epoch INTEGER NOT NULL,
  name TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  members INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (epoch, name)
) STRICT;
CREATE TABLE finding_groups (
  epoch INTEGER NOT NULL,
  name TEXT NOT NULL,
  handle BLOB NOT NULL,
  stands INTEGER NOT NULL CHECK (stands IN (0, 1)),
  PRIMARY KEY (epoch, name, handle),
  FOREIGN KEY (epoch, name) REFERENCES findings (epoch, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE objects (
  collection TEXT NOT NULL,
  id TEXT NOT NULL,
  version TEXT NOT NULL,
  type TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),
  about TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (collection, id)
) STRICT;
CREATE TABLE warnings (
  object TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  handle BLOB NOT NULL,
  tags INTEGER NOT NULL,
  told_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (object, epoch, handle)
) STRICT, WITHOUT ROWID;
CREATE TABLE opinions (
  subject TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE dockets (
  docket TEXT NOT NULL PRIMARY KEY,
  subject TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE allowed (
  account INTEGER NOT NULL PRIMARY KEY,
  why TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE published (
  subject TEXT NOT NULL PRIMARY KEY,
  uuid BLOB NOT NULL CHECK (length(uuid) = 16),
  created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE journal (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  way TEXT NOT NULL CHECK (way IN ('out', 'in')),
  peer TEXT NOT NULL,
  what TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
CREATE TRIGGER journal_stays BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER journal_unchanged BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
"""
MEMBER: Final = Schema("member's file", 0x53544C4D, 1, _TABLES + questions.TABLES)
"""The member's file: STLM."""


class MemberFile(Database):
    """The member's file, open."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        super().__init__(path, create=create, schema=MEMBER)


def setting(connection: sqlite3.Connection, name: str) -> bytes | None:
    """Give a setting, None where it was never set."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def drop(connection: sqlite3.Connection, name: str) -> None:
    """Forget a setting."""
    connection.execute("DELETE FROM settings WHERE name = ?", (name,))


def keep(connection: sqlite3.Connection, name: str, value: bytes) -> None:
    """Set a setting."""
    connection.execute(
        "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
    )
