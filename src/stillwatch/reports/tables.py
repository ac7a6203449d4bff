"""Findings as tables: Parquet for all accounts, JSON lines for those that are worded.

One row an account and detector. Parquet is written column by column, detector by detector, without a
Python object a row; sentences are only written out for accounts reported or shown.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.pseudonym import pseudonym_column
from stillwatch.reports.files import write_atomically
from stillwatch.reports.view import account_view, worded_rows
from stillwatch.reports.words import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.scan import ScanResult
    from stillwatch.reports.steps import Step
    from stillwatch.reports.view import AccountView

ROWS_AT_ONCE: Final = 1 << 17
"""Rows of one row group; bounds memory."""

_WORD: Final = pa.dictionary(pa.int16(), pa.string())

FINDINGS_SCHEMA: Final = pa.schema(
    [
        pa.field("account", pa.string(), nullable=False),
        pa.field("detector", _WORD, nullable=False),
        pa.field("weight_bits", pa.float64()),
        pa.field("low_bits", pa.float64()),
        pa.field("high_bits", pa.float64()),
        pa.field("counted_bits", pa.float64()),
        pa.field("evidence", pa.string()),
        pa.field("reason", _WORD),
        pa.field("facts", pa.map_(pa.string(), pa.float64())),
        pa.field("total_bits", pa.float64()),
        pa.field("flagged", pa.bool_()),
        pa.field("ordinary_share", pa.float64()),
        pa.field("without_bits", pa.float64()),
        pa.field("would_change", _WORD),
        pa.field("probability", pa.float64()),
        pa.field("p_value", pa.float64()),
        pa.field("q_value", pa.float64()),
        pa.field("did_more", pa.int64()),
        pa.field("cohort", pa.string()),
    ]
)
"""Columns of ``findings.parquet``; weights and facts are null where a detector could not tell, and so is what is
written out for the accounts shown and reported only: ``evidence``, ``ordinary_share`` and ``cohort``."""


def write_findings_parquet(result: ScanResult, config: Config, path: Path) -> None:
    """Write every account's findings as Parquet.

    Parameters
    ----------
    result
        The scan.
    config
        Settings; ``shown`` says for how many accounts sentences are written beside those reported.
    path
        Where; written whole or not at all.

    Raises
    ------
    StoreError
        The file could not be written.

    Notes
    -----
    O(accounts x detectors) time, O(ROWS_AT_ONCE) memory. Rows come detector by detector, accounts in
    the order of their pseudonyms' values.
    """

    def write(file: BinaryIO) -> None:
        worded = np.sort(np.asarray(worded_rows(result, config), np.int64))
        with pq.ParquetWriter(file, FINDINGS_SCHEMA, compression="zstd") as writer:
            for examined in result.examined:
                for start in range(0, len(result.profile), ROWS_AT_ONCE):
                    rows = slice(start, min(start + ROWS_AT_ONCE, len(result.profile)))
                    writer.write_batch(_batch(result, examined, rows, worded))

    write_atomically(path, write)


def _batch(result: ScanResult, examined: Examined, rows: slice, worded: NDArray[np.int64]) -> pa.RecordBatch:
    number = rows.stop - rows.start
    untold = examined.reason[rows] > 0
    counted = result.ranking.contributions.get(examined.detector)
    part = np.zeros(number) if counted is None else counted[rows]
    total, sure = result.ranking.total_bits[rows], result.assurance
    changes = [clean(c.would_change, 600) for c in result.capabilities if c.detector == examined.detector]
    columns = (
        pseudonym_column(result.profile.account[rows]),
        _always(clean(examined.detector), number),
        pa.array(examined.weight_bits[rows], mask=untold),
        pa.array(examined.low_bits[rows], mask=untold),
        pa.array(examined.high_bits[rows], mask=untold),
        pa.array(part),
        _written(pa.string(), rows, _told(examined, worded), lambda row: clean(examined.sentence(row), 600)),
        pa.DictionaryArray.from_arrays(
            pa.array(examined.reason[rows].astype(np.int16), mask=~untold),
            pa.array([clean(reason) for reason in examined.reasons], pa.string()),
        ),
        _facts(examined, rows, untold),
        pa.array(total),
        pa.array(total >= result.ranking.threshold_bits),
        _written(pa.float64(), rows, _spoken_against(examined, worded), lambda row: _share(result, examined, row)),
        pa.array(total - part),
        _always(changes[0] if changes else None, number),
        *(_numbers(column[rows]) for column in (sure.probability, sure.p_value, sure.q_value)),
        pa.array(sure.did_more[rows], mask=sure.did_more[rows] < 0),
        _written(pa.string(), rows, worded, lambda row: clean(sure.cohort(row))),
    )
    return pa.RecordBatch.from_arrays(list(columns), schema=FINDINGS_SCHEMA)


def _always(text: str | None, number: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(number, np.int16)), pa.array([text], pa.string()))


def _numbers(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=~np.isfinite(values))


def _told(examined: Examined, worded: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(worded[examined.reason[worded] == 0], np.int64)


def _spoken_against(examined: Examined, worded: NDArray[np.int64]) -> NDArray[np.int64]:
    told = _told(examined, worded)
    return np.asarray(told[examined.weight_bits[told] > 0], np.int64)


def _share(result: ScanResult, examined: Examined, row: int) -> float | None:
    return number_or_none(result.assurance.ordinary(examined.detector, row))


def _written(
    kind: pa.DataType, rows: slice, wanted: NDArray[np.int64], write: Callable[[int], str | float | None]
) -> pa.Array:
    """Write one value a wanted row; null for all others, without asking for them."""
    places = wanted[(wanted >= rows.start) & (wanted < rows.stop)]
    said = pa.array([write(int(row)) for row in places], kind)
    index = np.zeros(rows.stop - rows.start, np.int64)
    index[places - rows.start] = np.arange(1, len(places) + 1)
    return said.take(pa.array(np.maximum(index - 1, 0), mask=index == 0))


def _facts(examined: Examined, rows: slice, untold: NDArray[np.bool_]) -> pa.Array:
    names = pa.array([clean(name) for name in examined.facts], pa.string())
    number, width = len(untold), len(names)
    values = np.column_stack([column[rows] for column in examined.facts.values()] or [np.empty((number, 0))])
    told = values[~untold].ravel()
    keys = names.take(pa.array(np.tile(np.arange(width), int((~untold).sum()))))
    lengths = np.where(untold, 0, width)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    return pa.MapArray.from_arrays(
        pa.array(offsets), keys, pa.array(told, mask=~np.isfinite(told)), mask=pa.array(untold)
    )  # fmt: skip


def write_findings_jsonl(result: ScanResult, config: Config, path: Path) -> None:
    """Write the findings of every account reported or shown, one JSON object a line.

    Parameters
    ----------
    result
        The scan.
    config
        Settings; ``shown`` accounts are written beside those reported.
    path
        Where; written whole or not at all.

    Raises
    ------
    StoreError
        The file could not be written.

    Notes
    -----
    The same columns as the Parquet file, most evidence first; NaN is written as null.
    """

    def write(file: BinaryIO) -> None:
        lines = (json.dumps(line, ensure_ascii=False, allow_nan=False) for line in _lines(result, config))
        file.writelines(line.encode() + b"\n" for line in lines)

    write_atomically(path, write)


def _lines(result: ScanResult, config: Config) -> Iterator[dict[str, object]]:
    for row in worded_rows(result, config):
        view = account_view(result, row)
        for step in view.steps:
            yield {
                "account": view.account,
                **step_record(step),
                "total_bits": number_or_none(view.total_bits),
                "flagged": view.flagged,
                **assurance_record(view),
            }


def step_record(step: Step) -> dict[str, object]:
    """Put one detector's part into plain JSON values; nulls where it could not tell."""
    told = not step.reason
    return {
        "detector": clean(step.detector),
        "weight_bits": number_or_none(step.weight_bits) if told else None,
        "low_bits": number_or_none(step.low_bits) if told else None,
        "high_bits": number_or_none(step.high_bits) if told else None,
        "counted_bits": number_or_none(step.counted_bits),
        "evidence": step.evidence or None,
        "reason": step.reason or None,
        "facts": {name: number_or_none(value) for name, value in step.facts} if told else None,
        "ordinary_share": number_or_none(step.ordinary_share),
        "without_bits": number_or_none(step.without_bits),
        "would_change": step.would_change or None,
    }


def assurance_record(view: AccountView) -> dict[str, object]:
    """Put how far an account's total can be believed into plain JSON values."""
    return {
        "probability": number_or_none(view.probability),
        "p_value": number_or_none(view.p_value),
        "q_value": number_or_none(view.q_value),
        "did_more": view.did_more if view.did_more >= 0 else None,
        "cohort": view.cohort or None,
    }


def account_record(view: AccountView) -> dict[str, object]:
    """Put one account's own values into plain JSON values."""
    return {
        "account": view.account,
        "label": view.label or None,
        "total_bits": number_or_none(view.total_bits),
        "flagged": view.flagged,
        "plan": view.plan or None,
        "declared_purpose": view.purpose or None,
        "reseller": view.reseller,
    }


def number_or_none(value: float) -> float | None:
    """JSON knows no NaN: absent is null."""
    return value if math.isfinite(value) else None
