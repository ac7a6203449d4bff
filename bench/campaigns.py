"""Campaigns at scale: time and memory of a full run over made-up accounts, and of what an hour changes.

    python bench/campaigns.py [--plot FILE.svg] [ACCOUNTS ...]          default 10000 30000 100000 300000 1000000

Each size runs in a process of its own, so that its peak memory is its own; --plot draws the processor seconds of the
full run and of the hour against accounts, both axes logarithmic, with the line of straight growth.

Accounts are outlines, as the state gives them: 24 sampled prompts each, with rare and common templates of heavy tail,
networks, clients, cards, sign-ups, hours and days of work; one in fifty belongs to a planted campaign of 8 to 300.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stillwatch.coordination.coordinate import coordinate
from stillwatch.coordination.delta import recoordinate
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


def run(n: int) -> dict[str, float]:
    """Measure a full run over n accounts, and the hour after it."""
    made, known, label = accounts(n, 1)
    none: Any = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    gc.collect()
    outline_gb = resident_gb()
    began, cpu = time.monotonic(), time.process_time()
    found = coordinate(made, known, none)
    belonging = found.memberships()
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
    inside = np.zeros(n, bool)
    for one in belonging:
        inside[one.rows] = True
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    changed = hour(made, known, 0.05, 2)
    began, cpu = time.monotonic(), time.process_time()
    recoordinate(found, *changed, none).memberships(belonging)
    return {
        "accounts": n,
        "groups": len(found.tested.groups),
        "entities": len(belonging),
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "outline_gb": outline_gb,
        "peak_gb": peak_gb,
        "planted_found": float(inside[label >= 0].mean()),
        "others_taken_in": float(inside[label < 0].mean()),
        "hour_wall_s": time.monotonic() - began,
        "hour_cpu_s": time.process_time() - cpu,
    }


def hour(made: Outline, known: Registered, share: float, seed: int) -> tuple[Outline, Registered]:
    """Let some accounts send two new prompts each, one in four from a new network and one in ten of a known template."""
    rng = np.random.default_rng(seed)
    n = made.key.shape[0]
    rows = np.sort(rng.choice(n, int(n * share), replace=False))
    some = Outline._make(column[rows].copy() for column in made)
    for k in (3, 11):
        fresh = rng.integers(0, 1 << 32, size=rows.shape[0], dtype=np.int64)
        lent = made.sample_piece[rng.integers(0, n, rows.shape[0]), SAMPLE_K + k]
        some.sample_piece[:, SAMPLE_K + k] = np.where(rng.random(rows.shape[0]) < 0.1, lent, fresh)
        some.sample[:, k] = rng.integers(0, 1 << 62, size=rows.shape[0])
    roams = rng.random(rows.shape[0]) < 0.25
    some.nets[roams, 0] = hashed((1 << 40) + rng.integers(0, 4 * n, size=int(roams.sum())), 3)
    some.nets.sort(axis=1)
    some.events[:] += 2
    theirs = {name: getattr(known, name)[rows] for name in Registered.__slots__}
    return some, Registered(**theirs)


def told(one: dict[str, float]) -> str:
    """Say one measurement on a line."""
    return (
        f"{one['accounts']:>9,.0f} accounts {24 * one['accounts']:>11,.0f} slots  {one['groups']:>8,.0f} groups"
        f"  {one['entities']:>4.0f} entities  full {one['wall_s']:6.1f} s ({one['cpu_s']:6.1f} CPU s)"
        f"  outline {one['outline_gb']:5.2f} GB  peak {one['peak_gb']:5.2f} GB  planted found {one['planted_found']:.3f}"
        f"  others taken in {one['others_taken_in']:.5f}  hour, 5 % changed {one['hour_wall_s']:5.1f} s"
        f" ({one['hour_cpu_s']:5.1f} CPU s, {one['hour_cpu_s'] / one['cpu_s']:.0%})"
    )


def drawn(rows: list[dict[str, float]]) -> str:
    """Draw processor seconds against accounts, both logarithmic."""
    wide, high, left, base = 560, 320, 60, 274
    low, most = np.log10(rows[0]["accounts"]), np.log10(rows[-1]["accounts"])
    floor = np.log10(min(one["hour_cpu_s"] for one in rows))
    top = np.log10(max(one["cpu_s"] for one in rows)) + 0.3

    def place(x: float, y: float) -> str:
        across = left + (wide - left - 20) * (np.log10(x) - low) / max(most - low, 1e-9)
        return f"{across:.1f} {base - (base - 16) * (np.log10(y) - floor) / (top - floor):.1f}"

    def path(points: list[str], style: str) -> str:
        return f'<path d="M{"L".join(points)}" fill="none" {style}/>'

    per = rows[0]["cpu_s"] / rows[0]["accounts"]
    parts = [
        f'<rect width="{wide}" height="{high}" fill="#fff"/><style>text{{font:12px sans-serif}}</style>',
        f'<path d="M{left} 16V{base}H{wide - 20}" fill="none" stroke="#444"/>',
        path([place(one["accounts"], one["accounts"] * per) for one in rows], 'stroke="#999" stroke-dasharray="4 4"'),
    ]
    for name, key, colour, y in (
        ("full run", "cpu_s", "#1f6f8b", 30),
        ("hour, 5 % changed", "hour_cpu_s", "#b5432e", 46),
    ):
        parts.append(path([place(one["accounts"], one[key]) for one in rows], f'stroke="{colour}" stroke-width="1.5"'))
        parts.append(f'<text x="{left + 12}" y="{y}" fill="{colour}">{name}</text>')
    for one in rows:
        x = place(one["accounts"], 1.0).split()[0]
        parts.append(f'<text x="{x}" y="{base + 16}" text-anchor="middle" fill="#444">{one["accounts"]:,.0f}</text>')
        for key in ("cpu_s", "hour_cpu_s"):
            x, y = place(one["accounts"], one[key]).split()
            parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="#444"/>')
            parts.append(f'<text x="{x}" y="{float(y) - 8:.1f}" text-anchor="end" fill="#444">{one[key]:.1f} s</text>')
    parts.append(f'<text x="{(left + wide) / 2}" y="{high - 8}" text-anchor="middle" fill="#444">accounts</text>')
    title = "Processor seconds of a run over campaigns against accounts; dashed: straight growth"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img"><title>{title}</title>'
        + "".join(parts)
        + "</svg>\n"
    )


def main() -> None:
    """Run one size here, or each of several in a process of its own."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("accounts", nargs="*", type=int, default=[10_000, 30_000, 100_000, 300_000, 1_000_000])
    asked.add_argument("--plot", type=Path)
    asked.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.one:
        run(3_000)  # compiles
        print(json.dumps(run(given.accounts[0])))
        return
    rows = []
    for size in given.accounts:
        command = [sys.executable, __file__, "--one", str(size)]
        rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        print(told(rows[-1]), flush=True)
    if given.plot:
        given.plot.write_text(drawn(rows))


if __name__ == "__main__":
    main()
