"""One connection to a model API: requests written as bytes, answers parsed by httptools and passed on as they arrive.

An answer is given away twice: its head is awaited, its body is either read piece by piece or poured, which means that
every piece goes to the customer from within the callback that brought it, without a task in between.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, cast

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.serve.gateway.proxy.heads import Header

MOST_HEAD: Final = 131_072
"""Longest head of an answer (bytes)."""
_HELD: Final = 262_144
"""Most bytes of an answer that wait to be read before the model is told to wait (bytes)."""


class BrokeOff(Exception):  # noqa: N818  named after what happened
    """An answer that did not come whole."""


class Misspoken(BrokeOff):
    """What came is no HTTP."""


class Silent(BrokeOff):
    """Nothing came for too long."""


class Wire(asyncio.Protocol):
    """A connection that answers one request after the other."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.loop = asyncio.get_running_loop()
        self.since = 0.0
        """When something came last, or it fell idle (s of the loop's clock)."""
        self.status = 0
        """HTTP status of the answer."""
        self.headers: list[Header] = []
        """Headers of the answer as they came."""
        self.whole = True
        """Whether the last answer has ended; the connection is then idle."""
        self.reusable = False
        """Whether another request may follow."""
        self.waiting = False
        """Whether something is expected from the model now."""
        self._parser: httptools.HttpResponseParser
        self._head: asyncio.Future[None] | None = None
        self._head_bytes = 0
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._more: asyncio.Future[None] | None = None
        self._pour: Callable[[bytes], object] | None = None
        self._failure: BrokeOff | None = None
        self._framed = self._alone = self._full = False
        self._named = 0

    # --- what a call does ---------------------------------------------------------------------------

    async def ask(self, request: bytes, body: bytes, *, alone: bool) -> None:
        """Send a request and wait for the head of its answer.

        Parameters
        ----------
        request, body
            Head and body.
        alone
            Whether the answer has a head and nothing else (HEAD).

        Raises
        ------
        BrokeOff
            None came.
        """
        self.status, self.headers, self._head_bytes, self._named = 0, [], 0, 0
        self._pieces.clear()
        self._held = 0
        self._pour = self._failure = None
        self.whole = self.reusable = self._framed = self._full = False
        self._alone = alone
        self._parser = httptools.HttpResponseParser(self)
        self._head = self.loop.create_future()
        self.since, self.waiting = self.loop.time(), True
        if len(body) < 65_536:
            self.transport.write(request + body)
        else:
            self.transport.write(request)
            self.transport.write(body)
        await self._head

    async def read(self) -> bytes:
        """Give the next piece of the body, b"" at its end.

        Raises
        ------
        BrokeOff
            It ended too early.
        """
        while not self._pieces:
            if self._failure is not None:
                raise self._failure
            if self.whole:
                return b""
            self._more = self.loop.create_future()
            await self._more
        got = self._pieces.popleft() if len(self._pieces) == 1 else b"".join(self._pieces)
        self._drained()
        return got

    async def pour(self, write: Callable[[bytes], object]) -> None:
        """Give every piece of the body away as it comes, until its end.

        Raises
        ------
        BrokeOff
            It ended too early.
        """
        self._pour = write
        self._poured()
        self._drained()
        while not self.whole:
            if self._failure is not None:
                raise self._failure
            self._more = self.loop.create_future()
            await self._more

    def hold(self, *, on: bool) -> None:
        """Let the model wait while the customer does not keep up, or go on."""
        self._full = on
        if on:
            self._pause()
        else:
            self._resume()

    def _drained(self) -> None:
        self._pieces.clear()
        self._held = 0
        if not self._full:
            self._resume()

    def _pause(self) -> None:
        if self.waiting and not self.transport.is_closing():
            self.transport.pause_reading()
            self.waiting = False

    def _resume(self) -> None:
        if not self.waiting and not self.whole and not self.transport.is_closing():
            self.transport.resume_reading()
            self.since, self.waiting = self.loop.time(), True

    def fail(self, failure: BrokeOff) -> None:
        """End the answer, and the connection, with an error."""
        if not self.whole and self._failure is None:
            self._failure = failure
            if self._head is not None and not self._head.done():
                self._head.set_exception(failure)
            self._wake()
        self.reusable = False
        self.transport.abort()

    # --- what the loop calls -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self.whole:
            # Nobody asked for it: an answer to it would be taken for the next call's.
            self.fail(Misspoken())
            return
        self.since = self.loop.time()
        if self.status == 0:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._poured()
            self.fail(Misspoken())
            return
        if self._pieces:
            self._poured()
        if self.status == 0 and self._head_bytes > MOST_HEAD:
            self.fail(Misspoken())

    def _poured(self) -> None:
        """Give what one reading brought away in one piece: each writing costs more than all the rest."""
        if self._pour is not None and self._pieces:
            pieces = self._pieces
            try:
                self._pour(pieces[0] if len(pieces) == 1 else b"".join(pieces))
            except Exception:  # noqa: BLE001  a fault in one call's writing ends that call
                self.fail(BrokeOff())
            pieces.clear()

    def eof_received(self) -> bool:
        """Take the end of an answer that says no length."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self.reusable = False
        if self.whole:
            return
        if self.status and not self._framed and exc is None:
            self._end()
        else:
            self.fail(BrokeOff())

    # --- what the parser calls -----------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self.headers.append((name, value))
        self._named += len(name) + len(value)
        if self._named > MOST_HEAD:
            raise Misspoken
        lowered = name.lower()
        if lowered == b"content-length" or (lowered == b"transfer-encoding" and value.lower().endswith(b"chunked")):
            self._framed = True

    def on_headers_complete(self) -> None:
        """Give the head away, unless it only announces another."""
        status = self._parser.get_status_code()
        if status < 200:
            return
        self.status = status
        if self._head is not None and not self._head.done():
            self._head.set_result(None)
        if self._alone:
            self._end()

    def on_body(self, piece: bytes) -> None:
        """Give a piece away, or keep it until it is read."""
        self._pieces.append(piece)
        if self._pour is not None:
            return
        self._held += len(piece)
        if self._held > _HELD:
            self._pause()
        if self._more is not None:
            self._wake()

    def on_message_complete(self) -> None:
        """End the answer."""
        if self.status == 0:
            # An interim answer, such as 103: the one that counts follows.
            self.headers = []
            self._framed = False
            return
        if not self.whole:
            self.reusable = self._framed and self._parser.should_keep_alive()
            self._end()

    def _end(self) -> None:
        self.whole, self.since = True, self.loop.time()
        if not self.waiting and not self.transport.is_closing():
            self.transport.resume_reading()
        self.waiting = False
        self._wake()

    def _wake(self) -> None:
        more, self._more = self._more, None
        if more is not None and not more.done():
            more.set_result(None)
