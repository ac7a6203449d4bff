"""``stillwatch scan`` and ``stillwatch calibrate``: logs to a report, or to what is ordinary in them."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import math
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from rich.console import Console

from stillwatch.config import DEFAULT, Config
from stillwatch.detectors.calibration.assure import refer
from stillwatch.detectors.calibration.own import permitted_share
from stillwatch.detectors.calibration.reference import from_json
from stillwatch.detectors.calibration.reference import to_json as to_reference_json
from stillwatch.detectors.weights.words import percent
from stillwatch.features import FEATURES
from stillwatch.ingest.accounts import EMPTY, read_accounts
from stillwatch.ingest.addresses import trusted_networks
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key, read_key
from stillwatch.ingest.read import Reading
from stillwatch.ingest.sources import expand
from stillwatch.model.errors import InputError, StoreError
from stillwatch.model.event import EVENT_FIELDS
from stillwatch.pipeline import Against, scan
from stillwatch.reports.files import write_atomically
from stillwatch.reports.html import render_html
from stillwatch.reports.progress import ProgressLine
from stillwatch.reports.summary import to_json
from stillwatch.reports.tables import write_findings_jsonl, write_findings_parquet
from stillwatch.reports.terminal import render_terminal
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

_MALLOPT: Final = ((-3, 32 << 20), (-1, (1 << 31) - 1), (-8, 4))
"""M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_ARENA_MAX of glibc's malloc.h and what they are set to."""

CLEAN, FINDINGS, PARTIAL = 0, 1, 3


def _config(asked: argparse.Namespace) -> Config:
    for name in ("threads", "shown", "keep_exemplars"):
        if (getattr(asked, name) or 0) < 0:
            raise InputError(f"--{name.replace('_', '-')} {getattr(asked, name)}: write a number from 0")
    given = {"threshold_bits": asked.threshold, "shown": asked.shown, "threads": asked.threads}
    if asked.base_rate is not None:
        if not 0 < asked.base_rate < 1:
            raise InputError(f"--base-rate {asked.base_rate}: write a share of accounts, such as 0.001")
        given["prior_bits"] = math.log2(asked.base_rate / (1 - asked.base_rate))
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


def _corpus(name: str | None) -> NDArray[np.uint64]:
    return read_corpus(Path(name)) if name else NO_CORPUS


def _reference(name: str | None, look: int) -> Against:
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


def _scanned(asked: argparse.Namespace, sources: Sequence[Source], config: Config, against: Against) -> ScanResult:
    """Read and judge the inputs of a verb, with a progress line."""
    keep_memory()
    corpus = _corpus(asked.corpus)
    key = _key(Path(asked.key), asked.epoch)
    door = Door(key)
    accounts = read_accounts(Path(asked.accounts), door) if asked.accounts else EMPTY
    reading = Reading(
        config=config,
        door=door,
        log_format=asked.format,
        places=_places(asked.map),
        trusted=trusted_networks(asked.trusted_proxy),
        ingest_ms=int(time.time() * 1000),
    )
    if is_cold():
        print("stillwatch: first run on this machine: compiling kernels, about half a minute, once", file=sys.stderr)
    with ProgressLine(Console(stderr=True)) as line:
        return scan(
            sources,
            reading,
            key,
            accounts,
            line.show,
            keep_exemplars=asked.keep_exemplars,
            against=against,
            corpus=corpus,
        )


def scan_verb(asked: argparse.Namespace) -> int:
    """Scan, show, write; see ``stillwatch scan --help``."""
    config = _config(asked)
    against = _reference(asked.reference, asked.look)
    sources = expand(asked.inputs)
    folder = _folder(asked.out) if asked.out else None
    result = _scanned(asked, sources, config, against)
    written = _write(result, config, folder) if folder else []
    code = exit_code(result)
    if asked.json:
        print(json.dumps(to_json(result, config) | {"exit_code": code, "written": written}))
    else:
        render_terminal(result, Console(), config, exit_code=code, written=written)
    return code


def calibrate_verb(asked: argparse.Namespace) -> int:
    """Write down what is ordinary in a provider's own traffic; see ``stillwatch calibrate --help``."""
    config = _config(asked)
    if not Path(asked.out).absolute().parent.is_dir():
        raise StoreError(f"could not write {asked.out}: the folder does not exist; make it first")
    today = datetime.now(tz=UTC).date()
    result = _scanned(asked, expand(asked.inputs), config, Against(today=today))
    reference = refer(result.examined, result.ranking, result.profile, today)
    if not reference.whole.accounts:
        raise InputError("no account could be judged by any detector: there is nothing to call ordinary in these logs")
    write_atomically(Path(asked.out), to_reference_json(reference).encode())
    share, judged, together = permitted_share(reference), reference.whole.accounts, reference.rest.accounts
    made = {
        "accounts": judged,
        "cohorts": len(reference.cohorts),
        "in_small_cohorts": together,
        "smallest_p": 1.0 / (reference.vouching(reference.whole) + 1),
        "permitted_share": share,
        "written": asked.out,
    }
    if asked.json:
        print(json.dumps(made))
    else:
        print(
            f"{judged:,} of {len(result.profile):,} accounts could be judged: {judged - together:,} in "
            f"{len(reference.cohorts)} cohorts of their own plan and size,\n{together:,} of plans and sizes too small "
            f"for one, compared with each other.\nSmallest p-value {made['smallest_p']:.2g}; at most {percent(share)} "
            f"have the shape of a harvest.\nUse it: stillwatch scan LOGS --reference {asked.out}"
        )
    return PARTIAL if any(source.rejected or source.incomplete for source in result.sources) else CLEAN
