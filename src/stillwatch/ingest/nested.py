"""JSON inside strings: decode it, check it like any record, and read it in place of the string."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.ingest.json import scan
from stillwatch.ingest.json.lexer import ABSENT, ARRAY, ESCAPED, OBJECT, STRING
from stillwatch.ingest.json.paths import build_trie
from stillwatch.ingest.json.text import put_text
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.ingest.json.lists import Column
    from stillwatch.ingest.json.paths import Trie

_NOTHING = build_trie(())


@kernel
def _decode(
    buffer: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    kind: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    out: np.ndarray,
) -> None:
    at = 0
    for row in range(start.shape[0]):
        starts[row] = at
        if kind[row] in (STRING, ESCAPED):
            at = put_text(buffer, start[row], end[row], kind[row], out, at)
        ends[row] = at


def decode(buffer: NDArray[np.uint8], column: Column) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Write the texts of string spans to a buffer of their own: (buffer, starts, ends)."""
    start, end, _ = column
    starts, ends = np.zeros(start.shape[0], np.int64), np.zeros(start.shape[0], np.int64)
    out = np.empty(int((end - start).sum()), np.uint8)
    _decode(buffer, *column, starts, ends, out)
    return out, starts, ends


def scan_inside(
    buffer: NDArray[np.uint8], column: Column, trie: Trie, depth: int
) -> tuple[NDArray[np.uint8], scan.Spans]:
    """Scan the documents that stand inside strings; what is no object captures nothing."""
    out, starts, ends = decode(buffer, column)
    spans = scan.scan(out, starts, ends, trie, depth=depth)
    spans.kind[:, spans.fault != 0] = ABSENT
    return out, spans


def unwrap(buffer: NDArray[np.uint8], column: Column, depth: int) -> tuple[NDArray[np.uint8], Column]:
    """Replace strings that hold a JSON list or object by that list or object; other strings stay texts."""
    start, end, kind = column
    strings = (kind == STRING) | (kind == ESCAPED)
    if not strings.any():
        return buffer, column
    out, starts, ends = decode(buffer, column)
    first = np.zeros(start.shape[0], np.uint8)
    filled = ends > starts
    first[filled] = out[starts[filled]]
    candidate = strings & ((first == 0x5B) | (first == 0x7B))
    if not candidate.any():
        return buffer, column
    rows = np.flatnonzero(candidate)
    spans = scan.scan(out, starts[rows], ends[rows], _NOTHING, depth=depth, whole=False)
    rows = rows[spans.fault == 0]
    start, end, kind = start.copy(), end.copy(), kind.copy()
    start[rows], end[rows] = starts[rows] + buffer.shape[0], ends[rows] + buffer.shape[0]
    kind[rows] = np.where(first[rows] == 0x5B, np.uint8(ARRAY), np.uint8(OBJECT))
    return np.concatenate([buffer, out]), (start, end, kind)
