"""The exchange's log and its STIX: entries appended a second, time of a proof, objects decoded and validated a second.

python bench/exchange_log.py [entries]
"""

from __future__ import annotations

import random
import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.model.merkle import Frontier, grow, leaf_hash
from stillwatch.serve.hub.log import record
from stillwatch.sharing.stix.build import campaign
from stillwatch.sharing.stix.check import read
from stillwatch.sharing.transparency.leaves import SALT_BYTES, commit
from stillwatch.sharing.transparency.merkle import check_inclusion, inclusion
from stillwatch.store.exchange import log

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from sharing.logs import Store
from sharing.told import SOURCE, TOLD

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 100
BODY = {
    "member": "m-3f9a01c2",
    "object": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
    "sha256": "5f" * 32,
    "version": "2026-11-27T00:00:00.000Z",
}


def rate(count: int, step: Callable[[], object]) -> tuple[float, float]:
    """Give how many a second of processor time, and of the clock."""
    begun, clock = time.process_time(), time.perf_counter()
    step()
    return count / (time.process_time() - begun), count / (time.perf_counter() - clock)


def proofs(store: Store, size: int, indexes: list[int]) -> list[float]:
    """Time proofs of inclusion, each read from the disk's tiles anew (µs)."""
    took = []
    root = log.edge(store.connection).root
    for index in indexes:
        begun = time.perf_counter_ns()
        proof = inclusion(index, size, log.Nodes(store.connection))
        took.append((time.perf_counter_ns() - begun) / 1000)
        entry = log.entry(store.connection, index)
        assert entry is not None
        check_inclusion(leaf_hash(entry.digest), index, size, proof, root)
    return took


def told(name: str, took: list[float]) -> None:
    """Print the middle and the 95th percentile."""
    print(f"{name}: p50 {statistics.median(took):.0f} µs, p95 {sorted(took)[int(0.95 * len(took))]:.0f} µs")


def transparency(size: int) -> None:
    """Append, then prove."""
    leaves = [leaf_hash(n.to_bytes(8, "big")) for n in range(200_000)]
    print(f"tree alone: {rate(len(leaves), lambda: grow(Frontier(), leaves))[0]:,.0f} leaves/s CPU")
    salts = [secrets.token_bytes(SALT_BYTES) for _ in range(20_000)]
    cpu, _ = rate(len(salts), lambda: [commit("submission", BODY, 1_790_000_000_000_000, salt) for salt in salts])
    print(f"commitments: {cpu:,.0f}/s CPU")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "hub.db")

        def append(batch: int, count: int) -> None:
            for _ in range(0, count, batch):
                with store.writing() as connection:
                    record(connection, [("submission", BODY)] * batch, 1_790_000_000_000_000, secrets.token_bytes)

        cpu, clock = rate(size, lambda: append(BATCH, size))
        print(f"{size:,} entries in batches of {BATCH}, each on the disk: {clock:,.0f}/s, {cpu:,.0f}/s CPU")
        cpu, clock = rate(500, lambda: append(1, 500))
        print(f"one by one: {clock:,.0f}/s")
        held = log.edge(store.connection).size
        draw = random.Random(7)  # noqa: S311
        told(f"inclusion, newest of {held:,}", proofs(store, held, list(range(held - 1000, held))))
        told("inclusion, anywhere", proofs(store, held, [draw.randrange(held) for _ in range(1000)]))
        nbytes = Path(store.connection.execute("PRAGMA database_list").fetchone()[2]).stat().st_size
        print(f"{nbytes / held:.0f} bytes on the disk an entry")


def stix(rounds: int) -> None:
    """Decode and validate the objects of a campaign."""
    objects = campaign(TOLD, SOURCE)
    (indicator,) = [one for one in objects if one.startswith(b'{"type":"indicator"')]
    cpu, _ = rate(rounds * len(objects), lambda: [read(one) for _ in range(rounds) for one in objects])
    print(f"objects of a campaign decoded and validated: {cpu:,.0f}/s CPU")
    cpu, _ = rate(rounds * 10, lambda: [read(indicator) for _ in range(rounds * 10)])
    print(f"indicators of {len(indicator):,} bytes decoded and validated: {cpu:,.0f}/s CPU")
    cpu, _ = rate(rounds, lambda: [campaign(TOLD, SOURCE) for _ in range(rounds)])
    print(f"campaigns of {len(objects)} objects built: {cpu:,.0f}/s CPU")


if __name__ == "__main__":
    stix(2_000)
    transparency(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
