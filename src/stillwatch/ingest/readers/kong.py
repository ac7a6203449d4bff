"""Kong AI Gateway http-log: the log plug-in's record with the ``ai.proxy`` block.

Before 3.9 the token keys were ``prompt_token`` and ``completion_token``; payloads are logged on request only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.readers.base import Reader, places_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROXY: Final = ("ai", "proxy")
_ASKED: Final = (*_PROXY, "payload", "request")
_ANSWERED: Final = (*_PROXY, "payload", "response")
_USAGE: Final = (*_PROXY, "usage")
_META: Final = (*_PROXY, "meta")


def _recognise(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("ai"), dict) and "started_at" in record


KONG: Final = Reader(
    name="kong",
    title="Kong AI Gateway http-log",
    recognise=_recognise,
    fields={
        **places_of(
            _ASKED,
            {
                "max_tokens": "max_tokens",
                "temperature": "temperature",
                "top_p": "top_p",
                "n_choices": "n",
                "seed": "seed",
                "logit_bias_n": "logit_bias",
                "n_tools": "tools",
                "stream": "stream",
            },
        ),
        "event_id": (("request", "id"),),
        "ts_ms": (("started_at",),),
        "account_id": (("consumer", "id"), ("consumer", "username")),
        "org_id": (("workspace",),),
        "end_user_id": ((*_ASKED, "user"),),
        "operation": (("upstream_uri",), ("request", "uri")),
        "model_requested": ((*_META, "request_model"),),
        "model_served": ((*_META, "response_model"),),
        "status": (("response", "status"), ("upstream_status",)),
        "finish_reason": ((*_ANSWERED, "choices", "[]", "finish_reason"),),
        "tokens_in": ((*_USAGE, "prompt_tokens"), (*_USAGE, "prompt_token")),
        "tokens_out": ((*_USAGE, "completion_tokens"), (*_USAGE, "completion_token")),
        "tokens_reasoning": ((*_USAGE, "completion_tokens_details", "reasoning_tokens"),),
        "tokens_cached_in": ((*_USAGE, "prompt_tokens_details", "cached_tokens"),),
        "logprobs_requested": ((*_ASKED, "top_logprobs"), (*_ASKED, "logprobs")),
        "latency_ms": ((*_META, "llm_latency"),),
        "cost_usd": ((*_USAGE, "cost"),),
        "client_ip": (("client_ip",),),
        "user_agent": (("request", "headers", "user-agent"),),
    },
    request=((*_ASKED, "messages"), (*_ASKED, "prompt")),
    answer=((*_ANSWERED, "choices"),),
)
