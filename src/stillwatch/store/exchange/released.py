"""Statistics that were released, once an epoch, and the counts that they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

MOST_TOLD: Final = 64
"""Epochs that the public is told of, the latest."""
TABLES: Final = """
CREATE TABLE statistics (
  epoch INTEGER PRIMARY KEY CHECK (epoch > 0),
  at_us INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TRIGGER statistics_once BEFORE INSERT ON statistics
WHEN EXISTS (SELECT 1 FROM statistics WHERE epoch = NEW.epoch)
BEGIN SELECT RAISE(ABORT, 'an epoch spends its budget once'); END;
CREATE TRIGGER statistics_no_update BEFORE UPDATE ON statistics
BEGIN SELECT RAISE(ABORT, 'an epoch spends its budget once'); END;
CREATE TRIGGER statistics_no_delete BEFORE DELETE ON statistics
BEGIN SELECT RAISE(ABORT, 'an epoch spends its budget once'); END;
"""


def released(connection: sqlite3.Connection, most: int = MOST_TOLD) -> list[bytes]:
    """Give what was released, byte for byte, the latest epoch first."""
    rows = connection.execute("SELECT body FROM statistics ORDER BY epoch DESC LIMIT ?", (most,))
    return [body for (body,) in rows]


def spent(connection: sqlite3.Connection, epoch: int) -> bool:
    """Say whether the budget of an epoch is spent."""
    return connection.execute("SELECT 1 FROM statistics WHERE epoch = ?", (epoch,)).fetchone() is not None


def keep(connection: sqlite3.Connection, epoch: int, body: bytes, now_us: int) -> None:
    """Keep what is released of an epoch; a second time is refused by the store."""
    connection.execute("INSERT INTO statistics VALUES (?, ?, ?)", (epoch, now_us, body))


def closed_epochs(tags: sqlite3.Connection) -> list[tuple[int, int, int]]:
    """Give (epoch, closed in ms since 1970, members that a match takes) of closed epochs that are not forgotten."""
    rows = tags.execute(
        "SELECT epoch, at_ms, least FROM closed WHERE submitted = 0 OR epoch IN (SELECT epoch FROM submissions)"
        " ORDER BY epoch"
    )
    return rows.fetchall()


def tags_by_member(tags: sqlite3.Connection, epoch: int) -> dict[int, int]:
    """Give how many tags each member contributed in an epoch, by its number in the database of tags.

    Who only asked takes part in no match and counts in no figure.
    """
    return dict(
        tags.execute("SELECT member, sum(tags) FROM submissions WHERE epoch = ? AND asks = 0 GROUP BY member", (epoch,))
    )


def holders(tags: sqlite3.Connection, epoch: int, alike: set[str]) -> Iterator[frozenset[int]]:
    """Give the members that hold each matched tag, but for kinds that match by several tags (``alike``)."""
    names = dict(tags.execute("SELECT name, id FROM names"))
    without = {names[one] for one in alike if one in names}
    rows = tags.execute(
        "SELECT kind, group_concat(DISTINCT member) FROM matched WHERE epoch = ? GROUP BY kind, tag", (epoch,)
    )
    for kind, members in rows:
        if kind not in without:
            yield frozenset(map(int, members.split(",")))


def sightings_by_member(connection: sqlite3.Connection, from_us: int, until_us: int) -> dict[int, int]:
    """Give how many sightings each member submitted in a time (us since 1970)."""
    rows = connection.execute(
        "SELECT o.owner, count(DISTINCT o.id) FROM collections c JOIN objects o INDEXED BY objects_types"
        " ON o.collection = c.number AND o.type = 'sighting' AND o.date_added >= ? AND o.date_added < ?"
        " WHERE c.plain_of IS NULL GROUP BY o.owner",
        (from_us, until_us),
    )
    return dict(rows.fetchall())
