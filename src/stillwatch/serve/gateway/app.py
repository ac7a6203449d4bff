"""The gateway as one raw ASGI application: our own few paths, and everything else on its way to a model API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stillwatch.serve.gateway.decide import DECIDE, EXT_AUTHZ, GUARDRAIL, Decider
from stillwatch.serve.gateway.description import description
from stillwatch.serve.gateway.proxy.connection import sweep_forever
from stillwatch.serve.gateway.proxy.flow import Proxy
from stillwatch.serve.gateway.proxy.upstream import Client, read_secret
from stillwatch.serve.gateway.standing import MISSING, STALE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stillwatch.serve.gateway.proxy.flow import Parts
    from stillwatch.serve.gateway.standing import Every

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Any]

_LEAST_SECRET: Final = 16


class Gateway:
    """One gateway; started and ended by its server through the lifespan protocol."""

    def __init__(self, parts: Parts, connections: Callable[[], set[Any]] = set, beside: tuple[Every, ...] = ()) -> None:
        self._parts = parts
        self._beside = beside
        self._connections = connections
        secret = parts.settings.decisions.secret_file
        self._decider = Decider(parts, read_secret(secret, _LEAST_SECRET).encode() if secret else b"")
        self.at_once = {DECIDE.encode(): self._decider.decided, GUARDRAIL.encode(): self._decider.guarded}
        """Answers to plain questions past the server's way of calling applications."""
        self._clients: dict[str, Client] = {}
        self._proxy = Proxy(parts, self._clients)
        self._own: dict[str, Callable[[Any, Receive, Send], Awaitable[None]]] = {
            "/healthz": self._healthz,
            "/metrics": self._metrics,
            "/openapi.json": self._openapi,
            DECIDE: self._decider,
            GUARDRAIL: self._decider,
        }
        self._sweeper: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401
        """Serve one call, or the lifespan."""
        if scope["type"] == "http":
            own = self._own.get(scope["path"])
            if own is not None:
                await own(scope, receive, send)
            elif scope["path"].startswith(EXT_AUTHZ + "/") or scope["path"] == EXT_AUTHZ:
                await self._decider(scope, receive, send)
            else:
                await self._proxy(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._clients.update({name: Client(one) for name, one in self._parts.settings.upstreams.items()})
                self._sweeper = asyncio.create_task(sweep_forever(self._connections))
                for one in self._beside:
                    one.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._sweeper is not None:
                    self._sweeper.cancel()
                for client in self._clients.values():
                    await client.close()
                for one in self._beside:
                    one.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _healthz(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401
        del receive
        parts = self._parts
        standing = parts.standings.told()
        unknown = standing["state"] in {MISSING, STALE}
        body = {
            "status": "degraded" if unknown or parts.sink.dropped else "ok",
            "fail": parts.settings.fail,
            "standing": standing,
            "standing_failures": sum(parts.counts.of["standing_failures"].values()),
            "records_dropped": parts.sink.dropped,
            "active": parts.counts.active,
        }
        # Where nobody is let through a balancer must know it.
        status = 503 if unknown and parts.settings.fail == "closed" else 200
        await _answer(scope, send, msgspec.json.encode(body), b"application/json", status)

    async def _metrics(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401
        if not self._decider.authorised(scope["headers"]):
            # The same answer as anybody without the secret gets from the decision endpoint.
            await self._decider({**scope, "path": DECIDE}, receive, send)
            return
        parts = self._parts
        text = parts.counts.text(parts.sink.dropped, parts.settings.fail, parts.standings.told())
        await _answer(scope, send, text.encode(), b"text/plain; version=0.0.4")

    async def _openapi(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401
        del receive
        await _answer(scope, send, msgspec.json.encode(description()), b"application/json")


async def _answer(scope: Any, send: Send, body: bytes, kind: bytes, status: int = 200) -> None:  # noqa: ANN401
    refused = scope["method"] not in {"GET", "HEAD"}
    if refused:
        status = 405
        body, kind = b'{"error":{"message":"this path takes GET","code":"method_not_allowed"}}', b"application/json"
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    if refused:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
