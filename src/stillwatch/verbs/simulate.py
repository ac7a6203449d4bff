"""``stillwatch simulate``: a world whose truth is known, as log files."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError
from stillwatch.simulate import HYDRA, SMALL, WIDE, build_world, parse_campaign, read_library, read_traces, write_world
from stillwatch.verbs.reading import CLEAN

if TYPE_CHECKING:
    import argparse

SPECS: Final = {"small": SMALL, "wide": WIDE, "hydra": HYDRA}


def simulate_verb(asked: argparse.Namespace) -> int:
    """Write a world; see ``stillwatch simulate --help``."""
    try:
        start = datetime.fromisoformat(asked.start).replace(tzinfo=UTC)
    except ValueError as error:
        raise InputError(f"--start {asked.start}: write a date such as 2026-11-02") from error
    spec = SPECS[asked.world]
    spec = spec.scaled(asked.scale) if asked.scale != 1.0 else spec
    if asked.days is not None:
        spec = dataclasses.replace(spec, days=asked.days)
    if asked.campaign:
        campaigns = tuple(parse_campaign(text, number) for number, text in enumerate(asked.campaign, start=1))
        spec = dataclasses.replace(spec, campaigns=campaigns)
    if asked.background is not None:
        if not spec.campaigns:
            raise InputError("--background counts from campaigns: add --world hydra or --campaign accounts=200")
        spec = spec.with_background(asked.background)
    world = build_world(
        spec,
        asked.seed,
        int(start.timestamp() * 1000),
        read_library(Path(asked.prompts)) if asked.prompts else None,
        read_traces(Path(asked.traces)) if asked.traces else None,
    )
    files = write_world(world, Path(asked.out), asked.format, asked.suffix)
    print(
        f"{world.events.num_rows:,} events of {world.accounts.num_rows:,} accounts in {len(files)} log files;"
        f" {asked.out}/accounts.csv, {asked.out}/truth.csv. Simulated throughout."
    )
    return CLEAN
