"""Objects of collections: stored as received, dated by the one writer, found by page under the reader's rights.

Whoever first submits an identifier owns it. A version that takes an object back reaches whoever the version before
it reached. Every function works inside a transaction of the caller.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.exchange import UNVERSIONED, Failure, Found, Outcome
from stillwatch.store.exchange.erasing import erased

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from stillwatch.model.exchange import Entry, Query
    from stillwatch.model.membership import Member

KEPT_US: Final = 86_400_000_000
"""How long a status can be asked for (us)."""
_OTHER_OWNER: Final = "this identifier is in use; make an object of your own"
_OTHER_CONTENT: Final = "this version is there with other content; raise modified"
_REVOKED: Final = "it was revoked; make a new object"
_ERASED: Final = "it was erased by order of law; it is not taken again"
_INSERT: Final = "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ROWS: Final = 25
"""Rows of one statement."""
_INSERT_MANY: Final = _INSERT + ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" * (_ROWS - 1)
_THERE: Final = """
SELECT DISTINCT o.id FROM json_each(?2) j CROSS JOIN objects o INDEXED BY objects_ids
WHERE o.collection = ?1 AND o.id = j.value"""
_NEWEST: Final = """
SELECT date_added, version, owner, digest, revoked, group_version, tlp, purposes FROM objects
INDEXED BY objects_ids WHERE collection = ? AND id = ? ORDER BY version DESC LIMIT 1"""
_SAME: Final = """
SELECT date_added, digest FROM objects INDEXED BY objects_ids
WHERE collection = ? AND id = ? AND latest AND (owner = ? OR (digest = ? AND group_version = ?))"""
_VISIBLE: Final = """
  AND (owner = :member OR (
    group_version IN (SELECT version FROM group_members WHERE group_id = :group AND member = :member)
    AND tlp <= :ceiling AND purposes & :purposes))"""


@dataclass(frozen=True, slots=True)
class Place:
    """A collection as one member sees it."""

    number: int
    """Number of the collection."""
    id: str
    """UUID."""
    title: str
    """Title."""
    description: str
    """What is in it."""
    group: str
    """UUID of the group that it belongs to."""
    group_version: int
    """Version of the group as it is now."""
    inside: bool
    """Whether the member is in that version."""
    plain: bool
    """Whether it is the plain view of another: nobody writes to it."""


_PLACES: Final = """
SELECT c.number, c.id, c.title, c.description, c.group_id, g.version,
  EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = c.group_id AND m.member = ? AND m.version = g.version),
  c.plain_of IS NOT NULL
FROM collections c JOIN groups g ON g.id = c.group_id
WHERE g.version = (SELECT max(version) FROM groups WHERE id = c.group_id)"""


def places(connection: sqlite3.Connection, member: Member) -> list[Place]:
    """Give every collection, as a member sees it."""
    rows = connection.execute(_PLACES + " ORDER BY c.number", (member.number,))
    return [Place(*row[:-2], *map(bool, row[-2:])) for row in rows]


def place(connection: sqlite3.Connection, member: Member, identity: str) -> Place | None:
    """Give one collection by its UUID, as a member sees it."""
    row = connection.execute(_PLACES + " AND c.id = ?", (member.number, identity)).fetchone()
    return Place(*row[:-2], *map(bool, row[-2:])) if row else None


def owners(connection: sqlite3.Connection, member: Member, identity: str) -> frozenset[int]:
    """Give the numbers of the members that submitted an object, as far as a reader may read it; else nobody."""
    found: set[int] = set()
    rights = {"member": member.number, "ceiling": int(member.ceiling), "purposes": int(member.purposes)}
    for at in places(connection, member):
        if at.inside and not at.plain:
            values = {**rights, "collection": at.number, "group": at.group, "id": identity}
            rows = connection.execute(
                "SELECT DISTINCT owner FROM objects INDEXED BY objects_ids WHERE collection = :collection AND id = :id"
                + _VISIBLE,
                values,
            )
            found.update(owner for (owner,) in rows)
    return frozenset(found)


def plain_place(connection: sqlite3.Connection, number: int) -> int | None:
    """Give the number of the collection that is the plain view of another, if there is one."""
    row = connection.execute("SELECT number FROM collections WHERE plain_of = ?", (number,)).fetchone()
    return int(row[0]) if row else None


def own_latest(connection: sqlite3.Connection, collection: int, identity: str, owner: int) -> tuple[int, bytes] | None:
    """Give version and body of a member's own object as it stands; None where it has none, or has taken it back."""
    row = connection.execute(
        "SELECT version, body FROM objects INDEXED BY objects_ids"
        " WHERE collection = ? AND id = ? AND owner = ? AND latest AND NOT revoked",
        (collection, identity, owner),
    ).fetchone()
    return (int(row[0]), row[1]) if row else None


def submit(
    connection: sqlite3.Connection,
    collection: int,
    group_version: int,
    owner: int,
    entries: Iterable[Entry],
    now_us: int,
) -> Outcome:
    """Add objects. The same version with the same content again is a success and changes nothing.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    collection, group_version, owner
        Where, who it is shared with, who submits.
    entries
        What was read.
    now_us
        What the clock says (us since 1970). Each object is dated at least 1 us after the one before it, whatever
        the clock says.
    """
    entries = tuple(entries)
    last = connection.execute("SELECT coalesce(max(date_added), 0) FROM objects").fetchone()[0]
    several = _several(connection, collection, entries)
    successes: list[tuple[str, int]] = []
    failures: list[Failure] = []
    added: list[Entry] = []
    gone = erased(connection, (entry.id for entry in entries))
    rows: list[Any] = []
    for entry in entries:
        stamp = max(now_us, last + 1)
        where = (collection, entry.id)
        try:
            if entry.id in gone:
                raise _Refused(_ERASED)  # noqa: TRY301 - refused in one place
            if entry.version_us == UNVERSIONED:
                version, row = _plain_row(connection, where, entry, stamp, owner, group_version)
            elif entry.id in several:
                version, row = _version_row(connection, where, entry, owner, group_version)
            else:
                version, row = entry.version_us, _first_row(entry, group_version)
        except _Refused as refused:
            failures.append(Failure(entry.id, "", str(refused)))
            continue
        successes.append((entry.id, version))
        if row:
            made = (stamp, *where, version, entry.type, owner, *row, entry.digest, entry.body)
            if entry.id in several:
                connection.execute(_INSERT, made)
            else:
                rows.append(made)
            added.append(entry)
            last = stamp
    _insert(connection, rows)
    return Outcome(tuple(successes), tuple(failures), tuple(added))


def _several(connection: sqlite3.Connection, collection: int, entries: Sequence[Entry]) -> set[str]:
    """Find identifiers that are there already or come twice; each of the others is alone and can wait for its turn."""
    counts = Counter(entry.id for entry in entries)
    there = connection.execute(_THERE, (collection, json.dumps(list(counts))))
    return {one for one, count in counts.items() if count > 1} | {row[0] for row in there}


def _insert(connection: sqlite3.Connection, rows: Sequence[Any]) -> None:
    """Add rows, many in one statement: each statement lets another thread go first."""
    whole = len(rows) - len(rows) % _ROWS
    for at in range(0, whole, _ROWS):
        connection.execute(_INSERT_MANY, [cell for row in rows[at : at + _ROWS] for cell in row])
    connection.executemany(_INSERT, rows[whole:])


class _Refused(Exception):  # noqa: N818 - named after what happens
    """An object that is not taken; the text says why."""


_Row = tuple[int, int, int, int, int]
"""Version of the group, level, purposes, whether latest, whether revoked."""


def _first_row(entry: Entry, group_version: int) -> _Row:
    return group_version, int(entry.tlp), int(entry.purposes), 1, int(entry.revoked)


def _version_row(
    connection: sqlite3.Connection, where: tuple[int, str], entry: Entry, owner: int, group_version: int
) -> tuple[int, _Row | None]:
    """Say how a version is stored, None where it is there already."""
    shared = (group_version, int(entry.tlp), int(entry.purposes))
    row = connection.execute(_NEWEST, where).fetchone()
    if row is None:
        return entry.version_us, _first_row(entry, group_version)
    added, newest, first_owner, digest, revoked, *before = row
    if first_owner != owner:
        # Markings and the like are sent along by everybody: the same bytes for the same readers are there already.
        if (newest, digest, before[0]) == (entry.version_us, entry.digest, group_version):
            return newest, None
        raise _Refused(_OTHER_OWNER)
    if entry.version_us > newest:
        if revoked:
            raise _Refused(_REVOKED)
        connection.execute("UPDATE objects SET latest = 0 WHERE date_added = ?", (added,))
        return entry.version_us, (*(before if entry.revoked else shared), 1, int(entry.revoked))
    if entry.version_us < newest:
        older = connection.execute(
            "SELECT digest FROM objects WHERE collection = ? AND id = ? AND version = ?", (*where, entry.version_us)
        ).fetchone()
        if older is None:
            return entry.version_us, (*shared, 0, int(entry.revoked))
        digest = older[0]
    if digest != entry.digest:
        raise _Refused(_OTHER_CONTENT)
    return entry.version_us, None


def _plain_row(
    connection: sqlite3.Connection, where: tuple[int, str], entry: Entry, stamp: int, owner: int, group_version: int
) -> tuple[int, _Row | None]:
    """Say how an object without versions is stored: several members may share one, such as a marking."""
    rows = connection.execute(_SAME, (*where, owner, entry.digest, group_version)).fetchall()
    for added, digest in rows:
        if digest == entry.digest:
            return int(added), None
    # What is left is the owner's own, with other content.
    connection.executemany("UPDATE objects SET latest = 0 WHERE date_added = ?", [(added,) for added, _ in rows])
    return stamp, (group_version, int(entry.tlp), int(entry.purposes), 1, 0)


def page(
    connection: sqlite3.Connection, member: Member, at: Place, query: Query, *, bodies: bool = True
) -> tuple[list[Found], bool]:
    """Find a page of what a member may read, in the order that it was added.

    Parameters
    ----------
    connection
        Inside a view of one moment.
    member, at
        Who reads where; that the member may open the collection is checked by the caller.
    query
        What is asked for.
    bodies
        Whether the objects themselves are wanted.

    Returns
    -------
    tuple
        The page, and whether there is more after it.

    Notes
    -----
    Cost grows with the page and with what is skipped over in an index: objects that the reader may not see, and
    older versions.
    """
    if query.nothing:
        return [], False
    values: dict[str, Any] = {
        "collection": at.number,
        "group": at.group,
        "member": member.number,
        "ceiling": int(member.ceiling),
        "purposes": int(member.purposes),
        "after": query.after_us,
        "most": query.limit + 1,
    }
    columns = "date_added, id, version, " + ("body" if bodies else "x''")
    narrow = _versions_sql(query, values) + _VISIBLE
    if query.ids:
        narrow += _listed("id", query.ids, values) + (_listed("type", query.types, values) if query.types else "")
        sql = _select(columns, "objects_ids", narrow)
    elif query.types:
        parts = []
        for place_, kind in enumerate(query.types):
            values[f"type{place_}"] = kind
            parts.append(f"SELECT * FROM ({_select(columns, 'objects_types', f' AND type = :type{place_}' + narrow)})")
        sql = " UNION ALL ".join(parts) + " ORDER BY date_added LIMIT :most"
    else:
        sql = _select(columns, "objects_pages", narrow)
    found = [Found(*row) for row in connection.execute(sql, values)]
    return found[: query.limit], len(found) > query.limit


def _select(columns: str, index: str, narrow: str) -> str:
    return (
        f"SELECT {columns} FROM objects o INDEXED BY {index} WHERE collection = :collection AND date_added > :after"
        f"{narrow} ORDER BY date_added LIMIT :most"
    )


def _listed(column: str, found: Sequence[str] | Sequence[int], values: dict[str, Any]) -> str:
    names = [f"{column}{place_}" for place_ in range(len(found))]
    values.update(zip(names, found, strict=True))
    return f" AND {column} IN ({', '.join(':' + name for name in names)})"


def _versions_sql(query: Query, values: dict[str, Any]) -> str:
    asked = query.versions
    if asked.every:
        return ""
    parts = ["latest"] if asked.last else []
    if asked.first:
        parts.append("version = (SELECT min(version) FROM objects f WHERE f.collection = o.collection AND f.id = o.id)")
    if asked.at:
        parts.append(_listed("version", asked.at, values).removeprefix(" AND "))
    return f" AND ({' OR '.join(parts)})"


def keep_status(connection: sqlite3.Connection, identity: str, member: int, at_us: int, body: bytes) -> None:
    """Keep what became of a submission for a day, and let go of those that are older."""
    connection.execute("INSERT INTO statuses VALUES (?, ?, ?, ?)", (identity, member, at_us, body))
    connection.execute("DELETE FROM statuses WHERE at_us < ?", (at_us - KEPT_US,))


def change_status(connection: sqlite3.Connection, identity: str, change: Callable[[bytes], bytes]) -> None:
    """Write a status again, where it is still kept."""
    row = connection.execute("SELECT body FROM statuses WHERE id = ?", (identity,)).fetchone()
    if row:
        connection.execute("UPDATE statuses SET body = ? WHERE id = ?", (change(row[0]), identity))


def status(connection: sqlite3.Connection, identity: str, member: int) -> bytes | None:
    """Give what became of a submission, to the member that made it."""
    row = connection.execute("SELECT body FROM statuses WHERE id = ? AND member = ?", (identity, member)).fetchone()
    return row[0] if row else None
