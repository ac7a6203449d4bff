"""Evaluate blinded elements for members, counted: the hub and the custodian serve the same application, each its key.

::

    POST /v1/oprf/{epoch}/evaluate   blinded elements, 32 bytes each -> proof (64 bytes), evaluated elements
    GET  /v1/oprf/epochs             epochs whose keys answer and the next one, with public keys

A POST carries ``stillwatch-created`` (seconds since 1970) and ``stillwatch-nonce`` (32 hex digits); the same nonce is
taken once. The order of checks is: who, form, pace, budget, and only then work.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, NotNow
from stillwatch.serve.asgi import Refused, answer, body, header
from stillwatch.serve.custodian.workers import WorkersAway
from stillwatch.sharing.oblivious.suite import ELEMENT, MOST_BATCH, elements_of
from stillwatch.store.exchange.holder import charge, give_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.custodian.admission import Who
    from stillwatch.serve.custodian.workers import Workers
    from stillwatch.sharing.oblivious.epochs import Calendar
    from stillwatch.store.exchange.holder import HolderBase
    from stillwatch.store.exchange.keys import KeyFolder

PREFIX: Final = "/v1/oprf/"
_EVALUATE: Final = re.compile(r"/v1/oprf/([1-9][0-9]{0,8})/evaluate")
_NONCE: Final = re.compile(rb"[0-9a-f]{32}")
_BYTES: Final = b"application/octet-stream"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a member may ask for."""

    budget: int = 200_000
    """Elements of a member and epoch, padding included."""
    per_minute: int = 120_000
    """Elements of a member in a minute."""
    window_s: int = 300
    """How far ``stillwatch-created`` may be from our clock (s)."""
    waiting: int = 16
    """Batches evaluated or waiting at once; further ones are told to come again."""


class Pace:
    """Elements of each member in the running minute; kept in memory, since the budget is what is kept for good."""

    def __init__(self, per_minute: int) -> None:
        self._most, self._minute = per_minute, -1
        self._taken: dict[str, int] = {}

    def take(self, member: str, count: int, now_ms: int) -> int:
        """Take elements; gives 0, or how many seconds to wait."""
        minute = now_ms // 60_000
        if minute != self._minute:
            self._minute, self._taken = minute, {}
        taken = self._taken.get(member, 0)
        if taken + count > self._most:
            return 60 - now_ms // 1_000 % 60
        self._taken[member] = taken + count
        return 0


@dataclass(frozen=True, slots=True)
class Holder:
    """A key holder's parts."""

    name: str
    """custodian or hub."""
    base: HolderBase
    """What is spent, and public keys."""
    keys: KeyFolder
    """Secret keys."""
    calendar: Calendar
    """When epochs are."""

    def keep(self, now_ms: int) -> tuple[int, ...]:
        """Make the keys that are due, the next epoch's included; destroy ended ones and name them.

        Blind spot: a clock that runs far ahead ends epochs that are still open, and a destroyed key does not come back.
        """
        wanted = {one.number for one in self.calendar.answering(now_ms)}
        current = self.calendar.current(now_ms)
        wanted.add(current.number + 1 if current else 1)
        return self.keys.keep(sorted(wanted), lambda epoch: self.calendar.ended(epoch, now_ms), now_ms)


def _nowhere(epoch: int) -> int | None:
    """Say that no log shows the key."""
    del epoch
    return None


class Evaluating:
    """The ASGI application below ``PREFIX``.

    Parameters
    ----------
    holder
        Whose key.
    who
        Says which member asks.
    bounds
        What a member may ask for.
    workers
        Evaluate.
    clock
        Now (ms since 1970).
    logged
        Epoch -> number of the entry of the transparency log that shows its public key, None where there is none.
    """

    def __init__(
        self,
        holder: Holder,
        who: Who,
        bounds: Bounds,
        workers: Workers,
        clock: Callable[[], int],
        logged: Callable[[int], int | None] = _nowhere,
    ) -> None:
        self._holder, self._who, self._bounds, self._workers, self._clock = holder, who, bounds, workers, clock
        self._logged = logged
        self._pace = Pace(bounds.per_minute)
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raises :class:`Refused` for the application around it to answer."""
        path, method = scope["path"], scope["method"]
        if path == PREFIX + "epochs":
            if method not in ("GET", "HEAD"):
                raise Refused(405, f"{path} takes GET", [(b"allow", b"GET, HEAD")])
            await answer(send, 200, json.dumps(await asyncio.to_thread(self._epochs)).encode())
            return
        found = _EVALUATE.fullmatch(path)
        if not found:
            raise Refused(404, "nothing is here; elements go to /v1/oprf/EPOCH/evaluate")
        if method != "POST":
            raise Refused(405, "elements are sent by POST", [(b"allow", b"POST")])
        content = await body(scope, receive, MOST_BATCH * ELEMENT)
        await self._evaluate(scope, int(found[1]), content, send)

    async def _evaluate(self, scope: Scope, epoch: int, content: bytes, send: Send) -> None:
        member = await asyncio.to_thread(self._who, scope, content)
        try:
            count = len(elements_of(content))
        except InputError as error:
            raise Refused(400, str(error)) from error
        now = self._clock()
        nonce = self._fresh(scope, now)
        if not self._holder.calendar.epoch(epoch).answers(now):
            raise Refused(409, f"the key of epoch {epoch} does not answer now; see {PREFIX}epochs")
        if self._under_way >= self._bounds.waiting:
            raise Refused(503, "all workers are busy; send it again", [(b"retry-after", b"1")])
        wait_s = self._pace.take(member, count, now)
        if wait_s:
            raise Refused(429, "this minute's elements are used up", [(b"retry-after", str(wait_s).encode())])
        self._under_way += 1
        try:
            evaluation, left = await self._counted(member, epoch, content, (count, nonce, now))
        finally:
            self._under_way -= 1
        await answer(send, 200, evaluation, _BYTES, [(b"stillwatch-left", str(left).encode())])

    async def _counted(
        self, member: str, epoch: int, content: bytes, asked: tuple[int, bytes, int]
    ) -> tuple[bytes, int]:
        count, nonce, now = asked
        base, most, window_ms = self._holder.base, self._bounds.budget, 2_000 * self._bounds.window_s
        try:
            seed = await asyncio.to_thread(self._holder.keys.seed, epoch)
        except NotNow as error:
            raise Refused(409, str(error)) from error
        got = await asyncio.to_thread(charge, base, member, epoch, count, most, nonce, (now, window_ms))
        if got.replayed:
            raise Refused(409, "this nonce was taken already; draw a new one for every request")
        if not got.granted:
            raise Refused(429, f"{got.left:,} elements are left of this epoch's budget, {count:,} were asked for")
        try:
            return await self._workers.evaluate(seed, content), got.left
        except InputError as error:
            # Not given back: whoever sends malformed elements pays for the work of finding out.
            raise Refused(400, str(error)) from error
        except WorkersAway as error:
            await asyncio.to_thread(give_back, base, member, epoch, count)
            raise Refused(503, "a worker has died; send it again with a new nonce", [(b"retry-after", b"1")]) from error

    def _fresh(self, scope: Scope, now_ms: int) -> bytes:
        created, nonce = header(scope, b"stillwatch-created"), header(scope, b"stillwatch-nonce")
        if not (created.isdigit() and len(created) <= 12 and _NONCE.fullmatch(nonce)):
            raise Refused(400, "send stillwatch-created (seconds since 1970) and stillwatch-nonce (32 hex digits)")
        off_s = int(created) - now_ms // 1_000
        if abs(off_s) > self._bounds.window_s:
            raise Refused(
                400,
                f"stillwatch-created is {abs(off_s):,} s {'ahead of' if off_s > 0 else 'behind'} our clock; "
                f"at most {self._bounds.window_s} s are taken",
            )
        return bytes.fromhex(nonce.decode())

    def _epochs(self) -> dict[str, object]:
        now, calendar = self._clock(), self._holder.calendar
        told = []
        for record in self._holder.keys.records():
            epoch = calendar.epoch(record.epoch)
            told.append(
                {
                    "epoch": record.epoch,
                    "state": epoch.state(now) if record.destroyed_ms < 0 else "destroyed",
                    "opens_ms": epoch.opens_ms,
                    "closes_ms": epoch.closes_ms,
                    "ends_ms": epoch.ends_ms,
                    "public_key": record.public.hex(),
                    "destroyed_ms": record.destroyed_ms if record.destroyed_ms >= 0 else None,
                    "log_index": self._logged(record.epoch),
                }
            )
        return {
            "holder": self._holder.name,
            "suite": "ristretto255-SHA512",
            "mode": "VOPRF",
            "most_elements": MOST_BATCH,
            "budget": self._bounds.budget,
            "epochs": told[-_TOLD:],
        }


_TOLD: Final = 64
"""Epochs that are told of, the latest; the transparency log holds all."""
