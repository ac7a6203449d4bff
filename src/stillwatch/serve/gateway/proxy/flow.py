"""One call, from its head to the end of its answer. Everything on the way has a bound, and every way out a record."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from stillwatch.enforcement.barriers.base import Call, Refusal
from stillwatch.model.decision import IN_GOOD_STANDING
from stillwatch.serve.asgi import Refused, unpacked
from stillwatch.serve.gateway.enforce import MARKS, Applied
from stillwatch.serve.gateway.proxy import heads
from stillwatch.serve.gateway.proxy.answering import Answering, send_answer
from stillwatch.serve.gateway.proxy.connection import KEY
from stillwatch.serve.gateway.proxy.paths import Paths
from stillwatch.serve.gateway.proxy.sse import ENCODE, Malformed, whole
from stillwatch.serve.gateway.proxy.wire import BrokeOff
from stillwatch.serve.gateway.record.asked import carried_in, read_asked
from stillwatch.serve.gateway.refuse import refused
from stillwatch.serve.gateway.standing import StandingUnknown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from stillwatch.model.decision import Standing
    from stillwatch.serve.gateway.accounts import Caller, Callers
    from stillwatch.serve.gateway.counts import Counts
    from stillwatch.serve.gateway.enforce import Enforcer
    from stillwatch.serve.gateway.ports import Owners, Record, Sink, Standings
    from stillwatch.serve.gateway.proxy.heads import Head
    from stillwatch.serve.gateway.proxy.upstream import Client
    from stillwatch.serve.gateway.settings import Path, Settings

_LOG: Final = logging.getLogger("stillwatch.gateway")
GONE: Final = 499
"""Status in the record of a call whose customer hung up."""
_MOST_UNPACKED: Final = 4 << 20
"""Longest packed request that is read for the record (bytes): unpacking holds every other call up."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a call works with."""

    settings: Settings
    """What the gateway was told."""
    callers: Callers
    """Who calls."""
    enforcer: Enforcer
    """Barriers."""
    standings: Standings
    """What is in force."""
    owners: Owners | None
    """Whose reasoning is carried."""
    sink: Sink
    """Where records go."""
    counts: Counts
    """What is counted."""
    now_ms: Callable[[], int]
    """The clock (ms since 1970)."""
    new_id: Callable[[], str]
    """Ids of calls."""

    def standing(self, account: int, now_ms: int) -> Standing | Refusal:
        """Look up what is in force; where that fails, what the settings say."""
        try:
            standing = self.standings.get(account, now_ms)
        except Exception as error:  # noqa: BLE001  whatever a store throws, calls go on or stop as the settings say
            reason = str(error) if isinstance(error, StandingUnknown) else "failed"
            self.counts.add("standing_failures", ("reason", reason))
            if self.settings.fail == "open":
                return IN_GOOD_STANDING
            return Refusal(503, "standing_unknown", "this gateway cannot tell now whether the call may pass")
        # What has ended is over, whether or not somebody took it out of the table.
        return standing if now_ms < standing.until_ms else IN_GOOD_STANDING


class Proxy:
    """Carries calls through."""

    def __init__(self, parts: Parts, clients: Mapping[str, Client]) -> None:
        self._parts = parts
        self._paths = Paths(parts.settings.paths)
        self._clients = clients
        self._delayed = 0

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:  # noqa: ANN401
        """Carry one call."""
        parts = self._parts
        exchange = Exchange(parts.new_id(), parts.now_ms(), perf_counter(), scope, send)
        connection = scope.get(KEY)
        task = asyncio.current_task()
        if connection is not None and task is not None:
            connection.on_gone = task.cancel
        parts.counts.active += 1
        try:
            refusal = await self._carried(exchange, receive)
            if refusal is not None:
                exchange.record["status"] = refusal.status
                answer = refused(refusal, exchange.shape, exchange.id)
                await send_answer(send, answer, exchange.id, exchange.shown(parts.settings.show))
        except asyncio.CancelledError:
            parts.counts.add("gone")
            exchange.record["status"] = GONE
        except Exception as error:  # noqa: BLE001  a fault of ours must end one call, not the gateway
            # Its text may hold content, its kind does not.
            _LOG.error("call %s failed: %s", exchange.id, type(error).__name__)
            parts.counts.add("faults")
            await self._failed(exchange)
        finally:
            if connection is not None:
                connection.on_gone = None
            parts.counts.active -= 1
            self._end(exchange)

    async def _failed(self, exchange: Exchange) -> None:
        exchange.record["status"] = 500
        if exchange.started:
            exchange.broken()
        else:
            ours = Refusal(500, "gateway_fault", "the gateway failed; name the request id to its operator")
            await send_answer(exchange.send, refused(ours, exchange.shape, exchange.id), exchange.id, [])

    def _end(self, exchange: Exchange) -> None:
        parts, record = self._parts, exchange.record
        status = record.setdefault("status", 500)
        parts.counts.add("requests", ("shape", exchange.shape), ("status", str(status)))
        if exchange.applied is not None:
            for barrier in exchange.applied.barriers:
                parts.counts.add("barriers", ("barrier", barrier))
            if enforced := exchange.applied.record(exchange.account):
                record["enforced"] = enforced
        # Strangers' noise, such as scans for paths, is counted and makes no event.
        if "account_id" in record:
            record["latency_ms"] = (perf_counter() - exchange.began) * 1000
            record.setdefault("event_id", exchange.id)
            if parts.owners is not None and (born := record.get("artefacts_born")):
                parts.owners.born(parts.callers.artefacts(born).values(), exchange.account)
            parts.sink.put(exchange.id, record)

    async def _carried(self, exchange: Exchange, receive: Callable[[], Awaitable[Any]]) -> Refusal | None:
        parts = self._parts
        known = self._known(exchange)
        if isinstance(known, Refusal):
            return known
        path, head, caller = known
        standing = parts.standing(caller.account, exchange.at_ms)
        if isinstance(standing, Refusal):
            return standing
        parts.counts.add("standing", ("standing", standing.action.name.lower()))
        if parts.enforcer.concerns(standing.action):
            exchange.applied = Applied(Call(path.shape, standing))
            refusal = await self._gated(exchange.applied, caller, exchange.at_ms)
            if refusal is not None:
                return refusal
        body = await read_body(receive, parts.settings.limits.body_bytes)
        if isinstance(body, Refusal):
            return body
        exchange.record.update(read_asked(path.shape, self._plain(body, head)))
        if exchange.applied is not None:
            exchange.applied.call = _informed(exchange.applied.call, exchange.record)
        if exchange.applied is not None and parts.enforcer.asks(exchange.applied.call):
            changed = self._asked(exchange, head, body, caller)
            if isinstance(changed, Refusal):
                return changed
            body = changed
        return await self._sent(exchange, path, head, body)

    def _plain(self, body: bytes, head: Head) -> bytes:
        """Unpack a body for the record; packing it must not be a way to leave no trace."""
        if head.encoding in {b"", b"identity"}:
            return body
        try:
            return unpacked(body, head.encoding.strip(), _MOST_UNPACKED)
        except Refused:
            self._parts.counts.add("unread")
            return b""

    def _known(self, exchange: Exchange) -> tuple[Path, Head, Caller] | Refusal:
        """Tell what a call is for and who makes it."""
        scope = exchange.scope
        path = self._paths.find(scope["method"], scope["raw_path"])
        if isinstance(path, Refusal):
            return path
        exchange.shape = path.shape
        head = heads.read_head(scope["headers"], self._parts.callers.header)
        if isinstance(head, Refusal):
            return head
        caller = self._parts.callers.find(head, scope["client"][0] if scope["client"] else "")
        if isinstance(caller, Refusal):
            return caller
        exchange.identify(caller, head)
        return path, head, caller

    async def _gated(self, applied: Applied, caller: Caller, at_ms: int) -> Refusal | None:
        refusal = self._parts.enforcer.gate(applied, (caller.account, caller.credential), at_ms)
        if refusal is not None or not applied.delay_ms:
            return refusal
        if self._delayed >= self._parts.settings.limits.delayed:
            return Refusal(429, "rate_limited", "too many calls wait; try again in 5 s", retry_after_s=5)
        self._delayed += 1
        try:
            await asyncio.sleep(applied.delay_ms / 1000)
        finally:
            self._delayed -= 1
        return None

    def _asked(self, exchange: Exchange, head: Head, body: bytes, caller: Caller) -> bytes | Refusal:
        """Apply barriers to the request; what they read is what goes on, so that nobody reads it another way."""
        parts, applied = self._parts, exchange.applied
        assert applied is not None
        if head.encoding not in {b"", b"identity"}:
            return heads.refused("send the request without Content-Encoding", 415, "unsupported_encoding")
        try:
            tree = whole(body)
        except Malformed as error:
            return heads.refused(f"{error}; send one JSON object")
        texts = carried_in(tree) if parts.owners is not None else []
        foreign: frozenset[str] = frozenset()
        if texts and parts.owners is not None:
            hashed = parts.callers.artefacts(texts)
            found = parts.owners.foreign(hashed.values(), caller.account, exchange.at_ms)
            foreign = frozenset(text for text, value in hashed.items() if value in found)
        applied.call = dataclasses.replace(applied.call, foreign=foreign)
        if foreign and (refusal := parts.enforcer.carried(applied)) is not None:
            return refusal
        return ENCODE(parts.enforcer.ask(tree, applied))

    async def _sent(self, exchange: Exchange, path: Path, head: Head, body: bytes) -> Refusal | None:
        parts, applied = self._parts, exchange.applied
        rewritten = applied is not None and bool(parts.enforcer.answers(applied.call))
        client = self._clients[path.upstream]
        on = head.on
        if client.credential is not None:
            on = heads.with_credential(on, *client.credential)
        if rewritten:
            on = heads.uncompressed(on)
        scope = exchange.scope
        target = scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        parts.counts.added(perf_counter() - exchange.began - (applied.delay_ms / 1000 if applied else 0))
        parts.sink.begin(exchange.id, exchange.record)
        answer = await client.open(scope["method"], target, on, body)
        if isinstance(answer, Refusal):
            parts.counts.add("upstream_failures", ("reason", answer.code))
            return answer
        try:
            return await Answering(parts, exchange).pass_on(answer, rewritten=rewritten)
        except BrokeOff:
            parts.counts.add("upstream_failures", ("reason", "upstream_broke_off"))
            return exchange.broken()
        finally:
            client.release(answer)


class Exchange:
    """What is known of one call so far."""

    __slots__ = ("account", "applied", "at_ms", "began", "id", "record", "scope", "send", "shape", "started")

    def __init__(self, call_id: str, at_ms: int, began: float, scope: Any, send: Callable[[Any], Any]) -> None:  # noqa: ANN401
        self.id = call_id
        self.at_ms = at_ms
        self.began = began
        self.scope = scope
        self.send = send
        self.shape: Any = "other"
        self.record: Record = {}
        self.account = 0
        self.applied: Applied | None = None
        self.started = False
        """Whether the answer's head was sent."""

    def identify(self, caller: Caller, head: Head) -> None:
        """Write down who calls."""
        self.account = caller.account
        self.record = {
            "ts_ms": self.at_ms,
            "account_id": caller.name,
            "credential_id": caller.credential or None,
            "client_ip": caller.address or None,
            "user_agent": head.agent,
        }

    def shown(self, show: bool) -> list[str]:
        """Give the barriers that the answer names."""
        if not show or self.applied is None:
            return []
        return [name for name in self.applied.barriers if name not in MARKS]

    def broken(self) -> Refusal | None:
        """Say that the upstream broke off: in words where nothing was sent yet, else by hanging up."""
        if not self.started:
            return Refusal(502, "upstream_broke_off", "the model API broke off before its answer began")
        connection = self.scope.get(KEY)
        if connection is not None:
            connection.abort()
        return None


def _informed(call: Call, record: Record) -> Call:
    """Tell barriers what the request says: whether its answer may be prose, and the user's own words."""
    prose = not record.get("n_tools") and record.get("response_format") in {None, "text"}
    return dataclasses.replace(call, plain_prose=prose, prompt=str(record.get("prompt", "")))


async def read_body(receive: Callable[[], Awaitable[Any]], most: int) -> bytes | Refusal:
    """Read a whole body, within its bound; a customer who hangs up meanwhile ends the call."""
    pieces: list[bytes] = []
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        piece = message.get("body", b"")
        pieces.append(piece)
        length += len(piece)
        if length > most:
            return _too_long(most)
        more = message.get("more_body", False)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_long(most: int) -> Refusal:
    return Refusal(413, "request_too_large", f"the request's body is longer than {most} bytes")
