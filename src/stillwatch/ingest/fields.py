"""One field of a batch of JSON records: the first of its places that holds something, read as its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.ingest.json import scan, values
from stillwatch.ingest.json.lexer import ABSENT, FALSE, STRING, TRUE
from stillwatch.ingest.json.lists import count_elements
from stillwatch.ingest.raw import EARLIEST_MS, FLOAT_MAX, INT_MAX, LATEST_MS
from stillwatch.model.event import RAW_SCHEMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.ingest.json.lists import Column
    from stillwatch.ingest.readers.base import Reader

_SCRATCH: Final = {"end_ms": pa.int64(), "first_token_ms": pa.int64(), "cache_write": pa.int32()}
"""Fields that only a reader's ``finish`` uses."""
_COUNTED: Final = ("n_tools", "logit_bias_n")
"""Fields that a list or an object may stand for: its length is meant."""


def kind_of(name: str) -> pa.DataType | None:
    """Give the type a capture is read as; None for content, lists and words read elsewhere."""
    if name in _SCRATCH:
        return _SCRATCH[name]
    if name not in RAW_SCHEMA.names or pa.types.is_list(RAW_SCHEMA.field(name).type):
        return None
    return RAW_SCHEMA.field(name).type


def pick(spans: scan.Spans, numbers: tuple[int, ...]) -> Column:
    """Give the first place that holds something, record by record."""
    n = spans.fault.shape[0]
    if not numbers:
        return np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.uint8)
    first = numbers[0]
    start, end, kind = spans.start[first], spans.end[first], spans.kind[first]
    for other in numbers[1:]:
        empty = (kind == ABSENT) | ((kind == STRING) & (end == start))
        if not empty.any():
            break
        start = np.where(empty, spans.start[other], start)
        end = np.where(empty, spans.end[other], end)
        kind = np.where(empty, spans.kind[other], kind)
    return start, end, kind


def typed(
    name: str, kind: pa.DataType, buffer: NDArray[np.uint8], column: Column, reader: Reader
) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Read one field of any type: the column, and which records hold something that makes no sense."""
    if name.endswith("_ms") and pa.types.is_int64(kind):
        moments, answer = values.times(buffer, *column, reader.time_unit)
        answer[(answer == values.GIVEN) & ((moments < EARLIEST_MS) | (moments > LATEST_MS))] = values.WRONG
        return pa.array(moments, mask=answer != values.GIVEN), answer == values.WRONG
    if pa.types.is_string(kind):
        return values.strings(buffer, *column), column[2] >= TRUE
    if pa.types.is_large_binary(kind):
        return values.strings(buffer, *column).cast(kind), column[2] >= TRUE
    if pa.types.is_boolean(kind):
        truth, answer = values.truths(column[2])
        return pa.array(truth, mask=answer != values.GIVEN), answer == values.WRONG
    if pa.types.is_integer(kind):
        return _integers(name, kind, buffer, column)
    numbers, answer = values.floats(buffer, *column)
    numbers *= reader.scale.get(name, 1.0)
    answer[(answer == values.GIVEN) & ~((numbers >= 0) & (numbers <= FLOAT_MAX))] = values.WRONG
    numbers[answer != values.GIVEN] = 0.0
    return pa.array(numbers.astype(np.float32), mask=answer != values.GIVEN), answer == values.WRONG


def _integers(
    name: str, kind: pa.DataType, buffer: NDArray[np.uint8], column: Column
) -> tuple[pa.Array, NDArray[np.bool_]]:
    most = INT_MAX[str(kind)]
    found, answer = values.integers(buffer, *column, -most if name == "seed" else 0, most)
    if name in _COUNTED:
        count_elements(buffer, column, found, answer)
    if name == "logprobs_requested":
        answer[column[2] == TRUE] = values.GIVEN
        answer[column[2] == FALSE] = values.MISSING
    return pa.array(found.astype(kind.to_pandas_dtype()), mask=answer != values.GIVEN), answer == values.WRONG
