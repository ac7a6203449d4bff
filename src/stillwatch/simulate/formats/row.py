"""One event as the writers see it: a row of the raw schema with its texts decoded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias, TypedDict, cast

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

Json: TypeAlias = dict[str, object]

_BATCH = 4096
_TEXTS = ("prompt", "system")
_REALS = ("temperature", "top_p", "latency_ms", "ttft_ms")


class Row(TypedDict):
    """Columns of the raw schema; None where the world has no value."""

    event_id: str
    ts_ms: int
    account_id: str
    credential_id: str
    org_id: str
    end_user_id: str | None
    session_id: str | None
    parent_event_id: str | None
    operation: str
    model_requested: str
    model_served: str
    status: int
    finish_reason: str
    refusal_category: str | None
    binding_mismatch: list[str] | None
    tokens_in: int
    tokens_out: int
    tokens_reasoning: int
    tokens_cached_in: int
    max_tokens: int | None
    temperature: float | None
    n_choices: int
    seed: int | None
    logprobs_requested: int | None
    logit_bias_n: int | None
    reasoning_effort: str | None
    response_format: str | None
    n_tools: int
    stream: bool
    store: bool
    batch: bool
    latency_ms: float
    ttft_ms: float | None
    cost_usd: float
    client_ip: str
    user_agent: str
    n_messages: int
    n_turns: int
    prompt: str
    system: str | None
    completion_chars: int
    artefacts_carried: list[str] | None
    artefacts_born: list[str] | None


def rows(events: pa.Table) -> Iterator[Row]:
    """Read events row by row, some thousand at a time.

    Parameters
    ----------
    events
        Events in RAW_SCHEMA.

    Yields
    ------
    Row
        One event.
    """
    for batch in events.to_batches(max_chunksize=_BATCH):
        columns = {name: batch[name] for name in batch.schema.names}
        for text in _TEXTS:
            columns[text] = columns[text].cast(pa.large_string())
        for real in _REALS:
            columns[real] = _rounded(columns[real])
        for row in pa.table(columns).to_pylist():
            yield cast("Row", row)


def _rounded(column: pa.Array) -> pa.Array:
    return pc.round(column.cast(pa.float64()), ndigits=3)


def rfc3339(ts_ms: float) -> str:
    """Write a time as RFC 3339 with milliseconds.

    Parameters
    ----------
    ts_ms
        Time (ms since 1970-01-01 UTC).

    Returns
    -------
    str
        Such as ``2026-11-20T13:46:19.245Z``.

    Examples
    --------
    >>> rfc3339(1_795_433_819_245)
    '2026-11-23T11:36:59.245Z'
    """
    return datetime.fromtimestamp(ts_ms / 1000.0, tz=UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def present(**values: object) -> Json:
    """Keep what has a value.

    Parameters
    ----------
    **values
        Field -> value or None.

    Returns
    -------
    Json
        The fields that are not None.
    """
    return {name: value for name, value in values.items() if value is not None}
