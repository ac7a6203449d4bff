"""What left and what came in, one line each, for whoever must account for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal."""

    at_ms: int
    """When (ms since 1970)."""
    way: str
    """out or in."""
    peer: str
    """hub or custodian."""
    what: str
    """What it was."""
    size: int
    """How much (bytes)."""
    digest: bytes
    """SHA-256 of it (32 bytes)."""


def noted(connection: sqlite3.Connection, way: str, peer: str, what: str, content: bytes, now_ms: int) -> None:
    """Write a line, in the transaction of what it tells."""
    connection.execute(
        "INSERT INTO journal (at_ms, way, peer, what, bytes, digest) VALUES (?, ?, ?, ?, ?, ?)",
        (now_ms, way, peer, what, len(content), hashlib.sha256(content).digest()),
    )


def journal(connection: sqlite3.Connection) -> list[Line]:
    """Give all lines, oldest first."""
    rows = connection.execute("SELECT at_ms, way, peer, what, bytes, digest FROM journal ORDER BY id")
    return [Line(*row) for row in rows]
