"""Bounds of what strangers may send: so much, so fast, so often."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.requests import Request

BODY_BYTES: Final = 32_768
"""Longest body (bytes): 4,000 characters, each of up to four bytes, percent-encoded at worst in part."""
BODY_S: Final = 10.0
"""Time in which a body has to be whole (s)."""


class TooLarge(Exception):  # noqa: N818 - named after what is wrong
    """A body is longer than ``BODY_BYTES``."""


class TooSlow(Exception):  # noqa: N818 - as above
    """A body did not come whole within ``BODY_S``."""


async def body_of(request: Request) -> bytes:
    """Read a body within its bounds.

    Raises
    ------
    TooLarge, TooSlow
        It is not.
    """
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                read += part
                if len(read) > BODY_BYTES:
                    raise TooLarge
    except TimeoutError:
        raise TooSlow from None
    return bytes(read)


@dataclass(slots=True)
class _Bucket:
    left: float
    at_ms: int


class Rate:
    """Token buckets by name, a bounded number of them: the longest unused is forgotten first.

    Parameters
    ----------
    burst
        Requests at once.
    per_minute
        Requests a minute in the long run.
    most
        Names remembered.

    Notes
    -----
    Blind spot: somebody with more addresses than ``most`` is not slowed down by address; each decision has its own
    limit beside.
    """

    def __init__(self, burst: int, per_minute: float, most: int = 10_000) -> None:
        self._burst, self._per_ms, self._most = burst, per_minute / 60_000, most
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str, now_ms: int) -> bool:
        """Take one; says whether there was one."""
        bucket = self._buckets.pop(name, None) or _Bucket(self._burst, now_ms)
        passed = max(now_ms - bucket.at_ms, 0)
        bucket.left = min(bucket.left + passed * self._per_ms, self._burst)
        bucket.at_ms = now_ms
        self._buckets[name] = bucket
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True
