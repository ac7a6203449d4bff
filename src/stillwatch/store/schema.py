"""The tables of the store, as SQL. What was decided is only ever added to: triggers refuse any other write.

``INSERT OR REPLACE`` would delete a row without a word; the insert triggers refuse that too.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION: Final = 1
"""``user_version`` of the file; raised with every change of the tables."""
APPLICATION: Final = 0x53544C57
"""``application_id`` of the file: STLW."""

TABLES: Final = """
CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  at_ms INTEGER NOT NULL,
  clock_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TABLE cases (
  id TEXT NOT NULL PRIMARY KEY,
  account INTEGER,
  campaign TEXT NOT NULL,
  opened_ms INTEGER NOT NULL,
  CHECK ((account IS NULL) = (campaign <> ''))
) STRICT;
CREATE INDEX cases_of_accounts ON cases (account) WHERE account IS NOT NULL;
CREATE INDEX cases_of_campaigns ON cases (campaign) WHERE campaign <> '';
CREATE TABLE outcomes (
  id INTEGER PRIMARY KEY,
  case_id TEXT NOT NULL REFERENCES cases (id),
  outcome TEXT NOT NULL CHECK (outcome IN ('upheld', 'overturned')),
  by TEXT NOT NULL CHECK (by NOT IN ('', 'policy')),
  why TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outcomes_of_cases ON outcomes (case_id);
CREATE TABLE clauses (
  terms TEXT NOT NULL,
  id TEXT NOT NULL,
  sentence TEXT NOT NULL,
  PRIMARY KEY (terms, id)
) STRICT;
CREATE TABLE decisions (
  seq INTEGER PRIMARY KEY REFERENCES ledger (seq),
  id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 64),
  case_id TEXT NOT NULL REFERENCES cases (id),
  account INTEGER NOT NULL,
  action INTEGER NOT NULL CHECK (action BETWEEN 0 AND 6),
  clause TEXT NOT NULL CHECK (clause <> ''),
  terms TEXT NOT NULL,
  campaign TEXT NOT NULL,
  evidence TEXT NOT NULL,
  notice TEXT NOT NULL,
  appeal TEXT NOT NULL CHECK (appeal <> ''),
  from_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  by TEXT NOT NULL CHECK (by <> ''),
  shadow INTEGER NOT NULL CHECK (shadow IN (0, 1)),
  at_ms INTEGER NOT NULL,
  CHECK (until_ms > from_ms),
  CHECK (action < 6 OR lower(trim(by)) NOT IN ('', 'policy')),
  CHECK (action = 0 OR (evidence <> '[]' AND notice <> ''))
) STRICT;
CREATE INDEX decisions_of_accounts ON decisions (account);
CREATE INDEX decisions_of_campaigns ON decisions (campaign) WHERE campaign <> '';
CREATE INDEX decisions_of_cases ON decisions (case_id);
CREATE INDEX decisions_by_time ON decisions (at_ms);
CREATE INDEX decisions_by_end ON decisions (until_ms) WHERE shadow = 0;
CREATE TABLE lifts (
  seq INTEGER NOT NULL REFERENCES ledger (seq),
  decision TEXT NOT NULL PRIMARY KEY REFERENCES decisions (id),
  by TEXT NOT NULL CHECK (by NOT IN ('', 'policy')),
  why TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX lifts_by_seq ON lifts (seq);
CREATE TABLE ends (
  seq INTEGER NOT NULL REFERENCES ledger (seq),
  decision TEXT NOT NULL PRIMARY KEY REFERENCES decisions (id),
  by TEXT NOT NULL CHECK (by NOT IN ('', 'policy')),
  why TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX ends_by_seq ON ends (seq);
CREATE TABLE verdicts (
  decision TEXT NOT NULL PRIMARY KEY REFERENCES decisions (id),
  body TEXT NOT NULL
) STRICT;
CREATE TABLE waiting (
  id TEXT NOT NULL PRIMARY KEY,
  account INTEGER NOT NULL,
  body TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  answer TEXT NOT NULL DEFAULT '' CHECK (answer IN ('', 'approved', 'declined')),
  by TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT '',
  answered_ms INTEGER NOT NULL DEFAULT -1,
  CHECK (answer = '' OR by NOT IN ('', 'policy'))
) STRICT;
CREATE INDEX waiting_of_accounts ON waiting (account);
CREATE INDEX waiting_open ON waiting (at_ms) WHERE answer = '';
CREATE TABLE switch (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  state TEXT NOT NULL CHECK (state IN ('on', 'stopped', 'released')),
  by TEXT NOT NULL,
  why TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE calibration (
  id INTEGER PRIMARY KEY,
  decision TEXT NOT NULL REFERENCES decisions (id),
  account INTEGER NOT NULL,
  clause TEXT NOT NULL,
  bits TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('upheld', 'overturned')),
  at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE tokens (
  decision TEXT NOT NULL PRIMARY KEY REFERENCES decisions (id),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TABLE appeals (
  id TEXT NOT NULL PRIMARY KEY,
  decision TEXT NOT NULL REFERENCES decisions (id),
  case_id TEXT NOT NULL REFERENCES cases (id),
  at_ms INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  sealed BLOB,
  keep_until_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'upheld', 'overturned')),
  by TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT '',
  answered_ms INTEGER NOT NULL DEFAULT -1,
  CHECK (outcome = '' OR by NOT IN ('', 'policy'))
) STRICT;
CREATE INDEX appeals_of_decisions ON appeals (decision);
CREATE INDEX appeals_open ON appeals (at_ms) WHERE outcome = '';
CREATE TABLE callbacks (
  id INTEGER PRIMARY KEY,
  decision TEXT NOT NULL REFERENCES decisions (id),
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  due_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  done_ms INTEGER NOT NULL DEFAULT -1,
  trouble TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX callbacks_of_decisions ON callbacks (decision);
CREATE INDEX callbacks_due ON callbacks (due_ms) WHERE done_ms < 0;
"""

ADDED_TO_ONLY: Final = (
    "ledger",
    "cases",
    "outcomes",
    "decisions",
    "lifts",
    "ends",
    "verdicts",
    "calibration",
    "tokens",
    "clauses",
)
"""Tables whose rows are never changed and never removed."""

_REFUSE: Final = """
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END;
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END;
"""

TRIGGERS: Final = (
    "".join(_REFUSE.format(table=table) for table in ADDED_TO_ONLY)
    + """
CREATE TRIGGER ledger_in_order BEFORE INSERT ON ledger
WHEN NEW.seq <> coalesce((SELECT max(seq) FROM ledger), 0) + 1
  OR NEW.at_ms < coalesce((SELECT at_ms FROM ledger ORDER BY seq DESC LIMIT 1), NEW.at_ms)
BEGIN SELECT RAISE(ABORT, 'the ledger is only added to, in order'); END;
CREATE TRIGGER decisions_once BEFORE INSERT ON decisions
WHEN EXISTS (SELECT 1 FROM decisions WHERE id = NEW.id OR seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'a decision is recorded once'); END;
CREATE TRIGGER waiting_answered_once BEFORE UPDATE ON waiting
WHEN OLD.answer <> '' OR NEW.body <> OLD.body OR NEW.reason <> OLD.reason OR NEW.verdict <> OLD.verdict
BEGIN SELECT RAISE(ABORT, 'what waits is answered once'); END;
CREATE TRIGGER appeals_answered_once BEFORE UPDATE ON appeals
WHEN OLD.outcome <> '' AND (NEW.outcome <> OLD.outcome OR NEW.by <> OLD.by OR NEW.sealed IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'an appeal is answered once'); END;
"""
)
"""Rules that hold whoever writes."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What one kind of file holds."""

    name: str
    """Word for the file, in errors."""
    application: int
    """``application_id``."""
    version: int
    """``user_version``; raised with every change of the tables."""
    text: str
    """Tables and triggers as SQL."""


STORE: Final = Schema("store", APPLICATION, VERSION, TABLES + TRIGGERS)
"""The store of decisions."""


def statements(text: str) -> Iterator[str]:
    """Cut a script into statements; a transaction cannot take a script whole."""
    statement = ""
    for line in text.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
