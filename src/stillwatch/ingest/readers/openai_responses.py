"""OpenAI Responses: ``{"request": ..., "response": ...}``, or the response object alone.

The response echoes most parameters; only the input needs the request. ``input_transformations`` is the
provider's own word that carried reasoning belonged to somebody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.readers.base import SECONDS, Reader
from stillwatch.ingest.readers.exchange import ENVELOPE, RECEIVED, parts
from stillwatch.model.event import Clock, Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.ingest.json.paths import Path


def _recognise(record: Mapping[str, Any]) -> bool:
    request, response = parts(record)
    return response.get("object") == "response" or ("input" in request and "output" in response)


def _both(*path: str) -> tuple[Path, ...]:
    """Look in the response of an exchange, in a bare response, then in the request."""
    return (("response", *path), path, ("request", *path))


OPENAI_RESPONSES: Final = Reader(
    name="openai-responses",
    title="OpenAI Responses",
    recognise=_recognise,
    time_unit=SECONDS,
    identity=Identity.HEADER,
    clock=Clock.RESPONSE,
    fields={
        **ENVELOPE,
        "event_id": (("response", "id"), ("id",)),
        "ts_ms": (*RECEIVED, ("response", "created_at"), ("created_at",)),
        "end_user_id": (*_both("safety_identifier"), *_both("user")),
        "session_id": _both("conversation", "id"),
        "parent_event_id": _both("previous_response_id"),
        "operation": (("response", "object"), ("object",)),
        "model_requested": (("request", "model"), ("response", "model"), ("model",)),
        "model_served": (("response", "model"), ("model",)),
        "finish_reason": (*_both("incomplete_details", "reason"), ("response", "status"), ("status",)),
        "refusal_category": _both("moderation", "category"),
        "tokens_in": _both("usage", "input_tokens"),
        "tokens_out": _both("usage", "output_tokens"),
        "tokens_reasoning": _both("usage", "output_tokens_details", "reasoning_tokens"),
        "tokens_cached_in": _both("usage", "input_tokens_details", "cached_tokens"),
        "max_tokens": _both("max_output_tokens"),
        "temperature": _both("temperature"),
        "top_p": _both("top_p"),
        "logprobs_requested": (("request", "top_logprobs"), ("response", "top_logprobs")),
        "reasoning_effort": _both("reasoning", "effort"),
        "response_format": _both("text", "format", "type"),
        "n_tools": _both("tools"),
        "stream": (("request", "stream"),),
        "store": _both("store"),
    },
    request=(("request", "input"),),
    system=(("request", "instructions"), ("response", "instructions"), ("instructions",)),
    answer=(("response", "output"), ("output",)),
    mismatch=(("response", "input_transformations"), ("input_transformations",)),
)
