"""One SQLite file that outlives a crash: who writes waits for the other writer, who reads never waits.

Write-ahead log, fsync at every commit, strict tables, mode 0600. A transaction is whole or was never there.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import StoreBusy, StoreError, StoreTorn
from stillwatch.store.schema import STORE, statements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.store.schema import Schema

BUSY_MS: Final = 5_000
"""How long a writer waits for another (ms)."""
_OTHERS: Final = 0o077
_SETTINGS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = ON",
    "PRAGMA journal_size_limit = 67108864",
)


def explained(error: sqlite3.Error, path: Path) -> StoreError:
    """Say who must act on what SQLite reports."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusy(f"{path}: another writer has held the store for {BUSY_MS / 1000:g} s; try again")
    if name.startswith("SQLITE_FULL") or "IOERR_WRITE" in name:
        return StoreError(f"{path}: the disk is full, nothing of this step was written; free some room and try again")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StoreTorn(f"{path}: the store is damaged ({error}); restore a copy, then run `stillwatch ledger verify`")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return StoreError(f"{path}: the store cannot be opened for writing; check its folder's permissions")
    return StoreError(f"{path}: the store refused the step: {error}")


class Database:
    """The store, open.

    Parameters
    ----------
    path
        The file; made with mode 0600 where it does not exist and ``create`` is set.
    create
        Whether a missing file is made.
    schema
        Tables of the file.

    Raises
    ------
    StoreTorn
        The file is damaged, of another version, no store at all, or others may read it.
    StoreError
        It does not exist and shall not be made, or the folder cannot be written.

    Notes
    -----
    One connection, shared by threads behind a lock. Several processes may open one file: their transactions queue.
    Blind spot: a network file system that lies about locks or fsync breaks every promise made here.
    """

    def __init__(self, path: Path, *, create: bool = True, schema: Schema = STORE) -> None:
        self.path = path
        self._schema = schema
        self._lock = threading.RLock()
        self._inside = ""
        _settle(path, create=create)
        try:
            self._connection = sqlite3.connect(
                path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except sqlite3.Error as error:
            raise explained(error, path) from error

    def _prepare(self) -> None:
        run = self._connection.execute
        if run("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise StoreError(f"{self.path}: this file system takes no write-ahead log; keep the store on a local disk")
        for setting in _SETTINGS:
            run(setting)
        with self.writing():
            version = run("PRAGMA user_version").fetchone()[0]
            known = run("PRAGMA application_id").fetchone()[0] == self._schema.application
            empty = not run("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if empty and not version:
                for statement in statements(self._schema.text):
                    run(statement)
                run(f"PRAGMA application_id = {self._schema.application}")
                run(f"PRAGMA user_version = {self._schema.version}")
            elif not known:
                raise StoreTorn(f"{self.path}: this SQLite file is no {self._schema.name} of stillwatch")
            elif version != self._schema.version:
                raise StoreTorn(
                    f"{self.path}: the store has version {version}, this program reads {self._schema.version}"
                )

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction; what is inside happens whole or not at all. Inside another it joins that.

        Raises
        ------
        StoreBusy
            Another writer held the store for longer than ``BUSY_MS``.
        StoreError
            The disk is full or refused; nothing was written.
        """
        with self._lock:
            if self._inside:
                if self._inside == "reading":
                    raise StoreError(f"{self.path}: a view of one moment cannot be written to")
                yield self._connection
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                self._inside = "writing"
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._undo()
                raise explained(error, self.path) from error
            except BaseException:
                self._undo()
                raise
            finally:
                self._inside = ""

    def _undo(self) -> None:
        # SQLite may have rolled back by itself, as it does on a full disk.
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a view of one moment; writers are not held up by it."""
        with self._lock:
            if self._inside:
                yield self._connection
                return
            try:
                self._connection.execute("BEGIN")
                self._inside = "reading"
                yield self._connection
            except sqlite3.Error as error:
                raise explained(error, self.path) from error
            finally:
                self._inside = ""
                self._undo()

    def settle(self) -> bool:
        """Write the log into the file and cut it off: until then it holds what was deleted.

        Returns
        -------
        bool
            Whether it is done; False where another program reads the file just then, and the next call does it.
        """
        with self._lock:
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _settle(path: Path, *, create: bool) -> None:
    """Make the file with mode 0600, or see that nobody else may read the one that is there."""
    try:
        os.close(os.open(path, os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0), 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise StoreError(f"{path}: the store cannot be opened: {error.strerror}") from error
    mode = path.stat().st_mode
    if mode & _OTHERS:
        raise StoreTorn(f"{path}: others may read the store (mode {mode & 0o777:o}); run: chmod 600 {path}")
