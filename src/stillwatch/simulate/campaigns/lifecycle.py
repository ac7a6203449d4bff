"""Who works when: pools that follow each other, single accounts that are closed and replaced, sign-up bursts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.simulate.pace import Spans
from stillwatch.simulate.stage import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from stillwatch.simulate.campaigns.spec import Campaign
    from stillwatch.simulate.stage import Ints, Window

_LEAD_DAYS: Final = (1.0, 20.0)
_ENFORCED_MIN: Final = 20.0
_REPLACED_H: Final = (1.0, 16.0)


@dataclass(frozen=True, slots=True)
class Lives:
    """The life of each account of a campaign."""

    pool: Ints
    """Its pool, from 0; shape (accounts,)."""
    signup_ms: Ints
    """When it signed up (ms)."""
    spans: Spans
    """When it works: until its closing, or the end of the world."""
    closed_ms: Ints
    """When the provider closed it (ms); -1 where it is open."""


def pool_closings(campaign: Campaign, window: Window) -> list[int]:
    """Say when the provider closes each pool but the last (ms): at even distances over the world."""
    length = window.end_ms - window.start_ms
    return [window.start_ms + length * (number + 1) // campaign.pools for number in range(campaign.pools - 1)]


def lives(rng: np.random.Generator, campaign: Campaign, window: Window) -> Lives:
    """Draw the life of each account.

    Parameters
    ----------
    rng
        Source of randomness.
    campaign
        The campaign.
    window
        The time of the world.

    Returns
    -------
    Lives
        Accounts of one pool after another; the last ones of a pool are its reserve.
    """
    n = campaign.accounts
    pool = np.arange(n, dtype=np.int64) * campaign.pools // n
    closings = pool_closings(campaign, window)
    delay = int(campaign.failover_delay_h * HOUR_MS)
    begin = np.array([window.start_ms, *(at + delay for at in closings)], dtype=np.int64)
    end = np.array([*closings, window.end_ms], dtype=np.int64)
    from_ms, to_ms = begin[pool], end[pool]
    closed = np.where(pool < campaign.pools - 1, to_ms, -1)
    # A pool is closed in one sweep of some minutes.
    sweep = rng.integers(0, int(_ENFORCED_MIN * 60_000), size=n)
    burst = int(campaign.signup_burst_h * HOUR_MS)
    lead = (rng.uniform(*_LEAD_DAYS, size=campaign.pools) * DAY_MS).astype(np.int64)
    # Later pools are made while the earlier one works, and are ready when it falls.
    lead[1:] = lead[1:] // 20
    signup = from_ms - lead[pool] - rng.integers(0, burst + 1, size=n)
    closed = np.where(closed >= 0, np.maximum(closed - sweep, from_ms), closed)
    for number in range(campaign.pools):
        mine = np.flatnonzero(pool == number)
        reserve = mine[len(mine) - int(campaign.replaced * len(mine)) :]
        victims = rng.permutation(mine[: len(mine) - len(reserve)])[: len(reserve)]
        length = max(int(end[number] - begin[number]), 1)
        fallen = begin[number] + (rng.uniform(0.1, 0.85, size=len(reserve)) * length).astype(np.int64)
        closed[victims] = fallen[: len(victims)]
        lag = (rng.uniform(*_REPLACED_H, size=len(reserve)) * HOUR_MS).astype(np.int64)
        from_ms[reserve] = np.minimum(fallen + lag, end[number] - 1)
        signup[reserve] = from_ms[reserve] - (rng.uniform(0.2, 12.0, size=len(reserve)) * HOUR_MS).astype(np.int64)
        closed[reserve] = np.where(closed[reserve] >= 0, np.maximum(closed[reserve], from_ms[reserve]), -1)
    closed = np.where(closed >= 0, closed // 1000 * 1000, -1)
    spans = Spans(from_ms, np.where(closed >= 0, closed, window.end_ms))
    return Lives(pool, signup // 1000 * 1000, spans, closed)
