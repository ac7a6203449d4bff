"""Identifiers of accounts in a share that waits, and what matched of them. Functions work inside a transaction.

Inputs are kept until they are sent and not a moment longer: what they are of stands in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Matched:
    """Identifiers of one own group that others hold, too."""

    epoch: int
    """Epoch."""
    group: str
    """What the group is called here."""
    kind: str
    """Kind of the identifiers."""
    tags: int
    """How many matched."""
    members: int
    """Members that hold one of them, at least, this one included."""


def put(connection: sqlite3.Connection, share: int, kinds: Mapping[str, Mapping[bytes, Sequence[bytes]]]) -> None:
    """Keep the inputs of a share that waits: kind -> input -> handles of its groups."""
    connection.executemany(
        "INSERT INTO identifiers VALUES (?, ?, ?, ?)",
        [
            (share, kind, one, handle)
            for kind, inputs in kinds.items()
            for one, handles in inputs.items()
            for handle in handles
        ],
    )


def waiting(connection: sqlite3.Connection, share: int) -> dict[str, dict[bytes, list[bytes]]]:
    """Give the inputs of a share that waits: kind -> input -> handles."""
    made: dict[str, dict[bytes, list[bytes]]] = {}
    for kind, one, handle in connection.execute(
        "SELECT kind, input, handle FROM identifiers WHERE share = ? ORDER BY kind, input, handle", (share,)
    ):
        made.setdefault(kind, {}).setdefault(one, []).append(handle)
    return made


def forget(connection: sqlite3.Connection, share: int) -> None:
    """Forget the inputs of a share."""
    connection.execute("DELETE FROM identifiers WHERE share = ?", (share,))


def matched(connection: sqlite3.Connection, epoch: int, rows: Iterable[tuple[bytes, str, int, int]]) -> None:
    """Keep what matched: handle, kind, tags, members."""
    connection.executemany(
        "INSERT OR REPLACE INTO identifier_matches VALUES (?, ?, ?, ?, ?)", [(epoch, *row) for row in rows]
    )


def matches(connection: sqlite3.Connection) -> list[Matched]:
    """Give every match, the latest epoch first."""
    rows = connection.execute(
        "SELECT DISTINCT m.epoch, g.name, m.kind, m.tags, m.members FROM identifier_matches m"
        " JOIN groups g ON g.epoch = m.epoch AND g.handle = m.handle ORDER BY 1 DESC, 2, 3"
    )
    return [Matched(*row) for row in rows]
