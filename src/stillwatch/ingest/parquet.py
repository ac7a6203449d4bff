"""Parquet sources: native columns, and recorded HTTP exchanges (one row a request)."""

from __future__ import annotations

import os
from threading import local
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.ingest.raw import EARLIEST_MS, FLOAT_MAX, INT_MAX, LATEST_MS, NO_TIME, Verdict
from stillwatch.ingest.recordings import HTTP_RECORDING, NEEDED, recording
from stillwatch.model.errors import ForbiddenField, FormatError
from stillwatch.model.event import FORBIDDEN, RAW_SCHEMA, Clock, Identity, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from stillwatch.ingest.raw import RawBatch

NATIVE_PARQUET: Final = Provenance("native-parquet", Identity.KEY, Clock.LOG)


class ParquetSource:
    """One Parquet file, read batch by batch."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._own = local()
        try:
            self._file = pq.ParquetFile(pa.OSFile(os.fsencode(path)), page_checksum_verification=True)
        except (OSError, pa.ArrowException) as error:
            raise FormatError(f"{path}: this is no readable Parquet file: {str(error).splitlines()[0]}") from error
        names = self._file.schema_arrow.names
        forbidden = sorted(name for name in names if name.lower() in FORBIDDEN)
        if forbidden:
            raise ForbiddenField(f"{path}: column {forbidden[0]} is direct personal data (class P4); drop it first")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise FormatError(f"{path}: two columns are called {twice[0]}")
        if "ts_ms" in names:
            self.provenance = NATIVE_PARQUET
        elif set(names) >= NEEDED:
            self.provenance = HTTP_RECORDING
        else:
            raise FormatError(
                f"{path}: neither native columns (ts_ms, account_id, ...) nor recorded HTTP exchanges"
                f" (method, path, ts, ...); columns: {', '.join(names[:8])}"
            )
        self._names = [name for name in names if name in RAW_SCHEMA.names]
        self.rows = self._file.metadata.num_rows

    def tables(self, rows: int) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Read batches with the number of the first row of each (from 1).

        Raises
        ------
        OSError
            The file is damaged behind its footer.
        """
        wanted = self._names if self.provenance is NATIVE_PARQUET else None
        first = 1
        for batch in self._file.iter_batches(rows, columns=wanted, use_threads=False):
            yield first, batch
            first += batch.num_rows

    def groups(self) -> list[tuple[int, int]]:
        """List row groups: (rows before it, rows)."""
        rows = [self._file.metadata.row_group(g).num_rows for g in range(self._file.num_row_groups)]
        return list(zip(np.cumsum([0, *rows[:-1]]).tolist() if rows else [], rows, strict=True))

    def group(self, number: int) -> pa.RecordBatch:
        """Read one row group; threads may read different ones at once.

        Raises
        ------
        OSError
            The group is damaged.
        """
        if not hasattr(self._own, "file"):
            self._own.file = pq.ParquetFile(pa.OSFile(os.fsencode(self.path)), page_checksum_verification=True)
        wanted = self._names if self.provenance is NATIVE_PARQUET else None
        table = self._own.file.read_row_group(number, columns=wanted, use_threads=False).combine_chunks()
        batches = table.to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)

    def raw(self, batch: pa.RecordBatch, first: int) -> RawBatch:
        """Turn a batch of the file into raw columns; rows that make no sense are refused.

        Raises
        ------
        FormatError
            A column is of a type that cannot hold the field.
        """
        line = np.arange(first, first + batch.num_rows, dtype=np.int64)
        verdict = Verdict(self.path, line)
        given = {name: batch.column(name) for name in batch.schema.names}
        if self.provenance is HTTP_RECORDING:
            given = recording(given, verdict, self.path)
        return _checked(given, verdict, self.path)


def _checked(given: Mapping[str, pa.Array], verdict: Verdict, path: str) -> RawBatch:
    columns: dict[str, pa.Array] = {}
    for f in RAW_SCHEMA:
        if f.name not in given:
            continue
        try:
            columns[f.name], wrong = fit(given[f.name], f.name, f.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise FormatError(f"{path}: column {f.name} is {given[f.name].type}, {f.type} is wanted") from error
        verdict.wrong(f.name, wrong)
    verdict.refuse("ts_ms", np.asarray(columns["ts_ms"].is_null()), NO_TIME)
    if "completion" in columns:
        length = pc.min_element_wise(pc.binary_length(columns["completion"]), INT_MAX["int32"], skip_nulls=False)
        length = length.cast(pa.int32())
        given = columns.get("completion_chars", length)
        columns["completion_chars"] = pc.coalesce(given, length)
    return verdict.batch(columns, [])


def fit(column: pa.Array, name: str, kind: pa.DataType) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Read a column as its field's type: the column, and which rows hold something that makes no sense.

    Raises
    ------
    pa.ArrowException
        The column's type cannot hold the field.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(kind):
        return _text(column)
    if pa.types.is_integer(kind):
        column, wrong = _whole(column)
        most: float = LATEST_MS if name == "ts_ms" else INT_MAX[str(kind)]
        least: float = EARLIEST_MS if name == "ts_ms" else -most if name == "seed" else 0
    elif pa.types.is_floating(kind):
        column, wrong = column.cast(pa.float64()), np.zeros(len(column), np.bool_)
        least, most = 0, FLOAT_MAX
    else:
        return column.cast(kind), np.zeros(len(column), np.bool_)
    # NaN compares false: it is outside.
    inside = pc.and_(pc.greater_equal(column, least), pc.less_equal(column, most))
    wrong |= ~np.asarray(pc.fill_null(inside, True))  # noqa: FBT003
    return pc.if_else(pa.array(~wrong), column, None).cast(kind, safe=False), wrong


def _whole(column: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Read a column as 64-bit integers: the column, and which rows are none."""
    none = np.zeros(len(column), np.bool_)
    if pa.types.is_timestamp(column.type):
        return pc.cast(column, pa.timestamp("ms", column.type.tz), safe=False).cast(pa.int64()), none
    if pa.types.is_uint64(column.type):
        most = pa.scalar(INT_MAX["int64"], pa.uint64())
        wrong = np.asarray(pc.fill_null(pc.greater(column, most), False))  # noqa: FBT003
        return pc.if_else(pa.array(~wrong), column, None).cast(pa.int64()), wrong
    if pa.types.is_floating(column.type):
        numbers = column.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
        wrong = ~(np.abs(numbers) <= 2.0**53) | (numbers != np.floor(numbers))
        whole = np.where(wrong, 0, numbers).astype(np.int64)
        return pa.array(whole, mask=np.asarray(column.is_null()) | wrong), wrong
    return column.cast(pa.int64()), none


def _text(column: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Read a column as texts; an empty one is null, and so, as in JSON, is what is no UTF-8."""
    wrong = np.zeros(len(column), np.bool_)
    if pa.types.is_large_string(column.type) or pa.types.is_string(column.type):
        column = column.cast(pa.large_binary())
    try:
        texts = column.cast(pa.string())
    except pa.ArrowInvalid:
        if not pa.types.is_large_binary(column.type):
            raise
        wrong = np.array([not _is_text(value) for value in column.to_pylist()], np.bool_)
        texts = pc.if_else(pa.array(~wrong), column, None).cast(pa.string())
    empty = pc.equal(pc.binary_length(texts), 0)
    if pc.any(empty).as_py():
        texts = pc.if_else(empty, None, texts)
    return texts, wrong


def _is_text(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return False
    return True
