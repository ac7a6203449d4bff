"""Decimal numbers to machine numbers."""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.ingest.json.lexer import U1, Bytes, Int
from stillwatch.sketches.hashing import kernel

_MAX_DIGITS: Final = 18
_ROOM: Final = 922_337_203_685_477_580
"""A mantissa below it has room for one digit more in 63 bits."""


@kernel
def number(buffer: Bytes, start: Int, end: Int) -> tuple[Int, Int, bool, bool]:
    """Read a number: (as float, as integer, whether it is an exact integer, whether it is a number)."""
    i, stop = np.uint64(start), np.uint64(end)
    if start < end <= start + _MAX_DIGITS:
        # Most numbers of a log are a few digits and nothing else.
        plain = np.int64(0)
        while i < stop and 0x30 <= buffer[i] <= 0x39:
            plain = plain * 10 + np.int64(buffer[i] - 0x30)
            i += U1
        if i == stop:
            return np.float64(plain), plain, True, True
        i = np.uint64(start)
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
            if digits < _MAX_DIGITS or (digits == _MAX_DIGITS and mantissa < _ROOM):
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
        return 0.0, np.int64(0), False, False
    exponent: Int = 0
    if i < stop and (buffer[i] == 0x65 or buffer[i] == 0x45):
        i += U1
        sign = 1
        if i < stop and (buffer[i] == 0x2D or buffer[i] == 0x2B):
            sign = -1 if buffer[i] == 0x2D else 1
            i += U1
        if i >= stop:
            return 0.0, np.int64(0), False, False
        while i < stop and 0x30 <= buffer[i] <= 0x39:
            exponent = min(exponent * 10 + np.int64(buffer[i] - 0x30), 10_000)
            i += U1
        exponent *= sign
    if i != stop:
        return 0.0, np.int64(0), False, False
    if mantissa == 0:
        return (-0.0 if negative else 0.0), np.int64(0), True, True
    shift = exponent + dropped - max(point, 0)
    whole = mantissa
    exact = dropped == 0
    for _ in range(min(-shift, _MAX_DIGITS + 2)):
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
