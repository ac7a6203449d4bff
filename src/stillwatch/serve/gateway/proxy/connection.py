"""One customer connection: uvicorn's, with bounds on heads, on slowness and on everything read in two ways.

uvicorn's httptools server has no bound on the size of a head, none on how slowly it arrives, and goes on after an
upgrade that it does not offer. Deadlines are looked at once a second by ``Sweeper``, so that a call costs no timer.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from stillwatch.serve.gateway.settings import Limits

NEVER: Final = float("inf")
KEY: Final = "stillwatch.connection"
"""Where a request's scope holds its connection."""
CYCLE: Final = "stillwatch.cycle"
"""Where it holds what uvicorn knows of the call."""
_LOOKED_AT: Final = frozenset((b"host", b"content-length", b"transfer-encoding", b"upgrade", b"expect"))
_VERSIONS: Final = ("1.0", "1.1")


class Answer(Protocol):
    """Answers a question."""

    def __call__(self, headers: list[tuple[bytes, bytes]], body: bytes, *, keep: bool) -> bytes | None:
        """Give all bytes of an answer, None where the application must; ``keep``: whether the connection stays open."""
        ...


class Misread(Exception):  # noqa: N818
    """A head that two servers could read in two ways; ends the parser."""


class Connection(HttpToolsProtocol):
    """A connection with bounds."""

    limits: ClassVar[Limits]
    at_once: ClassVar[Mapping[bytes, Answer]] = {}
    """Answers to questions by path, for those that are answered past uvicorn."""

    def __init__(self, *args: Any, **named: Any) -> None:  # noqa: ANN401  uvicorn's own
        super().__init__(*args, **named)
        self.on_full: Callable[[bool], object] | None = None
        """Called with True when the customer does not keep up with an answer, with False when they do again."""
        self.on_gone: Callable[[], object] | None = None
        """Called once if the customer hangs up while a call is under way."""
        self.deadline = NEVER
        """When the sweeper ends the connection (s of the loop's clock)."""
        self.stalled = NEVER
        """When it ends it because the customer does not read."""
        self._head_bytes = 0
        self._in_head = True
        self._refusal = (400, "this is no HTTP request")
        self._framing: list[bytes] = []
        self._hosts = 0
        self._asked: list[bytes] | None = None
        """Body of a question that may be answered at once, as far as it came."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; a connection that says nothing is ended, too."""
        super().connection_made(cast("asyncio.Transport", transport))
        self.deadline = self.loop.time() + self.limits.head_s

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the call that nobody waits for it."""
        super().connection_lost(exc)
        self.deadline = self.stalled = NEVER
        gone, self.on_gone = self.on_gone, None
        if gone is not None:
            gone()

    def data_received(self, data: bytes) -> None:
        """Read on; a head that does not end is refused at its bound."""
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.limits.head_bytes and not self.transport.is_closing():
            self._refusal = (431, "the request's head is too long")
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._head_bytes, self._in_head, self._framing, self._hosts = 0, True, [], 0
        self.deadline = self.loop.time() + self.limits.head_s

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        self._head_bytes += len(url)
        if self._head_bytes > self.limits.head_bytes:
            self._refuse(431, "the request's head is too long")
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > self.limits.head_bytes:
            self._refuse(431, "the request's head is too long")
        lowered = name.lower()
        self.headers.append((lowered, value))
        if lowered in _LOOKED_AT:
            self._look_at(lowered, value)

    def _look_at(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            self._hosts += 1
        elif name == b"upgrade":
            self._refuse(400, "this gateway offers no upgrade")
        elif name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        else:
            self._framing.append(name)
            self._check_framing(name, value)

    def _check_framing(self, name: bytes, value: bytes) -> None:
        if len(self._framing) > 1:
            self._refuse(400, "the request's length is given twice")
        if name == b"transfer-encoding" and value.lower() != b"chunked":
            self._refuse(400, "Transfer-Encoding may only be chunked")
        if name == b"content-length":
            if not value.isdigit() or len(value) > 18:
                self._refuse(400, "Content-Length is no number")
            if int(value) > self.limits.body_bytes:
                self._refuse(413, f"the request's body is longer than {self.limits.body_bytes} bytes")

    def on_headers_complete(self) -> None:
        """Begin the call, unless two servers could read its head in two ways."""
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            self._refuse(505, "this gateway speaks HTTP/1.1")
        if version == "1.0" and b"transfer-encoding" in self._framing:
            self._refuse(400, "HTTP/1.0 knows no Transfer-Encoding")
        if self._hosts > 1 or (version == "1.1" and not self._hosts):
            self._refuse(400, "a request names exactly one host")
        if self.parser.get_method() == b"CONNECT":
            self._refuse(405, "this gateway opens no tunnels")
        self._in_head = False
        self.deadline = self.loop.time() + self.limits.body_s
        if self.url in self.at_once and version == "1.1" and self._idle():
            self._asked, self._head_bytes = [], 0
            return
        self._call()

    def _call(self) -> None:
        self.scope[KEY] = self  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()
        self.scope[CYCLE] = self.cycle  # type: ignore[typeddict-unknown-key]

    def _idle(self) -> bool:
        """Whether a question can be answered from here: nothing else is under way."""
        idle = self.cycle is None or self.cycle.response_complete
        room = self.limit_concurrency is None or len(self.connections) < self.limit_concurrency
        return idle and room and self.parser.get_method() == b"POST" and not self.expect_100_continue

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self._asked is None:
            super().on_body(body)
            return
        self._asked.append(body)
        self._head_bytes += len(body)
        if self._head_bytes > self.limits.body_bytes:
            self._asked = None
            self._refuse(413, f"the request's body is longer than {self.limits.body_bytes} bytes")

    def on_message_complete(self) -> None:
        """End a request's body."""
        self.deadline = NEVER
        asked, self._asked = self._asked, None
        if asked is None:
            super().on_message_complete()
            return
        body, keep = b"".join(asked), self.parser.should_keep_alive()
        answer = self.at_once[self.url](self.headers, body, keep=keep)
        if answer is None:
            self._call()
            super().on_body(body)
            super().on_message_complete()
            return
        self.transport.write(answer)
        if not keep:
            self.transport.close()
        self.on_response_complete()

    def pause_writing(self) -> None:
        """Begin to wait for a customer who does not read."""
        super().pause_writing()
        if self.on_full is not None:
            self.on_full(True)  # noqa: FBT003  whether it is full
        self.stalled = self.loop.time() + self.limits.stalled_s

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self.on_full is not None:
            self.on_full(False)  # noqa: FBT003
        self.stalled = NEVER

    def _refuse(self, status: int, sentence: str) -> None:
        self._refusal = (status, sentence)
        raise Misread

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request with an error of the kind SDKs expect, and end."""
        del msg
        status, sentence = self._refusal
        self._refusal = (400, "this is no HTTP request")
        if self._may_answer():
            kind = {"message": sentence, "type": "invalid_request_error", "param": None, "code": "bad_request"}
            body = msgspec.json.encode({"error": kind})
            self.transport.write(
                STATUS_LINE[status]
                + b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
                + body
            )
        self.transport.close()

    def sweep(self, now: float) -> None:
        """End the connection if one of its deadlines has passed."""
        if now >= self.stalled:
            self.transport.abort()
        elif now >= self.deadline and not self.transport.is_closing():
            self._refusal = (408, "the request came too slowly")
            self.send_400_response("")

    def _may_answer(self) -> bool:
        """Whether an error can be told: an answer under way must not get another one in its middle."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return True
        if self.pipeline or cycle.response_started:
            return False
        # The call still waits for its body: the error is its answer, and what it says later is dropped.
        cycle.response_complete = True
        return True

    def pours(self, cycle: RequestResponseCycle, on_full: Callable[[bool], object]) -> Callable[[bytes], None]:
        """Give what writes pieces of the body that was begun, without a task in between.

        Parameters
        ----------
        cycle
            The call's, as its scope holds it; a later one may wait on the same connection.
        on_full
            Told when the customer does not keep up, and when they do again.
        """
        transport = self.transport
        self.on_full = on_full
        if self.flow.write_paused:
            on_full(True)  # noqa: FBT003

        def chunk(piece: bytes) -> None:
            if not cycle.disconnected:
                transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))

        def plain(piece: bytes) -> None:
            # More than was announced would be taken for the next answer.
            cycle.expected_content_length -= len(piece)
            if cycle.expected_content_length >= 0 and not cycle.disconnected:
                transport.write(piece)

        return chunk if cycle.chunked_encoding else plain

    def abort(self) -> None:
        """End at once and unfinished, so that the customer's SDK knows the answer is not whole."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()


def bounded(limits: Limits, at_once: Mapping[bytes, Answer] | None = None) -> type[Connection]:
    """Give the kind of connection that has these bounds, and answers questions at these paths."""
    return type("BoundedConnection", (Connection,), {"limits": limits, "at_once": at_once or {}})


async def sweep_forever(connections: Callable[[], set[Any]], every_s: float = 1.0) -> None:
    """Look at every connection's deadlines, once in a while."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(every_s)
        now = loop.time()
        for connection in list(connections()):
            with contextlib.suppress(Exception):
                connection.sweep(now)
