"""What stands inside a list or an object of a record: how many elements, which texts, which reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from stillwatch.ingest.json.chat import lists_of
from stillwatch.ingest.json.lexer import ARRAY, OBJECT, U1, Bytes, skip_space, string_end
from stillwatch.ingest.json.values import GIVEN
from stillwatch.ingest.json.walk import LONGEST_WORD, code_of, skip_value, word_list
from stillwatch.model.event import BINDING_MISMATCHES
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]

_MOST: Final = 32_767
_REASON: Final = word_list({b"reason": 1})
_MISMATCH_WORDS: Final = word_list({word.encode(): 1 << bit for bit, word in enumerate(BINDING_MISMATCHES)})
_MISMATCH_LISTS: Final = pa.array(
    [[word for bit, word in enumerate(BINDING_MISMATCHES) if mask >> bit & 1] for mask in range(32)],
    pa.list_(pa.string()),
)


@kernel
def _count_elements(
    buffer: Bytes, start: np.ndarray, end: np.ndarray, kind: np.ndarray, found: np.ndarray, answer: np.ndarray
) -> None:
    for row in range(start.shape[0]):
        if kind[row] not in (ARRAY, OBJECT):
            continue
        count = 0
        i, stop = np.uint64(start[row]) + U1, np.uint64(end[row]) - U1
        while i < stop:
            i = skip_space(buffer, i, stop)
            if i >= stop:
                break
            count += 1
            i = skip_value(buffer, i, stop)
            if kind[row] == OBJECT:
                i = skip_value(buffer, i, stop)
            i = skip_space(buffer, i, stop)
            if i < stop and buffer[i] == 0x2C:
                i += U1
        found[row] = min(count, _MOST)
        answer[row] = GIVEN


def count_elements(
    buffer: NDArray[np.uint8], column: Column, found: NDArray[np.int64], answer: NDArray[np.uint8]
) -> None:
    """Where a list or an object stands, give its length."""
    start, end, kind = column
    _count_elements(
        buffer, np.ascontiguousarray(start), np.ascontiguousarray(end), np.ascontiguousarray(kind), found, answer
    )


@kernel
def _prefix(buffer: Bytes, start: np.uint64, end: np.uint64, words: Any) -> int:  # noqa: ANN401
    """Give the code of the word that a text is, or begins with before an underscore."""
    for w in range(words.code.shape[0]):
        length = np.uint64(words.at[w + 1] - words.at[w])
        if start + length > end or (start + length < end and buffer[start + length] != 0x5F):
            continue
        same = True
        for k in range(length):
            if words.letters[words.at[w] + np.int64(k)] != buffer[start + k]:
                same = False
                break
        if same:
            return int(words.code[w])
    return 0


@kernel
def _mismatch_bits(
    buffer: Bytes,
    start: np.ndarray,
    end: np.ndarray,
    kind: np.ndarray,
    reason: Any,  # noqa: ANN401  Words
    words: Any,  # noqa: ANN401  Words
    room: Bytes,
    bits: np.ndarray,
) -> None:
    """Note the words that the values of ``reason`` begin with; no other key and no other text counts."""
    for row in range(start.shape[0]):
        if kind[row] != ARRAY:
            continue
        i, stop = np.uint64(start[row]), np.uint64(end[row])
        is_reason = False
        while i < stop:
            if buffer[i] != 0x22:
                i += U1
                continue
            begin = i + U1
            i, k, fault = string_end(buffer, begin, stop)
            if fault:
                break
            if is_reason:
                bits[row] |= np.uint8(_prefix(buffer, begin, i, words))
            after = skip_space(buffer, i + U1, stop)
            is_key = after < stop and buffer[after] == 0x3A
            is_reason = is_key and code_of(buffer, begin, i, k, reason, room) == 1
            i += U1


def mismatch_lists(buffer: NDArray[np.uint8], column: Column) -> pa.ListArray:
    """Read lists of input transformations: the reasons that say whose reasoning it was."""
    bits = np.zeros(column[0].shape[0], np.uint8)
    _mismatch_bits(buffer, *column, _REASON, _MISMATCH_WORDS, np.empty(LONGEST_WORD, np.uint8), bits)
    return _MISMATCH_LISTS.take(pa.array(bits))


@kernel
def _list_spans(buffer: Bytes, start: np.ndarray, end: np.ndarray, kind: np.ndarray, found: np.ndarray) -> int:
    """Find the strings directly inside each list: rows of (row, start, end, kind)."""
    n = 0
    for row in range(start.shape[0]):
        if kind[row] != ARRAY:
            continue
        i, stop = np.uint64(start[row]) + U1, np.uint64(end[row]) - U1
        while i < stop:
            i = skip_space(buffer, i, stop)
            if i < stop and buffer[i] == 0x22:
                begin = i + U1
                i, k, _ = string_end(buffer, begin, stop)
                if i > begin:
                    found[n, 0] = row
                    found[n, 1] = np.int64(begin)
                    found[n, 2] = np.int64(i)
                    found[n, 3] = k
                    n += 1
                i += U1
            elif i < stop:
                i = skip_value(buffer, i, stop)
            i = skip_space(buffer, i, stop)
            if i < stop and buffer[i] == 0x2C:
                i += U1
    return n


def list_of_texts(buffer: NDArray[np.uint8], column: Column) -> pa.Array:
    """Read lists of texts, null where there is no list; an empty text counts as none."""
    room = int((column[1] - column[0])[column[2] == ARRAY].sum()) // 3 + 1
    found = np.zeros((room, 4), np.int64)
    n = int(_list_spans(buffer, *column, found))
    return lists_of(buffer, found[:n], column[0].shape[0], column[2] == ARRAY)
