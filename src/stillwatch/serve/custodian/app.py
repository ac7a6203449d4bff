"""The custodian as an ASGI application: evaluates under its key, and keeps and destroys its keys in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import StillwatchError
from stillwatch.serve.asgi import Refused, answer, refuse
from stillwatch.serve.custodian.evaluating import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.custodian.evaluating import Evaluating, Holder
    from stillwatch.serve.custodian.workers import Workers

KEEP_S: Final = 30.0
"""Pause between two looks for keys that are due or ended (s)."""
_LOG: Final = logging.getLogger(__name__)


async def keep_forever(holder: Holder, clock: Callable[[], int], told: Callable[[str], None] = _LOG.warning) -> None:
    """Make and destroy keys in time, until cancelled; what goes wrong is told and tried again."""
    while True:
        try:
            for epoch in await asyncio.to_thread(holder.keep, clock()):
                told(f"the key of epoch {epoch} is destroyed")
        except StillwatchError as error:
            told(f"keys: {error}")
        await asyncio.sleep(KEEP_S)


class Custodian:
    """The ASGI application.

    Parameters
    ----------
    holder
        Its key.
    evaluating
        What answers.
    workers
        What evaluates; ended with the application.
    clock
        Now (ms since 1970).
    """

    def __init__(self, holder: Holder, evaluating: Evaluating, workers: Workers, clock: Callable[[], int]) -> None:
        self._holder, self._evaluating, self._workers, self._clock = holder, evaluating, workers, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            if scope["path"] == "/healthz":
                await answer(send, 200, json.dumps({"holder": self._holder.name}).encode())
            elif scope["path"].startswith(PREFIX):
                await self._evaluating(scope, receive, send)
            else:
                raise Refused(404, f"nothing is here; see {PREFIX}epochs")  # noqa: TRY301 - answered in one place
        except Refused as refused:
            await refuse(send, refused)
        except StillwatchError as error:
            # Our store or our keys: the text names files, which is ours to read and nobody else's.
            _LOG.error("%s", error)
            await refuse(send, Refused(503, "the key holder cannot answer now; try again", [(b"retry-after", b"5")]))

    async def _live(self, receive: Receive, send: Send) -> None:
        keeping: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await asyncio.to_thread(self._workers.warm)
                keeping = asyncio.create_task(keep_forever(self._holder, self._clock))
                await send({"type": "lifespan.startup.complete"})
            else:
                if keeping:
                    keeping.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await keeping
                await asyncio.to_thread(self._workers.close)
                await send({"type": "lifespan.shutdown.complete"})
                return
