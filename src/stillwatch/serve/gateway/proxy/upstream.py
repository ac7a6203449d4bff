"""The way to a model API: connections that are kept, requests that change nothing and are sent once.

No redirect is followed, no cookie kept, no body unpacked, no header added but ``Host`` and ``Content-Length``.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from stillwatch.enforcement.barriers.base import Refusal
from stillwatch.model.errors import InputError
from stillwatch.serve.gateway.proxy.wire import BrokeOff, Misspoken, Silent, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillwatch.serve.gateway.proxy.heads import Header
    from stillwatch.serve.gateway.settings import Upstream

_KEPT_S: Final = 15.0
"""How long an idle connection is kept: shorter than servers do, so that none is used that they just closed (s)."""
_BODIES: Final = ("POST", "PUT", "PATCH")
"""Methods that say a length even where it is nothing."""
UNREACHABLE: Final = Refusal(502, "upstream_unreachable", "the model API cannot be reached")
MALFORMED: Final = Refusal(502, "upstream_malformed", "the model API's answer is no HTTP")
LATE: Final = Refusal(504, "upstream_timeout", "the model API did not answer in time")
BUSY: Final = Refusal(503, "upstream_busy", "too many calls are under way; try again in 5 s", retry_after_s=5)


class Client:
    """One upstream and its connections; open it inside the loop that uses it."""

    def __init__(self, upstream: Upstream) -> None:
        address = urlsplit(upstream.url)
        self._upstream = upstream
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        self._host = address.hostname or ""
        self._port = address.port or (443 if self._tls else 80)
        self._prefix = address.path.rstrip("/").encode()
        self._named = b"host: " + address.netloc.rpartition("@")[2].encode() + b"\r\n"
        self._idle: deque[Wire] = deque()
        self._all: set[Wire] = set()
        self._opening = 0
        self._sweeper = asyncio.create_task(self._sweep(min(1.0, upstream.answer_s / 4)))
        self.credential = _credential(upstream)
        """Header and value that replace the customer's credential; None lets the customer's through."""

    async def open(self, method: str, target: bytes, headers: Iterable[Header], body: bytes) -> Wire | Refusal:
        """Send a request and wait for the head of the answer; ``release`` what comes.

        Parameters
        ----------
        method, target
            Method; path and query as they came.
        headers
            Headers that go on, with their bytes.
        body
            The whole body.
        """
        wire = self._kept()
        if wire is None:
            made = await self._connected()
            if isinstance(made, Refusal):
                return made
            wire = made
        length = b"content-length: %d\r\n" % len(body) if body or method in _BODIES else b""
        fields = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        head = b"%b %b%b HTTP/1.1\r\n%b%b%b\r\n" % (
            method.encode(), self._prefix, target, self._named, fields, length)  # fmt: skip
        try:
            await wire.ask(head, body, alone=method == "HEAD")
        except Silent:
            self.release(wire)
            return LATE
        except Misspoken:
            self.release(wire)
            return MALFORMED
        except BrokeOff:
            self.release(wire)
            return UNREACHABLE
        except asyncio.CancelledError:
            self.release(wire)
            raise
        return wire

    def release(self, wire: Wire) -> None:
        """Take a connection back: kept where another request may follow, ended where its answer is not whole."""
        if wire.whole and wire.reusable and not wire.transport.is_closing():
            self._idle.append(wire)
            return
        self._all.discard(wire)
        wire.fail(BrokeOff())

    def _kept(self) -> Wire | None:
        while self._idle:
            wire = self._idle.pop()
            if not wire.transport.is_closing() and wire.loop.time() - wire.since < _KEPT_S:
                return wire
            self._all.discard(wire)
            wire.transport.abort()
        return None

    async def _connected(self) -> Wire | Refusal:
        if len(self._all) + self._opening >= self._upstream.connections:
            return BUSY
        self._opening += 1
        try:
            async with asyncio.timeout(self._upstream.connect_s):
                _, wire = await asyncio.get_running_loop().create_connection(
                    Wire, self._host, self._port, ssl=self._tls
                )
        except TimeoutError:
            return LATE
        except (OSError, ssl.SSLError):
            return UNREACHABLE
        finally:
            self._opening -= 1
        self._all.add(wire)
        return wire

    async def _sweep(self, every_s: float) -> None:
        """End the answers of which nothing came for too long, and the connections that nobody needs."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(every_s)
            now = loop.time()
            for wire in [one for one in self._all if one.waiting and now - one.since >= self._upstream.answer_s]:
                wire.fail(Silent())
            while self._idle and (self._idle[0].transport.is_closing() or now - self._idle[0].since >= _KEPT_S):
                wire = self._idle.popleft()
                self._all.discard(wire)
                wire.transport.abort()

    async def close(self) -> None:
        """End all connections."""
        self._sweeper.cancel()
        for wire in list(self._all):
            wire.transport.abort()
        self._all.clear()
        self._idle.clear()


def _credential(upstream: Upstream) -> Header | None:
    if not upstream.credential_header:
        return None
    return upstream.credential_header.lower().encode(), read_secret(upstream.credential_file, 1).encode()


def read_secret(file: str, least: int) -> str:
    """Read a secret of one line from a file.

    Raises
    ------
    InputError
        The file cannot be read, is readable by others, or holds no such secret. The secret is never told.
    """
    path = Path(file)
    try:
        mode, text = path.stat().st_mode, path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: the secret cannot be read: {getattr(error, 'strerror', 'no UTF-8')}") from error
    if mode & 0o077:
        raise InputError(f"{file}: others may read the secret (mode {mode & 0o777:o}); run: chmod 600 {file}")
    if len(text) < least or not text.isprintable():
        raise InputError(f"{file}: expected one line of at least {least} printable characters")
    return text
