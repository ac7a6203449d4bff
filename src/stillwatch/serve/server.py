"""The HTTP server, stopped in our own order.

uvicorn raises a signal again once it has stopped, which would end the program before what it held was written down.
"""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Server(uvicorn.Server):
    """A server that leaves signals alone until told which ones stop it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals over."""
        yield

    def stop_on(self, signals: Iterable[signal.Signals]) -> None:
        """Stop taking requests at these signals; a second one of them stops without waiting for open ones."""

        def stop(number: int, frame: object) -> None:
            del number, frame
            self.force_exit = self.should_exit
            self.should_exit = True

        for one in signals:
            signal.signal(one, stop)
