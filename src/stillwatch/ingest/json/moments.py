"""Times written as text or as numbers, to milliseconds since 1970."""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.ingest.json.lexer import U1, Bytes, Int
from stillwatch.sketches.hashing import kernel

_2: Final = np.uint64(2)
_3: Final = np.uint64(3)


@kernel
def _two(buffer: Bytes, at: Int) -> Int:
    a, b = np.int64(buffer[at]) - 0x30, np.int64(buffer[at + U1]) - 0x30
    return a * 10 + b if 0 <= a <= 9 and 0 <= b <= 9 else -1


@kernel
def _days(year: Int, month: Int, day: Int) -> Int:
    """Days since 1970-01-01 of a proleptic Gregorian date (Hinnant 2013, days_from_civil)."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@kernel
def _month_length(year: Int, month: Int) -> Int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@kernel
def _zone(buffer: Bytes, i: Int, stop: Int) -> tuple[Int, bool]:
    """Read a zone, nothing meaning UTC: (ms ahead of UTC, whether it is one)."""
    if i == stop:
        return 0, True
    if buffer[i] == 0x20:
        i += U1
    left = stop - i
    if left == 1:
        return 0, buffer[i] == 0x5A or buffer[i] == 0x7A
    if left == 3 and buffer[i] == 0x55 and buffer[i + U1] == 0x54 and buffer[i + _2] == 0x43:
        return 0, True
    colon = left == 6 and buffer[i + _3] == 0x3A
    if not (colon or left == 3 or left == 5) or not (buffer[i] == 0x2B or buffer[i] == 0x2D):
        return 0, False
    hours, minutes = _two(buffer, i + U1), 0
    if left > 3:
        minutes = _two(buffer, stop - _2)
    if not 0 <= hours <= 23 or not 0 <= minutes <= 59:
        return 0, False
    shift = (hours * 60 + minutes) * 60_000
    return (shift if buffer[i] == 0x2B else -shift), True


@kernel
def date_time(buffer: Bytes, start: Int, end: Int) -> tuple[Int, bool]:
    """Read ``YYYY-MM-DD HH:MM:SS[.f][zone]``: (ms since 1970, whether it is one).

    RFC 3339 and what databases write: ``T`` or a space, ``Z``, `` UTC``, ``+00``, ``+0000`` or ``+00:00``; no
    zone is UTC. A date that the calendar has not is no time; second 60 is the next minute's first.
    """
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
        or not 1 <= day <= _month_length(year_hi * 100 + year_lo, month)
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
    shift, is_zone = _zone(buffer, i, stop)
    return ms - shift, is_zone
