"""Time and agreement of other methods that find groups of accounts, on a plain crowd with planted groups.

python bench/group_methods.py [ACCOUNTS]

The crowd is there to be large, not to be like traffic: figures of agreement say nothing about real accounts.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from stillwatch.evaluate.campaigns.compare import compare
from stillwatch.evaluate.campaigns.peers import PEERS
from stillwatch.evaluate.campaigns.scores import Truth
from stillwatch.evaluate.campaigns.shares import INFRASTRUCTURE, MONEY, TEMPLATE, Shares, identity_table, shares_of
from stillwatch.evaluate.tables import markdown

CAMPAIGNS = 40
MONTH_S = 30 * 86_400


def crowd(n: int, rng: np.random.Generator) -> tuple[Shares, dict[str, np.ndarray], np.ndarray]:
    """Draw accounts of a dozen templates and six identity values each; campaigns share eight templates within hours."""
    campaign = np.full(n, -1, np.int64)
    sizes = rng.integers(8, 160, CAMPAIGNS)
    campaign[: sizes.sum()] = np.repeat(np.arange(CAMPAIGNS), sizes)
    bad = np.flatnonzero(campaign >= 0)
    account, template = np.repeat(np.arange(n), 12), (rng.zipf(1.3, 12 * n) % 200_000).astype(np.int64)
    shared_account = np.repeat(bad, 8)
    shared = 1_000_000 + campaign[shared_account] * 8 + np.tile(np.arange(8), len(bad))
    start = rng.integers(0, MONTH_S, CAMPAIGNS * 8)[shared - 1_000_000]
    codes = {
        "card": np.where(campaign >= 0, n + campaign * 20 + rng.integers(0, 20, n), np.arange(n)),
        "bin": rng.integers(0, 800, n),
        "email_domain": rng.zipf(1.5, n) % 2_000,
        "referral": rng.integers(0, 30_000, n),
        "net": np.where(campaign >= 0, n + campaign * 10 + rng.integers(0, 10, n), rng.zipf(1.4, n) % 100_000),
        "ja4": np.where(campaign >= 0, 500 + campaign, rng.zipf(1.5, n) % 500),
        "user_agent": rng.zipf(1.4, n) % 5_000,
    }
    parts = [(account, template, rng.integers(0, MONTH_S, 12 * n), TEMPLATE)]
    parts.append((shared_account, shared, start + rng.integers(0, 7_200, len(shared)), TEMPLATE))
    for at, (name, code) in enumerate(codes.items()):
        layer = INFRASTRUCTURE if name in {"net", "ja4", "user_agent"} else MONEY
        parts.append((np.arange(n), (at + 2) * 1_000_000 + code, rng.integers(0, MONTH_S, n), layer))
    layers = np.concatenate([np.full(len(part[0]), part[3]) for part in parts])
    columns = (np.concatenate([part[at] for part in parts]) for at in range(3))
    return shares_of(*columns, layer=layers, n_accounts=n), codes, campaign


def main(n: int) -> None:
    """Run every method once for its kernels and once for its time."""
    shares, codes, campaign = crowd(n, np.random.default_rng(1))
    identity = identity_table(n, **{name: code.astype(str).tolist() for name, code in codes.items()})
    small, few, _ = crowd(7_000, np.random.default_rng(2))
    little = identity_table(7_000, **{name: code.astype(str).tolist() for name, code in few.items()})
    print(f"{n:,} accounts, {len(shares.account):,} shares, {int((campaign >= 0).sum()):,} in campaigns")
    groupings = {}
    for peer in PEERS:
        peer(small, little)
        began, cpu = time.perf_counter(), time.process_time()
        groupings[peer.name] = peer(shares, identity)
        spent, worked = time.perf_counter() - began, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{peer.name}: {spent:.1f} s, {worked:.1f} CPU s, peak so far {peak:.1f} GB")
    for table in compare(shares, identity, Truth(campaign), groupings, peers=()):
        print("\n".join(markdown(table)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
