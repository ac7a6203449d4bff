"""``stillwatch appeals serve``: the customer's page, the REST surface, outcomes told, texts forgotten in time."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, KeyFileError
from stillwatch.store.appeals import forget_texts
from stillwatch.store.database import Database
from stillwatch.store.tokens import issue
from stillwatch.verbs.appeals import appeal_keys, customers_link
from stillwatch.verbs.stores import now_ms

try:
    import uvicorn

    from stillwatch.serve.appeals.app import appeals_app
    from stillwatch.serve.appeals.bounds import BODY_BYTES, BODY_S
    from stillwatch.serve.appeals.desk import Desk
    from stillwatch.serve.appeals.telling import Teller
    from stillwatch.serve.gateway.proxy.connection import bounded, sweep_forever
    from stillwatch.serve.gateway.settings import Limits
except ImportError as error:
    raise InputError("appeals serve needs the extra serve: pip install 'stillwatch[serve]'") from error

if TYPE_CHECKING:
    import argparse

FORGET_S: Final = 3_600.0
"""Pause between two looks for texts whose time is over (s)."""
LEAST_SECRET: Final = 16
"""Bytes of a callback secret, at least."""
CONNECTIONS: Final = 500
"""Most connections at once; more are answered with 503."""


def _secret(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"{path}: others may read the callback secret; run: chmod 600 {path}")
        found = path.read_bytes().strip()
    except OSError as error:
        raise KeyFileError(f"--callback-key {path}: {error.strerror}") from error
    if len(found) < LEAST_SECRET:
        raise KeyFileError(f"{path}: a callback secret has at least {LEAST_SECRET} bytes")
    return found


async def _forget(database: Database) -> None:
    while True:
        await asyncio.to_thread(forget_texts, database, now_ms())
        await asyncio.sleep(FORGET_S)


async def _run(server: uvicorn.Server, database: Database, teller: Teller | None) -> None:
    beside = [
        asyncio.create_task(_forget(database)),
        asyncio.create_task(sweep_forever(lambda: server.server_state.connections)),
    ]
    if teller:
        beside.append(asyncio.create_task(teller.run()))
    try:
        await server.serve()
    finally:
        for task in beside:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def serve(asked: argparse.Namespace) -> int:
    """Serve until stopped."""
    if bool(asked.callback) != bool(asked.callback_key):
        raise InputError("--callback and --callback-key go together: an outcome is never told unsigned")
    if asked.callback and not asked.callback.startswith(("https://", "http://127.0.0.1", "http://[::1]")):
        raise InputError(f"--callback {asked.callback[:200]}: write an https address")
    keys = appeal_keys(Path(asked.key), make=True)
    database = Database(Path(asked.store))

    def link(decision: str) -> str:
        return customers_link(asked.base, decision, issue(database, keys.token, [decision])[decision])

    secret = _secret(Path(asked.callback_key)) if asked.callback else b""
    linked = link if asked.base else None
    teller = Teller(database, asked.callback, secret, now_ms, linked) if asked.callback else None
    # No access log: the addresses asked for hold the tokens.
    config = uvicorn.Config(
        appeals_app(Desk(database, keys, now_ms)),
        host=asked.host,
        port=asked.port,
        access_log=False,
        log_level="warning",
        http=bounded(Limits(head_bytes=16_384, body_bytes=BODY_BYTES, body_s=BODY_S)),
        ws="none",
        # Limits are kept by address: behind a proxy by the one that it names, from anybody else by his own.
        proxy_headers=True,
        forwarded_allow_ips=asked.trusted_proxy,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    print(f"stillwatch: appeals of {asked.store} on http://{asked.host}:{asked.port}", flush=True)
    try:
        asyncio.run(_run(uvicorn.Server(config), database, teller))
    finally:
        database.close()
    return 0
