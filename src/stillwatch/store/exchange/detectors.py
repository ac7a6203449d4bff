"""Detectors that the exchange knows, by the digest of their sources. An empty registry asks nothing of anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    import sqlite3

MOST_DETECTORS: Final = 1_000
"""Detectors of a registry."""
TABLES: Final = """
CREATE TABLE detectors (
  sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
  name TEXT NOT NULL CHECK (name <> ''),
  since_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Detector:
    """One version of a detector."""

    name: str
    """Name, for people."""
    sha256: str
    """Digest of its sources (64 hexadecimal digits)."""
    since_us: int
    """Since when the exchange knows it (us since 1970)."""


def add(connection: sqlite3.Connection, detector: Detector) -> None:
    """Register a detector.

    Raises
    ------
    InputError
        The digest is registered, or there are too many.
    """
    if registered(connection, detector.sha256):
        raise InputError("this digest is registered; `stillwatch hub detector list` shows all")
    if connection.execute("SELECT count(*) FROM detectors").fetchone()[0] >= MOST_DETECTORS:
        raise InputError(f"a registry has at most {MOST_DETECTORS:,} detectors; remove old ones")
    row = (detector.sha256, detector.name, detector.since_us)
    connection.execute("INSERT INTO detectors VALUES (?, ?, ?)", row)


def remove(connection: sqlite3.Connection, sha256: str) -> Detector:
    """Take a detector out of the registry; what was found with it stays.

    Raises
    ------
    InputError
        It is not registered.
    """
    found = [one for one in detectors(connection) if one.sha256 == sha256]
    if not found:
        raise InputError("no detector has this digest; `stillwatch hub detector list` shows all")
    connection.execute("DELETE FROM detectors WHERE sha256 = ?", (sha256,))
    return found[0]


def detectors(connection: sqlite3.Connection) -> list[Detector]:
    """Give all detectors, in the order that they were registered."""
    rows = connection.execute("SELECT name, sha256, since_us FROM detectors ORDER BY since_us, sha256")
    return [Detector(*row) for row in rows]


def registered(connection: sqlite3.Connection, sha256: str) -> bool:
    """Say whether a digest is that of a detector that the exchange knows."""
    return connection.execute("SELECT 1 FROM detectors WHERE sha256 = ?", (sha256,)).fetchone() is not None


def checking(connection: sqlite3.Connection) -> bool:
    """Say whether digests are checked at all: they are once one detector is registered."""
    return connection.execute("SELECT 1 FROM detectors LIMIT 1").fetchone() is not None
