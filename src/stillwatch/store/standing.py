"""Standing: what is in force for an account. The gateway reads this and nothing else.

The table in memory is a copy; the truth are the decisions and what was undone. It follows them by the number of the
last ledger entry, account by account.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import IN_GOOD_STANDING, Standing
from stillwatch.store.database import explained
from stillwatch.store.spans import MACHINE, Spans, pack
from stillwatch.store.switch import state

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stillwatch.store.spans import Row

KEPT_MS: Final = 86_400_000
"""A span is kept in memory for this long after its end, so that a clock set back still finds it (ms)."""
OVERLAY: Final = 50_000
"""Changed accounts beside the arrays before these are packed anew (accounts)."""

_SPANS: Final = (
    "SELECT d.account, d.action, d.from_ms, d.until_ms, d.id, d.clause, d.campaign, d.by FROM decisions d"
    " LEFT JOIN lifts l ON l.decision = d.id LEFT JOIN ends e ON e.decision = d.id"
    " WHERE l.decision IS NULL AND e.decision IS NULL AND d.shadow = 0"
)
_ORDER: Final = " ORDER BY d.account, d.action DESC, d.until_ms DESC"
_CHANGED: Final = (
    "SELECT account FROM decisions WHERE seq > ?1 AND shadow = 0 UNION"
    " SELECT d.account FROM lifts l JOIN decisions d ON d.id = l.decision WHERE l.seq > ?1"
    " UNION SELECT d.account FROM ends e JOIN decisions d ON d.id = e.decision WHERE e.seq > ?1"
)


def standing(connection: sqlite3.Connection, account: int, now_ms: int) -> Standing:
    """Read an account's standing from the store itself; what :class:`StandingTable` must agree with."""
    least = MACHINE if state(connection) == "released" else 0
    rows = connection.execute(f"{_SPANS} AND d.account = ?{_ORDER}", (account,))
    return pack(rows).find(account, now_ms, least) or IN_GOOD_STANDING


class StandingTable:
    """All standings in memory, for reading only. One thread refreshes it, and others may read meanwhile.

    Parameters
    ----------
    path
        The store.
    now_ms
        What the clock says (ms since 1970): spans over for more than ``KEPT_MS`` are left out. 0 loads all.

    Raises
    ------
    StoreError
        The store is not there or cannot be read.

    Notes
    -----
    ``bench/standing.py``: memory and time. Blind spot: what was recorded since the last ``refresh`` is not known
    here; call it every few seconds. Where the store goes away, the last copy goes on counting and every span in it
    still ends when it was to end.
    """

    def __init__(self, path: Path, now_ms: int = 0) -> None:
        self._path = path
        if not path.exists():
            raise explained(sqlite3.OperationalError("there is no such file"), path)
        self._seq = self._version = -1
        self._least = 0
        self._base: Spans = pack(())
        self._overlay: dict[int, Spans] = {}
        try:
            # Not mode=ro: a reader of a write-ahead log has to be able to make its shared-memory file.
            self._connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise explained(error, path) from error
        self.refresh(now_ms)

    def get(self, account: int, now_ms: int) -> Standing:
        """Give what is in force for an account at a moment.

        Parameters
        ----------
        account
            Pseudonym.
        now_ms
            Moment (ms since 1970).

        Returns
        -------
        Standing
            The strictest action in force; ``IN_GOOD_STANDING``, which names no account, where there is none.
        """
        overlay = self._overlay.get(account) if self._overlay else None
        found = (self._base if overlay is None else overlay).find(account, now_ms, self._least)
        return found or IN_GOOD_STANDING

    def refresh(self, now_ms: int = 0) -> bool:
        """Take over what changed; says whether anything had.

        Raises
        ------
        StoreError
            The store cannot be read; the copy stays as it was.

        Notes
        -----
        A few microseconds where nothing was written; otherwise a few more for each account that changed.
        """
        try:
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version == self._version:
                return False
            self._connection.execute("BEGIN")
            try:
                changed = self._follow(now_ms)
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise explained(error, self._path) from error
        self._version = version
        return changed

    def _follow(self, now_ms: int) -> bool:
        seq = self._connection.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchone()[0]
        if seq == self._seq:
            return False
        least = MACHINE if state(self._connection) == "released" else 0
        changed = [row[0] for row in self._connection.execute(_CHANGED, (self._seq,))] if self._seq >= 0 else []
        if self._seq < 0 or len(changed) + len(self._overlay) > OVERLAY:
            self._base = pack(self._rows(f"{_SPANS} AND d.until_ms > ?{_ORDER}", now_ms - KEPT_MS))
            self._overlay = {}
        else:
            self._overlay |= {
                account: pack(self._rows(f"{_SPANS} AND d.account = ?{_ORDER}", account)) for account in changed
            }
        self._seq, self._least = seq, least
        return True

    def _rows(self, query: str, value: int) -> Iterable[Row]:
        return self._connection.execute(query, (value,))

    def __len__(self) -> int:
        """Count the spans held, those that are over included."""
        return len(self._base) + sum(len(one) for one in self._overlay.values())

    @property
    def bytes_held(self) -> int:
        """Memory of the copy (bytes)."""
        return self._base.bytes_held + sum(one.bytes_held + 600 for one in self._overlay.values())

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
