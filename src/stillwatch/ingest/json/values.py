"""Spans to numbers, times and strings, column by column.

Each kernel answers per record: a value, nothing (the field is absent) or a reason why it is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.ingest.json.decimals import number
from stillwatch.ingest.json.lexer import ABSENT, ESCAPED, FALSE, NUMBER, STRING, TRUE, Bytes, Int
from stillwatch.ingest.json.moments import date_time
from stillwatch.ingest.json.text import put_text
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

GIVEN: Final = 0
MISSING: Final = 1
WRONG: Final = 2


@kernel
def _gather(
    buffer: Bytes, start: np.ndarray, end: np.ndarray, kind: np.ndarray, offsets: np.ndarray, out: np.ndarray
) -> None:
    at = 0
    for row in range(start.shape[0]):
        offsets[row] = at
        if kind[row] in (STRING, ESCAPED, NUMBER):
            at = put_text(buffer, start[row], end[row], kind[row], out, at)
    offsets[start.shape[0]] = at


def strings(
    buffer: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], kind: NDArray[np.uint8]
) -> pa.StringArray:
    """Collect string (and number) spans into an Arrow column; everything else is null, and so is "".

    Gateways write an empty string where they know nothing.
    """
    start, end, kind = np.ascontiguousarray(start), np.ascontiguousarray(end), np.ascontiguousarray(kind)
    textual = ((kind == STRING) | (kind == ESCAPED) | (kind == NUMBER)) & (end > start)
    room = int((end - start)[textual].sum())
    offsets = np.zeros(start.shape[0] + 1, np.int32)
    out = np.empty(room, np.uint8)
    _gather(buffer, start, end, np.where(textual, kind, np.uint8(ABSENT)), offsets, out)
    valid = None if textual.all() else pa.py_buffer(np.packbits(textual, bitorder="little"))
    return pa.StringArray.from_buffers(
        start.shape[0], pa.py_buffer(offsets), pa.py_buffer(out), valid, int((~textual).sum())
    )


@kernel
def _read_integers(
    buffer: Bytes,
    start: np.ndarray,
    end: np.ndarray,
    kind: np.ndarray,
    low: Int,
    high: Int,
    values: np.ndarray,
    answer: np.ndarray,
) -> None:
    for row in range(start.shape[0]):
        k = kind[row]
        if k == ABSENT or (k == STRING and start[row] == end[row]):
            answer[row] = MISSING
            continue
        answer[row] = WRONG
        if k in (NUMBER, STRING):
            _, whole, exact, is_number = number(buffer, start[row], end[row])
            if is_number and exact and low <= whole <= high:
                values[row] = whole
                answer[row] = GIVEN


@kernel
def _read_floats(
    buffer: Bytes, start: np.ndarray, end: np.ndarray, kind: np.ndarray, values: np.ndarray, answer: np.ndarray
) -> None:
    for row in range(start.shape[0]):
        k = kind[row]
        if k == ABSENT or (k == STRING and start[row] == end[row]):
            answer[row] = MISSING
            continue
        answer[row] = WRONG
        if k in (NUMBER, STRING):
            value, _, _, is_number = number(buffer, start[row], end[row])
            if is_number and np.isfinite(value):
                values[row] = value
                answer[row] = GIVEN


@kernel
def _read_times(
    buffer: Bytes,
    start: np.ndarray,
    end: np.ndarray,
    kind: np.ndarray,
    per_ms: Int,
    values: np.ndarray,
    answer: np.ndarray,
) -> None:
    for row in range(start.shape[0]):
        k = kind[row]
        if k == ABSENT or (k == STRING and start[row] == end[row]):
            answer[row] = MISSING
            continue
        answer[row] = WRONG
        if k == STRING:
            ms, is_time = date_time(buffer, start[row], end[row])
            if is_time:
                values[row] = ms
                answer[row] = GIVEN
                continue
        if k in (NUMBER, STRING):
            value, whole, exact, is_number = number(buffer, start[row], end[row])
            if is_number and abs(value) < 1e19:
                if exact and per_ms >= 1.0:
                    values[row] = whole // np.int64(per_ms)
                else:
                    values[row] = np.int64(np.floor(value / per_ms + 0.5))
                answer[row] = GIVEN


def integers(
    buffer: NDArray[np.uint8],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    kind: NDArray[np.uint8],
    low: int,
    high: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Read integers within [low, high] from number or string spans: values, and GIVEN, MISSING or WRONG."""
    start, end, kind = np.ascontiguousarray(start), np.ascontiguousarray(end), np.ascontiguousarray(kind)
    values, answer = np.zeros(start.shape[0], np.int64), np.zeros(start.shape[0], np.uint8)
    _read_integers(buffer, start, end, kind, low, high, values, answer)
    return values, answer


def floats(
    buffer: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], kind: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Read finite numbers from number or string spans: values, and GIVEN, MISSING or WRONG."""
    values, answer = np.zeros(start.shape[0], np.float64), np.zeros(start.shape[0], np.uint8)
    start, end, kind = np.ascontiguousarray(start), np.ascontiguousarray(end), np.ascontiguousarray(kind)
    _read_floats(buffer, start, end, kind, values, answer)
    return values, answer


def times(
    buffer: NDArray[np.uint8],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    kind: NDArray[np.uint8],
    per_ms: float,
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Read times in ms since 1970 from RFC 3339 strings or from numbers of which ``per_ms`` make a ms."""
    values, answer = np.zeros(start.shape[0], np.int64), np.zeros(start.shape[0], np.uint8)
    start, end, kind = np.ascontiguousarray(start), np.ascontiguousarray(end), np.ascontiguousarray(kind)
    _read_times(buffer, start, end, kind, float(per_ms), values, answer)
    return values, answer


def truths(kind: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Read true and false: values, and GIVEN, MISSING or WRONG."""
    known = (kind == TRUE) | (kind == FALSE)
    answer = np.where(known, np.uint8(GIVEN), np.where(kind == ABSENT, np.uint8(MISSING), np.uint8(WRONG)))
    return kind == TRUE, answer.astype(np.uint8)
