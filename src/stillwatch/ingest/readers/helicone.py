"""Helicone request export: the request row with its bodies; both chat and messages bodies are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.readers.base import Reader, places_of
from stillwatch.model.event import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

_DETAILS: Final = ("response_body", "usage")


def _recognise(record: Mapping[str, Any]) -> bool:
    return "request_id" in record and "request_body" in record


HELICONE: Final = Reader(
    name="helicone",
    title="Helicone request export",
    recognise=_recognise,
    identity=Identity.HEADER,
    fields={
        **places_of(
            ("request_body",),
            {
                "temperature": "temperature",
                "top_p": "top_p",
                "n_choices": "n",
                "seed": "seed",
                "logit_bias_n": "logit_bias",
                "reasoning_effort": "reasoning_effort",
                "n_tools": "tools",
                "stream": "stream",
                "store": "store",
            },
        ),
        "event_id": (("request_id",),),
        "ts_ms": (("request_created_at",),),
        "account_id": (("request_user_id",), ("helicone_user",)),
        "end_user_id": (("request_body", "safety_identifier"), ("request_body", "user")),
        "session_id": (("request_properties", "Helicone-Session-Id"), ("properties", "Helicone-Session-Id")),
        "operation": (("request_path",), ("target_url",)),
        "model_requested": (("request_model",), ("model",)),
        "model_served": (("response_model",), ("model_override",), ("model",)),
        "status": (("response_status",),),
        "finish_reason": (("response_body", "choices", "[]", "finish_reason"), ("response_body", "stop_reason")),
        "refusal_category": (("response_body", "stop_details", "category"),),
        "tokens_in": (("prompt_tokens",),),
        "tokens_out": (("completion_tokens",),),
        "tokens_reasoning": ((*_DETAILS, "completion_tokens_details", "reasoning_tokens"),),
        "tokens_cached_in": (("prompt_cache_read_tokens",),),
        "max_tokens": (("request_body", "max_completion_tokens"), ("request_body", "max_tokens")),
        "logprobs_requested": (("request_body", "top_logprobs"), ("request_body", "logprobs")),
        "response_format": (("request_body", "response_format", "type"),),
        "latency_ms": (("delay_ms",),),
        "ttft_ms": (("time_to_first_token",),),
        "cost_usd": (("costUSD",),),
    },
    request=(("request_body", "messages"), ("request_body", "input"), ("request_body", "prompt")),
    system=(("request_body", "system"), ("request_body", "instructions")),
    answer=(("response_body", "choices"), ("response_body", "content"), ("response_body", "output")),
    mismatch=(("response_body", "input_transformations"),),
)
