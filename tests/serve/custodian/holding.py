"""A key holder for tests: its parts, a member's request, a pool without processes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from stillwatch.serve.custodian.admission import BearerWho
from stillwatch.serve.custodian.app import Custodian
from stillwatch.serve.custodian.evaluating import Bounds, Evaluating, Holder
from stillwatch.serve.custodian.workers import evaluate
from stillwatch.sharing.oblivious.epochs import Calendar
from stillwatch.sharing.oblivious.with_voprf import Voprf
from stillwatch.store.exchange.holder import HolderBase, admit, members_of
from stillwatch.store.exchange.keys import KeyFolder

CALENDAR = Calendar(1_000_000_000, 100_000_000, 20_000_000)
SUITE = Voprf()
SECRET = secrets.token_urlsafe(32)


class AtOnce:
    """Evaluates in the test's own thread."""

    async def evaluate(self, seed, blinded):
        return evaluate(seed, blinded)

    def warm(self):
        pass

    def close(self):
        pass


@dataclass
class Held:
    """One holder with a clock of its own."""

    base: HolderBase
    bounds: Bounds = field(default_factory=Bounds)
    now_ms: int = CALENDAR.start_ms + 5_000
    workers: object = field(default_factory=AtOnce)
    name: str = "custodian"

    def __post_init__(self):
        admit(self.base, "lab-a", SECRET, 0)
        keys = KeyFolder(self.base.path.parent / f"keys-{self.name}", self.base, SUITE.public_key, secrets.token_bytes)
        self.holder = Holder(self.name, self.base, keys, CALENDAR)
        self.holder.keep(self.now_ms)
        who = BearerWho(lambda: members_of(self.base))
        self.evaluating = Evaluating(self.holder, who, self.bounds, self.workers, lambda: self.now_ms)
        self.app = Custodian(self.holder, self.evaluating, self.workers, lambda: self.now_ms)

    def headers(self, secret=SECRET, nonce=None, created=None):
        return {
            "authorization": f"Bearer {secret}",
            "stillwatch-created": str(self.now_ms // 1_000 if created is None else created),
            "stillwatch-nonce": nonce or secrets.token_hex(16),
        }
