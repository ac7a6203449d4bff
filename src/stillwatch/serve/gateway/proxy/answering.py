"""The way back: chunks as they come where no barrier applies; else event by event, or whole for plain JSON."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from stillwatch.enforcement.barriers.base import Refusal
from stillwatch.serve.gateway.proxy.connection import CYCLE, KEY
from stillwatch.serve.gateway.proxy.heads import answer_headers, value_of
from stillwatch.serve.gateway.proxy.sse import ENCODE, Malformed, whole
from stillwatch.serve.gateway.record.answered import Tap
from stillwatch.serve.gateway.refuse import error_event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stillwatch.serve.gateway.proxy.flow import Exchange, Parts
    from stillwatch.serve.gateway.proxy.wire import Wire
    from stillwatch.serve.gateway.refuse import Answer

_BROKEN = Refusal(502, "upstream_malformed", "the model API's answer cannot be read, and must be before it goes on")


class Answering:
    """Passes one answer on."""

    def __init__(self, parts: Parts, exchange: Exchange) -> None:
        self._parts = parts
        self._exchange = exchange
        self._send = exchange.send

    async def pass_on(self, answer: Wire, *, rewritten: bool) -> Refusal | None:
        """Pass an answer on.

        Parameters
        ----------
        answer
            The upstream's answer, its body unread.
        rewritten
            Whether barriers change answers of this call. Errors of the upstream pass unchanged in any case.
        """
        exchange, limits = self._exchange, self._parts.settings.limits
        exchange.record["status"] = answer.status
        kind = value_of(answer.headers, b"content-type").partition(";")[0].strip().lower()
        encoding = value_of(answer.headers, b"content-encoding").strip().lower()
        streamed = kind == "text/event-stream"
        good = 200 <= answer.status < 300
        tap = Tap(
            exchange.shape if good else "other",
            streamed=streamed,
            encoding=encoding,
            most_text=limits.completion_bytes,
            most_event=limits.event_bytes,
        )
        try:
            if not (rewritten and good):
                await self._through(answer, tap)
            elif encoding not in {"", "identity"} or (kind and not streamed and not kind.endswith("json")):
                # It was asked for in a form that can be read; letting it through would be a way around barriers.
                return _BROKEN
            elif streamed:
                await self._events(answer, tap)
            else:
                return await self._whole(answer, tap)
        finally:
            exchange.record.update(tap.record())
            if tap.unread and exchange.shape != "other" and good:
                self._parts.counts.add("unread")
        return None

    async def _start(self, answer: Wire, *, rewritten: bool, length: int = -1) -> None:
        exchange = self._exchange
        headers = answer_headers(answer.headers, rewritten=rewritten)
        if length >= 0:
            headers.append((b"content-length", b"%d" % length))
        if shown := exchange.shown(self._parts.settings.show):
            headers.append((b"x-stillwatch-barriers", ", ".join(shown).encode()))
        exchange.started = True
        exchange.record["ttft_ms"] = (perf_counter() - exchange.began) * 1000
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def _through(self, answer: Wire, tap: Tap) -> None:
        """Pass bytes as they come; the record reads along behind."""
        await self._start(answer, rewritten=False)
        send, feed = self._send, tap.feed
        connection = self._exchange.scope.get(KEY)
        if connection is not None and self._exchange.scope["method"] != "HEAD":
            write = connection.pours(self._exchange.scope[CYCLE], lambda on: answer.hold(on=on))

            def passed(piece: bytes) -> None:
                # The customer first, then the record.
                write(piece)
                feed(piece)

            try:
                await answer.pour(passed)
            finally:
                connection.on_full = None
        else:
            while piece := await answer.read():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                feed(piece)
        await send({"type": "http.response.body"})

    async def _events(self, answer: Wire, tap: Tap) -> None:
        exchange, applied = self._exchange, self._exchange.applied
        assert applied is not None
        rewriter = self._parts.enforcer.rewriter(applied.call, self._parts.settings.limits.event_bytes)
        await self._start(answer, rewritten=True)
        try:
            while chunk := await answer.read():
                tap.feed(chunk)
                if out := rewriter.feed(chunk):
                    await self._send({"type": "http.response.body", "body": out, "more_body": True})
            out = rewriter.end()
        except (Malformed, TypeError, ValueError, LookupError, AttributeError, RecursionError):
            # What a barrier cannot read it cannot let through; the SDK must see that the answer is not whole.
            self._parts.counts.add("upstream_failures", ("reason", "malformed_stream"))
            out = error_event(_BROKEN, exchange.shape, exchange.id)
        finally:
            applied.add(rewriter.changes)
        await self._send({"type": "http.response.body", "body": out})

    async def _whole(self, answer: Wire, tap: Tap) -> Refusal | None:
        applied, most = self._exchange.applied, self._parts.settings.limits.answer_bytes
        assert applied is not None
        held, length = [], 0
        while chunk := await answer.read():
            held.append(chunk)
            length += len(chunk)
            if length > most:
                return _BROKEN
        body = b"".join(held)
        tap.feed(body)
        try:
            tree = whole(body)
            changed = self._parts.enforcer.answer(tree, applied)
        except (Malformed, TypeError, ValueError, LookupError, AttributeError, RecursionError):
            self._parts.counts.add("upstream_failures", ("reason", "malformed_answer"))
            return _BROKEN
        out = body if changed is tree else ENCODE(changed)
        await self._start(answer, rewritten=True, length=len(out))
        await self._send({"type": "http.response.body", "body": out})
        return None


async def send_answer(send: Callable[[Any], Awaitable[None]], answer: Answer, call_id: str, shown: list[str]) -> None:
    """Send an answer of our own."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-request-id", call_id.encode()),
        *answer.headers,
    ]
    if shown:
        headers.append((b"x-stillwatch-barriers", ", ".join(shown).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
