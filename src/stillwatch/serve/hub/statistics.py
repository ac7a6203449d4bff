"""Statistics of closed epochs: drawn once, kept, and given to anybody as they were drawn.

::

    GET /v1/statistics   what was released, and how often authorities asked and content was erased, by year
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from stillwatch.model.exchange import Record
from stillwatch.serve.asgi import Refused, answer
from stillwatch.sharing.counts import FIGURES, MATCHED, SIGHTINGS, TAGS, clamped, matched
from stillwatch.sharing.counts import released as with_noise
from stillwatch.store.exchange.erasing import by_year
from stillwatch.store.exchange.released import (
    closed_epochs,
    holders,
    keep,
    released,
    sightings_by_member,
    spent,
    tags_by_member,
)
from stillwatch.store.exchange.tags import MEMBER_BUCKETS, bucketed

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.hub.app import Hub
    from stillwatch.serve.hub.taking import Appended
    from stillwatch.sharing.counts import Noise
    from stillwatch.sharing.oblivious.epochs import Calendar

STATISTICS: Final = "/v1/statistics"
"""Where they are."""
_BRIEFLY: Final = (b"cache-control", b"public, max-age=300")


class StatisticsRoutes:
    """The ASGI application at ``STATISTICS``, for anybody; raises :class:`Refused` for the hub around it to answer."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        if scope["path"] != STATISTICS:
            raise Refused(404, f"nothing is here; statistics are at {STATISTICS}")
        if scope["method"] not in ("GET", "HEAD"):
            raise Refused(405, "statistics are read with GET", [(b"allow", b"GET, HEAD")])
        await answer(send, 200, await asyncio.to_thread(self._told), headers=[_BRIEFLY])

    def _told(self) -> bytes:
        with self._hub.reading() as (connection, _):
            return told(connection)


def told(connection: sqlite3.Connection) -> bytes:
    """Write what the public is told."""
    years = [
        {"year": year, "authority_requests": asked, "objects_erased": gone} for year, asked, gone in by_year(connection)
    ]
    epochs = [msgspec.Raw(one) for one in released(connection)]
    return msgspec.json.encode({"epochs": epochs, "years": years})


def release_due(
    connection: sqlite3.Connection,
    tags: sqlite3.Connection,
    calendar: Calendar,
    alike: set[str],
    budget: tuple[float, Noise],
    appended: Appended,
    now_us: int,
) -> list[int]:
    """Release the statistics of every closed epoch whose budget is not spent.

    Parameters
    ----------
    connection
        Inside a writing transaction of the hub's file: nobody sees a figure that is not kept.
    tags
        Reads the database of tags.
    calendar
        When epochs were.
    alike
        Kinds that match by several tags.
    budget
        Epsilon of an epoch, and what draws noise.
    appended
        Writes to the transparency log which epoch spent how much, and the hash of what was released.
    now_us
        Now (us since 1970).

    Returns
    -------
    list of int
        Epochs that were released.
    """
    epsilon, noise = budget
    done = []
    for epoch, closed_ms, least in closed_epochs(tags):
        if spent(connection, epoch):
            continue
        submitted, when = tags_by_member(tags, epoch), calendar.epoch(epoch)
        seen = sightings_by_member(connection, when.opens_ms * 1_000, when.closes_ms * 1_000)
        counts = {
            TAGS.name: clamped(submitted.values(), TAGS.bound),
            MATCHED.name: matched(holders(tags, epoch, alike), submitted, least, MATCHED.bound),
            SIGHTINGS.name: clamped(seen.values(), SIGHTINGS.bound),
        }
        shown = {
            "epoch": epoch,
            "closed_ms": closed_ms,
            "epsilon": epsilon,
            "members_at_least": bucketed(len(submitted)) if len(submitted) >= MEMBER_BUCKETS[0] else 0,
            "figures": with_noise(counts, epsilon, noise),
        }
        body = msgspec.json.encode(shown)
        keep(connection, epoch, body, now_us)
        spend = {"epoch": epoch, "epsilon": str(epsilon), "figures": [one.name for one in FIGURES]}
        record = {**spend, "sha256": hashlib.sha256(body).hexdigest(), "at_us": now_us}
        appended(connection, [Record("policy", {"statistics": record})])
        done.append(epoch)
    return done
