"""``stillwatch evaluate exchange``: what several providers find together that none finds alone."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.config import DEFAULT
from stillwatch.evaluate.exchange import study, when
from stillwatch.model.errors import InputError
from stillwatch.verbs.campaign_study import print_tables
from stillwatch.verbs.evaluate import Told
from stillwatch.verbs.reading import CLEAN

if TYPE_CHECKING:
    import argparse

SEEDS = 20
SMALL_SEEDS = 1
TIMED_SEEDS = 5


def evaluate_exchange(asked: argparse.Namespace) -> int:
    """Judge what an exchange gains; see ``stillwatch evaluate --help``."""
    if asked.seeds < 0:
        raise InputError(f"--seeds {asked.seeds}: write how many worlds, 1 or more")
    told = Told()
    if asked.when:
        return _timed(asked, told)
    seeds = asked.seeds or (SMALL_SEEDS if asked.small else SEEDS)
    spreads = study.SPREADS[2:3] if asked.small else study.SPREADS
    workers = 1 if asked.small else len(os.sched_getaffinity(0))
    found = study.run(seeds, DEFAULT, told, workers=workers, spreads=spreads)
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
