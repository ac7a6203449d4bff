"""Anthropic Messages exchanges: ``{"request": ..., "response": ...}`` (SDK 2.12).

The bodies hold no time: without the envelope's ``received_at`` events get the time of reading, and
rhythm cannot be judged. ``stop_details.category`` is the provider's own refusal category.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.raw import INT_MAX
from stillwatch.ingest.readers.base import SECONDS, Reader, places_of
from stillwatch.ingest.readers.exchange import ENVELOPE, RECEIVED, parts
from stillwatch.model.event import Clock, Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

_USAGE: Final = ("response", "usage")


def _recognise(record: Mapping[str, Any]) -> bool:
    request, response = parts(record)
    return response.get("type") == "message" or ("max_tokens" in request and "stop_reason" in response)


def _finish(columns: dict[str, pa.Array], extra: dict[str, pa.Array]) -> None:
    del extra
    # Anthropic counts cached and newly cached input apart from input_tokens; the field means all of it.
    total = columns["tokens_in"].cast(pa.int64())
    for part in (columns["tokens_cached_in"], columns.pop("cache_write")):
        total = pc.add(total, pc.fill_null(part, 0).cast(pa.int64()))
    columns["tokens_in"] = pc.min_element_wise(total, INT_MAX["int32"], skip_nulls=False).cast(pa.int32())


ANTHROPIC: Final = Reader(
    name="anthropic",
    title="Anthropic Messages exchanges",
    recognise=_recognise,
    time_unit=SECONDS,
    identity=Identity.HEADER,
    clock=Clock.INGEST,
    fields={
        **ENVELOPE,
        **places_of(
            ("request",),
            {
                "max_tokens": "max_tokens",
                "temperature": "temperature",
                "top_p": "top_p",
                "n_tools": "tools",
                "stream": "stream",
                "reasoning_effort": "effort",
            },
        ),
        "event_id": (("response", "id"),),
        "ts_ms": RECEIVED,
        "end_user_id": (("request", "metadata", "user_id"),),
        "session_id": (("session_id",), ("response", "container", "id")),
        "parent_event_id": (("request", "diagnostics", "previous_message_id"),),
        "operation": (("response", "type"),),
        "model_requested": (("request", "model"),),
        "model_served": (("response", "model"),),
        "finish_reason": (("response", "stop_reason"),),
        "refusal_category": (("response", "stop_details", "category"),),
        "tokens_in": ((*_USAGE, "input_tokens"),),
        "tokens_out": ((*_USAGE, "output_tokens"),),
        "tokens_reasoning": ((*_USAGE, "output_tokens_details", "thinking_tokens"),),
        "tokens_cached_in": ((*_USAGE, "cache_read_input_tokens"),),
        "cache_write": ((*_USAGE, "cache_creation_input_tokens"),),
    },
    request=(("request", "messages"),),
    system=(("request", "system"),),
    answer=(("response", "content"),),
    mismatch=(("response", "input_transformations"),),
    finish=_finish,
)
