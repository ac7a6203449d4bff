"""``stillwatch evaluate``, ``learn`` and ``corpus``: what is built from prompt sources, and judged on them."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table as RichTable

from stillwatch.config import DEFAULT
from stillwatch.corpus_build import build_corpus
from stillwatch.detectors.content.shape_model import to_json
from stillwatch.evaluate import study
from stillwatch.evaluate.accounts import draw_accounts, fold_draws
from stillwatch.evaluate.learn import fit, source_middles, spread_over_models
from stillwatch.evaluate.pages import write_page
from stillwatch.evaluate.sources import read_sources
from stillwatch.evaluate.tables import written
from stillwatch.reports.files import write_atomically
from stillwatch.sketches.corpus import write_corpus
from stillwatch.verbs.reading import CLEAN

if TYPE_CHECKING:
    import argparse

    from stillwatch.evaluate.tables import Table


class Told:
    """Says on standard error what is being done, and for how long it has been."""

    def __init__(self) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def __call__(self, what: str) -> None:
        """Say it."""
        print(f"stillwatch: {time.monotonic() - self._began:6.0f} s  {what}", file=sys.stderr, flush=True)


def shown(table: Table) -> RichTable:
    """Lay a table out for the terminal."""
    made = RichTable(title=table.title, caption=table.note or None, title_justify="left", caption_justify="left")
    for name in table.head:
        made.add_column(name, overflow="fold")
    for row in table.rows:
        made.add_row(*(written(cell) for cell in row))
    return made


def evaluate_verb(asked: argparse.Namespace) -> int:
    """Judge the detectors on real prompts and simulated worlds; see ``stillwatch evaluate --help``."""
    sources = read_sources(Path(asked.prompts))
    scale = study.SMALL if asked.small else study.FULL
    told = Told()
    found = study.run(sources, DEFAULT, seed=asked.seed, scale=scale, peers=not asked.no_peers, told=told)
    if asked.out:
        told(f"writing {asked.out}")
        command = f"stillwatch evaluate --prompts PROMPTS --seed {asked.seed}" + (" --small" if asked.small else "")
        write_page(found, Path(asked.out), command=command, today=datetime.now(tz=UTC).date())
    if asked.json:
        tables = [
            {"key": t.key, "title": t.title, "head": t.head, "rows": t.rows, "note": t.note} for t in found.tables
        ]
        print(json.dumps({"accounts": found.accounts, "events": found.events, "tables": tables}))
    else:
        console = Console()
        for table in found.tables:
            console.print(shown(table))
    return CLEAN


def learn_verb(asked: argparse.Namespace) -> int:
    """Learn the shapes of work from prompt sources; see ``stillwatch learn --help``."""
    sources = read_sources(Path(asked.prompts))
    told = Told()
    told(f"{len(sources)} sources")
    rng = np.random.default_rng(asked.seed)
    draws = draw_accounts(sources, study.SIZES, asked.accounts, rng)
    accounts = fold_draws(sources, draws, DEFAULT, rng)
    middles = source_middles(accounts)
    classes = np.array([source.cls for source in sources])
    seen = {
        cls: [s.name for n, s in enumerate(sources) if s.cls == cls and not np.isnan(middles[n]).all()] for cls in "ABC"
    }
    told("how far a weight moves when a source is left out")
    model = fit(
        middles,
        classes,
        model_sd_bits=spread_over_models(accounts, middles, DEFAULT.permitted_share),
        origin={
            "made": datetime.now(tz=UTC).date().isoformat(),
            "command": f"stillwatch learn --prompts PROMPTS --seed {asked.seed} --accounts {asked.accounts}",
            "accounts": len(draws),
            "sources": seen,
            "prompts_sha256": _digest(Path(asked.prompts)),
        },
    )
    write_atomically(Path(asked.out), to_json(model).encode())
    print(f"wrote {asked.out}: {len(draws):,} accounts of {sum(map(len, seen.values()))} sources")
    return CLEAN


def _digest(folder: Path) -> str:
    """Hash the files a model was learnt from, by name, so that the same data can be told."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.parquet")):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def corpus_verb(asked: argparse.Namespace) -> int:
    """Build a filter of public prompts; see ``stillwatch corpus --help``."""
    out = Path(asked.out)
    began = time.monotonic()

    def told(done: int) -> None:
        if time.monotonic() - began > 2.0:
            print(f"\rstillwatch: {done:,} prompts", end="", file=sys.stderr, flush=True)

    bits, texts, shingles = build_corpus([Path(name) for name in asked.inputs], told)
    write_atomically(out, lambda sink: write_corpus(sink, bits, texts, shingles))
    if time.monotonic() - began > 2.0:
        print(file=sys.stderr)
    size = out.stat().st_size
    if asked.json:
        print(json.dumps({"prompts": texts, "shingles": shingles, "bytes": size, "written": str(out)}))
    else:
        print(f"wrote {out}: {texts:,} prompts, {shingles:,} shingles, {size:,} bytes")
    return CLEAN
