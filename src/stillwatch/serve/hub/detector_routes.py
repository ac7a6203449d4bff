"""Detectors that the exchange knows, for members: ``GET /v1/detectors``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.serve.asgi import Refused, answer
from stillwatch.store.exchange.detectors import detectors

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.model.membership import Member
    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.hub.desk import Desk

DETECTORS: Final = "/v1/detectors"
"""Where they are."""


class DetectorRoutes:
    """The ASGI application of detectors; raises :class:`Refused` for the hub around it to answer.

    Parameters
    ----------
    desk
        What it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to ``DETECTORS``."""
        del receive
        if scope["path"] != DETECTORS:
            raise Refused(404, f"nothing is here; detectors are at {DETECTORS}")
        if scope["method"] not in ("GET", "HEAD"):
            raise Refused(405, f"{DETECTORS} takes GET", [(b"allow", b"GET, HEAD")])
        await answer(send, 200, await self._desk.read(scope, _listed))


def _listed(connection: sqlite3.Connection, member: Member, since_us: int) -> dict[str, Any]:
    del member
    found = [one for one in detectors(connection) if one.since_us > since_us or not since_us]
    return {"detectors": [{"name": one.name, "sha256": one.sha256, "since_us": one.since_us} for one in found]}
