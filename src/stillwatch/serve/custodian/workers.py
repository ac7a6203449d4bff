"""Processes that evaluate: the library holds the interpreter lock, so a thread would stop every other request.

A secret travels to a worker with the batch that it is for and is not kept there, so a key that is destroyed is gone
from the workers, too, as far as Python lets go of memory.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing.connection import wait
from typing import Final

from stillwatch.sharing.oblivious.with_voprf import Voprf

_SUITE: Final = Voprf()


def evaluate(seed: bytes, blinded: bytes) -> bytes:
    """Evaluate one batch; runs in a worker."""
    return _SUITE.evaluate(seed, blinded)


def _end_with_the_parent() -> None:
    """Watch the parent from a worker: one that was killed cannot end its workers, and they would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class WorkersAway(Exception):  # noqa: N818 - named after what happened
    """A worker has died; the next batch gets new ones."""


class Workers:
    """A pool of processes, begun anew when one of them dies.

    Parameters
    ----------
    count
        Processes.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = self._begun()

    def _begun(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork copies locks that other threads hold.
        return ProcessPoolExecutor(
            self._count, mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_the_parent
        )

    async def evaluate(self, seed: bytes, blinded: bytes) -> bytes:
        """Evaluate one batch; the event loop goes on meanwhile.

        Raises
        ------
        InputError
            As :meth:`Suite.evaluate`.
        WorkersAway
            The worker died.
        """
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, evaluate, seed, blinded)
        except BrokenExecutor as error:
            if self._pool is pool:
                self._pool = self._begun()
                pool.shutdown(wait=False, cancel_futures=True)
            raise WorkersAway from error

    def warm(self) -> None:
        """Start every worker before the first request needs one."""
        for one in [self._pool.submit(abs, 0) for _ in range(self._count)]:
            one.result()

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)
