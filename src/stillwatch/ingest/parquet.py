"""Parquet sources: native columns, and recorded HTTP exchanges (one row a request)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.ingest.columns import EARLIEST_MS, LATEST_MS, RawBatch
from stillwatch.ingest.readers.base import map_words
from stillwatch.model.errors import ForbiddenField, FormatError
from stillwatch.model.event import FORBIDDEN, RAW_SCHEMA, Clock, Identity, Provenance, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NATIVE_PARQUET: Final = Provenance("native-parquet", Identity.KEY, Clock.LOG)
HTTP_RECORDING: Final = Provenance("http-recording", Identity.HEADER, Clock.LOG)

_COUNTED: Final = ("tokens_in", "tokens_out", "tokens_reasoning", "tokens_cached_in")
_PATHS: Final = ("completions", "messages", "responses", "embeddings", "converse", "generate", "invoke")
_RENAMED: Final = {
    "model": "model_requested",
    "path": "operation",
    "input_tokens": "tokens_in",
    "output_tokens": "tokens_out",
    "cassette": "account_id",
}
_PARAMS: Final = {
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "n": "n_choices",
    "seed": "seed",
    "stream": "stream",
}


class ParquetSource:
    """One Parquet file, read batch by batch."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._file = pq.ParquetFile(path)
        except (OSError, pa.ArrowException) as error:
            raise FormatError(f"{path}: this is no readable Parquet file: {str(error).splitlines()[0]}") from error
        names = self._file.schema_arrow.names
        forbidden = sorted(set(names) & set(FORBIDDEN))
        if forbidden:
            raise ForbiddenField(f"{path}: column {forbidden[0]} is direct personal data (class P4); drop it first")
        if "ts_ms" in names:
            self.provenance = NATIVE_PARQUET
        elif {"method", "path", "ts"} <= set(names):
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

    def raw(self, batch: pa.RecordBatch, first: int) -> RawBatch:
        """Turn a batch of the file into raw columns; rows that make no sense are refused."""
        if self.provenance is HTTP_RECORDING:
            return _recording(batch, first, self.path)
        return _checked({name: batch.column(name) for name in batch.schema.names}, batch.num_rows, first, self.path)


def _fit(column: pa.Array, kind: pa.DataType) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Cast a column to its raw type: the column, and where a value made no sense."""
    if column.type == kind:
        return column, np.zeros(len(column), bool)
    if pa.types.is_timestamp(column.type) and kind == pa.int64():
        return pc.cast(column, pa.timestamp("ms"), safe=False).cast(pa.int64()), np.zeros(len(column), bool)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type) and pa.types.is_integer(kind):
        whole = column.fill_null(0).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            wrong = ~np.isfinite(whole) | (whole != np.floor(whole)) | (np.abs(whole) > 2.0**53)
        safe = np.where(wrong, 0, whole).astype(np.int64)
        column = pa.array(safe, mask=np.asarray(column.is_null()) | wrong)
        fitted, beyond = _fit(column, kind)
        return fitted, wrong | beyond
    if pa.types.is_integer(column.type) and pa.types.is_integer(kind) and column.type.bit_width > kind.bit_width:
        most = 2 ** (kind.bit_width - 1) - 1
        beyond = np.asarray(pc.fill_null(pc.or_(pc.greater(column, most), pc.less(column, -most)), False))  # noqa: FBT003
        return pc.if_else(pa.array(beyond), None, column).cast(kind), beyond
    return column.cast(kind), np.zeros(len(column), bool)


def _checked(given: dict[str, pa.Array], n: int, first: int, path: str) -> RawBatch:
    columns: dict[str, pa.Array] = {}
    bad = np.zeros(n, bool)
    rejects: list[Reject] = []

    def refuse(name: str, rows: NDArray[np.bool_], reason: str) -> None:
        rejects.extend(Reject(path, first + int(row), name, reason) for row in np.flatnonzero(rows & ~bad))
        np.logical_or(bad, rows, out=bad)

    for f in RAW_SCHEMA:
        if f.name not in given:
            columns[f.name] = pa.nulls(n, f.type)
            continue
        try:
            columns[f.name], wrong = _fit(given[f.name], f.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise FormatError(f"{path}: column {f.name} is {given[f.name].type}, {f.type} is wanted") from error
        if wrong.any():
            refuse(f.name, wrong, "is not a whole number in range")
        if f.name in _COUNTED:
            below = pc.fill_null(pc.less(columns[f.name], 0), False)  # noqa: FBT003
            refuse(f.name, np.asarray(below), "is negative")
    times = columns["ts_ms"]
    refuse("ts_ms", np.asarray(times.is_null()), "is missing; events without a time cannot be ordered")
    moment = times.fill_null(EARLIEST_MS).to_numpy(zero_copy_only=False)
    refuse("ts_ms", (moment < EARLIEST_MS) | (moment > LATEST_MS), "is not a plausible time")
    batch = pa.RecordBatch.from_arrays([columns[f.name] for f in RAW_SCHEMA], schema=RAW_SCHEMA)
    line = np.arange(first, first + n, dtype=np.int64)
    if bad.any():
        batch, line = batch.filter(pa.array(~bad)), line[~bad]
    return RawBatch(batch, line, n, sorted(rejects, key=lambda reject: reject.line), {})


def _recording(batch: pa.RecordBatch, first: int, path: str) -> RawBatch:
    """Read recorded exchanges: the recording is the account, calls that are no inference are refused."""
    n = batch.num_rows
    given = {_RENAMED.get(name, name): batch.column(name) for name in batch.schema.names}
    given["ts_ms"] = pc.cast(pc.round(pc.multiply(given.pop("ts"), 1000.0)), pa.int64())
    given["event_id"] = pc.binary_join_element_wise(
        pc.fill_null(given["account_id"], ""), pc.cast(given.pop("idx"), pa.string()), "#"
    )
    for name in ("prompt", "system"):
        given[name] = given[name].cast(pa.large_string()).cast(pa.large_binary())
    for name in ("n_messages", "status"):
        given[name] = given[name].cast(pa.int16())
    if "params" in given:
        parsed = [json.loads(text) if text else {} for text in given.pop("params").to_pylist()]
        for key, name in _PARAMS.items():
            kind = RAW_SCHEMA.field(name).type
            wanted = bool if pa.types.is_boolean(kind) else (int, float)
            found = [p.get(key) if isinstance(p.get(key), wanted) else None for p in parsed]
            if any(value is not None for value in found):
                given[name] = pa.array(found, kind)
    method, called = given["method"], given["operation"]
    inference = pc.and_(
        pc.equal(method, "POST"),
        map_words(called, lambda text: any(part in (text or "") for part in _PATHS) and "batches" not in (text or ""), pa.bool_()),
    )
    ok = np.asarray(pc.fill_null(inference, False))  # noqa: FBT003
    checked = _checked({k: v for k, v in given.items() if k in RAW_SCHEMA.names}, n, first, path)
    refused = [Reject(path, first + int(row), "path", "is no inference call") for row in np.flatnonzero(~ok)]
    bad_lines = {reject.line for reject in refused}
    rejects = sorted(refused + [r for r in checked.rejects if r.line not in bad_lines], key=lambda r: r.line)
    keep = ok[checked.line - first]
    return RawBatch(checked.columns.filter(pa.array(keep)), checked.line[keep], n, rejects, {})
