"""Erasure by order of law, and what authorities asked for. Inside a transaction of the caller.

The row of an object stays, its content goes: what is left is a tombstone that says it was revoked, and a new version
that takes it back wherever it was read. An identifier that was erased is not taken again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

AUTHORITIES: Final = ("court", "police", "intelligence", "regulator", "other")
"""Kinds of authorities."""
_DIGEST: Final = bytes(32)
TABLES: Final = """
CREATE TABLE erasures (
  object TEXT NOT NULL PRIMARY KEY,
  at_us INTEGER NOT NULL,
  reference TEXT NOT NULL CHECK (reference <> '')
) STRICT;
CREATE TABLE authority_requests (
  number INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  authority TEXT NOT NULL CHECK (authority IN ('court', 'police', 'intelligence', 'regulator', 'other')),
  reference TEXT NOT NULL CHECK (reference <> '')
) STRICT;
CREATE TRIGGER erasures_no_update BEFORE UPDATE ON erasures BEGIN SELECT RAISE(ABORT, 'an erasure stays'); END;
CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures BEGIN SELECT RAISE(ABORT, 'an erasure stays'); END;
CREATE TRIGGER authority_requests_no_update BEFORE UPDATE ON authority_requests
BEGIN SELECT RAISE(ABORT, 'a request stays'); END;
CREATE TRIGGER authority_requests_no_delete BEFORE DELETE ON authority_requests
BEGIN SELECT RAISE(ABORT, 'a request stays'); END;
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of an object as it is in the store."""

    added_us: int
    """When it was added (us since 1970)."""
    collection: int
    """Number of its collection."""
    id: str
    """STIX identifier."""
    version_us: int
    """Its version (us since 1970)."""
    type: str
    """STIX type."""
    owner: int
    """Number of the member that submitted it."""
    latest: bool
    """Whether it is the newest of its owner."""
    versioned: bool
    """Whether it has versions of its own, and not its date added."""
    erased: bool
    """Whether its content is gone already."""
    body: bytes
    """As received, or the tombstone."""


def stored(connection: sqlite3.Connection, identity: str) -> list[Stored]:
    """Give every version of an object in every collection, in the order that they were added."""
    rows = connection.execute(
        "SELECT o.date_added, o.collection, o.id, o.version, o.type, o.owner, o.latest, o.version <> o.date_added,"
        " o.digest = ?, o.body FROM collections c"
        " JOIN objects o INDEXED BY objects_ids ON o.collection = c.number AND o.id = ? ORDER BY o.date_added",
        (_DIGEST, identity),
    )
    found = []
    for added, collection, own, version, kind, owner, latest, versioned, gone, body in rows:
        flags = {"latest": bool(latest), "versioned": bool(versioned), "erased": bool(gone)}
        found.append(Stored(added, collection, own, version, kind, owner, body=body, **flags))
    return found


def erase(
    connection: sqlite3.Connection,
    rows: Iterable[Stored],
    reference: str,
    tombstone: Callable[[Stored, int], bytes],
    now_us: int,
) -> None:
    """Destroy the content of stored objects and take them back.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    rows
        Every version of the objects.
    reference
        The order.
    tombstone
        Makes what is left of a version: (version, when it was changed last in us since 1970) -> body.
    now_us
        Now (us since 1970).

    Notes
    -----
    SQLite overwrites what is deleted. Blind spot: the write-ahead log holds it until it is folded back
    (:meth:`~stillwatch.store.exchange.file.HubFile.settle`), and copies of the file elsewhere keep it.
    """
    every = list(rows)
    connection.executemany(
        "INSERT OR IGNORE INTO erasures VALUES (?, ?, ?)", sorted({(one.id, now_us, reference) for one in every})
    )
    newest = {(one.collection, one.id): one.version_us for one in sorted(every, key=lambda one: one.version_us)}
    last = connection.execute("SELECT max(date_added) FROM objects").fetchone()[0]
    for one in every:
        body = tombstone(one, one.version_us)
        connection.execute(
            "UPDATE objects SET body = ?, digest = ?, revoked = 1, latest = 0 WHERE date_added = ?",
            (body, _DIGEST, one.added_us),
        )
    for one in every:
        if one.latest:
            last = max(now_us, last + 1)
            version = max(now_us, newest[one.collection, one.id] + 1) if one.versioned else last
            connection.execute(_TAKE_BACK, (last, version, _DIGEST, tombstone(one, version), one.added_us))


_TAKE_BACK: Final = """
INSERT INTO objects (date_added, collection, id, version, type, owner, group_version, tlp, purposes, latest, revoked,
  digest, body)
SELECT ?, collection, id, ?, type, owner, group_version, tlp, purposes, 1, 1, ?, ? FROM objects WHERE date_added = ?"""


def erased(connection: sqlite3.Connection, identities: Iterable[str]) -> set[str]:
    """Give those of some identifiers that were erased."""
    if connection.execute("SELECT 1 FROM erasures LIMIT 1").fetchone() is None:
        return set()
    look = "SELECT 1 FROM erasures WHERE object = ?"
    return {one for one in identities if connection.execute(look, (one,)).fetchone()}


def keep_request(connection: sqlite3.Connection, authority: str, reference: str, now_us: int) -> None:
    """Keep that an authority asked for something."""
    connection.execute(
        "INSERT INTO authority_requests (at_us, authority, reference) VALUES (?, ?, ?)", (now_us, authority, reference)
    )


def requests(connection: sqlite3.Connection) -> list[tuple[int, str, str]]:
    """Give when, which kind of authority and the reference of every request, oldest first."""
    return connection.execute("SELECT at_us, authority, reference FROM authority_requests ORDER BY number").fetchall()


def by_year(connection: sqlite3.Connection) -> list[tuple[int, int, int]]:
    """Give (year, requests of authorities, objects erased) of every year that has any."""
    rows = connection.execute(
        "SELECT CAST(strftime('%Y', at_us / 1000000, 'unixepoch') AS INTEGER) AS year, sum(asked), sum(1 - asked)"
        " FROM (SELECT at_us, 1 AS asked FROM authority_requests UNION ALL SELECT at_us, 0 FROM erasures)"
        " GROUP BY year ORDER BY year"
    )
    return rows.fetchall()
