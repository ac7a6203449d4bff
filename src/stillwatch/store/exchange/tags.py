"""Tags that members submit, kept until the epoch closes and compared only then.

Everything is on the disk before anything is compared, so nobody can hand in a tag in answer to a match. Closing an
epoch happens whole or not at all, once: it keeps what matched and deletes every other tag. Pairs are never written
down: a tag has a row for each group that holds it, and no more.

A member that puts one tag under very many groups is left out of that tag alone, and is told: it can neither blow a
match up nor take one away from others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import NotNow
from stillwatch.store.database import Database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

MOST_OF_MEMBER: Final = 200_000
"""Tags that a member may submit in an epoch, padding included."""
MEMBER_BUCKETS: Final = (2, 3, 5, 10, 20)
"""How many members a match is said to have, at least."""

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


class TagBase(Database):
    """The database of tags."""

    application = 0x53544C54
    version = 1
    tables = _TABLES

    def settle(self) -> None:
        """Write the log into the file and cut it off: until then it holds what was deleted.

        Where another program reads the file just then, the next call does it.
        """
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a member gets for a submission; its digest goes into the transparency log."""

    digest: bytes
    """SHA-256 (32 bytes) over epoch, kind and body."""
    tags: int
    """Tags taken."""
    again: bool
    """Whether the very same had been taken before; nothing was added."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When tags match."""

    least: int = 2
    """Distinct members that a match has, at least; never below 2."""
    cap: int = 64
    """Groups of one member that may hold one tag; with more the member is left out of that tag."""
    alike: Mapping[str, int] = field(default_factory=dict)
    """Kind to how many tags two groups must share; 1 where it is not named."""

    def __post_init__(self) -> None:
        if self.least < 2 or self.cap < 1 or any(need < 1 for need in self.alike.values()):
            raise ValueError("a match has at least two members, and a cap and a need are at least 1")


@dataclass(frozen=True, slots=True)
class Closed:
    """How an epoch closed."""

    epoch: int
    """Epoch."""
    at_ms: int
    """When (ms since 1970)."""
    submitted: int
    """Rows that had been submitted: a tag counts once for every group."""
    matched: int
    """Different tags that matched."""
    digest: bytes
    """SHA-256 over the digests of all submissions, in their order: for the transparency log."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a member learns of one group of its own."""

    handle: bytes
    """The group's handle, as the member gave it."""
    kind: str
    """Kind of the tags."""
    tags: int
    """Tags of the group that matched."""
    members: int
    """Members with one of these, at least, this one included: a number of ``MEMBER_BUCKETS``."""


@dataclass(frozen=True, slots=True)
class Link:
    """One matched tag with every group that holds it: for the joint detection, never for a member."""

    kind: str
    """Kind."""
    tag: bytes
    """Tag."""
    groups: tuple[tuple[str, bytes], ...]
    """(member, handle) of each."""


def submit(
    base: TagBase, member: str, epoch: int, kind: str, groups: Mapping[bytes, Sequence[bytes]], now_ms: int
) -> Receipt:
    """Take tags in; they are on the disk when this returns.

    Parameters
    ----------
    base
        The database.
    member, epoch, kind
        Whose, under which keys, of which kind.
    groups
        Handle (16 bytes) to its tags (16 bytes each).
    now_ms
        Now (ms since 1970).

    Raises
    ------
    NotNow
        The epoch has closed, or the member has submitted what it may.
    """
    rows = sorted((tag, one) for one, tags in groups.items() for tag in tags)
    digest = hashlib.sha256(b"stillwatch tags v1\n%d\n%s\n" % (epoch, kind.encode()))
    digest.update(b"".join(tag + one for tag, one in rows))
    found = digest.digest()
    with base.writing() as connection:
        if _closed(connection, epoch):
            raise NotNow(f"epoch {epoch} has closed; submit under the open one")
        who, what = _name(connection, member), _name(connection, kind)
        mine = "SELECT coalesce(sum(tags), 0) FROM submissions WHERE epoch = ? AND member = ?"
        if connection.execute(
            "SELECT 1 FROM submissions WHERE epoch = ? AND member = ? AND digest = ?", (epoch, who, found)
        ).fetchone():
            return Receipt(found, len(rows), again=True)
        left = MOST_OF_MEMBER - connection.execute(mine, (epoch, who)).fetchone()[0]
        if len(rows) > left:
            raise NotNow(f"{len(rows):,} tags are more than the {left:,} that are left to this member in epoch {epoch}")
        connection.execute("INSERT INTO submissions VALUES (?, ?, ?, ?, ?)", (epoch, who, found, len(rows), now_ms))
        connection.executemany(
            "INSERT OR IGNORE INTO tags VALUES (?, ?, ?, ?, ?)", [(epoch, what, tag, who, one) for tag, one in rows]
        )
    return Receipt(found, len(rows), again=False)


def close(base: TagBase, epoch: int, rule: Rule, now_ms: int) -> Closed:
    """Compare the tags of an epoch, keep what matched and delete the rest. Done once; later calls give what was found.

    Notes
    -----
    One transaction: a crash leaves the epoch open, with everything in it. Time is that of one walk over the tags; for
    kinds where groups must share several tags, each group's partners are counted one group at a time.
    """
    with base.writing() as connection:
        done = _closed(connection, epoch)
        if done:
            return done
        run = connection.execute
        submitted = run("SELECT count(*) FROM tags WHERE epoch = ?", (epoch,)).fetchone()[0]
        _leave_out_the_common(connection, epoch, rule.cap)
        run(
            "INSERT INTO matched SELECT t.epoch, t.kind, t.tag, t.member, t.handle, m.members FROM ("
            " SELECT kind, tag, count(DISTINCT member) AS members FROM tags WHERE epoch = :epoch"
            " GROUP BY kind, tag HAVING members >= :least) m"
            " CROSS JOIN tags t ON t.epoch = :epoch AND t.kind = m.kind AND t.tag = m.tag",
            {"epoch": epoch, "least": rule.least},
        )
        run("DELETE FROM tags WHERE epoch = ?", (epoch,))
        for kind, need in rule.alike.items():
            if need > 1:
                _keep_the_alike(connection, epoch, _name(connection, kind), need, rule.least)
        run(
            "INSERT OR IGNORE INTO released SELECT epoch, member, handle, kind, count(*), max(members) FROM matched"
            " WHERE epoch = ? GROUP BY epoch, member, handle, kind",
            (epoch,),
        )
        digest = hashlib.sha256(b"stillwatch submissions v1\n%d\n" % epoch)
        for (one,) in run("SELECT digest FROM submissions WHERE epoch = ? ORDER BY digest", (epoch,)):
            digest.update(one)
        matched = run("SELECT count(*) FROM (SELECT DISTINCT kind, tag FROM matched WHERE epoch = ?)", (epoch,))
        made = (epoch, now_ms, rule.least, rule.cap, submitted, matched.fetchone()[0], digest.digest())
        run("INSERT INTO closed VALUES (?, ?, ?, ?, ?, ?, ?)", made)
    base.settle()
    return Closed(epoch, now_ms, submitted, made[5], made[6])


def released(base: TagBase, member: str, epoch: int) -> tuple[Match, ...]:
    """Give a member what matched of its own groups; nothing before the epoch has closed."""
    with base.reading() as connection:
        rows = connection.execute(
            "SELECT r.handle, k.name, r.tags, r.members FROM released r JOIN names k ON k.id = r.kind"
            " WHERE r.epoch = ? AND r.member = (SELECT id FROM names WHERE name = ?) ORDER BY 1, 2",
            (epoch, member),
        )
        return tuple(Match(handle, kind, tags, bucketed(members)) for handle, kind, tags, members in rows)


def too_common(base: TagBase, member: str, epoch: int) -> dict[str, int]:
    """Give a member, by kind, how many of its tags were left out because too many of its groups held them."""
    with base.reading() as connection:
        rows = connection.execute(
            "SELECT k.name, c.tags FROM common c JOIN names k ON k.id = c.kind"
            " WHERE c.epoch = ? AND c.member = (SELECT id FROM names WHERE name = ?)",
            (epoch, member),
        )
        return dict(rows)


def outcome(base: TagBase, epoch: int) -> Closed | None:
    """Say how an epoch closed, None while it is open."""
    with base.reading() as connection:
        return _closed(connection, epoch)


def unclosed(base: TagBase) -> tuple[int, ...]:
    """Give the epochs that tags were submitted under and that have not closed."""
    with base.reading() as connection:
        rows = connection.execute(
            "SELECT DISTINCT epoch FROM submissions WHERE epoch NOT IN (SELECT epoch FROM closed) ORDER BY epoch"
        )
        return tuple(epoch for (epoch,) in rows)


def links(base: TagBase, epoch: int) -> Iterator[Link]:
    """Give every matched tag of a closed epoch with the groups that hold it, one tag at a time."""
    with base.reading() as connection:
        names: dict[int, str] = dict(connection.execute("SELECT id, name FROM names"))
        rows = connection.execute(
            "SELECT kind, tag, member, handle FROM matched WHERE epoch = ? ORDER BY kind, tag, member, handle", (epoch,)
        )
        at: tuple[int, bytes] | None = None
        groups: list[tuple[str, bytes]] = []
        for kind, tag, member, handle in rows:
            if at and at != (kind, tag):
                yield Link(names[at[0]], at[1], tuple(groups))
                groups = []
            at = (kind, tag)
            groups.append((names[member], handle))
        if at:
            yield Link(names[at[0]], at[1], tuple(groups))


def forget(base: TagBase, before: int) -> None:
    """Delete what matched in the epochs before this one; how they closed stays on record."""
    with base.writing() as connection:
        for table in ("matched", "released", "common", "submissions"):
            connection.execute(
                f"DELETE FROM {table} WHERE epoch < ? AND epoch IN (SELECT epoch FROM closed)",
                (before,),
            )
    base.settle()


def bucketed(members: int) -> int:
    """Round a number of members down to a bucket.

    Examples
    --------
    >>> bucketed(2), bucketed(4), bucketed(12)
    (2, 3, 10)
    """
    return max(one for one in MEMBER_BUCKETS if one <= members)


def _closed(connection: sqlite3.Connection, epoch: int) -> Closed | None:
    row = connection.execute(
        "SELECT epoch, at_ms, submitted, matched, digest FROM closed WHERE epoch = ?", (epoch,)
    ).fetchone()
    return Closed(*row) if row else None


def _name(connection: sqlite3.Connection, name: str) -> int:
    connection.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (name,))
    return int(connection.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()[0])


def _leave_out_the_common(connection: sqlite3.Connection, epoch: int, cap: int) -> None:
    wide = connection.execute(
        "SELECT kind, tag, member FROM tags WHERE epoch = ? GROUP BY kind, tag, member HAVING count(*) > ?",
        (epoch, cap),
    ).fetchall()
    for kind, tag, member in wide:
        connection.execute(
            "DELETE FROM tags WHERE epoch = ? AND kind = ? AND tag = ? AND member = ?", (epoch, kind, tag, member)
        )
        connection.execute(
            "INSERT INTO common VALUES (?, ?, ?, 1) ON CONFLICT (epoch, member, kind) DO UPDATE SET tags = tags + 1",
            (epoch, member, kind),
        )


def _keep_the_alike(connection: sqlite3.Connection, epoch: int, kind: int, need: int, least: int) -> None:
    """Release groups that share at least ``need`` tags with groups of enough members; delete what else matched."""
    own = connection.execute(
        "SELECT member, handle, count(*) FROM matched WHERE epoch = ? AND kind = ? GROUP BY member, handle",
        (epoch, kind),
    ).fetchall()
    kept = []
    for member, handle, tags in own:
        partners = connection.execute(
            "SELECT count(DISTINCT member) FROM (SELECT b.member AS member FROM matched a"
            " JOIN matched b ON b.epoch = a.epoch AND b.kind = a.kind AND b.tag = a.tag AND b.member <> a.member"
            " WHERE a.epoch = ? AND a.member = ? AND a.handle = ? AND a.kind = ?"
            " GROUP BY b.member, b.handle HAVING count(*) >= ?)",
            (epoch, member, handle, kind, need),
        ).fetchone()[0]
        if partners + 1 >= least:
            kept.append((epoch, member, handle, kind, tags, partners + 1))
    connection.executemany("INSERT INTO released VALUES (?, ?, ?, ?, ?, ?)", kept)
    connection.execute(
        "DELETE FROM matched WHERE epoch = ?1 AND kind = ?2 AND NOT EXISTS (SELECT 1 FROM released r"
        " WHERE r.epoch = ?1 AND r.kind = ?2 AND r.member = matched.member AND r.handle = matched.handle)",
        (epoch, kind),
    )
