"""OpenAI Chat Completions exchanges: ``{"request": ..., "response": ...}`` (SDK 3.54)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.readers.base import SECONDS, Reader, places_of
from stillwatch.ingest.readers.exchange import ENVELOPE, RECEIVED, parts
from stillwatch.model.event import Clock, Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

_USAGE: Final = ("response", "usage")


def _recognise(record: Mapping[str, Any]) -> bool:
    request, response = parts(record)
    return response.get("object") == "chat.completion" or ("messages" in request and "choices" in response)


OPENAI_CHAT: Final = Reader(
    name="openai-chat",
    title="OpenAI Chat Completions exchanges",
    recognise=_recognise,
    time_unit=SECONDS,
    identity=Identity.HEADER,
    clock=Clock.RESPONSE,
    fields={
        **ENVELOPE,
        **places_of(
            ("request",),
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
        "event_id": (("response", "id"),),
        "ts_ms": (*RECEIVED, ("response", "created")),
        "end_user_id": (("request", "safety_identifier"), ("request", "user")),
        "session_id": (("session_id",),),
        "operation": (("response", "object"),),
        "model_requested": (("request", "model"),),
        "model_served": (("response", "model"),),
        "finish_reason": (("response", "choices", "[]", "finish_reason"),),
        "refusal_category": (("response", "moderation", "category"),),
        "tokens_in": ((*_USAGE, "prompt_tokens"),),
        "tokens_out": ((*_USAGE, "completion_tokens"),),
        "tokens_reasoning": ((*_USAGE, "completion_tokens_details", "reasoning_tokens"),),
        "tokens_cached_in": ((*_USAGE, "prompt_tokens_details", "cached_tokens"),),
        "max_tokens": (("request", "max_completion_tokens"), ("request", "max_tokens")),
        "logprobs_requested": (("request", "top_logprobs"), ("request", "logprobs")),
        "response_format": (("request", "response_format", "type"),),
    },
    request=(("request", "messages"),),
    answer=(("response", "choices"),),
)
