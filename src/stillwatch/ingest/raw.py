"""Raw batches: records in columns before the door, and what became of every record that is not among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.model.event import RAW_SCHEMA, Reject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ESSENTIAL: Final = frozenset(
    {"ts_ms", "tokens_in", "tokens_out", "tokens_reasoning", "tokens_cached_in", "event_id", "account_id"}
)
"""Fields whose nonsense refuses the record; nonsense elsewhere leaves the field empty and is counted."""

EARLIEST_MS: Final = 1_420_070_400_000
"""2015-01-01: an earlier time is a mistaken unit."""
LATEST_MS: Final = 4_102_444_800_000
"""2100-01-01: a later time is a mistaken unit."""

INT_MAX: Final = {"int16": 2**15 - 1, "int32": 2**31 - 1, "int64": 2**63 - 1}
"""Largest value of each integer type."""
FLOAT_MAX: Final = 3.4e38
"""Largest real number taken; no measure comes near."""

_NOT: Final = {
    "int16": "is not a whole number from 0 to 32767",
    "int32": "is not a whole number from 0 to 2147483647",
    "int64": "is not a whole number",
    "float": "is not a number from 0",
    "bool": "is neither true nor false",
}
NO_TIME: Final = "is missing; events without a time cannot be ordered"
PERSONAL: Final = "is direct personal data (class P4); drop it before sharing logs"


@dataclass(slots=True)
class RawBatch:
    """Some records in columns, before the door."""

    columns: pa.RecordBatch
    """RAW_SCHEMA, accepted records only."""
    line: NDArray[np.int64]
    """(n,) line or record number of each."""
    read: int
    """Records seen."""
    rejects: list[Reject]
    """Refused records: ``read == len(columns) + len(rejects)``."""
    blanked: dict[str, int]
    """Field -> values left out of accepted records because they made no sense."""


class Verdict:
    """Which records of a batch are refused, and which fields of the others are left empty."""

    def __init__(self, path: str, line: NDArray[np.int64]) -> None:
        self.bad: NDArray[np.bool_] = np.zeros(line.shape[0], np.bool_)
        self.rejects: list[Reject] = []
        self._path, self._line = path, line
        self._blank: dict[str, NDArray[np.bool_]] = {}

    def refuse(self, field: str, rows: NDArray[np.bool_], reason: str) -> None:
        """Refuse records; each is refused once, for its first reason."""
        if rows.any():
            rows = rows & ~self.bad
            self.rejects += [Reject(self._path, int(self._line[row]), field, reason) for row in np.flatnonzero(rows)]
            self.bad |= rows

    def wrong(self, field: str, rows: NDArray[np.bool_]) -> None:
        """Settle values that make no sense: refuse the record where the field is essential, else leave it empty."""
        if not rows.any():
            return
        if field in ESSENTIAL:
            kind = str(RAW_SCHEMA.field(field).type)
            self.refuse(field, rows, "is not a plausible time" if field == "ts_ms" else _NOT.get(kind, "is not a text"))
        else:
            self.left_out(field, rows)

    def left_out(self, field: str, rows: NDArray[np.bool_]) -> None:
        """Count values that were missing or made no sense and that the event goes on without."""
        self._blank[field] = self._blank.get(field, False) | rows

    def batch(self, columns: Mapping[str, pa.Array], also: list[Reject]) -> RawBatch:
        """Put the accepted records together; ``also`` are refused records that are no row here."""
        n, kept = self.bad.shape[0], ~self.bad
        batch = pa.RecordBatch.from_arrays(
            [columns[f.name] if f.name in columns else pa.nulls(n, f.type) for f in RAW_SCHEMA], schema=RAW_SCHEMA
        )
        line = self._line
        if self.bad.any():
            batch, line = batch.filter(pa.array(kept)), line[kept]
        rejects = sorted(self.rejects + also, key=lambda reject: reject.line)
        blanked = {name: count for name, rows in self._blank.items() if (count := int((rows & kept).sum()))}
        return RawBatch(batch, line, n + len(also), rejects, blanked)
