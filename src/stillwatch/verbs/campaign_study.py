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
from stillwatch.evaluate.campaigns.compare import run_labelled
from stillwatch.evaluate.campaigns.page import write_labelled, write_page
from stillwatch.evaluate.campaigns.study import run
from stillwatch.model.errors import InputError
from stillwatch.verbs.evaluate import Told, shown
from stillwatch.verbs.reading import CLEAN

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from stillwatch.evaluate.tables import Table


def evaluate_campaigns(asked: argparse.Namespace) -> int:
    """Judge how campaigns are found; see ``stillwatch evaluate --help``."""
    if asked.labelled:
        return _labelled(asked)
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
    print_tables(found.tables, {"worlds": found.worlds, "accounts": found.accounts} if asked.json else None)
    return CLEAN


def _labelled(asked: argparse.Namespace) -> int:
    Told()(f"the sets of {asked.labelled}")
    tables = run_labelled(Path(asked.labelled))
    if asked.out:
        command = "stillwatch evaluate campaigns --labelled FOLDER"
        write_labelled(tables, Path(asked.out), command=command, today=datetime.now(tz=UTC).date())
    print_tables(tables, {} if asked.json else None)
    return CLEAN


def print_tables(tables: Sequence[Table], facts: Mapping[str, int] | None) -> None:
    """Print tables; as JSON with some facts before them where there are facts."""
    if facts is None:
        console = Console()
        for table in tables:
            console.print(shown(table))
        return
    made = [{"key": t.key, "title": t.title, "head": t.head, "rows": t.rows, "note": t.note} for t in tables]
    print(json.dumps({**facts, "tables": made}))
