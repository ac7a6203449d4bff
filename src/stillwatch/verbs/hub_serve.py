"""``stillwatch hub serve``: TAXII 2.1 for members, until stopped."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.groups import setting
from stillwatch.verbs.hub import log_key, logged, now_us, origin_of

try:
    import uvicorn

    from stillwatch.serve.gateway.proxy.connection import bounded, sweep_forever
    from stillwatch.serve.gateway.settings import Limits
    from stillwatch.serve.hub.app import Hub
    from stillwatch.serve.hub.log_routes import LogRoutes
    from stillwatch.serve.hub.oblivious import Oblivious, holder_file
    from stillwatch.serve.hub.room import connections
    from stillwatch.serve.hub.settings import HubSettings
    from stillwatch.serve.hub.submitting import Submitting
    from stillwatch.serve.hub.tending import Tending
    from stillwatch.sharing.stix.check import problems
    from stillwatch.sharing.stix.plain import plain
    from stillwatch.sharing.transparency.note import Verifier, read_verifier
except ImportError as error:
    raise InputError("hub serve needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse


async def _run(server: uvicorn.Server, tending: Tending) -> None:
    beside = [
        asyncio.create_task(sweep_forever(lambda: server.server_state.connections)),
        asyncio.create_task(tending.forever()),
    ]
    try:
        await server.serve()
    finally:
        for one in beside:
            one.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*beside)


def _witnesses(file: str | None) -> tuple[Verifier, ...]:
    if not file:
        return ()
    try:
        lines = Path(file).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--witnesses {file}: it cannot be read") from error
    return tuple(read_verifier(line.strip()) for line in lines if line.strip())


def serve(asked: argparse.Namespace) -> int:
    """Serve until stopped."""
    path = Path(asked.store)
    if not path.exists():
        raise InputError(f"--store {path}: there is no hub; `stillwatch hub member invite` makes one")
    base = (asked.base or f"http://{asked.host}:{asked.port}").rstrip("/")
    if not base.startswith(("https://", "http://127.0.0.1", "http://[::1]", "http://localhost")):
        raise InputError(f"--base {base[:200]}: write an https address; members' secrets go over it")
    if asked.rate <= 0:
        raise InputError("--rate lies above 0")
    file = HubFile(path, create=False)
    settings = HubSettings(base, asked.title, asked.contact, rate_per_s=asked.rate, burst=max(1, int(4 * asked.rate)))
    with file.writing() as connection:
        key, signing = setting(connection, "next key", secrets.token_bytes(32)), log_key(connection)
    submitting = Submitting(check=problems, plain=plain, appended=logged)
    hub = Hub(settings, file, key, now_us, submitting, logged)
    hub.mounts["/log/"] = LogRoutes(file, _witnesses(asked.witnesses), lambda: now_us() // 1_000_000)
    oblivious = Oblivious(path, lambda: now_us() // 1_000) if holder_file(path).exists() else None
    if oblivious is not None:
        hub.mounts |= oblivious.mounts(hub.member_of)
    tending = Tending(file, origin_of(base), signing, oblivious, now_us)
    # No access log: it would tell who read what.
    config = uvicorn.Config(
        hub,
        host=asked.host,
        port=asked.port,
        access_log=False,
        log_level="warning",
        http=bounded(Limits(head_bytes=32_768, body_bytes=settings.most_bytes)),
        ws="none",
        limit_concurrency=connections(),
        timeout_graceful_shutdown=10,
        server_header=False,
    )
    print(f"stillwatch: hub of {asked.store} on {base}/taxii2/", flush=True)
    try:
        asyncio.run(_run(uvicorn.Server(config), tending))
    finally:
        hub.close()
        if oblivious is not None:
            oblivious.close()
        file.close()
    return 0
