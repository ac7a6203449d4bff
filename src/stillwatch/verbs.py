"""What the verbs of the command line do: wire the rooms together, write the files, choose the exit code."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from rich.console import Console

from stillwatch.config import DEFAULT, Config
from stillwatch.features import FEATURES
from stillwatch.ingest.accounts import EMPTY, read_accounts
from stillwatch.ingest.addresses import trusted_networks
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key, read_key, rotate_key
from stillwatch.ingest.read import Reading
from stillwatch.ingest.sources import expand
from stillwatch.model.errors import InputError, StoreError
from stillwatch.model.event import EVENT_FIELDS
from stillwatch.model.pseudonym import PREFIX, pseudonym_text
from stillwatch.pipeline import scan
from stillwatch.reports.files import write_atomically
from stillwatch.reports.html import render_html
from stillwatch.reports.progress import ProgressLine
from stillwatch.reports.summary import to_json
from stillwatch.reports.tables import write_findings_jsonl, write_findings_parquet
from stillwatch.reports.terminal import render_terminal
from stillwatch.sketches.warmth import is_cold

if TYPE_CHECKING:
    import argparse

    from stillwatch.ingest.json.paths import Path as Place
    from stillwatch.ingest.keys import PseudonymKey
    from stillwatch.model.scan import ScanResult

_MALLOPT: Final = ((-3, 32 << 20), (-1, (1 << 31) - 1), (-8, 4))
"""M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_ARENA_MAX of glibc's malloc.h and what they are set to."""

CLEAN, FINDINGS, PARTIAL = 0, 1, 3


def _config(asked: argparse.Namespace) -> Config:
    for name in ("threads", "shown", "keep_exemplars"):
        if (getattr(asked, name) or 0) < 0:
            raise InputError(f"--{name.replace('_', '-')} {getattr(asked, name)}: write a number from 0")
    given = {"threshold_bits": asked.threshold, "shown": asked.shown, "threads": asked.threads}
    return dataclasses.replace(DEFAULT, **{name: value for name, value in given.items() if value is not None})


def _places(written: list[str]) -> dict[str, Place]:
    # A list of texts has no one place.
    names = {f.name for f in EVENT_FIELDS if not pa.types.is_list(f.raw)}
    places: dict[str, Place] = {}
    for text in written:
        name, _, path = text.partition("=")
        if name not in names or not path:
            raise InputError(f"--map {text}: write FIELD=PATH with a field of the event, such as account_id=x-user-id")
        places[name] = tuple(path.split("/"))
    return places


def _key(path: Path, epoch: int | None) -> PseudonymKey:
    if path.exists():
        return read_key(path, epoch)
    key = create_key(path)
    print(
        f"stillwatch: made a new pseudonym key, {path} (mode 0600); keep it, reports compare only under one key",
        file=sys.stderr,
    )
    return key


def _folder(name: str) -> Path:
    """Make the output folder and make sure that it can be written, before any reading."""
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / ".stillwatch-trial"
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        raise StoreError(f"{name}: cannot write there: {error.strerror}; choose another folder with --out") from error
    return folder


def exit_code(result: ScanResult) -> int:
    """Choose the exit code: partial before findings before clean."""
    if any(source.rejected or source.incomplete for source in result.sources):
        return PARTIAL
    return FINDINGS if result.ranking.flagged.any() else CLEAN


def _write(result: ScanResult, config: Config, folder: Path) -> list[str]:
    # No date on the page: equal input gives equal bytes, and the file system knows when it was written.
    page = render_html(result, config, None, features=FEATURES)
    write_findings_parquet(result, config, folder / "findings.parquet")
    write_findings_jsonl(result, config, folder / "findings.jsonl")
    write_atomically(folder / "report.html", page.encode())
    return [str(folder / name) for name in ("report.html", "findings.parquet", "findings.jsonl")]


def keep_memory() -> None:
    """Let this process keep the memory of a batch for the next one instead of giving it back each time.

    A scan makes and drops arrays of some MB for every batch; returning them to the system cost a tenth of
    its time in page faults. Does nothing where the C library is not glibc.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        tune = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    for option, value in _MALLOPT:
        tune(option, value)


def scan_verb(asked: argparse.Namespace) -> int:
    """Scan, show, write; see ``stillwatch scan --help``."""
    keep_memory()
    config = _config(asked)
    sources = expand(asked.inputs)
    folder = _folder(asked.out) if asked.out else None
    key = _key(Path(asked.key), asked.epoch)
    door = Door(key)
    accounts = read_accounts(Path(asked.accounts), door) if asked.accounts else EMPTY
    now_ms = int(time.time() * 1000)
    reading = Reading(
        config=config,
        door=door,
        log_format=asked.format,
        places=_places(asked.map),
        trusted=trusted_networks(asked.trusted_proxy),
        ingest_ms=now_ms,
    )
    if is_cold():
        print("stillwatch: first run on this machine: compiling kernels, about half a minute, once", file=sys.stderr)
    with ProgressLine(Console(stderr=True)) as line:
        result = scan(sources, reading, key, accounts, line.show, keep_exemplars=asked.keep_exemplars)
    written = _write(result, config, folder) if folder else []
    code = exit_code(result)
    if asked.json:
        print(json.dumps(to_json(result, config) | {"exit_code": code, "written": written}))
    else:
        render_terminal(result, Console(), config, exit_code=code, written=written)
    return code


def simulate_verb(asked: argparse.Namespace) -> int:
    """Write a world; see ``stillwatch simulate --help``."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from stillwatch.simulate import SMALL, build_world, read_library, read_traces, write_world  # noqa: PLC0415

    try:
        start = datetime.fromisoformat(asked.start).replace(tzinfo=UTC)
    except ValueError as error:
        raise InputError(f"--start {asked.start}: write a date such as 2026-11-02") from error
    spec = SMALL.scaled(asked.scale) if asked.scale != 1.0 else SMALL
    if asked.days is not None:
        spec = dataclasses.replace(spec, days=asked.days)
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


def key_verb(asked: argparse.Namespace) -> int:
    """Make, rotate or show a key; see ``stillwatch key --help``."""
    path = Path(asked.file)
    key = {"new": create_key, "rotate": rotate_key, "show": read_key}[asked.act](path)
    print(f"{path}: epoch {key.epoch}, fingerprint {key.fingerprint()}")
    return CLEAN


def pseudonym_verb(asked: argparse.Namespace) -> int:
    """Translate accounts; see ``stillwatch pseudonym --help``."""
    door = Door(read_key(Path(asked.key), asked.epoch))
    known: dict[str, str] = {}
    if asked.accounts:
        from stillwatch.ingest.accounts import account_names  # noqa: PLC0415

        known = {pseudonym_text(door.account(name)): name for name in account_names(Path(asked.accounts))}
    missing = 0
    for name in asked.names:
        if name in known:
            print(f"{name}\t{known[name]}")
        elif name.startswith(PREFIX):
            print(f"{name}\t(not in the account file under this key; give --accounts and the report's epoch)")
            missing += 1
        else:
            print(f"{name}\t{pseudonym_text(door.account(name))}")
    return PARTIAL if missing else CLEAN
