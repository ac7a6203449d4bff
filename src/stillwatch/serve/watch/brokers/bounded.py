"""Calls of a client library that may never come back, made by a thread that can be left behind.

librdkafka's synchronous commit, and closing after it, hang for good where the broker dies at the wrong moment
(confluentinc/confluent-kafka-python issue 1801). Calls are made one after another, so that nothing is closed under a
call that still runs.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    _Asked: TypeAlias = SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]

_Result = TypeVar("_Result")


class Bounded:
    """A thread that calls what it is asked to, in order."""

    def __init__(self) -> None:
        self._asked: _Asked = SimpleQueue()
        self._last: Future[Any] | None = None
        threading.Thread(target=self._run, name="client", daemon=True).start()

    def ask(self, act: Callable[[], _Result], most_s: float) -> _Result:
        """Call something and wait for it; past the time it is left to the thread.

        What is asked while another call is left there is called after it, and not waited for.

        Raises
        ------
        TimeoutError
            It has not come back.
        """
        answer: Future[_Result] = Future()
        left = self._last is not None and not self._last.done()
        self._last = answer
        self._asked.put((act, answer))
        return answer.result(0 if left else most_s)

    def end(self) -> None:
        """End the thread after what it was asked."""
        self._asked.put(None)

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            act, answer = asked
            try:
                answer.set_result(act())
            except Exception as error:  # noqa: BLE001 - whoever waits raises it
                answer.set_exception(error)
