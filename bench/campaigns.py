"""Campaigns at scale: time and memory of a full run over made-up accounts, and of what an hour changes.

    python bench/campaigns.py [ACCOUNTS ...]          default 10000 100000 1000000

Accounts are outlines, as the state gives them: 24 sampled prompts each, with rare and common templates of heavy tail,
networks, clients, cards, sign-ups, hours and days of work; one in fifty belongs to a planted campaign of 8 to 300.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stillwatch.coordination.coordinate import coordinate
from stillwatch.coordination.outline import NO_NETWORK, NO_PIECE, Outline
from stillwatch.model.registered import Registered
from stillwatch.sketches.layout import SAMPLE_K, SLOTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

START_MS = 1_793_577_600_000
DAY_MS = 86_400_000


def heavy(rng: np.random.Generator, n: int, values: int, tail: float) -> NDArray[np.int64]:
    """Draw values of a heavy-tailed popularity: value k with chance about 1 / (k + 1)^tail."""
    weight = 1.0 / np.arange(1, values + 1) ** tail
    return np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random(n)).astype(np.int64)


def planted(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Give each account its campaign, -1 for none; one account in fifty is in one."""
    label = np.full(n, -1, np.int64)
    at, campaign = 0, 0
    order = rng.permutation(n)
    while at < n // 50:
        size = int(rng.integers(8, 300))
        label[order[at : at + size]] = campaign
        at, campaign = at + size, campaign + 1
    return label


def hashed(values: NDArray[np.int64], salt: int) -> NDArray[np.uint64]:
    """Spread numbers over 64 bits."""
    x = (values.astype(np.uint64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    return x ^ (x >> np.uint64(29))


def accounts(n: int, seed: int) -> tuple[Outline, Registered, NDArray[np.int64]]:
    """Make n accounts."""
    rng = np.random.default_rng(seed)
    label = planted(rng, n)
    inside = label >= 0
    product = heavy(rng, n, max(n // 20, 10), 0.9)
    piece = np.full((n, 3 * SAMPLE_K), NO_PIECE, np.uint32)
    for k in range(SAMPLE_K):
        own = rng.integers(0, 1 << 32, size=n, dtype=np.int64)
        shared = rng.random(n) < 0.3
        value = np.where(shared, hashed(product * 4 + k % 4, 1).astype(np.int64) & 0xFFFFFFFE, own)
        value = np.where(inside & (rng.random(n) < 0.5), hashed(label, 77).astype(np.int64) & 0xFFFFFFFE, value)
        piece[:, SAMPLE_K + k] = value.astype(np.uint32)
        piece[:, k] = np.where(rng.random(n) < 0.4, hashed(product, 9) & np.uint64(0xFFFFFFFE), NO_PIECE).astype(
            np.uint32
        )
    # Three networks of its own, and some of eight that others use as well; all-ones where there is none.
    roams = rng.random((n, 8)) < 0.2
    away = hashed((1 << 40) + rng.integers(0, 4 * n, size=(n, 8)), 3)
    own = np.where(np.arange(8) < 3, hashed(np.arange(n)[:, None] * 8 + np.arange(8), 4), NO_NETWORK)
    nets = np.sort(np.where(roams, away, own), axis=1)
    first = rng.integers(0, 40, size=(n, 1))
    pool = hashed(label[:, None] * 40 + (first + np.arange(8) * 5) % 40, 5)
    nets = np.sort(np.where(inside[:, None], pool, nets), axis=1)
    hours = rng.integers(0, 168, size=(n, 20))
    together = (label[:, None] * 31 + np.arange(20) * 7) % 168
    week = np.zeros((n, 168), np.uint16)
    np.add.at(week, (np.repeat(np.arange(n), 20), np.where(inside[:, None], together, hours).ravel()), 1)
    mask = np.zeros((n, 4), np.uint64)
    for _ in range(3):
        mask |= np.uint64(1) << rng.integers(0, 64, size=(n, 4)).astype(np.uint64)
    mask |= np.where(inside[:, None], np.uint64(1) << ((label[:, None] * 13 + np.arange(4)) % 64).astype(np.uint64), 0)
    agent = heavy(rng, n, 400, 1.1)
    agent = np.where(inside, 400 + label % 997, agent)
    spread = np.where(inside, 0.3, 1.1)
    events = np.maximum(np.exp(rng.normal(4.5, spread)), 1).astype(np.int64)
    key = np.sort(rng.choice(1 << 60, size=n, replace=False).astype(np.int64))
    signup = START_MS - (rng.random(n) * 400 * DAY_MS).astype(np.int64)
    signup = np.where(inside, START_MS - (label % 40) * DAY_MS - rng.integers(0, DAY_MS // 2, n), signup)
    card = np.where(inside & (rng.random(n) < 0.5), (1 << 40) + label * 8 + rng.integers(0, 8, n), np.arange(n) + 1)
    made = Outline(
        key=key,
        events=events,
        tokens_out=events * 400,
        first_ms=START_MS + rng.integers(0, DAY_MS, n),
        last_ms=START_MS + 6 * DAY_MS + rng.integers(0, DAY_MS, n),
        week=week,
        sample=np.sort(hashed(rng.integers(0, 1 << 62, size=(n, SAMPLE_K)), 11), axis=1),
        sample_count=np.ones((n, SAMPLE_K), np.uint16),
        sample_piece=piece,
        sample_topic=rng.integers(0, 64, size=(n, 2 * SAMPLE_K)).astype(np.uint8),
        slot_piece=piece[:, SAMPLE_K : SAMPLE_K + SLOTS].copy(),
        nets=nets,
        day=np.tile(np.arange(20759, 20763, dtype=np.uint32), (n, 1)),
        day_mask=mask,
        user_agent=(agent + 1).astype(np.uint32),
        ja4=(agent // 3 + 1).astype(np.uint32),
        library=(np.where(inside, 3, agent % 12) + 1).astype(np.uint32),
    )
    no = np.zeros(n, np.bool_)
    known = Registered(
        plan=rng.integers(1, 5, n),
        signup_ms=signup,
        closed_ms=np.where(rng.random(n) < 0.01, START_MS + 3 * DAY_MS, -1),
        organisation=np.zeros(n, np.int64),
        payment=card,
        card_bin=np.where(inside, label % 50, heavy(rng, n, 3000, 0.8)) + 1,
        email_domain=heavy(rng, n, max(n // 5, 10), 1.2) + 1,
        email_class=heavy(rng, n, 4, 1.0) + 1,
        referral=np.where(rng.random(n) < 0.05, heavy(rng, n, 500, 1.0) + 1, 0),
        disposable=no,
        declared=no,
        reseller=no,
    )
    return made, known, label


def resident_gb() -> float:
    """Give what this process holds now (GB)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e9


def run(n: int) -> None:
    """Print one line for a full run over n accounts."""
    made, known, label = accounts(n, 1)
    none: Any = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    gc.collect()
    before = resident_gb()
    began, cpu = time.monotonic(), time.process_time()
    found = coordinate(made, known, none)
    tested = time.monotonic() - began
    belonging = found.memberships()
    took, spent = time.monotonic() - began, time.process_time() - cpu
    inside = np.zeros(n, bool)
    for one in belonging:
        inside[one.rows] = True
    hit, wrong = inside[label >= 0].mean(), inside[label < 0].mean()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{n:>9,} accounts {24 * n:>11,} slots  {len(found.tested.groups):>8,} groups  {len(belonging):>5} entities"
        f"  tests {tested:6.1f} s  all {took:6.1f} s ({spent:6.1f} CPU s)  outline {before:5.2f} GB  peak {peak:5.2f} GB"
        f"  planted found {hit:.3f}  others taken in {wrong:.5f}",
        flush=True,
    )


if __name__ == "__main__":
    for size in [int(arg) for arg in sys.argv[1:]] or [10_000, 100_000, 1_000_000]:
        run(size)
