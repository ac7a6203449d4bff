"""Standing of a million accounts: time of a look-up, of a refresh, memory, time to load.

python bench/standing.py [accounts]
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from stillwatch.model.decision import Action, Decision
from stillwatch.store.database import Database
from stillwatch.store.decisions import record
from stillwatch.store.standing import StandingTable

NOW = 1_790_000_000_000
A_DECISION = Decision(
    "", 0, Action.THROTTLE, "no-model-copying", "lab@1", "", ("A fact with 12 numbers.",), "Slowed down until {until}.",
    "https://lab.example/appeals/", NOW, NOW + 86_400_000, "policy", shadow=False, at_ms=NOW,
)  # fmt: skip


def filled(path: Path, count: int) -> tuple[float, list[int]]:
    """Record one decision for each of many accounts, ten thousand a transaction; gives processor seconds and accounts."""
    draw = random.Random(7)  # noqa: S311
    accounts = [draw.getrandbits(64) - (1 << 63) for _ in range(count)]
    database = Database(path)
    begun = time.process_time()
    for start in range(0, count, 10_000):
        record(
            database,
            [
                replace(A_DECISION, id=f"d-{n:020x}", account=accounts[n], campaign=f"C{n % 50}" if n % 3 else "")
                for n in range(start, min(start + 10_000, count))
            ],
            NOW,
        )
    took = time.process_time() - begun
    database.close()
    return took, accounts


def per_call(table: StandingTable, accounts: list[int]) -> tuple[float, float]:
    """Time look-ups (ns of processor time and ns of the clock each); the two differ where others use the machine."""
    begun, clock = time.thread_time_ns(), time.perf_counter_ns()
    for account in accounts:
        table.get(account, NOW)
    return (time.thread_time_ns() - begun) / len(accounts), (time.perf_counter_ns() - clock) / len(accounts)


def main(count: int) -> None:
    """Run all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stillwatch.db"
        took, accounts = filled(path, count)
        print(
            f"recorded {count:,} decisions in {took:.1f} s of processor time: {took / count * 1e6:.0f} us each, {path.stat().st_size / 1e6:,.0f} MB"
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.perf_counter()
        table = StandingTable(path, NOW)
        print(
            f"loaded in {time.perf_counter() - begun:.1f} s; {table.bytes_held / 1e6:.0f} MB held, {table.bytes_held / count:.0f} bytes an account, peak RSS +{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3:.0f} MB"
        )
        draw = random.Random(8)  # noqa: S311
        known = draw.sample(accounts, min(200_000, count))
        unknown = [draw.getrandbits(64) - (1 << 63) for _ in range(200_000)]
        for name, asked in (("restricted", known), ("in good standing", unknown)):
            cpu, clock = sorted(per_call(table, asked) for _ in range(5))[2]
            print(f"{name}: {cpu:.0f} ns of processor time a look-up, {clock:.0f} ns by the clock (median of 5 runs)")
        begun = time.perf_counter_ns()
        for _ in range(10_000):
            table.refresh()
        print(f"refresh without a change: {(time.perf_counter_ns() - begun) / 1e4:.0f} ns")
        database = Database(path)
        for number in (1, 1_000):
            record(database, [replace(A_DECISION, id=f"e-{number}-{n}", account=n) for n in range(number)], NOW)
            begun = time.perf_counter_ns()
            table.refresh()
            print(f"refresh after {number:,} changed accounts: {(time.perf_counter_ns() - begun) / 1e6:.2f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
