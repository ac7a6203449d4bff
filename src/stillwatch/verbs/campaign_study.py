"""``stillwatch evaluate campaigns``: what is found in simulated worlds of campaigns and honest crowds."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from stillwatch.config import DEFAULT
from stillwatch.evaluate.campaigns import plan
from stillwatch.evaluate.campaigns.page import write_page
from stillwatch.evaluate.campaigns.study import run
from stillwatch.model.errors import InputError
from stillwatch.verbs.evaluate import Told, shown
from stillwatch.verbs.reading import CLEAN

if TYPE_CHECKING:
    import argparse


def evaluate_campaigns(asked: argparse.Namespace) -> int:
    """Judge how campaigns are found; see ``stillwatch evaluate --help``."""
    if asked.seeds < 0:
        raise InputError(f"--seeds {asked.seeds}: write how many worlds, 1 or more")
    told = Told()
    much = plan.SMALL if asked.small else plan.FULL
    if asked.seeds:
        much = replace(much, seeds=asked.seeds)
    command = "stillwatch evaluate campaigns" + (" --small" if asked.small else "")
    command += f" --seeds {asked.seeds}" if asked.seeds else ""
    workers = 1 if asked.small else len(os.sched_getaffinity(0))
    found = run(much, DEFAULT, told=told, workers=workers, peers=not asked.no_peers)
    if asked.out:
        told(f"writing {asked.out}")
        write_page(found, much, Path(asked.out), command=command, today=datetime.now(tz=UTC).date())
    if asked.json:
        tables = [
            {"key": t.key, "title": t.title, "head": t.head, "rows": t.rows, "note": t.note} for t in found.tables
        ]
        print(json.dumps({"worlds": found.worlds, "accounts": found.accounts, "tables": tables}))
    else:
        console = Console()
        for table in found.tables:
            console.print(shown(table))
    return CLEAN
