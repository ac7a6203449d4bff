"""The fold alone, on one core: events a second and bytes an account, at 50,000 and at a million accounts.

    python bench/kernel.py

The last line is JSON. Prompts are about 300 bytes; every account gets its first event before the clock starts.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np
import pyarrow as pa

from stillwatch.model.event import EVENT_SCHEMA, Clock, EventBatch, Identity, Provenance
from stillwatch.sketches.columns import columns
from stillwatch.sketches.state import AccountState, Keys
from stillwatch.sketches.tables import tables

EVENTS = 65_536
START_MS = 1_793_577_600_000
WEEK_MS = 7 * 86_400_000


def batch(rng: np.random.Generator, account: np.ndarray, texts: pa.Array) -> EventBatch:
    """Make one batch of events of given accounts."""
    n = account.shape[0]
    made = {f.name: pa.nulls(n, f.type) for f in EVENT_SCHEMA}
    ids = {"event_id", "client_ip", "client_net", "user_agent", "session_id", "credential_id"}
    made |= {name: pa.array(rng.integers(1, 1 << 62, n)) for name in ids}
    made["account_id"] = pa.array(account)
    made["ts_ms"] = pa.array(np.sort(START_MS + rng.integers(0, WEEK_MS, n)))
    made["model_served"] = pa.array(np.array(["m-large", "m-small", "m-code"])[rng.integers(0, 3, n)])
    made["status"] = pa.array(np.full(n, 200, np.int16))
    made["finish_reason"] = pa.array(np.zeros(n, np.uint8))
    for name in ("tokens_in", "tokens_out", "completion_chars", "max_tokens"):
        made[name] = pa.array(rng.integers(1, 2000, n).astype(np.int32))
    made["n_turns"] = pa.array(np.ones(n, np.int16))
    made["temperature"] = pa.array(np.full(n, 0.7, np.float32))
    made["prompt"] = texts.take(pa.array(rng.integers(0, len(texts), n)))
    arrays = [made[f.name].cast(f.type) for f in EVENT_SCHEMA]
    return EventBatch(
        pa.RecordBatch.from_arrays(arrays, schema=EVENT_SCHEMA), Provenance("bench", Identity.KEY, Clock.LOG)
    )


def spread(numbers: np.ndarray) -> np.ndarray:
    """Turn account numbers into pseudonyms."""
    return ((numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)).view(np.int64)


def measure(accounts: int) -> dict[str, float]:
    """Fold batches over that many accounts, drawn evenly: the hardest case for the memory."""
    rng = np.random.default_rng(7)
    words = np.array(
        [f"{a}{b}" for a in ("ter", "mon", "gal", "ist", "re") for b in ("ion", "ate", "ing", "er", "ous")]
    )
    texts = pa.array(
        [" ".join(row).encode() for row in words[rng.integers(0, len(words), (20_000, 48))]], pa.large_binary()
    )
    state, table = AccountState(Keys(1, 2)), tables()
    for first in range(0, accounts, EVENTS):
        numbers = np.arange(first, min(first + EVENTS, accounts))
        state.fold(columns(batch(rng, spread(numbers), texts)), np.arange(numbers.shape[0]), table)
    spent = []
    for _ in range(8):
        cols = columns(batch(rng, spread(rng.integers(0, accounts, EVENTS)), texts))
        start = time.process_time()
        state.fold(cols, np.arange(EVENTS), table)
        spent.append((time.process_time() - start) / EVENTS)
    return {
        "events_per_s": 1 / float(np.median(spent)),
        "bytes_an_account": state.nbytes / accounts,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    sizes = [int(text) for text in sys.argv[1:]] or [50_000, 1_000_000]
    found = {f"fold alone, one core, {accounts:,} accounts": measure(accounts) for accounts in sizes}
    for name, row in found.items():
        print(name, {key: round(value) for key, value in row.items()})
    print(json.dumps(found))
