"""Telling notices and outcomes: a signed POST for each, tried again until the receiver has it."""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import TYPE_CHECKING, Final

import aiohttp

from stillwatch.store.callbacks import delivered, due, failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.store.callbacks import Callback
    from stillwatch.store.database import Database

TIMEOUT_S: Final = 10.0
"""Longest wait for the receiver (s)."""
PAUSE_S: Final = 5.0
"""Pause between two looks into the queue (s)."""


def signature(key: bytes, at_s: int, body: str) -> str:
    """Sign a callback.

    Parameters
    ----------
    key
        Secret shared with the receiver.
    at_s
        When it is sent (s since 1970); the receiver refuses old ones.
    body
        The very bytes sent, as text.

    Returns
    -------
    str
        ``t=...,v1=...``: HMAC-SHA-256 over the time, a full stop and the body, in hexadecimal.
    """
    return f"t={at_s},v1={hmac.new(key, f'{at_s}.{body}'.encode(), 'sha256').hexdigest()}"


class Teller:
    """Tells what is in the queue.

    Parameters
    ----------
    database
        The store.
    url, key
        Where to and signed with what.
    clock
        Gives the time (ms since 1970).
    link
        Decision -> the customer's link to its statement of reasons; a notice carries it. None leaves it out.

    Notes
    -----
    At least once: after a crash between the receiver's answer and ours the same ``Stillwatch-Callback`` number comes
    again.
    """

    def __init__(
        self,
        database: Database,
        url: str,
        key: bytes,
        clock: Callable[[], int],
        link: Callable[[str], str] | None = None,
    ) -> None:
        self._database, self._url, self._key, self._clock, self._link = database, url, key, clock, link

    async def tell_due(self, session: aiohttp.ClientSession) -> int:
        """Tell what is due; says how many arrived."""
        arrived = 0
        for one in await asyncio.to_thread(due, self._database, self._clock()):
            trouble = await self._tell(session, one)
            if trouble:
                await asyncio.to_thread(failed, self._database, one, trouble, self._clock())
            else:
                await asyncio.to_thread(delivered, self._database, one.id, self._clock())
                arrived += 1
        return arrived

    def _body(self, one: Callback) -> str:
        told = json.loads(one.body)
        if self._link is None or told["kind"] != "decision.taken":
            return one.body
        return json.dumps(told | {"link": self._link(told["decision"])})

    async def _tell(self, session: aiohttp.ClientSession, one: Callback) -> str:
        body = await asyncio.to_thread(self._body, one)
        headers = {
            "Content-Type": "application/json",
            "Stillwatch-Callback": str(one.id),
            "Stillwatch-Signature": signature(self._key, self._clock() // 1000, body),
        }
        try:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            async with session.post(
                self._url, data=body.encode(), headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return "" if 200 <= answer.status < 300 else f"answered {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__

    async def run(self) -> None:
        """Tell for ever; ends when cancelled."""
        async with aiohttp.ClientSession() as session:
            while True:
                await self.tell_due(session)
                await asyncio.sleep(PAUSE_S)
