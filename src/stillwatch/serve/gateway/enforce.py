"""Apply barriers to one call, by its standing; keep the buckets; write down what was changed."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from stillwatch.enforcement.barriers import BARRIERS
from stillwatch.enforcement.barriers.base import Barrier
from stillwatch.enforcement.barriers.carried import Carried
from stillwatch.enforcement.barriers.delay import Delay
from stillwatch.enforcement.barriers.marks.mark import Mark
from stillwatch.enforcement.barriers.rate import Rate
from stillwatch.model.decision import Action
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.serve.gateway.proxy.sse import Rewriter

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from stillwatch.enforcement.barriers.base import Body, Call, Refusal
    from stillwatch.enforcement.barriers.rate import Kind, Level
    from stillwatch.ingest.keys import PseudonymKey

MARKS: Final = frozenset(one.name for one in BARRIERS if isinstance(one, Mark))
"""Names of the barriers that are recorded and never named in an answer: a mark that is announced proves nothing."""


_MOST_CHANGES: Final = 1_024
"""Most different changes that one record tells apart."""


class Applied:
    """What barriers did in one call."""

    __slots__ = ("_changes", "call", "delay_ms")

    def __init__(self, call: Call) -> None:
        self.call = call
        """The call."""
        self.delay_ms = 0
        """How long it was delayed (ms)."""
        self._changes: dict[tuple[str, str], int] = {}

    def note(self, barrier: str, what: Iterable[str]) -> None:
        """Write down what a barrier changed."""
        self.add({(barrier, one): 1 for one in what})

    def add(self, changes: dict[tuple[str, str], int]) -> None:
        """Write down what barriers changed in a stream."""
        for (barrier, what), count in changes.items():
            key = (barrier, what if len(self._changes) < _MOST_CHANGES else "more")
            self._changes[key] = self._changes.get(key, 0) + count

    @property
    def barriers(self) -> list[str]:
        """Names of the barriers that changed something, in order."""
        return list(dict.fromkeys(barrier for barrier, _ in self._changes))

    def record(self, account: int) -> dict[str, Any] | None:
        """Give the entry of the per-request record; None where nothing applied."""
        if not self._changes:
            return None
        standing = self.call.standing
        return {
            "account": pseudonym_text(account),
            "decision": standing.decision,
            "clause": standing.clause,
            "tier": standing.action.name.lower(),
            "changes": [
                {"barrier": barrier, "what": what, "times": count} for (barrier, what), count in self._changes.items()
            ],
        }


class Enforcer:
    """The barriers of one gateway, and the buckets of its customers."""

    def __init__(self, barriers: tuple[Barrier, ...], key: PseudonymKey, *, buckets: int) -> None:
        # A mark's own secret: whoever learns it can forge the mark.
        secret = key.derive("gateway/marks")
        keyed = [dataclasses.replace(one, key=secret) if isinstance(one, Mark) else one for one in barriers]
        self._barriers: tuple[Barrier, ...] = tuple(keyed)
        self._rate = next((one for one in keyed if isinstance(one, Rate)), Rate(used=False))
        self._delay = next((one for one in keyed if isinstance(one, Delay)), Delay(used=False))
        self._least = min((one.least for one in keyed if one.used), default=Action.SUSPEND)
        self._levels: OrderedDict[Hashable, Level] = OrderedDict()
        self._buckets = buckets

    def concerns(self, action: Action) -> bool:
        """Whether any barrier may apply to a standing."""
        return action >= self._least

    def gate(self, applied: Applied, owner: tuple[int, str], now_ms: int) -> Refusal | None:
        """Ask every gate, and take from the buckets.

        Parameters
        ----------
        applied
            The call; gets the delay to be kept.
        owner
            Pseudonym of the account, keyed hash of the credential.
        now_ms
            Now (ms since 1970).
        """
        call = applied.call
        for barrier in self._barriers:
            if barrier.applies(call) and (refusal := barrier.gate(call)) is not None:
                applied.note(barrier.name, ["refused"])
                return refusal
        return self._taken(applied, owner, now_ms)

    def _taken(self, applied: Applied, owner: tuple[int, str], now_ms: int) -> Refusal | None:
        call, rate = applied.call, self._rate
        if not rate.applies(call):
            return None
        keys: dict[Kind, Hashable] = {"account": owner[0]}
        if owner[1]:
            keys["credential"] = ("credential", owner[1])
        if call.standing.campaign:
            keys["campaign"] = ("campaign", call.standing.campaign)
        taken = rate.take({kind: self._levels.get(key) for kind, key in keys.items()}, now_ms)
        for kind, level in taken.levels.items():
            self._levels[keys[kind]] = level
            self._levels.move_to_end(keys[kind])
        while len(self._levels) > self._buckets:
            self._levels.popitem(last=False)
        if taken.wait_ms:
            applied.note(rate.name, [f"{taken.emptiest} has no request left"])
            return rate.refusal(taken, call)
        if self._delay.applies(call) and (wait := self._delay.wait_ms(taken.left)):
            applied.delay_ms = wait
            applied.note(self._delay.name, [f"{wait} ms"])
        return None

    def carried(self, applied: Applied) -> Refusal | None:
        """Ask the gate of carried reasoning, which needs the request's body."""
        for barrier in self._barriers:
            if isinstance(barrier, Carried) and barrier.applies(applied.call):
                refusal = barrier.gate(applied.call)
                if refusal is not None:
                    applied.note(barrier.name, ["refused"])
                return refusal
        return None

    def asks(self, call: Call) -> bool:
        """Whether a barrier may change the request; its body must then be read."""
        return call.shape != "other" and any(
            one.applies(call) and type(one).ask is not Barrier.ask for one in self._barriers
        )

    def ask(self, body: Body, applied: Applied) -> Body:
        """Change a request."""
        for barrier in self._barriers:
            if barrier.applies(applied.call) and type(barrier).ask is not Barrier.ask:
                plain = _spelled(body, barrier)
                if plain is not body:
                    applied.note(barrier.name, ["a field in another spelling removed"])
                body, what = barrier.ask(plain, applied.call)
                applied.note(barrier.name, what)
        return body

    def answers(self, call: Call) -> tuple[Barrier, ...]:
        """Give the barriers that may change the answer."""
        if call.shape == "other":
            return ()
        return tuple(
            one
            for one in self._barriers
            if one.applies(call) and (type(one).answer is not Barrier.answer or type(one).stream is not Barrier.stream)
        )

    def answer(self, body: Body, applied: Applied) -> Body:
        """Change a whole answer."""
        for barrier in self.answers(applied.call):
            body, what = barrier.answer(body, applied.call)
            applied.note(barrier.name, what)
        return body

    def rewriter(self, call: Call, most: int) -> Rewriter:
        """Give what changes a streamed answer."""
        rewrites = ((one.name, one.stream(call)) for one in self.answers(call))
        return Rewriter(((name, rewrite) for name, rewrite in rewrites if rewrite is not None), call, most)


def _spelled(body: Body, barrier: Barrier) -> Body:
    """Drop fields that some servers read as one of the barrier's, in another spelling: ``LogProbs``."""
    if all(name in barrier.owns or name.lower() not in barrier.owns for name in body):
        return body
    return {name: value for name, value in body.items() if name in barrier.owns or name.lower() not in barrier.owns}
