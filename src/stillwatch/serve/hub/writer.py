"""The one writer: a thread that takes what waits, does it in one transaction, and answers once it is on the disk."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from stillwatch.sharing.taxii.errors import TaxiiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from stillwatch.store.exchange.file import HubFile

MOST_WAITING: Final = 64
"""Jobs that may wait; more are turned away, for each holds a whole body."""
_T = TypeVar("_T")


class Writer:
    """Does jobs in the order that they come, many in one transaction.

    Parameters
    ----------
    file
        The hub's file.
    clock
        Now (us since 1970).
    """

    def __init__(self, file: HubFile, clock: Callable[[], int]) -> None:
        self._file, self._clock = file, clock
        self._waiting: deque[tuple[Callable[[sqlite3.Connection, int], Any], Future[Any]]] = deque()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, "hub-writer")

    def put(self, job: Callable[[sqlite3.Connection, int], _T]) -> Future[_T]:
        """Let a job wait; its result comes once it is on the disk.

        Parameters
        ----------
        job
            Takes a connection inside a transaction and the time (us since 1970). Whatever it refuses with
            ``TaxiiError`` it refuses before it writes.

        Raises
        ------
        TaxiiError
            503: too many wait.
        """
        done: Future[_T] = Future()
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise TaxiiError(503, "too much waits to be written; send again", [(b"retry-after", b"1")])
            self._waiting.append((job, done))
        self._pool.submit(self._do)
        return done

    def _do(self) -> None:
        with self._lock:
            # Whoever has gone before the turn is left out; from here on nobody can go.
            jobs = [one for one in self._waiting if one[1].set_running_or_notify_cancel()]
            self._waiting.clear()
        if not jobs:
            return
        results: list[tuple[Future[Any], Any]] = []
        try:
            with self._file.writing() as connection:
                for job, done in jobs:
                    try:
                        results.append((done, job(connection, self._clock())))
                    except TaxiiError as refused:
                        results.append((done, refused))
        except BaseException as error:  # noqa: BLE001 - whoever waits must be told, whatever went wrong
            results = [(done, error) for _, done in jobs]
        for done, result in results:
            if isinstance(result, BaseException):
                done.set_exception(result)
            else:
                done.set_result(result)

    def close(self) -> None:
        """Do what waits, and stop."""
        self._pool.shutdown()
