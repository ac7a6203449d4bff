"""A crowd that has nothing in common, and groups planted in it."""

from __future__ import annotations

import numpy as np

from stillwatch.evaluate.campaigns.scores import Truth, measure
from stillwatch.evaluate.campaigns.shares import Shares, shares_of

MONTH_S = 30 * 86_400
N = 600


def planted(
    groups: int, members: int = 12, *, traits: int = 6, own: int = 0, spread_s: int = 4, seed: int = 1
) -> tuple[Shares, Truth]:
    """Draw N accounts with eight traits of 5,000; group members use common traits within ``spread_s`` instead.

    Accounts of a group use ``traits`` common ones, and ``own`` of their own like the crowd. Two hundred accounts
    of the crowd meet their neighbours once.
    """
    rng = np.random.default_rng(seed)
    campaign = np.full(N, -1, np.int64)
    campaign[: groups * members] = np.repeat(np.arange(groups), members)
    bad, honest = np.flatnonzero(campaign >= 0), np.flatnonzero(campaign < 0)
    account = np.concatenate((np.repeat(honest, 8), np.repeat(bad, own), np.repeat(bad, traits)))
    crowd = len(honest) * 8 + len(bad) * own
    common = 10_000 + np.repeat(campaign[bad], traits) * traits + np.tile(np.arange(traits), len(bad))
    trait = np.concatenate((rng.integers(0, 5_000, crowd), common))
    starts = rng.integers(0, MONTH_S // 3_600, max(groups, 1) * traits) * 3_600
    ts_s = np.concatenate(
        (rng.integers(0, MONTH_S, crowd), starts[common - 10_000] + rng.integers(0, spread_s + 1, len(common)))
    )
    ring = np.arange(N - 200, N)
    account = np.concatenate((account, ring, np.roll(ring, 1)))
    trait, ts_s = np.concatenate((trait, ring + 20_000, ring + 20_000)), np.concatenate((ts_s, ring * 60, ring * 60))
    order = rng.permutation(len(account))
    return shares_of(account[order], trait[order], ts_s[order], n_accounts=N), Truth(campaign)


def found(peer, shares: Shares, truth: Truth, identity=None):
    return measure(truth, peer(shares, identity))
