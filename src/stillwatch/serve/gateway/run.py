"""Serve a gateway with uvicorn (uvloop, httptools), bounded connections, and an orderly end."""

from __future__ import annotations

import itertools
import secrets
import time
from typing import TYPE_CHECKING

import uvicorn

from stillwatch.serve.gateway.accounts import Callers
from stillwatch.serve.gateway.app import Gateway
from stillwatch.serve.gateway.counts import Counts
from stillwatch.serve.gateway.enforce import Enforcer
from stillwatch.serve.gateway.ports import MemoryStandings, NoSink
from stillwatch.serve.gateway.proxy.connection import bounded
from stillwatch.serve.gateway.proxy.flow import Parts
from stillwatch.serve.gateway.recorder import Recorder
from stillwatch.serve.gateway.standing import Every, StoreStandings
from stillwatch.serve.server import Server
from stillwatch.store.spool.journal import SETTLE_S

if TYPE_CHECKING:
    from stillwatch.ingest.keys import PseudonymKey
    from stillwatch.serve.gateway.ports import Owners, Sink, Standings
    from stillwatch.serve.gateway.settings import Settings


def assemble(
    settings: Settings,
    key: PseudonymKey,
    *,
    standings: Standings | None = None,
    sink: Sink | None = None,
    owners: Owners | None = None,
) -> Parts:
    """Put a gateway together.

    Parameters
    ----------
    settings
        What it is told.
    key
        Key of pseudonyms, the same as that of the watch.
    standings
        What is in force; without it everybody is in good standing.
    sink
        Where records go; without it nowhere.
    owners
        Whose reasoning is carried; without it nobody's is known.

    Raises
    ------
    InputError
        The account keys cannot be read.
    """
    prefix, numbers = secrets.token_hex(6), itertools.count()
    return Parts(
        settings,
        Callers(settings, key),
        Enforcer(settings.barriers, key, buckets=settings.limits.buckets),
        standings or MemoryStandings(),
        owners,
        sink or NoSink(),
        Counts(),
        lambda: time.time_ns() // 1_000_000,
        lambda: f"sw-{prefix}-{next(numbers):x}",
    )


def follow(settings: Settings, parts: Parts) -> tuple[Every, ...]:
    """Give the threads that follow the store and tend the records of a gateway."""
    beside = []
    if isinstance(parts.standings, StoreStandings):
        beside.append(Every(settings.standings.refresh_s, parts.standings.refresh, "standing"))
    if isinstance(parts.sink, Recorder):
        beside.append(Every(SETTLE_S, parts.sink.tend, "records"))
    return tuple(beside)


def make_server(parts: Parts) -> Server:
    """Make the server of a gateway; ``run`` serves until it is told to end.

    Raises
    ------
    InputError
        A secret cannot be read.
    """
    settings = parts.settings
    gateway = Gateway(parts, lambda: server.server_state.connections, follow(settings, parts))
    config = uvicorn.Config(
        gateway,
        host=settings.listen.host,
        port=settings.listen.port,
        http=bounded(settings.limits, gateway.at_once),
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        # Whose addresses are believed is ours to say.
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=4_096,
        limit_concurrency=settings.limits.connections,
        timeout_keep_alive=int(settings.limits.idle_s),
        timeout_graceful_shutdown=int(settings.limits.shutdown_s),
    )
    server = Server(config)
    return server
