"""A bucket of requests for the account, for the credential, and one for a whole campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from stillwatch.enforcement.barriers.base import Barrier, Refusal
from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.enforcement.barriers.base import Call

Kind: TypeAlias = Literal["account", "credential", "campaign"]
"""Whose bucket it is."""


@dataclass(frozen=True, slots=True)
class Level:
    """How full a bucket is."""

    left: float
    """Requests left, from 0."""
    at_ms: int
    """When that was (ms since 1970)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking one request from some buckets came to."""

    levels: Mapping[Kind, Level]
    """The buckets afterwards; as they were, filled up, where one of them was empty."""
    wait_ms: int
    """Until the emptiest holds one request again, 0 where the request was taken (ms)."""
    left: float
    """Share left in the emptiest bucket, 0 to 1."""
    emptiest: Kind
    """Which that is."""


@dataclass(frozen=True, slots=True)
class Rate(Barrier):
    """Requests a minute, and how many at once."""

    least: Action = Action.THROTTLE
    """Mildest standing it applies to."""
    account_per_min: float = 30.0
    """Requests a minute for one account."""
    account_burst: float = 30.0
    """Requests at once for one account."""
    credential_per_min: float = 20.0
    """Requests a minute for one credential."""
    credential_burst: float = 20.0
    """Requests at once for one credential."""
    campaign_per_min: float = 60.0
    """Requests a minute for all accounts of a campaign together."""
    campaign_burst: float = 60.0
    """Requests at once for all accounts of a campaign together."""

    name: ClassVar[str] = "rate"
    stops: ClassVar[str] = "volume; new accounts do not raise a campaign's allowance"
    costs: ClassVar[str] = "Heavy users under a decision wait; the answer says how long."

    def limit(self, kind: Kind) -> tuple[float, float]:
        """Give a bucket's requests a minute, and its size."""
        if kind == "account":
            return self.account_per_min, self.account_burst
        if kind == "credential":
            return self.credential_per_min, self.credential_burst
        return self.campaign_per_min, self.campaign_burst

    def take(self, levels: Mapping[Kind, Level | None], now_ms: int) -> Taken:
        """Take one request from every bucket, or from none if one of them is empty.

        Parameters
        ----------
        levels
            Buckets of this call; None for one that was never used and is full.
        now_ms
            Now (ms since 1970). A clock that goes back fills nothing and empties nothing.
        """
        filled = {kind: self._filled(kind, level, now_ms) for kind, level in levels.items()}
        # Measured against the size, so that the delay grows the same way in buckets of all sizes.
        share = {kind: (level.left - 1) / self.limit(kind)[1] for kind, level in filled.items()}
        emptiest = min(share, key=lambda kind: share[kind])
        short = {kind: 1 - level.left for kind, level in filled.items() if level.left < 1}
        if short:
            wait = max(missing / self.limit(kind)[0] * 60_000 for kind, missing in short.items())
            return Taken(filled, max(int(wait + 0.999), 1), 0.0, emptiest)
        taken = {kind: Level(level.left - 1, level.at_ms) for kind, level in filled.items()}
        return Taken(taken, 0, max(share[emptiest], 0.0), emptiest)

    def _filled(self, kind: Kind, level: Level | None, now_ms: int) -> Level:
        per_min, burst = self.limit(kind)
        if level is None:
            return Level(burst, now_ms)
        passed = max(now_ms - level.at_ms, 0)
        return Level(min(level.left + passed * per_min / 60_000, burst), max(now_ms, level.at_ms))

    def refusal(self, taken: Taken, call: Call) -> Refusal:
        """Say that a bucket is empty, and when to come back."""
        seconds = -(-taken.wait_ms // 1000)
        return Refusal(
            429,
            "rate_limited",
            f"requests of this {taken.emptiest} are limited for now; try again in {seconds} s",
            self.name,
            call.standing.clause,
            call.standing.decision,
            retry_after_s=seconds,
        )
