"""Folders of public prompts to one filter: the command behind ``stillwatch corpus``.

Reads Parquet with a column ``prompt`` or ``text``, JSON lines with such a key, and plain text, one prompt a
line. Nothing of the texts is kept but hashes of their shingles.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.errors import FormatError, InputError
from stillwatch.sketches.corpus import put_text, room_for
from stillwatch.sketches.text import cut_words, scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

KEYS: Final = ("prompt", "text", "question", "instruction")
"""Names a prompt may stand under, the first that is there counts."""
SUFFIXES: Final = (".parquet", ".jsonl", ".json", ".txt")
LIMIT: Final = 2048
"""Bytes of the head and of the tail of a prompt that are cut into words, as in a scan."""


def _of_parquet(path: Path) -> Iterator[bytes]:
    try:
        source = pq.ParquetFile(path)
        name = next((key for key in KEYS if key in source.schema_arrow.names), None)
        if name is None:
            raise FormatError(f"{path}: no column called {', '.join(KEYS)}")
        for batch in source.iter_batches(columns=[name]):
            for text in batch.column(0).cast(pa.large_string()).to_pylist():
                if text:
                    yield text.encode()
    except (OSError, pa.ArrowException) as error:
        raise FormatError(f"{path}: not readable: {str(error).splitlines()[0][:120]}") from error


def _of_lines(path: Path) -> Iterator[bytes]:
    named = False
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                text = line.strip()
                if path.suffix != ".txt" and text:
                    record = _record(path, number, text)
                    named = named or any(key in record for key in KEYS)
                    texts = (record.get(key) for key in KEYS)
                    text = next((one for one in texts if isinstance(one, str)), "").encode("utf-8", "replace")
                if text:
                    yield text
    except OSError as error:
        raise FormatError(f"{path}: not readable: {error.strerror}") from error
    if path.suffix != ".txt" and not named:
        raise FormatError(f"{path}: no line has a key called {', '.join(KEYS)}")


def _record(path: Path, number: int, line: bytes) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: line {number} is no JSON; write one record a line") from error
    if not isinstance(record, dict):
        raise FormatError(f"{path}: line {number} is no JSON object; write one record a line")
    return record


def prompt_files(paths: Sequence[Path]) -> list[Path]:
    """List the files of some files and folders, sorted.

    Raises
    ------
    InputError
        One does not exist, or holds no file of a known kind.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder")
        below = (one for one in path.rglob("*") if one.suffix in SUFFIXES and one.is_file())
        inside = [path] if path.is_file() else list(below)
        if not inside:
            raise InputError(f"{path}: no prompts there; files end in {', '.join(SUFFIXES)}")
        found += inside
    return sorted(set(found))


def texts_of(path: Path) -> Iterator[bytes]:
    """Give the prompts of one file.

    Raises
    ------
    FormatError
        It is damaged, or has no prompts under a known name.
    """
    return _of_parquet(path) if path.suffix == ".parquet" else _of_lines(path)


def build_corpus(
    paths: Sequence[Path], told: Callable[[int], None] = lambda _: None
) -> tuple[NDArray[np.uint64], int, int]:
    """Build a filter.

    Parameters
    ----------
    paths
        Files and folders of prompts.
    told
        Called with the prompts read so far.

    Returns
    -------
    tuple
        The filter, prompts and shingles, as ``write_corpus`` takes them; a shingle counts as often as it stands.

    Notes
    -----
    Two passes: one to count, so that the filter is as large as it must be, one to fill. Memory is the filter.
    """
    files = prompt_files(paths)
    room = scratch(LIMIT)
    texts = shingles = 0
    for path in files:
        for text in texts_of(path):
            texts += 1
            shingles += max(_cut(text, room.words) - 7, 1)
    bits = room_for(shingles)
    done = 0
    for path in files:
        for text in texts_of(path):
            put_text(room.words, _cut(text, room.words), bits)
            done += 1
            if not done % 5_000:
                told(done)
    return bits, texts, shingles


def _cut(text: bytes, words: np.ndarray) -> int:
    """Cut a prompt into words, the way a scan does: the head and the tail of a long one."""
    buffer = np.frombuffer(text, np.uint8)
    if buffer.shape[0] <= 2 * LIMIT:
        return int(cut_words(buffer, 0, buffer.shape[0], words, 0))
    n = cut_words(buffer, 0, LIMIT, words, 0)
    return int(cut_words(buffer, buffer.shape[0] - LIMIT, buffer.shape[0], words, n))
