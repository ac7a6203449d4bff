"""Worlds on disk: request logs in a chosen format, the account file, the truth.

Every file is written beside its final name and then renamed, so nobody reads half of one.
"""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from stillwatch.model.errors import InputError, StoreError
from stillwatch.simulate.formats import FORMATS
from stillwatch.simulate.formats.row import rfc3339, rows
from stillwatch.simulate.stage import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.simulate.formats.row import Json, Row
    from stillwatch.simulate.world import World

SUFFIXES: Final = {".jsonl": None, ".jsonl.gz": "gzip", ".jsonl.zst": "zstd", ".parquet": None}
"""File suffixes a log may have, and the compression each means; Parquet is for the native format alone."""
Split: TypeAlias = Literal["day", "one"]


def _suffix(path: Path) -> str:
    for suffix in SUFFIXES:
        if path.name.endswith(suffix):
            return suffix
    raise InputError(f"{path}: a log file ends in one of {', '.join(SUFFIXES)}")


def _write_lines(events: pa.Table, path: Path, record: Callable[[Row], Json], compression: str | None) -> None:
    lines: list[str] = []
    with pa.OSFile(str(path), "wb") as plain:
        stream = pa.CompressedOutputStream(plain, compression) if compression else plain
        for row in rows(events):
            lines.append(json.dumps(record(row), ensure_ascii=False, separators=(",", ":")))
            if len(lines) == 4096:
                stream.write(("\n".join(lines) + "\n").encode())
                lines.clear()
        if lines:
            stream.write(("\n".join(lines) + "\n").encode())
        if compression:
            stream.close()


def write_events(events: pa.Table, path: Path, log_format: str = "native") -> None:
    """Write events as one log file.

    Parameters
    ----------
    events
        Events in RAW_SCHEMA.
    path
        File to write; its suffix chooses the compression. An existing file is replaced.
    log_format
        One of FORMATS; hyphens stand for underscores.

    Raises
    ------
    InputError
        The format or the suffix is unknown, or the two do not go together.
    StoreError
        The file could not be written.

    Notes
    -----
    About 40 microseconds an event (native) to 90 (LiteLLM), memory for some thousand events.
    """
    suffix = _suffix(path)
    name = log_format.replace("-", "_")
    if name not in FORMATS:
        raise InputError(f"{log_format}: no such log format; there are {', '.join(FORMATS)}")
    if suffix == ".parquet" and name != "native":
        raise InputError(f"{path}: only the native format is written as Parquet")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if suffix == ".parquet":
            pq.write_table(events, part, compression="zstd", row_group_size=1 << 16)
        else:
            _write_lines(events, part, FORMATS[name], SUFFIXES[suffix])
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise StoreError(f"{path}: could not be written: {error.strerror or error}") from error


def _write_csv(table: pa.Table, path: Path) -> None:
    part = path.with_name(path.name + ".part")
    try:
        pyarrow.csv.write_csv(table, part, pyarrow.csv.WriteOptions(quoting_style="needed"))
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise StoreError(f"{path}: could not be written: {error.strerror or error}") from error


def write_world(
    world: World,
    folder: Path,
    log_format: str = "native",
    suffix: str = ".jsonl.zst",
    files: Split = "day",
) -> list[Path]:
    """Write a world: ``logs/``, ``accounts.csv`` and ``truth.csv``.

    Parameters
    ----------
    world
        The world.
    folder
        Where to; made if missing.
    log_format
        One of FORMATS; hyphens stand for underscores.
    suffix
        One of SUFFIXES.
    files
        ``day`` for a log file a UTC day, ``one`` for a single one.

    Returns
    -------
    list of Path
        The log files, oldest first.

    Raises
    ------
    InputError
        The format or the suffix is unknown, or the two do not go together.
    StoreError
        A file could not be written.
    """
    if suffix not in SUFFIXES:
        raise InputError(f"{suffix}: a log file ends in one of {', '.join(SUFFIXES)}")
    day = world.events["ts_ms"].to_numpy() // (DAY_MS if files == "day" else 1 << 62)
    cuts = np.flatnonzero(np.diff(day, prepend=np.int64(-1), append=np.int64(-1))).tolist()
    paths = []
    for start, stop in pairwise(cuts):
        name = rfc3339(int(day[start]) * DAY_MS)[:10] if files == "day" else "events"
        paths.append(Path(folder) / "logs" / f"{name}{suffix}")
        write_events(world.events.slice(start, stop - start), paths[-1], log_format)
    Path(folder).mkdir(parents=True, exist_ok=True)
    _write_csv(world.accounts, Path(folder) / "accounts.csv")
    _write_csv(world.truth, Path(folder) / "truth.csv")
    return paths
