"""``stillwatch hub serve``: TAXII 2.1 for members, until stopped."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError
from stillwatch.store.exchange.held import Flood
from stillwatch.verbs.hub import now_us

try:
    import uvicorn

    from stillwatch.serve.gateway.proxy.connection import bounded, sweep_forever
    from stillwatch.serve.gateway.settings import Limits
    from stillwatch.serve.hub.room import connections
    from stillwatch.serve.hub.served import ServedHub
    from stillwatch.serve.hub.settings import HubSettings
    from stillwatch.sharing.transparency.note import Verifier, read_verifier
except ImportError as error:
    raise InputError("hub serve needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse

    from stillwatch.serve.hub.tending import Tending


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
    if asked.objects_a_day < 1:
        raise InputError("--objects-a-day is at least 1")
    settings = HubSettings(base, asked.title, asked.contact, rate_per_s=asked.rate, burst=max(1, int(4 * asked.rate)))
    hub = ServedHub(path, settings, now_us, _witnesses(asked.witnesses), Flood(asked.objects_a_day))
    # No access log: it would tell who read what.
    config = uvicorn.Config(
        hub.app,
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
        asyncio.run(_run(uvicorn.Server(config), hub.tending))
    finally:
        hub.close()
    return 0
