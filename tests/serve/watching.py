"""A small watch over made-up records."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stillwatch.config import DEFAULT
from stillwatch.ingest.accounts import EMPTY
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key, read_key
from stillwatch.ingest.read import Reading
from stillwatch.serve.watch.intake import Intake, Open
from stillwatch.serve.watch.measures import Measures
from stillwatch.serve.watch.watch import Watch, Watched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    from stillwatch.ingest.keys import PseudonymKey
    from stillwatch.sketches.layout import Arrays

START_MS = 1_793_577_600_000
CONFIG = replace(DEFAULT, buckets=4, threads=2, dedupe_window=1 << 14, artefact_pairs=10_000, print_pairs=10_000)


def key_of(tmp_path: Path) -> PseudonymKey:
    path = tmp_path / "test.key"
    return read_key(path) if path.exists() else create_key(path)


def reading_of(tmp_path: Path) -> Reading:
    return Reading(config=CONFIG, door=Door(key_of(tmp_path)))


def watch_of(tmp_path: Path, measures: Measures | None = None, **watched: Any) -> Watch:
    made = Watched(CONFIG, watched.pop("accounts", EMPTY), **watched)
    return Watch(tmp_path / "watch", key_of(tmp_path), made, measures or Measures())


def intake_of(
    tmp_path: Path,
    watch: Watch,
    pool: ThreadPoolExecutor,
    measures: Measures | None = None,
    secrets: Mapping[str, bytes] | None = None,
    **opened: Any,
) -> Intake:
    made = Open(reading_of(tmp_path), secrets or {}, **opened)
    return Intake(made, watch.spool, measures or Measures(), lambda: "", lambda: START_MS, pool)


def record(k: int, account: str = "") -> dict[str, Any]:
    return {
        "event_id": f"event-{k}",
        "ts_ms": START_MS + 1000 * k,
        "account_id": account or f"team-{k % 7}",
        "model_requested": "m",
        "tokens_in": 100 + k,
        "tokens_out": 400,
        "prompt": f"Explain number {k} in {k % 5} words, step by step.",
    }


def lines(first: int, last: int) -> bytes:
    return b"".join(json.dumps(record(k)).encode() + b"\n" for k in range(first, last))


def drained(watch: Watch) -> int:
    events = 0
    while came := watch.drain(START_MS):
        events += came
    return events


def state_of(watch: Watch) -> list[tuple[str, bytes]]:
    """Every account's row, by account: what must be equal however events came."""
    arrays: Arrays = watch.engine.arrays()
    order = np.argsort(arrays.key)
    return [(name, getattr(arrays, name)[order].tobytes()) for name in arrays._fields]
