"""Objects that others share, as a member keeps them, and what they warn of. Functions work inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

MOST: Final = 200_000
"""Objects that a member keeps; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Received:
    """One object."""

    collection: str
    """UUID of the collection."""
    id: str
    """STIX identifier."""
    version: str
    """``modified``, else ``created``, else ""."""
    type: str
    """STIX type."""
    until_ms: int
    """Until when it counts (ms since 1970)."""
    revoked: bool
    """Whether it was taken back."""
    body: bytes
    """As received."""


@dataclass(frozen=True, slots=True)
class Warned:
    """One own group that carries what others told of a campaign."""

    object: str
    """STIX identifier of what told it."""
    epoch: int
    """Epoch of the tags."""
    handle: bytes
    """The own group."""
    group: str
    """What it is called here."""
    accounts: int
    """Its accounts."""
    tags: int
    """Tags that both have."""
    told_ms: int
    """When the object was made (ms since 1970)."""
    at_ms: int
    """When it was seen here (ms since 1970)."""


def put(connection: sqlite3.Connection, objects: Iterable[Received], now_ms: int) -> int:
    """Keep objects, the later version of each; gives how many are new or newer."""
    new = 0
    for one in objects:
        new += connection.execute(
            "INSERT INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', ?8) ON CONFLICT (collection, id) DO UPDATE SET"
            " version = excluded.version, received_ms = excluded.received_ms, until_ms = excluded.until_ms,"
            " revoked = excluded.revoked, body = excluded.body WHERE excluded.version > objects.version",
            (one.collection, one.id, one.version, one.type, now_ms, one.until_ms, one.revoked, one.body),
        ).rowcount
    connection.execute(
        "DELETE FROM objects WHERE rowid IN (SELECT rowid FROM objects ORDER BY received_ms DESC LIMIT -1 OFFSET ?)",
        (MOST,),
    )
    return new


def mine(connection: sqlite3.Connection, collection: str, ids: Iterable[str], about: str) -> None:
    """Mark objects as told by this member, about a subject."""
    connection.executemany(
        "UPDATE objects SET about = ? WHERE collection = ? AND id = ?", [(about, collection, one) for one in ids]
    )


def told_about(connection: sqlite3.Connection, about: str) -> list[Received]:
    """Give what this member has told about a subject and not taken back, or one such object by its id."""
    rows = connection.execute(
        "SELECT collection, id, version, type, until_ms, revoked, body FROM objects"
        " WHERE about <> '' AND (about = ?1 OR id = ?1) AND revoked = 0 AND version <> '' ORDER BY collection, id",
        (about,),
    )
    return _received(rows)


def objects(connection: sqlite3.Connection, now_ms: int, kind: str = "") -> list[Received]:
    """Give the objects of others that count now, the latest first; of one type where it is given."""
    rows = connection.execute(
        "SELECT collection, id, version, type, until_ms, revoked, body FROM objects WHERE about = '' AND revoked = 0"
        " AND until_ms > ?1 AND (?2 = '' OR type = ?2) ORDER BY received_ms DESC, id",
        (now_ms, kind),
    )
    return _received(rows)


def _received(rows: Iterable[tuple[str, str, str, str, int, int, bytes]]) -> list[Received]:
    return [Received(a, b, c, d, e, bool(f), g) for a, b, c, d, e, f, g in rows]


def warn(
    connection: sqlite3.Connection, told: str, tags: Iterable[tuple[int, bytes]], told_ms: int, now_ms: int
) -> int:
    """Note which own groups carry tags that an object tells of; gives how many are new.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    told
        STIX identifier of the object.
    tags
        Epoch and tag (16 bytes) of each.
    told_ms
        When the object was made (ms since 1970).
    now_ms
        Now (ms since 1970).
    """
    counted: dict[tuple[int, bytes], int] = {}
    for epoch, tag in tags:
        for (handle,) in connection.execute("SELECT handle FROM own_tags WHERE epoch = ? AND tag = ?", (epoch, tag)):
            counted[epoch, handle] = counted.get((epoch, handle), 0) + 1
    new = 0
    for (epoch, handle), count in sorted(counted.items()):
        new += connection.execute(
            "INSERT INTO warnings VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET tags = excluded.tags,"
            " told_ms = excluded.told_ms, at_ms = excluded.at_ms WHERE excluded.tags > warnings.tags",
            (told, epoch, handle, count, told_ms, now_ms),
        ).rowcount
    return new


def warnings(connection: sqlite3.Connection) -> list[Warned]:
    """Give the warnings of objects that were not taken back, the latest first."""
    rows = connection.execute(
        "SELECT DISTINCT w.object, w.epoch, w.handle, g.name, length(g.accounts) / 8, w.tags, w.told_ms, w.at_ms"
        " FROM warnings w JOIN groups g ON g.epoch = w.epoch AND g.handle = w.handle"
        " WHERE EXISTS (SELECT 1 FROM objects o WHERE o.id = w.object AND o.revoked = 0 AND o.about = '')"
        " ORDER BY w.at_ms DESC, w.object"
    )
    return [Warned(*row) for row in rows]
