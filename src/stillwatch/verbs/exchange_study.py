"""``stillwatch evaluate exchange``: what several providers find together that none finds alone."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch.config import DEFAULT
from stillwatch.evaluate.exchange import standing, study, when
from stillwatch.model.errors import InputError
from stillwatch.verbs.campaign_study import print_tables
from stillwatch.verbs.evaluate import Told
from stillwatch.verbs.reading import CLEAN

if TYPE_CHECKING:
    import argparse
    from types import ModuleType

SEEDS = 20
SMALL_SEEDS = 1
TIMED_SEEDS = 5
STOOD_SEEDS = 10


def evaluate_exchange(asked: argparse.Namespace) -> int:
    """Judge what an exchange gains; see ``stillwatch evaluate --help``."""
    if asked.seeds < 0:
        raise InputError(f"--seeds {asked.seeds}: write how many worlds, 1 or more")
    told, workers = Told(), 1 if asked.small else len(os.sched_getaffinity(0))

    def seeds(usual: int) -> int:
        return int(asked.seeds or (SMALL_SEEDS if asked.small else usual))

    if asked.when:
        spreads = when.TIMED[1:] if asked.small else when.TIMED
        count = seeds(TIMED_SEEDS)
        return _written(asked, told, when, when.run(count, DEFAULT, told, spreads=spreads), count)
    if asked.standing:
        count = seeds(STOOD_SEEDS)
        found = study.run(count, DEFAULT, told, workers=workers, tried=standing.TRIED)
        return _written(asked, told, standing, found, count)
    tried = study.Tried(study.SPREADS[2:3]) if asked.small else study.EVERYTHING
    count = seeds(SEEDS)
    return _written(asked, told, study, study.run(count, DEFAULT, told, workers=workers, tried=tried), count)


def _written(asked: argparse.Namespace, told: Told, page: ModuleType, found: Any, seeds: int) -> int:  # noqa: ANN401
    """Write the page of one of the three studies, and print its tables."""
    words = [
        "stillwatch evaluate exchange",
        *(f"--{name}" for name in ("when", "standing", "small") if vars(asked)[name]),
    ]
    command = " ".join([*words, *([f"--seeds {asked.seeds}"] if asked.seeds else [])])
    if asked.out:
        told(f"writing {asked.out}")
        page.write_page(found, Path(asked.out), command=command, today=datetime.now(tz=UTC).date(), seeds=seeds)
    print_tables(page.tables(found), {"seeds": seeds} if asked.json else None)
    return CLEAN
