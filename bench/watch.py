"""Watch: how fast the spool takes events in, and how fast a watch folds what lies in it, on one core.

    python bench/watch.py FOLDER [EVENTS] [ACCOUNTS]          default 1000000 10000; FOLDER holds the logs and is made

The logs are those of bench/make_logs.py, JSON lines with prompts of about 300 bytes. They are read into frames of 256
events, as a busy gateway sends them. Then one process, held to one processor, drains them: unseal, join, fold.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from stillwatch.config import DEFAULT
from stillwatch.ingest.accounts import EMPTY
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key, read_key
from stillwatch.ingest.read import Reading, read_source
from stillwatch.ingest.sources import OpenSource, expand
from stillwatch.model.event import EventBatch
from stillwatch.serve.watch.measures import Measures
from stillwatch.serve.watch.watch import Watch, Watched
from stillwatch.store.spool.batches import shut_batch
from stillwatch.store.spool.writer import Spool

FRAME = 256
CONFIG = replace(DEFAULT, threads=1)


def filled(folder: Path) -> tuple[int, int, float, float]:
    """Fill the spool: events, bytes, seconds of putting, CPU seconds of reading and putting."""
    key = create_key(folder / "bench.key") if not (folder / "bench.key").exists() else read_key(folder / "bench.key")
    shutil.rmtree(folder / "watch", ignore_errors=True)
    spool = Spool(folder / "watch" / "spool", most_bytes=64 << 30)
    reading = Reading(config=CONFIG, door=Door(key))
    events, took, cpu = 0, 0.0, time.process_time()
    with ThreadPoolExecutor(1) as pool:
        for source in expand([str(folder / "jsonl")]):
            opened = OpenSource(source)
            for piece in read_source(opened, reading, pool, 1, lambda _: None):
                columns = piece.batch.columns
                frames = [
                    shut_batch(EventBatch(columns.slice(at, FRAME), piece.batch.provenance), {"at_ms": 0})
                    for at in range(0, len(piece.batch), FRAME)
                ]
                began = time.perf_counter()
                for done in [spool.put(frame) for frame in frames]:
                    done.result()
                took += time.perf_counter() - began
                events += len(piece.batch)
            opened.close()
    size = spool.nbytes
    spool.close()
    return events, size, took, time.process_time() - cpu


def drain(folder: Path) -> dict[str, float]:
    """Drain the spool here, on one processor."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    watch = Watch(folder / "watch", read_key(folder / "bench.key"), Watched(CONFIG, EMPTY), Measures())
    began, cpu, events = time.perf_counter(), time.process_time(), 0
    while came := watch.drain(0):
        events += came
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    began, cpu = time.perf_counter(), time.process_time()
    watch.examine(0)
    examine_s = time.process_time() - cpu
    cpu = time.process_time()
    watch.checkpoint(0)
    checkpoint_s = time.process_time() - cpu
    accounts = len(watch.engine)
    watch.close()
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {
        "events": events,
        "accounts": accounts,
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "examine_cpu_s": examine_s,
        "checkpoint_cpu_s": checkpoint_s,
        "peak_gb": peak_gb,
    }


def main() -> None:
    """Make logs, fill, drain, tell."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("events", nargs="?", type=int, default=1_000_000)
    asked.add_argument("accounts", nargs="?", type=int, default=10_000)
    asked.add_argument("--drain", action="store_true", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.drain:
        print(json.dumps(drain(given.folder)))
        return
    if not (given.folder / "jsonl").exists():
        here = Path(__file__).parent
        command = [
            sys.executable,
            str(here / "make_logs.py"),
            str(given.folder),
            str(given.events),
            str(given.accounts),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    events, size, took, cpu = filled(given.folder)
    print(f"put      {events:>10,.0f} events in frames of {FRAME}, {size / events:.0f} bytes an event on the disk")
    print(
        f"         {events / took:>10,.0f} events a second to the disk; {events / cpu:,.0f} a CPU second with reading"
    )
    command = [sys.executable, __file__, str(given.folder), "--drain"]
    one = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(
        f"drain    {one['events'] / one['wall_s']:>10,.0f} events a second, {one['events'] / one['cpu_s']:,.0f} a CPU"
        f" second, one core; peak {one['peak_gb']:.2f} GB"
    )
    print(
        f"examine  {one['accounts']:>10,.0f} accounts in {one['examine_cpu_s']:.2f} CPU s;"
        f" checkpoint {one['checkpoint_cpu_s']:.2f} CPU s"
    )


if __name__ == "__main__":
    main()
