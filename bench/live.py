"""A world of campaigns replayed live, its clock sped up: what leaks before a decision, and who is wrongly decided about.

    python bench/live.py [--seeds 3] [--every 1] [--days 7] [--json]

Each world (`simulate --world hydra`) goes through a real watch hour by hour of its own time: spool, fold, a look at
accounts that changed, a search for campaigns every so many hours, the shipped terms `frontier-lab` (moved so that they
are in force), guards at their defaults, decisions in a store. Nobody answers what waits for a person and nothing is
enforced, so that campaigns go on as if nobody watched. What waits for a person counts as decided: the campaigns here
are more than a hundredth of all accounts, so that the guards rightly let nothing restrict by itself.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from stillwatch.config import DEFAULT
from stillwatch.enforcement.rules import DEFAULT as RULES
from stillwatch.evaluate.campaigns.leak import until, watched
from stillwatch.ingest.accounts import EMPTY, read_accounts
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key
from stillwatch.ingest.read import Reading, read_source
from stillwatch.ingest.sources import OpenSource, expand
from stillwatch.judging import TermsJudge
from stillwatch.model.event import EventBatch
from stillwatch.policy.shipped import shipped
from stillwatch.serve.watch.measures import Measures
from stillwatch.serve.watch.watch import Watch, Watched
from stillwatch.simulate import HYDRA, build_world, write_world
from stillwatch.store.database import Database
from stillwatch.store.spool.batches import shut_batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stillwatch.model.terms import Terms
    from stillwatch.simulate import World, WorldSpec

START_MS = 1_793_577_600_000
HOUR_MS = 3_600_000


def terms() -> Terms:
    """Give the frontier laboratory's terms, in force in the world's time."""
    made = shipped("frontier-lab").terms
    clauses = tuple(replace(one, from_ms=START_MS, until_ms=START_MS + 400 * 24 * HOUR_MS) for one in made.clauses)
    return replace(made, clauses=clauses)


def decided(file: Path) -> dict[int, tuple[int, int]]:
    """Read account -> (first moment something other than observing was decided or put before a person, strictest)."""
    with sqlite3.connect(file) as store:
        rows = store.execute("SELECT account, at_ms, action FROM decisions WHERE shadow = 0 AND action > 0").fetchall()
        rows += [
            (account, at_ms, json.loads(body)["action"])
            for account, at_ms, body in store.execute("SELECT account, at_ms, body FROM waiting")
        ]
    found: dict[int, tuple[int, int]] = {}
    for account, at_ms, action in rows:
        first, strictest = found.get(account, (at_ms, action))
        found[account] = min(first, at_ms), max(strictest, action)
    return found


def replay(seed: int, every_h: float, days: int) -> dict[str, object]:
    """Replay one world."""
    spec = replace(HYDRA, days=days)
    world = build_world(spec, seed, START_MS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_world(world, folder, "native", ".parquet", "one")
        key = create_key(folder / "key")
        door = Door(key)
        reading, batches = Reading(config=DEFAULT, door=door, log_format="native"), []
        with ThreadPoolExecutor(1) as pool:
            for source in expand([str(folder / "logs")]):
                opened = OpenSource(source)
                batches += [piece.batch for piece in read_source(opened, reading, pool, 1, lambda _: None)]
                opened.close()
        origin = batches[0].provenance
        table = pa.Table.from_batches([one.columns for one in batches])
        table = table.take(pc.sort_indices(table, sort_keys=[("ts_ms", "ascending")])).combine_chunks()
        ts = table["ts_ms"].to_numpy()
        judge = TermsJudge(terms(), Database(folder / "store.db"), RULES)
        measures = Measures()
        watch = Watch(folder / "watch", key, Watched(DEFAULT, EMPTY, judge=judge), measures)
        due = START_MS + every_h * HOUR_MS
        for hour in range(days * 24):
            now = START_MS + (hour + 1) * HOUR_MS
            rows = np.searchsorted(ts, [now - HOUR_MS, now])
            some = table.slice(int(rows[0]), int(rows[1] - rows[0])).combine_chunks().to_batches()
            for one in some:
                watch.spool.put(shut_batch(EventBatch(one, origin), {"at_ms": now})).result()
            while watch.drain(now):
                pass
            # Whoever is closed later is not known to be.
            csv.write_csv(until(world.accounts, now), folder / "accounts.csv")
            watch.told(Watched(DEFAULT, read_accounts(folder / "accounts.csv", door), judge=judge))
            watch.examine(now)
            if now >= due:
                watch.campaigns(now)
                due += every_h * HOUR_MS
        watch.close()
        ids = np.array([door.account(one) for one in world.truth["account_id"].to_pylist()])
        return summed(world, spec, ids, table, decided(folder / "store.db"), measures.taken())


def summed(
    world: World,
    spec: WorldSpec,
    ids: NDArray[np.int64],
    table: pa.Table,
    found: Mapping[int, tuple[int, int]],
    taken: Mapping[str, float],
) -> dict[str, object]:
    """Sum up by campaign and by kind of honest account."""
    truth = {name: world.truth[name].to_pylist() for name in ("campaign", "crowd", "persona")}
    campaign = dict(zip(ids.tolist(), truth["campaign"], strict=True))
    account, ts = table["account_id"].to_numpy(), table["ts_ms"].to_numpy()
    tokens = table["tokens_out"].fill_null(0).to_numpy()
    number = dict(zip(world.truth["account_id"].to_pylist(), ids.tolist(), strict=True))
    rows = []
    for group in watched(world, spec):
        name, members = group.who, {number[one] for one in group.accounts}
        mine = np.isin(account, np.array(sorted(members), np.int64))
        times = sorted(found[one][0] for one in members if one in found)
        first = int(ts[mine].min())
        half = times[(len(members) - 1) // 2] if 2 * len(times) >= len(members) else None
        end = times[0] if times else int(ts.max())
        rows.append(
            {
                "campaign": name,
                "accounts": len(members),
                "decided": len(times),
                "first_h": (times[0] - first) / HOUR_MS if times else None,
                "half_h": (half - first) / HOUR_MS if half else None,
                "requests_before": int((mine & (ts < end)).sum()),
                "tokens_before": int(tokens[mine & (ts < end)].sum()),
                "share_before": float((mine & (ts < end)).sum() / mine.sum()),
            }
        )
    honest: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in set(account.tolist()):
        if not campaign[one]:
            at = int(np.flatnonzero(ids == one)[0])
            kind = truth["crowd"][at] or truth["persona"][at]
            kind = kind.rsplit("-", 1)[0]
            honest[kind][0] += 1
            honest[kind][1] += one in found
            honest[kind][2] += one in found and found[one][1] >= 2
    return {"campaigns": rows, "honest": honest, "taken": taken}


def main() -> None:
    """Replay, tell."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--every", type=float, default=1.0)
    asked.add_argument("--days", type=int, default=7)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    every = [replay(seed, given.every, given.days) for seed in range(401, 401 + given.seeds)]
    if given.json:
        print(json.dumps(every))
        return
    print(
        "campaign         worlds decided  half decided   first decision (h)   half (h)   requests before   tokens before   share"
    )
    names = sorted({row["campaign"] for one in every for row in one["campaigns"]})
    for name in names:
        rows = [row for one in every for row in one["campaigns"] if row["campaign"] == name]
        hit = [row for row in rows if row["first_h"] is not None]
        half = [row["half_h"] for row in rows if row["half_h"] is not None]
        print(
            f"{name:16s} {len(hit):>6}/{len(rows):<7} {len(half):>6}/{len(rows):<6}"
            f" {np.mean([row['first_h'] for row in hit]) if hit else float('nan'):>14.1f}"
            f" {np.mean(half) if half else float('nan'):>15.1f}"
            f" {np.mean([row['requests_before'] for row in rows]):>15.0f}"
            f" {np.mean([row['tokens_before'] for row in rows]):>15,.0f}"
            f" {np.mean([row['share_before'] for row in rows]):>8.0%}"
        )
    total = [0, 0, 0]
    for kind in sorted({kind for one in every for kind in one["honest"]}):
        counts = np.sum([one["honest"].get(kind, [0, 0, 0]) for one in every], axis=0)
        total = [a + int(b) for a, b in zip(total, counts, strict=True)]
        if counts[1]:
            print(
                f"honest {kind:16s} {counts[0]:>6} accounts, decided about {counts[1]}, throttled or stricter {counts[2]}"
            )
    print(f"honest in all          {total[0]:>6} accounts, decided about {total[1]}, throttled or stricter {total[2]}")


if __name__ == "__main__":
    main()
