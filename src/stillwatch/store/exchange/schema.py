"""The tables of the hub's file.

``objects.date_added`` is the row's own number: unique and rising over the whole hub. The two page indexes hold what a
reader's rights are checked on, so that objects that a reader may not see cost no look at the object itself.
"""

from __future__ import annotations

from typing import Final

from stillwatch.store.exchange import detectors, dockets, held, log, opinions, subjects
from stillwatch.store.schema import Schema

MEMBERS: Final = """
CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;
CREATE TABLE members (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE CHECK (name <> ''),
  state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'suspended', 'left')),
  roles INTEGER NOT NULL,
  ceiling INTEGER NOT NULL CHECK (ceiling BETWEEN 0 AND 4),
  purposes INTEGER NOT NULL,
  since_us INTEGER NOT NULL
) STRICT;
CREATE TABLE credentials (
  id TEXT NOT NULL PRIMARY KEY,
  member INTEGER NOT NULL REFERENCES members (number),
  kind TEXT NOT NULL CHECK (kind IN ('key', 'secret')),
  value BLOB NOT NULL CHECK (length(value) = 32),
  from_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL
) STRICT;
CREATE INDEX credentials_of_members ON credentials (member);
CREATE TABLE invitations (
  hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
  member INTEGER NOT NULL REFERENCES members (number),
  until_us INTEGER NOT NULL
) STRICT;
CREATE TABLE groups (
  id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  name TEXT NOT NULL CHECK (name <> ''),
  since_us INTEGER NOT NULL,
  PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE group_members (
  group_id TEXT NOT NULL,
  member INTEGER NOT NULL REFERENCES members (number),
  version INTEGER NOT NULL,
  PRIMARY KEY (group_id, member, version),
  FOREIGN KEY (group_id, version) REFERENCES groups (id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE collections (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL CHECK (title <> ''),
  description TEXT NOT NULL,
  group_id TEXT NOT NULL,
  plain_of INTEGER UNIQUE REFERENCES collections (number)
) STRICT;
CREATE TRIGGER groups_no_update BEFORE UPDATE ON groups BEGIN SELECT RAISE(ABORT, 'groups are only added to'); END;
CREATE TRIGGER groups_no_delete BEFORE DELETE ON groups BEGIN SELECT RAISE(ABORT, 'groups are only added to'); END;
CREATE TRIGGER group_members_no_update BEFORE UPDATE ON group_members
BEGIN SELECT RAISE(ABORT, 'groups are only added to'); END;
CREATE TRIGGER group_members_no_delete BEFORE DELETE ON group_members
BEGIN SELECT RAISE(ABORT, 'groups are only added to'); END;
CREATE TRIGGER groups_in_order BEFORE INSERT ON groups
WHEN NEW.version <> coalesce((SELECT max(version) FROM groups WHERE id = NEW.id), 0) + 1
BEGIN SELECT RAISE(ABORT, 'versions of a group follow each other'); END;
CREATE TRIGGER group_members_newest BEFORE INSERT ON group_members
WHEN NEW.version <> (SELECT max(version) FROM groups WHERE id = NEW.group_id)
BEGIN SELECT RAISE(ABORT, 'a version of a group stays as it is'); END;
"""

OBJECTS: Final = """
CREATE TABLE objects (
  date_added INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  owner INTEGER NOT NULL,
  group_version INTEGER NOT NULL,
  tlp INTEGER NOT NULL,
  purposes INTEGER NOT NULL,
  latest INTEGER NOT NULL CHECK (latest IN (0, 1)),
  revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX objects_ids ON objects (collection, id, version);
CREATE INDEX objects_pages ON objects (collection, date_added, latest, group_version, tlp, purposes, owner, version);
CREATE INDEX objects_types ON objects (collection, type, date_added, latest, group_version, tlp, purposes, owner);
CREATE TABLE statuses (
  id TEXT NOT NULL PRIMARY KEY,
  member INTEGER NOT NULL,
  at_us INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX statuses_by_time ON statuses (at_us);
CREATE TRIGGER objects_stay BEFORE DELETE ON objects
BEGIN SELECT RAISE(ABORT, 'objects are revoked, not deleted'); END;
CREATE TRIGGER objects_unchanged BEFORE UPDATE OF date_added, collection, id, version, owner, digest, body ON objects
BEGIN SELECT RAISE(ABORT, 'an object stays as it was received'); END;
"""

_JUDGING: Final = subjects.TABLES + opinions.TABLES + dockets.TABLES + detectors.TABLES + held.TABLES
HUB: Final = Schema("hub", 0x53544C48, 1, MEMBERS + OBJECTS + log.TABLES + log.TRIGGERS + _JUDGING)
"""The hub's file: STLH."""
