"""A provider without a campaign: customers of products, plans with habits of their own, values of heavy tail.

Everything that ordinary groups have in common is in it: one product's template and client, one plan's issuers and
networks, one region's providers. Nothing is coordinated, so whatever is validated here is false.
"""

from __future__ import annotations

import numpy as np

from stillwatch.coordination.coordinate import Coordination, coordinate
from stillwatch.coordination.outline import NO_NETWORK, NO_PIECE, Outline
from stillwatch.coordination.tested import ALL, Guards
from stillwatch.model.registered import Registered
from stillwatch.sketches.layout import EMPTY_HASH, EMPTY_ID, NO_TOPIC, SAMPLE_K, SLOTS

START_MS = 1_793_577_600_000
DAY_MS = 86_400_000
PLANS = 3
PRODUCT_SIZES = (4, 60)


def popular(rng: np.random.Generator, n: int, values: int, tail: float = 1.0) -> np.ndarray:
    weight = 1.0 / np.arange(1, values + 1) ** tail
    return np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random(n)).astype(np.int64)


def blank(n: int) -> Outline:
    """n accounts of which nothing is known but that they sent 50 requests over six days."""
    return Outline(
        key=np.arange(1, n + 1, dtype=np.int64),
        events=np.full(n, 50, np.int64),
        tokens_out=np.full(n, 9_000, np.int64),
        first_ms=np.full(n, START_MS, np.int64),
        last_ms=np.full(n, START_MS + 6 * DAY_MS, np.int64),
        week=np.zeros((n, 168), np.uint16),
        sample=np.full((n, SAMPLE_K), EMPTY_HASH, np.uint64),
        sample_count=np.zeros((n, SAMPLE_K), np.uint16),
        sample_piece=np.full((n, 3 * SAMPLE_K), NO_PIECE, np.uint32),
        sample_topic=np.full((n, 2 * SAMPLE_K), NO_TOPIC, np.uint8),
        slot_piece=np.full((n, SLOTS), NO_PIECE, np.uint32),
        nets=np.full((n, 8), NO_NETWORK, np.uint64),
        day=np.full((n, 4), EMPTY_ID, np.uint32),
        day_mask=np.zeros((n, 4), np.uint64),
        user_agent=np.zeros(n, np.uint32),
        ja4=np.zeros(n, np.uint32),
        library=np.zeros(n, np.uint32),
    )


def world(seed: int, n: int = 3000) -> tuple[Outline, Registered]:
    """An ordinary provider; each plan has its own issuers, networks and clients, products stay within a plan."""
    rng = np.random.default_rng(seed)
    made = blank(n)
    plan = rng.integers(0, PLANS, n)
    product = np.full(n, -1, np.int64)
    for number in range(n // 40):
        size = int(rng.integers(*PRODUCT_SIZES))
        mine = np.flatnonzero((plan == number % PLANS) & (product < 0))
        product[rng.permutation(mine)[:size]] = number
    uses = product >= 0
    piece = rng.integers(0, 1 << 32, size=(n, SAMPLE_K), dtype=np.int64)
    piece[uses, :6] = (product[uses] * 7919 + 13)[:, None]
    made.sample_piece[:, SAMPLE_K : 2 * SAMPLE_K] = piece
    made.sample[:] = rng.integers(0, 1 << 62, size=(n, SAMPLE_K))
    made.sample_count[:] = 1
    made.sample_topic[:] = (popular(rng, n, 16)[:, None] * 4 + rng.integers(0, 12, size=(n, 2 * SAMPLE_K))) % 64
    made.events[:] = np.maximum(np.exp(rng.normal(4.0, 1.1, n)), 1)
    made.day[:] = np.arange(20759, 20763, dtype=np.uint32)
    for _ in range(4):
        made.day_mask[:] |= np.uint64(1) << rng.integers(20, 64, size=(n, 4)).astype(np.uint64)
    np.add.at(made.week, (np.repeat(np.arange(n), 12), rng.integers(8, 160, size=12 * n)), 1)
    made.nets[:, 0] = 1_000_000 + np.arange(n)
    made.nets[:, 1] = np.where(rng.random(n) < 0.35, plan * 50 + popular(rng, n, 12, 1.4), 2_000_000 + np.arange(n))
    made.nets.sort(axis=1)
    made.library[:] = 1 + plan * 3 + rng.integers(0, 3, n)
    made.user_agent[:] = made.library * 20 + popular(rng, n, 12)
    made.ja4[:] = made.library * 5 + popular(rng, n, 4)
    known = Registered(
        plan=plan + 1,
        signup_ms=START_MS - (rng.random(n) * 300 * DAY_MS).astype(np.int64),
        closed_ms=np.where(rng.random(n) < 0.005, START_MS + 2 * DAY_MS, -1),
        organisation=np.zeros(n, np.int64),
        payment=np.arange(1, n + 1),
        card_bin=1 + plan * 400 + popular(rng, n, 200, 1.5),
        email_domain=1 + np.where(rng.random(n) < 0.4, plan * 10 + popular(rng, n, 4), 5_000 + np.arange(n)),
        email_class=1 + plan,
        referral=np.zeros(n, np.int64),
        disposable=np.zeros(n, np.bool_),
        declared=np.zeros(n, np.bool_),
        reseller=np.zeros(n, np.bool_),
    )
    return made, known


def run(outline: Outline, known: Registered, guards: Guards = ALL, alpha: float = 1e-3) -> Coordination:
    nothing = np.zeros(0, np.int64)
    return coordinate(outline, known, (nothing, nothing), guards=guards, alpha=alpha)
