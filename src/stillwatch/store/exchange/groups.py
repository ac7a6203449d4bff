"""Sharing groups as versions that stay, and the collections that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError
from stillwatch.model.membership import Group

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


def set_group(connection: sqlite3.Connection, identity: str, name: str, members: Iterable[int], now_us: int) -> Group:
    """Write the next version of a group, the first where there is none; the versions before it stay as they are."""
    row = connection.execute("SELECT coalesce(max(version), 0) + 1 FROM groups WHERE id = ?", (identity,)).fetchone()
    made = Group(identity, row[0], name, frozenset(members))
    connection.execute("INSERT INTO groups VALUES (?, ?, ?, ?)", (made.id, made.version, made.name, now_us))
    connection.executemany(
        "INSERT INTO group_members VALUES (?, ?, ?)", [(made.id, one, made.version) for one in sorted(made.members)]
    )
    return made


def groups(connection: sqlite3.Connection) -> list[Group]:
    """Give every group as it is now."""
    rows = connection.execute("SELECT id, max(version), name FROM groups GROUP BY id ORDER BY min(since_us), id")
    return [_filled(connection, *row) for row in rows.fetchall()]


def group_named(connection: sqlite3.Connection, name: str) -> Group:
    """Find a group as it is now, by its name or UUID.

    Raises
    ------
    InputError
        There is none.
    """
    for one in groups(connection):
        if name in (one.name, one.id):
            return one
    raise InputError("no group has this name or id; `stillwatch hub group list` shows all")


def _filled(connection: sqlite3.Connection, identity: str, version: int, name: str) -> Group:
    rows = connection.execute(
        "SELECT member FROM group_members WHERE group_id = ? AND version = ?", (identity, version)
    )
    return Group(identity, version, name, frozenset(row[0] for row in rows))


def without(connection: sqlite3.Connection, member: int, now_us: int) -> list[Group]:
    """Write a next version without a member of every group that it is in."""
    return [
        set_group(connection, one.id, one.name, one.members - {member}, now_us)
        for one in groups(connection)
        if member in one.members
    ]


def add_collection(
    connection: sqlite3.Connection,
    identity: str,
    title: str,
    description: str,
    group: Group,
    plain_of: int | None = None,
) -> int:
    """Add a collection of a group; ``plain_of`` makes it the plain view of another collection.

    Returns
    -------
    int
        Its number.
    """
    number: int = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM collections").fetchone()[0]
    connection.execute(
        "INSERT INTO collections VALUES (?, ?, ?, ?, ?, ?)", (number, identity, title, description, group.id, plain_of)
    )
    return number


def setting(connection: sqlite3.Connection, name: str, made: bytes) -> bytes:
    """Give a setting of the hub, written at first with the value given."""
    connection.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, made))
    found: bytes = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()[0]
    return found
