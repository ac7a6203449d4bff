"""A store with decisions to contest, and a client that needs no network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stillwatch.model.decision import Action
from stillwatch.model.terms import Clause, Terms
from stillwatch.store.callbacks import delivered, due
from stillwatch.store.decisions import record
from stillwatch.store.sealed import AppealKeys
from stillwatch.store.tokens import token_for
from store.stored import A_DECISION, A_VERDICT, HOUR, decision

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from stillwatch.store.database import Database

NOW = A_DECISION.from_ms + HOUR
KEYS = AppealKeys(token=b"t" * 32, text=lambda epoch: bytes([epoch]) * 32, epoch=1)
SENTENCE = "You may not use <answers> to build a competing model."
TOKEN = token_for(KEYS.token, "d-1")
WRITTEN = "It was our own evaluation, project Walrus & Söhne"


@dataclass
class Clock:
    now_ms: int

    def __call__(self) -> int:
        return self.now_ms


def decided(database: Database) -> None:
    clause = Clause("no-model-copying", SENTENCE, (), ((), 0), (), (), "", "", 1.0, 0, 1, "live", ())
    record(
        database,
        [A_DECISION, decision("d-2", account=8, campaign="C"), decision("d-3", account=9, campaign="C")],
        NOW,
        verdicts={"d-1": A_VERDICT},
        terms=Terms("lab", 1, (clause,)),
    )
    record(database, [decision("d-shadow", shadow=True), decision("d-observe", action=Action.OBSERVE)], NOW)


def told(database: Database) -> None:
    """Tell everything that is to be told by now."""
    for one in due(database, NOW, 100):
        delivered(database, one.id, NOW)


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    app: ASGIApp,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    client: str = "192.0.2.1",
    parts: list[bytes] | None = None,
) -> Answer:
    """Ask an ASGI application one thing."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "https",
        "headers": [(b"host", b"lab.example"), *((k.lower().encode(), v.encode()) for k, v in (headers or {}).items())],
        "client": (client, 1),
        "server": ("lab.example", 443),
        "state": {},
    }
    answer = Answer()
    waiting = list(parts if parts is not None else [body])

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode().lower(): v.decode() for k, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    asyncio.run(app(scope, receive, send))
    return answer
