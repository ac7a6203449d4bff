"""The hub's file, open: one writer, and for each thread that reads a connection of its own that cannot write."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import threading
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import StoreBusy
from stillwatch.store.database import BUSY_MS, Database, explained
from stillwatch.store.exchange.schema import HUB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

_CACHE_KIB: Final = 16_384
_WRITER_CACHE_KIB: Final = 65_536
_STEP: Final = 100_000
"""Instructions of SQLite's machine between two looks at how many there were."""
MOST_STEPS: Final = 1_000
"""Most such steps of one view: seconds, where a page takes a thousandth; a question that costs more is given up."""
_CHECKPOINT_PAGES: Final = 16_384
_MAPPED: Final = 1 << 30
"""Bytes of the file that a reader maps; pages it has not read cost nothing."""


class HubFile:
    """The hub's file.

    Parameters
    ----------
    path
        The file; made with mode 0600 where it is missing and ``create`` is set.
    create
        Whether a missing file is made.

    Raises
    ------
    StoreTorn, StoreError
        As for :class:`~stillwatch.store.database.Database`.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._database = Database(path, create=create, schema=HUB)
        with self._database.writing() as connection:
            # Identifiers are random, so each batch touches pages all over: folding the log back is worth waiting for.
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            connection.execute(f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}")
        self._own = threading.local()
        self._every: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self.writing = self._database.writing
        """A transaction, as :meth:`~stillwatch.store.database.Database.writing` gives it."""

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a view of one moment, that of the first read; no writer holds it up."""
        connection = self._reader()
        steps = itertools.count(1)
        connection.set_progress_handler(lambda: next(steps) > MOST_STEPS, _STEP)
        try:
            connection.execute("BEGIN")
            yield connection
        except sqlite3.Error as error:
            raise explained(error, self.path) from error
        finally:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")

    def _reader(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if found is None:
            found = sqlite3.connect(
                self.path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            found.execute("PRAGMA query_only = ON")
            found.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            found.execute(f"PRAGMA mmap_size = {_MAPPED}")
            self._own.connection = found
            with self._lock:
                self._every.append(found)
        return found

    def whole(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open a view of one moment for what may take long, such as an account; nothing is given up."""
        return self._database.reading()

    def settle(self) -> None:
        """Fold the write-ahead log back and cut it off: until then it holds what was erased.

        Raises
        ------
        StoreBusy
            Another program reads the file just then; what was erased is gone from the file itself all the same.
        """
        if not self._database.settle():
            raise StoreBusy(
                f"{self.path}: it is erased, but a reader holds the write-ahead log, which has a copy; run it again"
            )

    def close(self) -> None:
        """Close every connection; nothing may be reading any more."""
        with self._lock:
            for one in self._every:
                one.close()
            self._every.clear()
        self._own = threading.local()
        self._database.close()
