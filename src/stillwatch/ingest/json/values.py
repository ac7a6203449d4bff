"""Spans to numbers, times and strings, column by column.

Each kernel answers per record: a value, nothing (the field is absent) or a reason why it is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.ingest.json.scan import ABSENT, ESCAPED, FALSE, NUMBER, STRING, TRUE, U1
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

GIVEN: Final = 0
MISSING: Final = 1
WRONG: Final = 2

_REPLACEMENT: Final = 0xFFFD
_MAX_DIGITS: Final = 18


@kernel
def _hex4(buffer: np.ndarray, at: np.uint64) -> int:
    value = 0
    for k in range(np.uint64(4)):
        c = np.int64(buffer[at + k])
        value = value * 16 + (c - 0x30 if c <= 0x39 else (c | 0x20) - 0x57)
    return value


@kernel
def put_utf8(out: np.ndarray, at: int, point: int) -> int:
    """Write one code point as UTF-8 at ``out[at]``; returns where to go on."""
    if point < 0x80:
        out[at] = point
        return at + 1
    if point < 0x800:
        out[at] = 0xC0 | (point >> 6)
        out[at + 1] = 0x80 | (point & 0x3F)
        return at + 2
    if point < 0x10000:
        out[at] = 0xE0 | (point >> 12)
        out[at + 1] = 0x80 | ((point >> 6) & 0x3F)
        out[at + 2] = 0x80 | (point & 0x3F)
        return at + 3
    out[at] = 0xF0 | (point >> 18)
    out[at + 1] = 0x80 | ((point >> 12) & 0x3F)
    out[at + 2] = 0x80 | ((point >> 6) & 0x3F)
    out[at + 3] = 0x80 | (point & 0x3F)
    return at + 4


@kernel
def unescape(buffer: np.ndarray, start: int, end: int, out: np.ndarray, at: int) -> int:
    """Write a scanned string's text to ``out[at:]``, never longer than its bytes; returns where it ends.

    A lone surrogate, which has no UTF-8, becomes U+FFFD.
    """
    i, stop = np.uint64(start), np.uint64(end)
    while i < stop:
        c = buffer[i]
        if c != 0x5C:
            out[at] = c
            at += 1
            i += U1
            continue
        c = buffer[i + U1]
        i += np.uint64(2)
        if c == 0x75:
            point = _hex4(buffer, i)
            i += np.uint64(4)
            if 0xD800 <= point < 0xDC00 and i + np.uint64(6) <= stop and buffer[i] == 0x5C and buffer[i + U1] == 0x75:
                low = _hex4(buffer, i + np.uint64(2))
                if 0xDC00 <= low < 0xE000:
                    point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00)
                    i += np.uint64(6)
            if 0xD800 <= point < 0xE000:
                point = _REPLACEMENT
            at = put_utf8(out, at, point)
            continue
        if c == 0x6E:
            c = np.uint8(0x0A)
        elif c == 0x74:
            c = np.uint8(0x09)
        elif c == 0x72:
            c = np.uint8(0x0D)
        elif c == 0x62:
            c = np.uint8(0x08)
        elif c == 0x66:
            c = np.uint8(0x0C)
        out[at] = c
        at += 1
    return at


@kernel
def _copy(buffer: np.ndarray, start: int, end: int, out: np.ndarray, at: int) -> int:
    for k in range(np.uint64(start), np.uint64(end)):
        out[at] = buffer[k]
        at += 1
    return at


@kernel
def put_text(buffer: np.ndarray, start: int, end: int, kind: int, out: np.ndarray, at: int) -> int:
    """Write the text of a string span, or the digits of a number span."""
    if kind == ESCAPED:
        return unescape(buffer, start, end, out, at)
    return _copy(buffer, start, end, out, at)


@kernel
def _gather(
    buffer: np.ndarray, start: np.ndarray, end: np.ndarray, kind: np.ndarray, offsets: np.ndarray, out: np.ndarray
) -> None:
    at = 0
    for row in range(start.shape[0]):
        offsets[row] = at
        if kind[row] == STRING or kind[row] == ESCAPED or kind[row] == NUMBER:
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
def _number(buffer: np.ndarray, start: int, end: int) -> tuple[float, int, bool, bool]:
    """Read a number: (as float, as integer, whether it is an exact integer, whether it is a number)."""
    i, stop = np.uint64(start), np.uint64(end)
    negative = i < stop and buffer[i] == 0x2D
    if negative:
        i += U1
    mantissa = np.int64(0)
    digits = 0
    dropped = 0
    point = -1
    seen = False
    while i < stop:
        c = buffer[i]
        if 0x30 <= c <= 0x39:
            seen = True
            if digits < _MAX_DIGITS:
                mantissa = mantissa * 10 + np.int64(c - 0x30)
                if mantissa:
                    digits += 1
                if point >= 0:
                    point += 1
            elif point < 0:
                dropped += 1
        elif c == 0x2E and point < 0:
            point = 0
        else:
            break
        i += U1
    if not seen:
        return 0.0, 0, False, False
    exponent = 0
    if i < stop and (buffer[i] == 0x65 or buffer[i] == 0x45):
        i += U1
        sign = 1
        if i < stop and (buffer[i] == 0x2D or buffer[i] == 0x2B):
            sign = -1 if buffer[i] == 0x2D else 1
            i += U1
        if i >= stop:
            return 0.0, 0, False, False
        while i < stop and 0x30 <= buffer[i] <= 0x39:
            exponent = min(exponent * 10 + np.int64(buffer[i] - 0x30), 10_000)
            i += U1
        exponent *= sign
    if i != stop:
        return 0.0, 0, False, False
    shift = exponent + dropped - max(point, 0)
    whole = mantissa
    exact = dropped == 0
    for _ in range(-shift if -shift < _MAX_DIGITS + 1 else _MAX_DIGITS + 1):
        if whole % 10:
            exact = False
        whole //= 10
    if shift > 0:
        exact = exact and shift + digits <= _MAX_DIGITS
        for _ in range(shift if exact else 0):
            whole *= 10
    value = np.float64(mantissa) * 10.0 ** np.float64(shift)
    if negative:
        return -value, -whole, exact, True
    return value, whole, exact, True


@kernel
def _read_integers(
    buffer: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    kind: np.ndarray,
    low: int,
    high: int,
    values: np.ndarray,
    answer: np.ndarray,
) -> None:
    for row in range(start.shape[0]):
        k = kind[row]
        if k == ABSENT or (k == STRING and start[row] == end[row]):
            answer[row] = MISSING
            continue
        answer[row] = WRONG
        if k == NUMBER or k == STRING:
            _, whole, exact, is_number = _number(buffer, start[row], end[row])
            if is_number and exact and low <= whole <= high:
                values[row] = whole
                answer[row] = GIVEN


@kernel
def _read_floats(
    buffer: np.ndarray, start: np.ndarray, end: np.ndarray, kind: np.ndarray, values: np.ndarray, answer: np.ndarray
) -> None:
    for row in range(start.shape[0]):
        k = kind[row]
        if k == ABSENT or (k == STRING and start[row] == end[row]):
            answer[row] = MISSING
            continue
        answer[row] = WRONG
        if k == NUMBER or k == STRING:
            value, _, _, is_number = _number(buffer, start[row], end[row])
            if is_number and np.isfinite(value):
                values[row] = value
                answer[row] = GIVEN


@kernel
def _two(buffer: np.ndarray, at: np.uint64) -> int:
    a, b = np.int64(buffer[at]) - 0x30, np.int64(buffer[at + U1]) - 0x30
    return a * 10 + b if 0 <= a <= 9 and 0 <= b <= 9 else -1


@kernel
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a proleptic Gregorian date (Hinnant 2013, days_from_civil)."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@kernel
def date_time(buffer: np.ndarray, start: int, end: int) -> tuple[int, bool]:
    """Read RFC 3339, or ``YYYY-MM-DD HH:MM:SS[.f]`` taken as UTC: (ms since 1970, whether it is one)."""
    i, stop = np.uint64(start), np.uint64(end)
    if i + np.uint64(19) > stop:
        return 0, False
    year_hi, year_lo = _two(buffer, i), _two(buffer, i + np.uint64(2))
    month, day = _two(buffer, i + np.uint64(5)), _two(buffer, i + np.uint64(8))
    hour, minute = _two(buffer, i + np.uint64(11)), _two(buffer, i + np.uint64(14))
    second = _two(buffer, i + np.uint64(17))
    gap = buffer[i + np.uint64(10)]
    if (
        year_hi < 0
        or year_lo < 0
        or not 1 <= month <= 12
        or not 1 <= day <= 31
        or not 0 <= hour <= 23
        or not 0 <= minute <= 59
        or not 0 <= second <= 60
        or buffer[i + np.uint64(4)] != 0x2D
        or buffer[i + np.uint64(7)] != 0x2D
        or buffer[i + np.uint64(13)] != 0x3A
        or buffer[i + np.uint64(16)] != 0x3A
        or not (gap == 0x20 or gap == 0x54 or gap == 0x74)
    ):
        return 0, False
    ms = (_days(year_hi * 100 + year_lo, month, day) * 86400 + hour * 3600 + minute * 60 + second) * 1000
    i += np.uint64(19)
    if i < stop and (buffer[i] == 0x2E or buffer[i] == 0x2C):
        i += U1
        unit = 100
        first = i
        while i < stop and 0x30 <= buffer[i] <= 0x39:
            ms += (np.int64(buffer[i]) - 0x30) * unit
            unit //= 10
            i += U1
        if i == first:
            return 0, False
    if i == stop:
        return ms, True
    c = buffer[i]
    if c == 0x5A or c == 0x7A:
        return ms, i + U1 == stop
    if (c == 0x2B or c == 0x2D) and i + np.uint64(6) == stop and buffer[i + np.uint64(3)] == 0x3A:
        hours, minutes = _two(buffer, i + U1), _two(buffer, i + np.uint64(4))
        if not 0 <= hours <= 23 or not 0 <= minutes <= 59:
            return 0, False
        shift = (hours * 60 + minutes) * 60_000
        return (ms - shift if c == 0x2B else ms + shift), True
    return 0, False


@kernel
def _read_times(
    buffer: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    kind: np.ndarray,
    per_ms: float,
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
        if k == NUMBER or k == STRING:
            value, whole, exact, is_number = _number(buffer, start[row], end[row])
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
    values, answer = np.zeros(start.shape[0], np.int64), np.zeros(start.shape[0], np.uint8)
    _read_integers(buffer, *map(np.ascontiguousarray, (start, end, kind)), low, high, values, answer)
    return values, answer


def floats(
    buffer: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], kind: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Read finite numbers from number or string spans: values, and GIVEN, MISSING or WRONG."""
    values, answer = np.zeros(start.shape[0], np.float64), np.zeros(start.shape[0], np.uint8)
    _read_floats(buffer, *map(np.ascontiguousarray, (start, end, kind)), values, answer)
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
    _read_times(buffer, *map(np.ascontiguousarray, (start, end, kind)), float(per_ms), values, answer)
    return values, answer


def truths(kind: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Read true and false: values, and GIVEN, MISSING or WRONG."""
    known = (kind == TRUE) | (kind == FALSE)
    answer = np.where(known, np.uint8(GIVEN), np.where(kind == ABSENT, np.uint8(MISSING), np.uint8(WRONG)))
    return kind == TRUE, answer.astype(np.uint8)
