"""``stillwatch custodian serve``: evaluate for members, keep keys and destroy them in time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError
from stillwatch.store.exchange.holder import members_of
from stillwatch.store.exchange.keys import KeyFolder
from stillwatch.verbs.stores import now_ms

try:
    import uvicorn

    from stillwatch.serve.custodian.admission import BearerWho
    from stillwatch.serve.custodian.app import Custodian
    from stillwatch.serve.custodian.evaluating import Bounds, Evaluating, Holder
    from stillwatch.serve.custodian.workers import Workers
    from stillwatch.serve.gateway.proxy.connection import bounded, sweep_forever
    from stillwatch.serve.gateway.settings import Limits
    from stillwatch.serve.server import Server
    from stillwatch.sharing.oblivious.suite import ELEMENT, MOST_BATCH
    from stillwatch.sharing.oblivious.with_voprf import Voprf
except ImportError as error:
    raise InputError("custodian serve needs the extra exchange: pip install 'stillwatch[exchange]'") from error

if TYPE_CHECKING:
    import argparse

    from stillwatch.sharing.oblivious.epochs import Calendar
    from stillwatch.store.exchange.holder import HolderBase

CONNECTIONS: Final = 500
"""Most connections at once; more are answered with 503."""


async def _run(server: Server) -> None:
    server.stop_on((signal.SIGINT, signal.SIGTERM))
    sweep = asyncio.create_task(sweep_forever(lambda: server.server_state.connections))
    try:
        await server.serve()
    finally:
        sweep.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweep


def serve(asked: argparse.Namespace, base: HolderBase, calendar: Calendar) -> int:
    """Serve until stopped."""
    if min(asked.budget, asked.per_minute, asked.workers) < 1:
        raise InputError("--budget, --per-minute and --workers are at least 1")
    logging.basicConfig(stream=sys.stderr, format="stillwatch: %(message)s", level=logging.WARNING)
    suite = Voprf()
    keys = KeyFolder(Path(asked.keys), base, suite.public_key, secrets.token_bytes)
    holder = Holder("custodian", base, keys, calendar)
    # Before anybody is let in: what has ended must not answer, and what is due must be there.
    holder.keep(now_ms())
    bounds = Bounds(budget=asked.budget, per_minute=asked.per_minute)
    workers = Workers(asked.workers)
    evaluating = Evaluating(holder, BearerWho(lambda: members_of(base)), bounds, workers, now_ms)
    config = uvicorn.Config(
        Custodian(holder, evaluating, workers, now_ms),
        host=asked.host,
        port=asked.port,
        access_log=False,
        log_level="warning",
        http=bounded(Limits(head_bytes=16_384, body_bytes=MOST_BATCH * ELEMENT, body_s=30.0)),
        ws="none",
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    print(f"stillwatch: custodian of {asked.store} on http://{asked.host}:{asked.port}", flush=True)
    asyncio.run(_run(Server(config)))
    return 0
