"""Accounts that this provider vouches for: nothing of them leaves, and nothing received counts against them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from numpy.typing import NDArray


def allow(connection: sqlite3.Connection, accounts: Iterable[int], why: str, now_ms: int) -> int:
    """Vouch for accounts; gives how many are new."""
    rows = [(account, why, now_ms) for account in accounts]
    return sum(connection.execute("INSERT OR IGNORE INTO allowed VALUES (?, ?, ?)", row).rowcount for row in rows)


def disallow(connection: sqlite3.Connection, accounts: Iterable[int]) -> int:
    """Vouch no longer; gives how many there were."""
    return sum(connection.execute("DELETE FROM allowed WHERE account = ?", (one,)).rowcount for one in accounts)


def allowed(connection: sqlite3.Connection) -> NDArray[np.int64]:
    """Give the accounts, ascending."""
    rows = connection.execute("SELECT account FROM allowed ORDER BY account").fetchall()
    return np.array([account for (account,) in rows], np.int64)


def listed(connection: sqlite3.Connection) -> list[tuple[int, str, int]]:
    """Give account, why and since when of each."""
    return list(connection.execute("SELECT account, why, at_ms FROM allowed ORDER BY at_ms, account"))
