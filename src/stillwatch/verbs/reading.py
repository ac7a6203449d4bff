"""What the verbs that read logs share: options to settings, inputs to a scan result, the folder, the exit code."""

from __future__ import annotations

import ctypes
import dataclasses
import math
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from rich.console import Console

from stillwatch.config import DEFAULT, Config
from stillwatch.detectors.calibration.reference import from_json
from stillwatch.ingest.accounts import EMPTY, read_accounts
from stillwatch.ingest.addresses import trusted_networks
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key, read_key
from stillwatch.ingest.read import Reading
from stillwatch.looking import Against
from stillwatch.model.errors import InputError, StoreError
from stillwatch.model.event import EVENT_FIELDS
from stillwatch.pipeline import scan
from stillwatch.reports.progress import ProgressLine
from stillwatch.sketches.corpus import NO_CORPUS, read_corpus
from stillwatch.sketches.warmth import is_cold

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from stillwatch.ingest.json.paths import Path as Place
    from stillwatch.ingest.keys import PseudonymKey
    from stillwatch.ingest.sources import Source
    from stillwatch.model.scan import ScanResult
    from stillwatch.pipeline import Finder

_MALLOPT: Final = ((-3, 32 << 20), (-1, (1 << 31) - 1), (-8, 4))
"""M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_ARENA_MAX of glibc's malloc.h and what they are set to."""

CLEAN, FINDINGS, PARTIAL = 0, 1, 3


def read_config(asked: argparse.Namespace) -> Config:
    """Read settings off the options of a verb."""
    for name in ("threads", "shown", "keep_exemplars"):
        if (getattr(asked, name) or 0) < 0:
            raise InputError(f"--{name.replace('_', '-')} {getattr(asked, name)}: write a number from 0")
    given = {"threshold_bits": asked.threshold, "shown": asked.shown, "threads": asked.threads}
    if asked.base_rate is not None:
        if not 0 < asked.base_rate < 1:
            raise InputError(f"--base-rate {asked.base_rate}: write a share of accounts, such as 0.001")
        given["prior_bits"] = math.log2(asked.base_rate / (1 - asked.base_rate))
    return dataclasses.replace(DEFAULT, **{name: value for name, value in given.items() if value is not None})


def field_places(written: list[str]) -> dict[str, Place]:
    """Read ``--map``."""
    # A list of texts has no one place.
    names = {f.name for f in EVENT_FIELDS if not pa.types.is_list(f.raw)}
    places: dict[str, Place] = {}
    for text in written:
        name, _, path = text.partition("=")
        if name not in names or not path:
            raise InputError(f"--map {text}: write FIELD=PATH with a field of the event, such as account_id=x-user-id")
        places[name] = tuple(path.split("/"))
    return places


def pseudonym_key(path: Path, epoch: int | None) -> PseudonymKey:
    """Read the key of the pseudonyms; makes one where there is none, and says so."""
    if path.exists():
        return read_key(path, epoch)
    key = create_key(path)
    print(
        f"stillwatch: made a new pseudonym key, {path} (mode 0600); keep it, reports compare only under one key",
        file=sys.stderr,
    )
    return key


def output_folder(name: str) -> Path:
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


def exit_code(result: ScanResult, *, accounts: bool = True) -> int:
    """Choose the exit code: partial before findings before clean.

    Findings are accounts at the threshold, unless only campaigns were asked for, and campaigns reported as extraction.
    """
    if any(source.rejected or source.incomplete for source in result.sources):
        return PARTIAL
    campaigns = result.campaigns.found if result.campaigns else ()
    found = any(one.extracting for one in campaigns) or (accounts and bool(result.ranking.flagged.any()))
    return FINDINGS if found else CLEAN


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


def corpus_filter(name: str | None) -> NDArray[np.uint64]:
    """Read ``--corpus``; an empty filter where none is given."""
    return read_corpus(Path(name)) if name else NO_CORPUS


def read_reference(name: str | None, look: int) -> Against:
    """Read what accounts are held against."""
    today = datetime.now(tz=UTC).date()
    if look < 1:
        raise InputError(f"--look {look}: looks are counted from 1")
    if not name:
        return Against(today=today, look=look)
    try:
        reference = from_json(Path(name).read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"{name}: no such reference; make it with: stillwatch calibrate") from error
    except OSError as error:
        raise InputError(f"{name}: no readable reference: {error.strerror}; see: stillwatch calibrate") from error
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    origin = f"{reference.whole.accounts:,} accounts of {Path(name).name}, made {reference.made.isoformat()}"
    return Against(reference, origin, today, look)


def scanned(
    asked: argparse.Namespace,
    sources: Sequence[Source],
    config: Config,
    against: Against,
    find: Finder | None = None,
    shared: PseudonymKey | None = None,
) -> ScanResult:
    """Read and judge the inputs of a verb, with a progress line; ``shared`` keys what compares between providers."""
    keep_memory()
    corpus = corpus_filter(asked.corpus)
    key = pseudonym_key(Path(asked.key), asked.epoch)
    door = Door(key, shared)
    accounts = read_accounts(Path(asked.accounts), door) if asked.accounts else EMPTY
    reading = Reading(
        config=config,
        door=door,
        log_format=asked.format,
        places=field_places(asked.map),
        trusted=trusted_networks(asked.trusted_proxy),
        ingest_ms=int(time.time() * 1000),
    )
    if is_cold():
        print("stillwatch: first run on this machine: compiling kernels, about half a minute, once", file=sys.stderr)
    with ProgressLine(Console(stderr=True)) as line:
        return scan(
            sources,
            reading,
            shared or key,
            accounts,
            line.show,
            keep_exemplars=asked.keep_exemplars,
            against=against,
            corpus=corpus,
            find=find,
        )
