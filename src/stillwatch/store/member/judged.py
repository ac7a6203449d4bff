"""What members think of what was shared, as the hub adds it up, and dockets of appeals. Inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

DUE = "due"
"""State of a docket that this member has not reviewed."""


@dataclass(frozen=True, slots=True)
class Docket:
    """One appeal that concerns several members."""

    id: str
    """Its id, the same at every member."""
    subject: str
    """What it is about: ``joint:EPOCH:NAME`` or a STIX identifier."""
    at_us: int
    """When it changed last (us since 1970)."""
    told: Mapping[str, Any]
    """Own review, and the others' in buckets."""

    @property
    def due(self) -> bool:
        """Whether this member has yet to review what it did."""
        return bool(self.told.get("own") == DUE)


def keep_opinions(connection: sqlite3.Connection, found: Iterable[Mapping[str, Any]]) -> int:
    """Keep what opinions add up to; gives how many subjects."""
    rows = [(one["subject"], one["state"], one["at_us"], msgspec.json.encode(one)) for one in found]
    connection.executemany(
        "INSERT INTO opinions VALUES (?, ?, ?, ?) ON CONFLICT (subject) DO UPDATE SET"
        " state = excluded.state, at_us = excluded.at_us, body = excluded.body",
        rows,
    )
    return len(rows)


def keep_dockets(connection: sqlite3.Connection, found: Iterable[Mapping[str, Any]]) -> int:
    """Keep dockets; gives how many."""
    rows = [(one["docket"], one["subject"], one["at_us"], msgspec.json.encode(one)) for one in found]
    connection.executemany(
        "INSERT INTO dockets VALUES (?, ?, ?, ?) ON CONFLICT (docket) DO UPDATE SET"
        " at_us = excluded.at_us, body = excluded.body",
        rows,
    )
    return len(rows)


def reviewed(connection: sqlite3.Connection, docket: str, outcome: str) -> None:
    """Note what this member's own review came to."""
    for one in dockets(connection):
        if one.id == docket:
            body = msgspec.json.encode({**one.told, "own": outcome})
            connection.execute("UPDATE dockets SET body = ? WHERE docket = ?", (body, docket))


def opinions(connection: sqlite3.Connection) -> dict[str, str]:
    """Give the state of every subject that opinions are known of."""
    return dict(connection.execute("SELECT subject, state FROM opinions"))


def dockets(connection: sqlite3.Connection) -> list[Docket]:
    """Give all dockets, the latest first."""
    rows = connection.execute("SELECT docket, subject, at_us, body FROM dockets ORDER BY at_us DESC, docket")
    return [Docket(docket, subject, at_us, msgspec.json.decode(body)) for docket, subject, at_us, body in rows]
