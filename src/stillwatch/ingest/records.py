"""Cut bytes into records: one a line, or whole JSON documents where a file is not JSON Lines."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stillwatch.ingest.json.lexer import HIGH, ONES, U1, Bytes, load8, marked_byte
from stillwatch.model.errors import FormatError
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from stillwatch.ingest.sources import OpenSource

_8: Final = np.uint64(8)
_FEEDS: Final = np.uint64(0x0A0A0A0A0A0A0A0A)
_BOM: Final = b"\xef\xbb\xbf"
DOCUMENT_BYTES: Final = 1 << 30
"""Largest source read as whole documents, which needs all of it in memory (bytes)."""


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

    def within(self, max_record: int) -> Chunk:
        """Pass over records longer than ``max_record`` bytes."""
        long = self.end - self.start > max_record
        if not long.any():
            return self
        named = (*self.too_long, *(int(line) for line in self.line[long]))
        return replace(self, start=self.start[~long], end=self.end[~long], line=self.line[~long], too_long=named)


def without_bom(head: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Leave out the mark some writers put before UTF-8."""
    return head[len(_BOM) :] if head[: len(_BOM)].tobytes() == _BOM else head


def _lines(buffer: NDArray[np.uint8], filled: int, first_line: int, *, last: bool) -> tuple[Chunk, int, int]:
    """Cut lines; returns them, how many bytes they take, and line feeds among those."""
    # As many as there are bytes; what is never written takes no memory.
    starts, ends, lines = (np.empty(filled + 1, np.int64) for _ in range(3))
    n, passed, used = _cut(buffer, filled, first_line, last, starts, ends, lines)
    return Chunk(buffer, starts[:n].copy(), ends[:n].copy(), lines[:n].copy(), ()), used, passed


def lines(buffer: NDArray[np.uint8]) -> Chunk:
    """Cut a whole buffer into its lines, blank ones left out."""
    return _lines(buffer, buffer.shape[0], 1, last=True)[0]


@kernel
def _line_end(buffer: Bytes, i: Any, stop: Any) -> Any:  # noqa: ANN401  unsigned places
    """Find the next line feed, eight bytes at a time."""
    while i + _8 <= stop:
        feed = load8(buffer, i) ^ _FEEDS
        marks = (feed - ONES) & ~feed & HIGH
        if marks != np.uint64(0):
            return i + marked_byte(marks)
        i += _8
    while i < stop and buffer[i] != 0x0A:
        i += U1
    return i


@kernel
def _cut(
    buffer: Bytes, filled: int, line: int, last: bool, starts: np.ndarray, ends: np.ndarray, lines: np.ndarray
) -> tuple[Any, ...]:
    """Note the lines that are not blank: (how many, line feeds passed, bytes used)."""
    i, stop = np.uint64(0), np.uint64(filled)
    n = passed = 0
    while i < stop:
        end = _line_end(buffer, i, stop)
        if end == stop and not last:
            break
        first = i
        while first < end and (buffer[first] == 0x20 or buffer[first] == 0x09 or buffer[first] == 0x0D):
            first += U1
        if first < end:
            starts[n] = np.int64(i)
            ends[n] = np.int64(end)
            lines[n] = line + passed
            n += 1
        if end == stop:
            return n, passed, filled
        passed += 1
        i = end + U1
    return n, passed, np.int64(i)


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
    carry = without_bom(head)
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
        chunk, used, passed = _lines(room, filled, line, last=last)
        carry = room[used:filled].copy()
        line += passed
        if carry.shape[0] > max_record:
            too_long, skipping, carry = (line,), True, carry[:0]
        chunk = chunk.within(max_record)
        chunk = replace(chunk, too_long=(*chunk.too_long, *too_long)) if too_long else chunk
        if chunk.start.size or chunk.too_long:
            yield chunk


@kernel
def _string_past(buffer: Bytes, i: np.uint64, stop: np.uint64) -> np.uint64:
    """Go past a string whose quote is at ``i``, well-formed or not; the scan judges it."""
    i += U1
    while i < stop and buffer[i] != 0x22:
        i += U1 + U1 if buffer[i] == 0x5C else U1
    return min(i + U1, stop)


@kernel
def _documents(buffer: Bytes, starts: np.ndarray, ends: np.ndarray) -> int:  # noqa: C901  a branch a byte class
    """Find top-level objects, and whatever else stands between them, once to count and once to note."""
    i, stop = np.uint64(0), np.uint64(buffer.shape[0])
    noting = starts.shape[0] > 0
    depth = 0
    n = 0
    while i < stop:
        c = buffer[i]
        if depth == 0 and c in (0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x5B, 0x5D):
            i += U1
            continue
        if depth == 0 and noting:
            starts[n] = np.int64(i)
        if c == 0x22:
            i = _string_past(buffer, i, stop)
        elif c == 0x7B:
            depth += 1
            i += U1
        elif c == 0x7D and depth > 0:
            depth -= 1
            i += U1
        elif depth > 0:
            i += U1
        else:
            while i < stop and buffer[i] not in (0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x5B, 0x5D, 0x7B, 0x22):
                i += U1
        if depth == 0 or i >= stop:
            if noting:
                ends[n] = np.int64(i)
            n += 1
    return n


def documents(buffer: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where the documents of a buffer begin and end; arrays around them are looked into."""
    nothing = np.zeros(0, np.int64)
    most = int(_documents(buffer, nothing, nothing))
    starts, ends = np.zeros(most, np.int64), np.zeros(most, np.int64)
    if most:
        _documents(buffer, starts, ends)
    return starts, ends


def cut_documents(
    opened: OpenSource, head: NDArray[np.uint8], chunk_bytes: int, max_record: int, limit: int = DOCUMENT_BYTES
) -> Iterator[Chunk]:
    """Read a source that is one JSON document, a JSON array, or documents one after the other.

    Parameters
    ----------
    opened, head, chunk_bytes, max_record
        As for :func:`cut_lines`.
    limit
        Most bytes held in memory.

    Yields
    ------
    Chunk
        Documents, in chunks; their numbers stand for lines.

    Raises
    ------
    FormatError
        The source is larger than ``limit``.

    Notes
    -----
    The whole source is held in memory: such files are exports of one page or fixtures; logs are lines.
    """
    parts = [without_bom(head)]
    total = parts[0].shape[0]
    while True:
        room = np.empty(chunk_bytes, np.uint8)
        got = opened.read_into(room)
        total += got
        if total > limit:
            raise FormatError(
                f"{opened.source.path}: one JSON document of more than {limit:,} bytes, which would have to be held in"
                f" memory; write it as JSON Lines, one record a line (jq -c '.[]' does it)"
            )
        parts.append(room[:got].copy() if got < chunk_bytes else room)
        if got < chunk_bytes:
            break
    buffer = np.concatenate(parts)
    parts.clear()
    starts, ends = documents(buffer)
    first = 0
    while first < starts.shape[0]:
        after = max(first + 1, int(np.searchsorted(ends, starts[first] + chunk_bytes, "right")))
        at, rows = int(starts[first]), slice(first, after)
        piece = buffer[at : int(ends[after - 1])]
        yield Chunk(
            piece, starts[rows] - at, ends[rows] - at, np.arange(first + 1, after + 1, dtype=np.int64), ()
        ).within(max_record)
        first = after


def _objects(texts: Sequence[bytes]) -> list[dict[str, Any]]:
    found = []
    for text in texts:
        try:
            # As UTF-8 whatever it is: json would guess UTF-16, which the scan refuses.
            parsed = json.loads(text.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            continue
        if isinstance(parsed, dict):
            found.append(parsed)
    return found


def sample(head: NDArray[np.uint8], *, whole: bool, most: int = 20) -> tuple[list[dict[str, Any]], bool]:
    """Parse a few records from the beginning of a source: (objects, whether they stand one a line).

    A source whose first line is a record is JSON Lines, whatever follows; one that begins with a list or a
    brace that stays open at the end of the line is read as documents.
    """
    head = without_bom(head)
    lines = [line.strip() for line in head.tobytes().split(b"\n")]
    if not whole:
        lines = lines[:-1] or lines
    lines = [line for line in lines if line]
    by_line = _objects(lines[:most])
    opens = bool(lines) and (lines[0].startswith(b"[") or lines[0] == b"{")
    if by_line and not opens:
        return by_line, True
    starts, ends = documents(head)
    found = _objects([head[a:b].tobytes() for a, b in zip(starts[:most], ends[:most], strict=True)])
    if found or not by_line:
        return found, not (found or opens)
    return by_line, True
