"""The kill switch: one row, or one file beside the store, stops everything that no person decided.

*stopped*: no new automatic decision. *released*: moreover none of the machine's earlier decisions binds
while it lasts. The file works where the store itself is stuck, and stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from stillwatch.store.ledger import append
from stillwatch.store.persons import person, reason

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from stillwatch.store.database import Database

State: TypeAlias = Literal["on", "stopped", "released"]
STOP_FILE: Final = ".stop"
"""Ending of the file that stops: ``stillwatch.db.stop`` beside ``stillwatch.db``; its content does not matter."""


def stop_file(store: Path) -> Path:
    """Name the file that stops a store's automatic decisions as long as it exists."""
    return store.with_name(store.name + STOP_FILE)


def state(connection: sqlite3.Connection) -> State:
    """Give the state in the table."""
    row = connection.execute("SELECT state FROM switch").fetchone()
    return cast("State", row[0]) if row else "on"


def stopped(database: Database) -> str:
    """Say why nothing may be decided automatically; "" where it may."""
    file = stop_file(database.path)
    if file.exists():
        return f"the kill switch is on: {file} exists"
    with database.reading() as connection:
        row = connection.execute("SELECT by, why FROM switch WHERE state <> 'on'").fetchone()
    return f"the kill switch is on, by {row[0]}: {row[1]}" if row else ""


def turn(database: Database, to: State, *, by: str, why: str, now_ms: int) -> None:
    """Turn the switch.

    Raises
    ------
    InputError
        ``by`` names no person, or no reason is given.
    """
    who, because = person(by), reason(why)
    with database.writing() as connection:
        _, at_ms = append(connection, "switch", to, {"by": who, "why": because}, now_ms)
        connection.execute("INSERT OR REPLACE INTO switch VALUES (1, ?, ?, ?, ?)", (to, who, because, at_ms))
