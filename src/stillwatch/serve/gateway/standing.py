"""Standing as the store says it, followed by a thread beside the calls; and what is known where it cannot be read."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.decision import IN_GOOD_STANDING
from stillwatch.model.errors import StillwatchError
from stillwatch.store.standing import StandingTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stillwatch.model.decision import Standing

NO_STORE: Final = "no store"
MISSING: Final = "missing"
STALE: Final = "stale"
FRESH: Final = "fresh"
"""States of what is known, as ``/healthz`` and ``/metrics`` name them."""


class StandingUnknown(Exception):  # noqa: N818  named after what is the case
    """What is in force cannot be told now."""


class StoreStandings:
    """The standings of one store.

    Parameters
    ----------
    path
        The store; it may come into being later.
    stale_s
        Age from which the copy no longer proves that nothing is in force (s).
    clock_ms
        Now (ms since 1970).
    seconds
        A clock that never goes back (s).

    Notes
    -----
    A look-up takes about a microsecond and touches no disk. Where the store goes away what was in force stays in force
    until its end; whoever is not in the copy is unknown once it is stale.
    """

    def __init__(
        self,
        path: Path,
        stale_s: float,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._stale_s, self._clock_ms, self._seconds = path, stale_s, clock_ms, seconds
        self._table: StandingTable | None = None
        self._file: tuple[int, int] = (0, 0)
        self._good_until = self._fresh = float("-inf")
        self.changes = self.failures = 0
        """Refreshes that took something over; refreshes that failed."""
        self._wrong = ""
        self.refresh()

    def get(self, account: int, now_ms: int) -> Standing:
        """Look an account up.

        Raises
        ------
        StandingUnknown
            There is no table, or it is stale and does not hold the account.
        """
        table = self._table
        if table is None:
            raise StandingUnknown(MISSING)
        found = table.get(account, now_ms)
        if found is IN_GOOD_STANDING and self._seconds() > self._good_until:
            raise StandingUnknown(STALE)
        return found

    def refresh(self) -> None:
        """Take over what was written since; a failure is told by ``told`` and tried again."""
        try:
            stat = self._path.stat()
            file = (stat.st_dev, stat.st_ino)
            if self._table is None or file != self._file:
                # Another file in its place, such as a restored copy: the old connection would never see it.
                old, self._table = self._table, StandingTable(self._path, self._clock_ms())
                self._file = file
                self.changes += 1
                if old is not None:
                    old.close()
            else:
                self.changes += self._table.refresh(self._clock_ms())
        except (StillwatchError, OSError) as error:
            self.failures += 1
            self._wrong = type(error).__name__
        else:
            self._wrong = ""
            self._fresh = self._seconds()
            self._good_until = self._fresh + self._stale_s

    def told(self) -> dict[str, Any]:
        """Say how much is known: ``state``, ``age_s`` since the last good refresh, ``spans``, ``wrong``."""
        table, now = self._table, self._seconds()
        state = MISSING if table is None else STALE if now > self._good_until else FRESH
        return {
            "state": state,
            "age_s": round(now - self._fresh, 1) if table is not None else None,
            "spans": len(table) if table is not None else 0,
            "refresh_failures": self.failures,
            "wrong": self._wrong,
        }


class Every:
    """A thread that does one thing again and again until it is told to end."""

    def __init__(self, seconds: float, act: Callable[[], None], name: str) -> None:
        self._seconds, self._act = seconds, act
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the turn at hand."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self._act()
