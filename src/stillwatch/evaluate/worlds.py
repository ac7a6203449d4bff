"""Simulated worlds: what is reported of each persona, and whether replay is found where it is.

Everything here is simulated. It shows that a mechanism works, not how often it is right in the field.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.compute as pc

from stillwatch.detectors import combine
from stillwatch.evaluate.scores import wilson95
from stillwatch.evaluate.tables import Table, rate
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key
from stillwatch.ingest.read import Reading
from stillwatch.ingest.sources import expand
from stillwatch.pipeline import scan
from stillwatch.simulate import WIDE, build_world, read_library, read_traces, write_world

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.scan import ScanResult
    from stillwatch.simulate import Library, Traces, World

START_MS: Final = 1_793_577_600_000
FIRST_SEED: Final = 1_001
"""Worlds of tests and demonstrations have other seeds."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One world, scanned like any other log."""

    world: World
    """The world and its truth."""
    result: ScanResult
    """What a scan says of it."""
    row: NDArray[np.int64]
    """Row of the profile of each account of the truth; -1 for one that sent nothing."""
    persona: tuple[str, ...]
    """Persona of each account of the truth."""
    extracting: NDArray[np.bool_]
    """Whether it extracts."""

    def flagged(self) -> NDArray[np.bool_]:
        """Say which accounts of the truth are reported."""
        return (self.row >= 0) & self.result.ranking.flagged[self.row]


def judge_world(world: World, config: Config) -> Judged:
    """Write a world to disk, scan it, and line the result up with the truth."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_world(world, folder, "native", ".parquet", "one")
        key = create_key(folder / "key")
        door = Door(key)
        reading = Reading(config=config, door=door, log_format="native")
        accounts = read_accounts(folder / "accounts.csv", door)
        result = scan(expand([str(folder / "logs")]), reading, key, accounts)
        known = {int(account): row for row, account in enumerate(result.profile.account)}
        names = world.truth["account_id"].to_pylist()
        row = np.array([known.get(door.account(name), -1) for name in names], np.int64)
    return Judged(
        world,
        result,
        row,
        tuple(world.truth["persona"].to_pylist()),
        np.array(world.truth["extracting"].to_pylist(), np.bool_),
    )


def worlds(
    config: Config, *, seeds: int, scale: float, library: Library | None = None, traces: Traces | None = None
) -> Iterable[Judged]:
    """Build and judge one world a seed."""
    spec = WIDE.scaled(scale) if scale != 1.0 else WIDE
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        yield judge_world(build_world(replace(spec), seed, START_MS, library, traces), config)


def carried_foreign(events: pa.Table, accounts: pa.Table) -> dict[str, int]:
    """Count, the slow and plain way, the artefacts each account sent back that another organisation bore.

    An account without an organisation is its own.
    """
    owner = dict(zip(accounts["account_id"].to_pylist(), accounts["organisation"].to_pylist(), strict=True))
    born: dict[str, tuple[int, str]] = {}
    kept = events.filter(pc.or_(pc.is_valid(events["artefacts_born"]), pc.is_valid(events["artefacts_carried"])))
    rows = kept.select(["ts_ms", "account_id", "artefacts_born", "artefacts_carried"]).to_pylist()
    for row in rows:
        for blob in row["artefacts_born"] or ():
            mine = (row["ts_ms"], owner.get(row["account_id"]) or row["account_id"])
            born[blob] = min(born.get(blob, mine), mine)
    found: dict[str, set[str]] = {}
    for row in rows:
        mine = owner.get(row["account_id"]) or row["account_id"]
        foreign = {blob for blob in row["artefacts_carried"] or () if blob in born and born[blob][1] != mine}
        if foreign:
            found.setdefault(row["account_id"], set()).update(foreign)
    return {account: len(blobs) for account, blobs in found.items()}


@dataclass(slots=True)
class _Tally:
    extracting: bool
    accounts: int = 0
    reported: int = 0
    totals: tuple[float, ...] = ()


def persona_rates(
    config: Config, *, seeds: int, scale: float, prompts: Path | None = None, traces: Path | None = None
) -> tuple[Table, ...]:
    """Count reports by persona over worlds, with every detector and without each, and check replay by a plain join."""
    library = read_library(prompts) if prompts else None
    moments = read_traces(traces) if traces else None
    tally: dict[str, _Tally] = {}
    without: dict[str, dict[str, list[float]]] = {}
    replay = {"replaying accounts": 0, "found": 0, "others": 0, "others accused of replay": 0, "named wrongly": 0}
    for judged in worlds(config, seeds=seeds, scale=scale, library=library, traces=moments):
        _count(judged, tally)
        _count_replay(judged, replay)
        _count_without(judged, config, without)
    body = []
    for name, one in sorted(tally.items(), key=lambda pair: (pair[1].extracting, pair[0])):
        low, high = wilson95(one.reported, one.accounts)
        middle = float(np.median(one.totals))
        kind = "extracting" if one.extracting else "honest"
        body.append((kind, name, rate(one.reported, one.accounts), f"{low:.3f} to {high:.3f}", middle))
    head = ("truth", "persona", "reported", "95 % interval", "median total (bits)")
    note = "Simulated. For honest personas every report is a false accusation. Accounts of one operator resemble each "
    personas = Table("personas", f"Simulated personas, {seeds} worlds", head, tuple(body), note + "other.")
    honest = {name for name, one in tally.items() if not one.extracting}
    return (
        personas,
        _ablation(without, honest, config.threshold_bits),
        Table(
            "replay",
            "Replay of reasoning artefacts against a plain join of the events",
            ("counted", "accounts"),
            tuple((name, count) for name, count in replay.items()),
            "Simulated. An account replays if it sent back a block that another organisation bore. Session migration, "
            "compaction and routers of one organisation are among the others.",
        ),
    )


def _count(judged: Judged, tally: dict[str, _Tally]) -> None:
    flagged = judged.flagged()
    totals = judged.result.ranking.total_bits
    for at, persona in enumerate(judged.persona):
        if judged.row[at] < 0:
            continue
        one = tally.setdefault(persona, _Tally(bool(judged.extracting[at])))
        one.accounts += 1
        one.reported += int(flagged[at])
        one.totals = (*one.totals, float(totals[judged.row[at]]))


def _count_without(judged: Judged, config: Config, without: dict[str, dict[str, list[float]]]) -> None:
    """Report again with each detector switched off; the empty name switches none off."""
    there = np.flatnonzero(judged.row >= 0)
    for name in ("", *(one.detector for one in judged.result.examined)):
        rest = [one for one in judged.result.examined if one.detector != name]
        totals = combine(rest, config).total_bits[judged.row[there]]
        by_persona = without.setdefault(name, {})
        for at, total in zip(there.tolist(), totals.tolist(), strict=True):
            by_persona.setdefault(judged.persona[at], []).append(total)


def _ablation(without: dict[str, dict[str, list[float]]], honest: set[str], threshold_bits: float) -> Table:
    """Set recall and false accusations beside each other, detector by detector switched off."""
    body: list[tuple[str | float, ...]] = []
    for name, by_persona in without.items():
        rates = {persona: float((np.array(totals) >= threshold_bits).mean()) for persona, totals in by_persona.items()}
        found = float(np.mean([rate for persona, rate in rates.items() if persona not in honest]))
        wrong = float(np.mean([rate for persona, rate in rates.items() if persona in honest]))
        middle = float(np.mean([np.median(totals) for persona, totals in by_persona.items() if persona in honest]))
        highest = {persona: max(totals) for persona, totals in by_persona.items() if persona in honest}
        near = max(highest, key=lambda persona: highest[persona])
        body.append((name or "none", found, wrong, middle, f"{highest[near]:+.1f} ({near})"))
    return Table(
        "worlds_ablation",
        "Simulated worlds with each detector switched off",
        (
            "switched off",
            "extracting reported, mean over personas",
            "honest reported, mean over personas",
            "honest, mean of the median totals (bits)",
            "highest honest total (bits)",
        ),
        tuple(body),
        "Simulated. Purpose evidence shows its worth in the honest columns, accusations in the first.",
    )


def _count_replay(judged: Judged, replay: dict[str, int]) -> None:
    truth = carried_foreign(judged.world.events, judged.world.accounts)
    names = judged.world.truth["account_id"].to_pylist()
    seen = judged.result.profile.column("foreign_distinct")
    answer = next(one for one in judged.result.examined if one.detector == "artefact_replay")
    for name, row in zip(names, judged.row.tolist(), strict=True):
        if row < 0:
            continue
        found = np.nan_to_num(seen[row]) > 0
        accused = bool(found and answer.weight_bits[row] > 0)
        if name in truth:
            replay["replaying accounts"] += 1
            replay["found"] += int(found)
            replay["named wrongly"] += int(seen[row] != truth[name])
        else:
            replay["others"] += 1
            replay["others accused of replay"] += int(accused)
