"""Cut bytes into records: one a line, or whole JSON documents where a file is not JSON Lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stillwatch.ingest.json.scan import U1, string_end
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stillwatch.ingest.sources import OpenSource

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some whole records of one source."""

    buffer: NDArray[np.uint8]
    """Bytes."""
    start: NDArray[np.int64]
    """(n,) where each record begins."""
    end: NDArray[np.int64]
    """(n,) where each record ends."""
    line: NDArray[np.int64]
    """(n,) 1-based line, or record number in document mode."""
    too_long: tuple[int, ...]
    """Lines of records longer than allowed, which are passed over."""


def _lines(buffer: NDArray[np.uint8], filled: int, first_line: int, *, last: bool) -> tuple[Chunk, int]:
    """Cut lines; returns them and how many bytes they take."""
    view = buffer[:filled]
    breaks = np.flatnonzero(view == 0x0A)
    ends = np.append(breaks, filled) if last and (not breaks.size or breaks[-1] != filled - 1) else breaks
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64) if ends.size else ends
    used = int(ends[-1]) + 1 if ends.size else 0
    lines = first_line + np.arange(ends.shape[0], dtype=np.int64)
    blank = _blank(buffer, starts, ends)
    return Chunk(buffer, starts[~blank], ends[~blank], lines[~blank], ()), min(used, filled)


@kernel
def _blank(buffer: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    blank = np.ones(starts.shape[0], np.bool_)
    for row in range(starts.shape[0]):
        for i in range(starts[row], ends[row]):
            c = buffer[i]
            if c not in (0x20, 0x09, 0x0D):
                blank[row] = False
                break
    return blank


def cut_lines(opened: OpenSource, head: NDArray[np.uint8], chunk_bytes: int, max_record: int) -> Iterator[Chunk]:
    """Read a source line by line in chunks.

    Parameters
    ----------
    opened
        Source, read up to the end of ``head``.
    head
        Bytes already read.
    chunk_bytes
        Bytes a chunk aims at.
    max_record
        Longest record kept, bytes; a longer one is named in ``too_long`` and passed over.

    Yields
    ------
    Chunk
        Whole lines, blank ones left out.
    """
    carry = head[len(_BOM) :] if head[:3].tobytes() == _BOM else head
    line, skipping, last = 1, False, False
    while not last:
        room = np.empty(carry.shape[0] + chunk_bytes, np.uint8)
        room[: carry.shape[0]] = carry
        got = opened.read_into(room[carry.shape[0] :])
        filled = carry.shape[0] + got
        last = got < chunk_bytes
        too_long: tuple[int, ...] = ()
        if skipping:
            breaks = np.flatnonzero(room[:filled] == 0x0A)
            if not breaks.size:
                carry = room[:0]
                continue
            room, filled, skipping, line = room[breaks[0] + 1 : filled], filled - int(breaks[0]) - 1, False, line + 1
        chunk, used = _lines(room, filled, line, last=last)
        carry = room[used:filled].copy()
        line += int(np.count_nonzero(room[:used] == 0x0A))
        if carry.shape[0] > max_record:
            too_long, skipping, carry = (line,), True, carry[:0]
        if chunk.start.size or too_long:
            yield Chunk(chunk.buffer, chunk.start, chunk.end, chunk.line, too_long)


@kernel
def _documents(buffer: np.ndarray, filled: int, starts: np.ndarray, ends: np.ndarray) -> int:
    """Find top-level objects, whatever stands between them."""
    i, stop = np.uint64(0), np.uint64(filled)
    depth = 0
    n = 0
    while i < stop:
        c = buffer[i]
        if c == 0x22:
            i, _, fault = string_end(buffer, i + U1, stop)
            if fault:
                break
        elif c == 0x7B:
            if depth == 0:
                starts[n] = np.int64(i)
            depth += 1
        elif c == 0x7D and depth > 0:
            depth -= 1
            if depth == 0:
                ends[n] = np.int64(i) + 1
                n += 1
        i += U1
    if depth > 0 and n < starts.shape[0]:
        ends[n] = filled
        n += 1
    return n


def cut_documents(opened: OpenSource, head: NDArray[np.uint8], chunk_bytes: int) -> Iterator[Chunk]:
    """Read a source that is one JSON document, a JSON array, or documents one after the other.

    The whole source is held in memory: such files are exports of one page or fixtures; logs are lines.
    """
    parts = [head]
    while True:
        room = np.empty(chunk_bytes, np.uint8)
        got = opened.read_into(room)
        parts.append(room[:got])
        if got < chunk_bytes:
            break
    buffer = np.concatenate(parts)
    most = int(np.count_nonzero(buffer == 0x7B))
    starts, ends = np.zeros(most, np.int64), np.zeros(most, np.int64)
    n = int(_documents(buffer, buffer.shape[0], starts, ends))
    yield Chunk(buffer, starts[:n], ends[:n], np.arange(1, n + 1, dtype=np.int64), ())


def sample(head: NDArray[np.uint8], *, whole: bool, most: int = 20) -> tuple[list[dict[str, Any]], bool]:
    """Parse a few records from the beginning of a source: (objects, whether they stand one a line)."""
    text = head.tobytes().removeprefix(_BOM)
    lines = text.split(b"\n")
    if not whole:
        lines = lines[:-1] or lines
    objects = []
    for line in [piece for piece in lines if piece.strip()][:most]:
        try:
            parsed = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(parsed, dict):
            objects.append(parsed)
    if objects:
        return objects, True
    count = min(most, max(1, int(np.count_nonzero(head == 0x7B))))
    starts, ends = np.zeros(max(1, int(np.count_nonzero(head == 0x7B))), np.int64), np.zeros(
        max(1, int(np.count_nonzero(head == 0x7B))), np.int64
    )
    n = int(_documents(head, head.shape[0], starts, ends))
    for row in range(min(n, count)):
        try:
            parsed = json.loads(head[starts[row] : ends[row]].tobytes())
        except (ValueError, RecursionError):
            continue
        if isinstance(parsed, dict):
            objects.append(parsed)
    return objects, not objects
