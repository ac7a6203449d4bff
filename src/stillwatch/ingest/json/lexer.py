"""Where one JSON string, number or word ends, and whether it is well-formed: the kernels below the scan.

References
----------
RFC 8259, The JavaScript Object Notation Data Interchange Format. Unicode 16, table 3-7 (well-formed UTF-8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

Int: TypeAlias = Any
"""A machine integer inside a kernel; the compiler settles its width."""
Bytes: TypeAlias = "NDArray[np.uint8]"

ABSENT: Final = 0
STRING: Final = 1
ESCAPED: Final = 2
"""A string with backslashes; its text differs from its bytes."""
NUMBER: Final = 3
TRUE: Final = 4
FALSE: Final = 5
OBJECT: Final = 6
ARRAY: Final = 7

OK: Final = 0
FAULTS: Final = (
    "",
    "ends in the middle of a value",
    "is not JSON here",
    "has a control character inside a string",
    "has a malformed escape",
    "is not UTF-8",
    "is nested too deeply",
    "has something after its value",
    "holds NaN or Infinity, which JSON has no number for",
    "is not a JSON object",
)
"""Why a record was refused; index 0 is none."""
TRUNCATED, SYNTAX, CONTROL, ESCAPE, UTF8, DEEP, TRAILING, NAN, NOT_OBJECT = range(1, 10)

U1: Final = np.uint64(1)
_8: Final = np.uint64(8)


def _string_classes() -> NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    table[:0x20] = 3
    table[0x22] = 1
    table[0x5C] = 2
    table[0x80:] = 4
    return table


_STRING_CLASS: Final = _string_classes()
HIGH: Final = np.uint64(0x8080808080808080)
ONES: Final = np.uint64(0x0101010101010101)
_QUOTES: Final = np.uint64(0x2222222222222222)
_SLASHES: Final = np.uint64(0x5C5C5C5C5C5C5C5C)
_SPACES: Final = np.uint64(0x2020202020202020)


@kernel
def utf8_length(buffer: Bytes, i: Int, stop: Int) -> Int:
    """Give the length of the well-formed non-ASCII character at ``i``; 0 where it is malformed."""
    c = buffer[i]
    if c < 0xC2 or c > 0xF4:
        return np.uint64(0)
    size = np.uint64(2) if c < 0xE0 else (np.uint64(3) if c < 0xF0 else np.uint64(4))
    if i + size > stop:
        return np.uint64(0)
    second = buffer[i + U1]
    low, high = 0x80, 0xBF
    if c == 0xE0:
        low = 0xA0
    elif c == 0xED:
        high = 0x9F
    elif c == 0xF0:
        low = 0x90
    elif c == 0xF4:
        high = 0x8F
    if second < low or second > high:
        return np.uint64(0)
    for k in range(np.uint64(2), size):
        if buffer[i + k] & 0xC0 != 0x80:
            return np.uint64(0)
    return size


@kernel
def load8(buffer: Bytes, i: Int) -> Int:
    """Read eight bytes as one little-endian number; it becomes a single load."""
    return (
        np.uint64(buffer[i])
        | (np.uint64(buffer[i + np.uint64(1)]) << np.uint64(8))
        | (np.uint64(buffer[i + np.uint64(2)]) << np.uint64(16))
        | (np.uint64(buffer[i + np.uint64(3)]) << np.uint64(24))
        | (np.uint64(buffer[i + np.uint64(4)]) << np.uint64(32))
        | (np.uint64(buffer[i + np.uint64(5)]) << np.uint64(40))
        | (np.uint64(buffer[i + np.uint64(6)]) << np.uint64(48))
        | (np.uint64(buffer[i + np.uint64(7)]) << np.uint64(56))
    )


@kernel
def marked_byte(marks: Int) -> Int:
    """Give the place, 0 to 7, of the lowest byte whose top bit is marked.

    Of a borrow-based search the lowest mark is exact; a borrow disturbs higher bytes only.
    """
    lowest = (marks & (~marks + U1)) >> np.uint64(7)
    return ((lowest - U1) & ONES) * ONES >> np.uint64(56)


@kernel
def string_end(buffer: Bytes, at: Int, stop: Int) -> tuple[Int, int, int]:
    """Find the closing quote of a string whose first byte is at ``at``: (its place, kind, fault)."""
    i = at
    kind = STRING
    while True:
        # Eight bytes at a time while none of them needs a look.
        while i + _8 <= stop:
            word = load8(buffer, i)
            quote = word ^ _QUOTES
            slash = word ^ _SLASHES
            odd = ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | ((word - _SPACES) & ~word) | word
            odd &= HIGH
            if odd != np.uint64(0):
                i += marked_byte(odd)
                break
            i += _8
        while i < stop and _STRING_CLASS[buffer[i]] == 0:
            i += U1
        if i >= stop:
            return i, kind, TRUNCATED
        group = _STRING_CLASS[buffer[i]]
        if group == 1:
            return i, kind, OK
        if group == 2:
            kind = ESCAPED
            i += U1
            if i >= stop:
                return i, kind, TRUNCATED
            c = buffer[i]
            if c == 0x75:
                if i + np.uint64(4) >= stop:
                    return i, kind, TRUNCATED
                for k in range(np.uint64(1), np.uint64(5)):
                    d = buffer[i + k]
                    if not (0x30 <= d <= 0x39 or 0x41 <= d <= 0x46 or 0x61 <= d <= 0x66):
                        return i, kind, ESCAPE
                i += np.uint64(5)
            elif c in (0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74):
                i += U1
            else:
                return i, kind, ESCAPE
        elif group == 3:
            return i, kind, CONTROL
        else:
            size = utf8_length(buffer, i, stop)
            if size == np.uint64(0):
                return i, kind, UTF8
            i += size


@kernel
def digits_end(buffer: Bytes, i: Int, stop: Int) -> Int:
    """Go past digits."""
    while i < stop and 0x30 <= buffer[i] <= 0x39:
        i += U1
    return i


@kernel
def number_end(buffer: Bytes, at: Int, stop: Int) -> tuple[Int, int]:
    """Find the end of the number at ``at``: (its place, fault)."""
    i = at
    if i < stop and buffer[i] == 0x2D:
        i += U1
        if i < stop and buffer[i] == 0x49:
            return i, NAN
    if i >= stop:
        return i, TRUNCATED
    if buffer[i] == 0x30:
        i += U1
    elif 0x31 <= buffer[i] <= 0x39:
        i = digits_end(buffer, i, stop)
    else:
        return i, SYNTAX
    if i < stop and buffer[i] == 0x2E:
        after = digits_end(buffer, i + U1, stop)
        if after == i + U1:
            return i, SYNTAX
        i = after
    if i < stop and (buffer[i] == 0x65 or buffer[i] == 0x45):
        i += U1
        if i < stop and (buffer[i] == 0x2B or buffer[i] == 0x2D):
            i += U1
        after = digits_end(buffer, i, stop)
        if after == i:
            return i, SYNTAX
        i = after
    return i, OK


@kernel
def _is_word(buffer: Bytes, i: Int, stop: Int, a: int, b: int, c: int) -> Int:
    return (
        i + np.uint64(4) <= stop
        and buffer[i + U1] == a
        and buffer[i + np.uint64(2)] == b
        and (buffer[i + np.uint64(3)] == c)
    )


@kernel
def literal_end(buffer: Bytes, i: Int, stop: Int) -> tuple[Int, int, int]:
    """Read true, false or null at ``i``: (its end, kind, fault)."""
    c = buffer[i]
    if c == 0x74 and _is_word(buffer, i, stop, 0x72, 0x75, 0x65):
        return i + np.uint64(4), TRUE, OK
    if (
        c == 0x66
        and _is_word(buffer, i, stop, 0x61, 0x6C, 0x73)
        and i + np.uint64(4) < stop
        and (buffer[i + np.uint64(4)] == 0x65)
    ):
        return i + np.uint64(5), FALSE, OK
    if c == 0x6E and _is_word(buffer, i, stop, 0x75, 0x6C, 0x6C):
        return i + np.uint64(4), ABSENT, OK
    if c in (0x4E, 0x49):
        return i, ABSENT, NAN
    return i, ABSENT, SYNTAX


@kernel
def skip_space(buffer: Bytes, i: Int, stop: Int) -> Int:
    """Go on to the next byte that is no JSON white space."""
    while i < stop and (buffer[i] == 0x20 or buffer[i] == 0x0A or buffer[i] == 0x0D or buffer[i] == 0x09):
        i += U1
    return i
