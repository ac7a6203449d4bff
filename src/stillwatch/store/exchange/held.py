"""Quarantine of floods: what a member adds beyond its day's measure waits for the operator, outside the collections.

Held objects are in a table of their own: no page, count or opinion can reach them. They are shared with the version of
the group that they were submitted to, and dated when they are released, so that no reader that pages misses them.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import NotNow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from stillwatch.model.exchange import Entry

DAY_US: Final = 86_400_000_000
"""A day (us)."""
KEPT_DAYS: Final = 28
"""Days of a member that are on record."""
LEAST_DAYS: Final = 7
"""Days with objects before a member's own measure counts."""
TABLES: Final = """
CREATE TABLE added_days (
  member INTEGER NOT NULL REFERENCES members (number),
  day INTEGER NOT NULL,
  added INTEGER NOT NULL CHECK (added > 0),
  PRIMARY KEY (member, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE held (
  number INTEGER PRIMARY KEY,
  member INTEGER NOT NULL REFERENCES members (number),
  collection INTEGER NOT NULL REFERENCES collections (number),
  group_version INTEGER NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  status TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX held_once ON held (member, collection, id, version, digest);
"""


@dataclass(frozen=True, slots=True)
class Flood:
    """When a member adds too much, and how much of that is kept."""

    a_day: int = 20_000
    """Objects that every member may add in a day (UTC)."""
    times: int = 10
    """How many times its own median day a member may add, and how many times ``a_day`` at most."""
    most: int = 20_000
    """Objects of one member that are held."""
    most_bytes: int = 64 << 20
    """Bytes of one member that are held."""


@dataclass(frozen=True, slots=True)
class Held:
    """One object that waits."""

    number: int
    """Number of the row: the order in which they came."""
    collection: int
    """Where it was submitted."""
    group_version: int
    """Version of the group that it is shared with."""
    id: str
    """STIX identifier."""
    version: int
    """Version (us since 1970)."""
    status: str
    """Status of the submission that it came with."""
    body: bytes
    """As received."""


def allowance(connection: sqlite3.Connection, member: int, flood: Flood, now_us: int) -> int:
    """Say how many objects a member may still add today.

    Notes
    -----
    The larger of ``a_day`` and ``times`` the member's own median day: a flood is what is out of the ordinary for this
    member, and a small one needs no history to work. The own measure needs 7 days with objects, so that one big day
    changes nothing, and is never above ``times`` the common one, so that whoever grows its days on purpose gets no
    further than that. What was held counts in neither.
    """
    today = now_us // DAY_US
    days: dict[int, int] = dict(connection.execute("SELECT day, added FROM added_days WHERE member = ?", (member,)))
    past = [added for day, added in days.items() if today - KEPT_DAYS <= day < today]
    own = flood.times * int(statistics.median(past)) if len(past) >= LEAST_DAYS else 0
    return max(0, min(max(flood.a_day, own), flood.times * flood.a_day) - days.get(today, 0))


def count_added(connection: sqlite3.Connection, member: int, added: int, now_us: int) -> None:
    """Count what a member has added today, and let go of days long past."""
    today = now_us // DAY_US
    connection.execute(
        "INSERT INTO added_days VALUES (?, ?, ?)"
        " ON CONFLICT (member, day) DO UPDATE SET added = added + excluded.added",
        (member, today, added),
    )
    connection.execute("DELETE FROM added_days WHERE member = ? AND day < ?", (member, today - KEPT_DAYS))


def surplus(
    connection: sqlite3.Connection, member: int, collection: int, entries: Sequence[Entry], room: int
) -> tuple[list[Entry], list[Entry]]:
    """Part what a member may add from what is above its measure.

    Returns
    -------
    tuple
        What goes in and what is held, both in their order. What is there already adds nothing and goes in, and so does
        what takes an own object back: that must reach everybody at once.
    """
    going: list[Entry] = []
    waiting: list[Entry] = []
    for entry in entries:
        if _adds_nothing(connection, member, collection, entry):
            going.append(entry)
        elif room > 0:
            going.append(entry)
            room -= 1
        else:
            waiting.append(entry)
    return going, waiting


def _adds_nothing(connection: sqlite3.Connection, member: int, collection: int, entry: Entry) -> bool:
    found = connection.execute(
        "SELECT latest, revoked, version, digest FROM objects WHERE collection = ? AND id = ? AND owner = ?",
        (collection, entry.id, member),
    ).fetchall()
    if entry.revoked:
        return any(latest and not revoked and version < entry.version_us for latest, revoked, version, _ in found)
    return any(digest == entry.digest for *_, digest in found)


def keep(
    connection: sqlite3.Connection,
    member: int,
    place: tuple[int, int],
    entries: Sequence[Entry],
    status: str,
    now_us: int,
) -> None:
    """Hold objects back; ``place`` is the collection and the version of its group. The same twice is held once."""
    connection.executemany(
        "INSERT OR IGNORE INTO held (member, collection, group_version, id, version, digest, status, at_us, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(member, *place, one.id, one.version_us, one.digest, status, now_us, one.body) for one in entries],
    )


def check_room(connection: sqlite3.Connection, member: int, entries: Sequence[Entry], flood: Flood) -> None:
    """See that so much more may be held.

    Raises
    ------
    NotNow
        It is more than is held of one member.
    """
    count, size = connection.execute(
        "SELECT count(*), coalesce(sum(length(body)), 0) FROM held WHERE member = ?", (member,)
    ).fetchone()
    if count + len(entries) > flood.most or size + sum(len(one.body) for one in entries) > flood.most_bytes:
        raise NotNow("more than a member's measure of a day is held already; the hub's operator must look at it")


def waiting(connection: sqlite3.Connection) -> list[tuple[int, int, int, int]]:
    """Give for each member with held objects: its number, objects, bytes, and since when (us since 1970)."""
    return connection.execute(
        "SELECT member, count(*), sum(length(body)), min(at_us) FROM held GROUP BY member ORDER BY member"
    ).fetchall()


def held_of(connection: sqlite3.Connection, member: int) -> list[Held]:
    """Give what is held of a member, in the order that it came."""
    rows = connection.execute(
        "SELECT number, collection, group_version, id, version, status, body FROM held"
        " WHERE member = ? ORDER BY number",
        (member,),
    )
    return [Held(*row) for row in rows]


def let_go(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Take rows out of the table: they are released or dropped."""
    connection.executemany("DELETE FROM held WHERE number = ?", [(one,) for one in numbers])
