"""The text of a scanned string: escapes resolved, never longer than the bytes it came from."""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.ingest.json.lexer import ESCAPED, U1, Bytes, Int
from stillwatch.sketches.hashing import kernel

_REPLACEMENT: Final = 0xFFFD


@kernel
def _hex4(buffer: Bytes, at: Int) -> Int:
    value: Int = 0
    for k in range(np.uint64(4)):
        c = np.int64(buffer[at + k])
        value = value * 16 + (c - 0x30 if c <= 0x39 else (c | 0x20) - 0x57)
    return value


@kernel
def put_utf8(out: Bytes, at: Int, point: Int) -> Int:
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
def unescape(buffer: Bytes, start: Int, end: Int, out: Bytes, at: Int) -> Int:
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
def _copy(buffer: Bytes, start: Int, end: Int, out: Bytes, at: Int) -> Int:
    # Unsigned places have no wrap-around to check, so the loop becomes a block copy.
    source, target = np.uint64(start), np.uint64(at)
    for k in range(np.uint64(end) - source):
        out[target + k] = buffer[source + k]
    return at + end - start


@kernel
def put_text(buffer: Bytes, start: Int, end: Int, kind: Int, out: Bytes, at: Int) -> Int:
    """Write the text of a string span, or the digits of a number span."""
    if kind == ESCAPED:
        return unescape(buffer, start, end, out, at)
    return _copy(buffer, start, end, out, at)
