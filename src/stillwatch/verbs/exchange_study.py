"""``stillwatch evaluate exchange``: what several providers find together that none finds alone."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.config import DEFAULT
from stillwatch.evaluate.exchange import standing, study, when
from stillwatch.model.errors import InputError
from stillwatch.verbs.campaign_study import print_tables
from stillwatch.verbs.evaluate import Told
from stillwatch.verbs.reading import CLEAN

if TYPE_CHECKING:
    import argparse

SEEDS = 20
SMALL_SEEDS = 1
TIMED_SEEDS = 5
STOOD_SEEDS = 10


def evaluate_exchange(asked: argparse.Namespace) -> int:
    """Judge what an exchange gains; see ``stillwatch evaluate --help``."""
    if asked.seeds < 0:
        raise InputError(f"--seeds {asked.seeds}: write how many worlds, 1 or more")
    told = Told()
    if asked.when:
        return _timed(asked, told)
    if asked.standing:
        return _stood(asked, told)
    seeds = asked.seeds or (SMALL_SEEDS if asked.small else SEEDS)
    tried = study.Tried(study.SPREADS[2:3]) if asked.small else study.EVERYTHING
    workers = 1 if asked.small else len(os.sched_getaffinity(0))
    found = study.run(seeds, DEFAULT, told, workers=workers, tried=tried)
    command = "stillwatch evaluate exchange" + (" --small" if asked.small else "")
    command += f" --seeds {asked.seeds}" if asked.seeds else ""
    if asked.out:
        told(f"writing {asked.out}")
        study.write_page(found, Path(asked.out), command=command, today=datetime.now(tz=UTC).date(), seeds=seeds)
    print_tables(study.tables(found), {"seeds": seeds} if asked.json else None)
    return CLEAN


def _timed(asked: argparse.Namespace, told: Told) -> int:
    seeds = asked.seeds or (SMALL_SEEDS if asked.small else TIMED_SEEDS)
    command = "stillwatch evaluate exchange --when" + (" --small" if asked.small else "")
    command += f" --seeds {asked.seeds}" if asked.seeds else ""
    found = when.run(seeds, DEFAULT, told, spreads=when.TIMED[1:] if asked.small else when.TIMED)
    if asked.out:
        told(f"writing {asked.out}")
        when.write_page(found, Path(asked.out), command=command, today=datetime.now(tz=UTC).date(), seeds=seeds)
    print_tables(when.tables(found), {"seeds": seeds} if asked.json else None)
    return CLEAN


def _stood(asked: argparse.Namespace, told: Told) -> int:
    seeds = asked.seeds or (SMALL_SEEDS if asked.small else STOOD_SEEDS)
    command = "stillwatch evaluate exchange --standing" + (" --small" if asked.small else "")
    command += f" --seeds {asked.seeds}" if asked.seeds else ""
    found = study.run(seeds, DEFAULT, told, workers=len(os.sched_getaffinity(0)), tried=standing.TRIED)
    if asked.out:
        told(f"writing {asked.out}")
        standing.write_page(found, Path(asked.out), command=command, today=datetime.now(tz=UTC).date(), seeds=seeds)
    print_tables(standing.tables(found), {"seeds": seeds} if asked.json else None)
    return CLEAN
