"""Recorded HTTP exchanges in Parquet: one row a request, as test suites and proxies record them.

The recording is the account; a call that is no inference is refused by name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.readers.base import map_words
from stillwatch.model.errors import FormatError
from stillwatch.model.event import RAW_SCHEMA, Clock, Identity, Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.ingest.raw import Verdict

HTTP_RECORDING: Final = Provenance("http-recording", Identity.HEADER, Clock.LOG)
NEEDED: Final = frozenset({"method", "path", "ts"})
"""Columns that make a file a recording."""

_CALLS: Final = re.compile(
    r"(?!.*/threads/[^/]*/messages)"  # puts a message on a thread, which a run answers
    r".*(?:/(?:completions?|complete|messages|responses|chat|generate|embed|embeddings|predictions|invocations"
    r"|converse(?:-stream)?|invoke(?:-with-response-stream)?|generation/text(?:_stream)?|threads/[^/]*/runs)"
    r"|:(?:streamG|g)enerateContent|:embedContent)"
    r"/?(?:[?#].*)?"
)
"""Paths that ask a model for something: the last step says so, whatever stands before it."""
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


def recording(given: Mapping[str, pa.Array], verdict: Verdict, path: str) -> dict[str, pa.Array]:
    """Rename a recording's columns to event fields, and refuse the calls that are no inference.

    Parameters
    ----------
    given
        Columns of the recording.
    verdict
        Takes the refusals.
    path
        Source, for the error.

    Returns
    -------
    dict
        Event field -> column, of whatever type.

    Raises
    ------
    FormatError
        A column is of a type that cannot be read.
    """
    try:
        columns = {_RENAMED.get(name, name): column for name, column in given.items()}
        columns["ts_ms"] = pc.round(pc.multiply(columns["ts"].cast(pa.float64()), 1000.0))
        if "idx" in columns and "account_id" in columns:
            columns["event_id"] = pc.binary_join_element_wise(
                columns["account_id"].cast(pa.string()), columns["idx"].cast(pa.string()), "#"
            )
        called = columns["operation"].cast(pa.string())
        asked = pc.and_(pc.equal(columns["method"].cast(pa.string()), "POST"), map_words(called, _infers, pa.bool_()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise FormatError(f"{path}: a column of the recording is of the wrong type: {error}") from error
    verdict.refuse("path", ~np.asarray(pc.fill_null(asked, False)), "is no inference call")  # noqa: FBT003
    if "params" in columns:
        columns |= _parameters(columns["params"].to_pylist())
    return {name: column for name, column in columns.items() if name in RAW_SCHEMA.names}


def _infers(path: str) -> bool:
    return _CALLS.fullmatch(path) is not None


def _parsed(text: object) -> dict[str, Any]:
    try:
        parsed = json.loads(text) if isinstance(text, str | bytes) and text else {}
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _parameters(texts: list[object]) -> dict[str, pa.Array]:
    """Read the request parameters, which stand as JSON in one column."""
    parsed = [_parsed(text) for text in texts]
    columns: dict[str, pa.Array] = {}
    for key, name in _PARAMS.items():
        if pa.types.is_boolean(RAW_SCHEMA.field(name).type):
            truths = [p[key] if isinstance(p.get(key), bool) else None for p in parsed]
            column = pa.array(truths, pa.bool_())
        else:
            column = pa.array([_number(p.get(key)) for p in parsed], pa.float64())
        columns[name] = pc.coalesce(columns[name], column) if name in columns else column
    return columns


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf")
