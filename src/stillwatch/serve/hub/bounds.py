"""What a member may do how often: a rate, and every signed request once. Bounded in memory, whoever sends."""

from __future__ import annotations

import threading
from typing import Final

from stillwatch.sharing.taxii.errors import TaxiiError

MOST_NONCES: Final = 100_000
"""Signed requests of one member that are remembered at once."""


class Rates:
    """A bucket of requests for each member.

    Parameters
    ----------
    per_s
        How fast it fills (requests per second).
    burst
        How much it holds (requests).
    """

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s, self._burst = per_s, burst
        self._left: dict[int, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def take(self, member: int, now_us: int) -> None:
        """Take one request out of a member's bucket.

        Raises
        ------
        TaxiiError
            429: it is empty; the answer says when it is not.
        """
        with self._lock:
            left, at_us = self._left.get(member, (float(self._burst), now_us))
            left = min(self._burst, left + max(0, now_us - at_us) * self._per_s / 1e6)
            self._left[member] = (left - 1 if left >= 1 else left, now_us)
        if left < 1:
            wait = int((1 - left) / self._per_s) + 1
            raise TaxiiError(429, "too many requests of this member", [(b"retry-after", b"%d" % wait)])


class Nonces:
    """What was signed already.

    Parameters
    ----------
    window_us
        How far the time of a signature may lie from the clock (us), before or after.
    most
        Nonces of one member that are remembered at once.

    Notes
    -----
    Two generations, each as long as a signature can be good: a nonce is forgotten only after its time is over.
    """

    def __init__(self, window_us: int, most: int = MOST_NONCES) -> None:
        self._span, self._most = 2 * window_us, most
        self._began = 0
        self._young: dict[int, set[bytes]] = {}
        self._old: dict[int, set[bytes]] = {}
        self._lock = threading.Lock()

    def use(self, member: int, nonce: bytes, now_us: int) -> None:
        """Use a nonce up.

        Raises
        ------
        TaxiiError
            401: it was used. 429: too many are remembered.
        """
        with self._lock:
            if now_us - self._began >= self._span:
                self._old = self._young if now_us - self._began < 2 * self._span else {}
                self._young = {}
                self._began = now_us
            young, old = self._young.setdefault(member, set()), self._old.get(member, set())
            if nonce in young or nonce in old:
                raise TaxiiError(401, "this nonce was used; sign every request anew")
            if len(young) >= self._most:
                raise TaxiiError(429, "too many signed requests at once", [(b"retry-after", b"60")])
            young.add(nonce)
