"""Worlds the tests of this room share, built once, and a few ways to look at them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from stillwatch.simulate import SMALL, WIDE, World, WorldSpec, build_world

if TYPE_CHECKING:
    from pathlib import Path

START_MS = 1_795_392_000_000
TINY_START_MS = START_MS + 12 * 3_600_000
TINY = WorldSpec(
    interactive=6,
    developer=3,
    batch_app=2,
    evaluation=4,
    researcher=2,
    reseller=1,
    fast_distiller=3,
    slow_distiller=4,
    slow_operators=2,
    days=1,
)


@lru_cache(maxsize=1)
def small() -> World:
    return build_world(SMALL, seed=11, start_ms=START_MS)


@lru_cache(maxsize=1)
def wide() -> World:
    return build_world(WIDE, seed=11, start_ms=START_MS)


@lru_cache(maxsize=1)
def tiny() -> World:
    return build_world(TINY, seed=5, start_ms=TINY_START_MS)


@lru_cache(maxsize=1)
def sample() -> World:
    """Some hundred events: whatever is rare in the tiny world, every twelfth of its rest, some with a sampling seed."""
    events = tiny().events
    length = pa.compute.list_value_length(events["binding_mismatch"])
    rare = pa.compute.or_kleene(pa.compute.greater(length, 0), pa.compute.is_valid(events["refusal_category"]))
    kept = np.flatnonzero(pa.compute.fill_null(rare, fill_value=False).to_numpy())[:200]
    rows = np.union1d(kept, np.arange(0, events.num_rows, 12))
    seeded = small().events.filter(pa.compute.is_valid(small().events["seed"]))[:5]
    events = pa.concat_tables([events.take(pa.array(rows)), seeded]).sort_by("ts_ms")
    return replace(tiny(), events=events.combine_chunks())


def of_persona(world: World, persona: str) -> pa.Table:
    """Events of one persona, in their order."""
    accounts = accounts_of(world, persona)
    return world.events.filter(pa.compute.is_in(world.events["account_id"], pa.array(accounts)))


def accounts_of(world: World, persona: str) -> list[str]:
    truth = world.truth
    return truth.filter(pa.compute.equal(truth["persona"], persona))["account_id"].to_pylist()


def per_account(events: pa.Table, column: str) -> list[list]:
    """Values of a column, one list an account."""
    grouped = events.select(["account_id", column]).group_by("account_id").aggregate([(column, "list")])
    return grouped[f"{column}_list"].to_pylist()


def owners(events: pa.Table, column: str, owner: str) -> dict[str, set[str]]:
    """Artefact -> who received or carried it."""
    found = defaultdict(set)
    for who, artefacts in zip(events[owner].to_pylist(), events[column].to_pylist(), strict=True):
        for one in artefacts or []:
            found[one].add(who)
    return found


def foreign_replays(events: pa.Table, owner: str = "org_id") -> int:
    """Artefacts that somebody carried who did not receive them."""
    born = owners(events, "artefacts_born", owner)
    return sum(bool(who - born[one]) for one, who in owners(events, "artefacts_carried", owner).items())


def gaps_s(events: pa.Table) -> list[np.ndarray]:
    return [np.diff(np.sort(np.array(times))) / 1000.0 for times in per_account(events, "ts_ms") if len(times) > 20]


def write_prompts(folder: Path, rows: list[dict]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    columns = ("cls", "source", "subtype", "account_id", "conv_id", "turn", "role", "extra", "system", "prompt")
    kinds = {"turn": pa.int32()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in columns])
    full = [{name: row.get(name) for name in columns} for row in rows]
    pa.parquet.write_table(pa.Table.from_pylist(full, schema=schema), folder / "prompts.parquet")
    return folder
