"""The database of tags: what was submitted, how epochs closed, and what matched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.store.database import Database
from stillwatch.store.schema import Schema

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

_TABLES: Final = """
CREATE TABLE names (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE submissions (
  epoch INTEGER NOT NULL,
  member INTEGER NOT NULL REFERENCES names (id),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  tags INTEGER NOT NULL CHECK (tags > 0),
  at_ms INTEGER NOT NULL,
  asks INTEGER NOT NULL CHECK (asks IN (0, 1)),
  PRIMARY KEY (epoch, member, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE tags (
  epoch INTEGER NOT NULL,
  kind INTEGER NOT NULL REFERENCES names (id),
  tag BLOB NOT NULL CHECK (length(tag) = 16),
  member INTEGER NOT NULL REFERENCES names (id),
  handle BLOB NOT NULL CHECK (length(handle) = 16),
  PRIMARY KEY (epoch, kind, tag, member, handle)
) STRICT, WITHOUT ROWID;
CREATE TABLE asked (
  epoch INTEGER NOT NULL,
  kind INTEGER NOT NULL REFERENCES names (id),
  tag BLOB NOT NULL CHECK (length(tag) = 16),
  member INTEGER NOT NULL REFERENCES names (id),
  handle BLOB NOT NULL CHECK (length(handle) = 16),
  PRIMARY KEY (epoch, kind, tag, member, handle)
) STRICT, WITHOUT ROWID;
CREATE INDEX asked_by_group ON asked (epoch, kind, member, handle);
CREATE TABLE closed (
  epoch INTEGER NOT NULL PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  least INTEGER NOT NULL,
  cap INTEGER NOT NULL,
  submitted INTEGER NOT NULL,
  matched INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
CREATE TABLE matched (
  epoch INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  tag BLOB NOT NULL,
  member INTEGER NOT NULL,
  handle BLOB NOT NULL,
  members INTEGER NOT NULL CHECK (members >= 2),
  PRIMARY KEY (epoch, kind, tag, member, handle)
) STRICT, WITHOUT ROWID;
CREATE INDEX matched_of_groups ON matched (epoch, member, handle, kind);
CREATE TABLE released (
  epoch INTEGER NOT NULL,
  member INTEGER NOT NULL,
  handle BLOB NOT NULL,
  kind INTEGER NOT NULL,
  tags INTEGER NOT NULL,
  members INTEGER NOT NULL,
  PRIMARY KEY (epoch, member, handle, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE answers (
  epoch INTEGER NOT NULL,
  member INTEGER NOT NULL,
  handle BLOB NOT NULL,
  kind INTEGER NOT NULL,
  tags INTEGER NOT NULL,
  members INTEGER NOT NULL CHECK (members >= 2),
  PRIMARY KEY (epoch, member, handle, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE common (
  epoch INTEGER NOT NULL,
  member INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  tags INTEGER NOT NULL,
  PRIMARY KEY (epoch, member, kind)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER closed_once BEFORE UPDATE ON closed BEGIN SELECT RAISE(ABORT, 'an epoch closes once'); END;
CREATE TRIGGER closed_for_good BEFORE DELETE ON closed BEGIN SELECT RAISE(ABORT, 'an epoch closes once'); END;
CREATE TRIGGER tags_before_the_close BEFORE INSERT ON submissions
WHEN EXISTS (SELECT 1 FROM closed WHERE epoch = NEW.epoch)
BEGIN SELECT RAISE(ABORT, 'the epoch has closed'); END;
"""


_OFFERS: Final = """
CREATE TABLE commitments (
  epoch INTEGER NOT NULL,
  member INTEGER NOT NULL REFERENCES names (id),
  handle BLOB NOT NULL CHECK (length(handle) = 16),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (epoch, member, handle)
) STRICT, WITHOUT ROWID;
CREATE TABLE offers (
  epoch INTEGER NOT NULL,
  member INTEGER NOT NULL,
  handle BLOB NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (epoch, member, handle),
  FOREIGN KEY (epoch, member, handle) REFERENCES commitments (epoch, member, handle)
) STRICT;
CREATE TABLE joined (
  epoch INTEGER NOT NULL PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  campaigns INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
CREATE TABLE joint (
  epoch INTEGER NOT NULL REFERENCES joined (epoch),
  name TEXT NOT NULL,
  members INTEGER NOT NULL CHECK (members >= 2),
  body BLOB NOT NULL,
  PRIMARY KEY (epoch, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE joint_parts (
  epoch INTEGER NOT NULL,
  member INTEGER NOT NULL,
  handle BLOB NOT NULL,
  name TEXT NOT NULL,
  stands INTEGER NOT NULL CHECK (stands IN (0, 1)),
  PRIMARY KEY (epoch, member, handle, name),
  FOREIGN KEY (epoch, name) REFERENCES joint (epoch, name)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER commitments_before_the_close BEFORE INSERT ON commitments
WHEN EXISTS (SELECT 1 FROM closed WHERE epoch = NEW.epoch)
BEGIN SELECT RAISE(ABORT, 'the epoch has closed'); END;
CREATE TRIGGER commitments_stay BEFORE UPDATE ON commitments
WHEN EXISTS (SELECT 1 FROM closed WHERE epoch = NEW.epoch)
BEGIN SELECT RAISE(ABORT, 'the epoch has closed'); END;
CREATE TRIGGER offers_after_the_close BEFORE INSERT ON offers
WHEN NOT EXISTS (SELECT 1 FROM closed WHERE epoch = NEW.epoch) OR EXISTS (SELECT 1 FROM joined WHERE epoch = NEW.epoch)
BEGIN SELECT RAISE(ABORT, 'offers are taken between the close and the joining'); END;
"""
_SCHEMA: Final = Schema("database of tags", 0x53544C54, 1, _TABLES + _OFFERS)


class TagBase(Database):
    """The database of tags."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        super().__init__(path, create=create, schema=_SCHEMA)


def name_id(connection: sqlite3.Connection, name: str) -> int:
    """Give the number that a member's or a kind's name has in the tables; a new name gets one."""
    connection.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (name,))
    return int(connection.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()[0])
