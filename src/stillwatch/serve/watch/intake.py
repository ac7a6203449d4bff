"""Take events in over HTTP. An answer says what is on the disk; what was refused is named with its reason.

::

    POST /v1/events      native or any other known format: JSON lines, a document, an array; ?format=NAME
    POST /v1/traces      OTLP/HTTP, spans of GenAI calls, JSON or protobuf
    POST /v1/litellm     LiteLLM's generic callback
    GET  /healthz        200 where it folds, 503 where not; why, to who has a secret
    GET  /metrics        numbers in the text form of Prometheus
    GET  /openapi.json   all this as OpenAPI
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from stillwatch.ingest.body import BodyReader
from stillwatch.model.errors import InputError, SpoolError, SpoolFull
from stillwatch.serve.asgi import Refused, answer, bearer, body, header, lifespan, refuse
from stillwatch.serve.watch.openapi import description
from stillwatch.serve.watch.otlp import lines_of_json, lines_of_protobuf
from stillwatch.store.spool.batches import shut_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    from stillwatch.ingest.body import Body
    from stillwatch.ingest.read import Reading
    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.watch.measures import Measures
    from stillwatch.store.spool.writer import Spool

MOST_BODY_BYTES: Final = 32 << 20
"""Longest body, packed or unpacked (bytes)."""
TOLD_REJECTS: Final = 20
"""Refused records that an answer names; all are counted."""
_READ_AT_ONCE: Final = 4
_PROTOBUF: Final = b"application/x-protobuf"


@dataclass(frozen=True, slots=True)
class Open:
    """Who may send, and how bodies are read."""

    reading: Reading
    """Bounds, door, format."""
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    """Name of a sender -> its secret; none lets everybody in who reaches the port."""
    most_bytes: int = MOST_BODY_BYTES
    """Longest body (bytes)."""


class Intake:
    """The ASGI application.

    Parameters
    ----------
    opened
        Who may send.
    spool
        Where events go.
    measures
        Counts what came.
    health
        Says whether folding works: "" or what is wrong.
    clock
        Now (ms since 1970).
    pool
        Threads that read bodies.
    away
        Names each source that nothing comes from, with the reason; told by ``/healthz``, which stays 200: folding
        works, and starting again would not help.
    """

    def __init__(
        self,
        opened: Open,
        spool: Spool,
        measures: Measures,
        health: Callable[[], str],
        clock: Callable[[], int],
        pool: Executor,
        away: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._away = away
        self._open, self._spool, self._measures = opened, spool, measures
        self._health, self._clock, self._pool = health, clock, pool
        self._reader = BodyReader(opened.reading)
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            await self._routed(scope, receive, send)
        except Refused as refused:
            await refuse(send, refused)
        except InputError as error:
            await refuse(send, Refused(400, str(error)))
        except SpoolFull as error:
            self._measures.count("puts_refused")
            await refuse(send, Refused(503, str(error), [(b"retry-after", b"5")]))
        except SpoolError as error:
            await refuse(send, Refused(503, str(error)))

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        routes = {"/v1/events": self._events, "/v1/litellm": self._litellm, "/v1/traces": self._traces}
        if path in routes:
            if method != "POST":
                raise Refused(405, f"{path} takes POST", [(b"allow", b"POST")])
            bearer(scope, self._open.secrets)
            await routes[path](scope, await body(scope, receive, self._open.most_bytes), send)
        elif path in ("/healthz", "/metrics", "/openapi.json"):
            if method not in ("GET", "HEAD"):
                raise Refused(405, f"{path} takes GET", [(b"allow", b"GET, HEAD")])
            await self._told(path, scope, send)
        else:
            raise Refused(404, "nothing is here; events go to /v1/events, /v1/traces or /v1/litellm")

    async def _told(self, path: str, scope: Scope, send: Send) -> None:
        if path == "/metrics":
            bearer(scope, self._open.secrets)
            await answer(send, 200, self._measures.text().encode(), b"text/plain; version=0.0.4; charset=utf-8")
            return
        if path == "/openapi.json":
            await answer(send, 200, json.dumps(description()).encode())
            return
        wrong = self._health()
        told: dict[str, Any] = {"folding": not wrong}
        try:
            bearer(scope, self._open.secrets)
        except Refused:
            told["details"] = "with the secret of a sender"
        else:
            told |= {"wrong": wrong, "away": self._away(), **self._measures.taken()}
        await answer(send, 503 if wrong else 200, json.dumps(told).encode())

    async def _events(self, scope: Scope, content: bytes, send: Send) -> None:
        asked = parse_qs(scope.get("query_string", b"").decode("ascii", "replace")).get("format", [""])
        await self._took(await self._put(content, asked[0]), send)

    async def _litellm(self, scope: Scope, content: bytes, send: Send) -> None:
        del scope
        await self._took(await self._put(content, "litellm"), send)

    async def _traces(self, scope: Scope, content: bytes, send: Send) -> None:
        kind = header(scope, b"content-type").split(b";")[0].strip().lower()
        binary = kind == _PROTOBUF
        if not binary and kind != b"application/json":
            raise Refused(415, "spans come as application/json or application/x-protobuf")
        loop = asyncio.get_running_loop()
        lines, others = await loop.run_in_executor(self._pool, lines_of_protobuf if binary else lines_of_json, content)
        rejects = (await self._put(lines, "otel")).rejects if lines else ()
        del others
        if not binary:
            partial = {"rejectedSpans": str(len(rejects)), "errorMessage": _first(rejects)} if rejects else {}
            await answer(send, 200, json.dumps({"partialSuccess": partial} if partial else {}).encode())
            return
        made = ExportTraceServiceResponse()
        if rejects:
            made.partial_success.rejected_spans = len(rejects)
            made.partial_success.error_message = _first(rejects)
        await answer(send, 200, made.SerializeToString(), _PROTOBUF)

    async def _put(self, content: bytes, log_format: str) -> Body:
        """Read a body and wait until its events are on the disk."""
        loop = asyncio.get_running_loop()
        async with self._reading:
            read = await loop.run_in_executor(self._pool, self._reader.read, content, log_format)
            self._measures.count("records_refused", len(read.rejects))
            if len(read.batch):
                frame = await loop.run_in_executor(self._pool, shut_batch, read.batch, {"at_ms": self._clock()})
                await asyncio.wrap_future(self._spool.put(frame))
                self._measures.count("events_in", len(read.batch))
                self._measures.put("spool_bytes", self._spool.nbytes)
        return read

    async def _took(self, read: Body, send: Send) -> None:
        told: list[dict[str, Any]] = [
            {"line": one.line, "field": one.field, "reason": one.reason} for one in read.rejects[:TOLD_REJECTS]
        ]
        content = {"accepted": len(read.batch), "rejected": len(read.rejects), "rejects": told}
        status = 400 if read.rejects and not len(read.batch) else 200
        await answer(send, status, json.dumps(content).encode())


def _first(rejects: tuple[Any, ...]) -> str:
    one = rejects[0]
    return f"span {one.line}: {one.field} {one.reason}"
