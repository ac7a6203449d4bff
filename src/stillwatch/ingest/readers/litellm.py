"""LiteLLM StandardLoggingPayload: the body of its generic callback and of its S3 and GCS logs.

Traps measured on a live capture: ``end_user`` is null though ``user`` was sent, so ``model_parameters``
is read too; the address is the balancer's unless ``use_x_forwarded_for`` is on; binding mismatches are
dropped by the gateway (BerriAI/litellm#41382).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.readers.base import SECONDS, Reader, difference_ms, places_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_USAGE: Final = (("metadata", "usage_object"), ("response", "usage"))


def _recognise(record: Mapping[str, Any]) -> bool:
    return "litellm_call_id" in record or ("call_type" in record and "model_parameters" in record)


def _finish(columns: dict[str, pa.Array], extra: dict[str, pa.Array]) -> None:
    columns["latency_ms"] = difference_ms(columns.pop("end_ms"), columns["ts_ms"])
    columns["ttft_ms"] = difference_ms(columns.pop("first_token_ms"), columns["ts_ms"])
    word = extra["status"]
    known = pc.if_else(pc.equal(word, "success"), pa.scalar(200, pa.int16()), pa.scalar(500, pa.int16()))
    columns["status"] = pc.coalesce(columns["status"], known)


LITELLM: Final = Reader(
    name="litellm",
    title="LiteLLM StandardLoggingPayload",
    recognise=_recognise,
    time_unit=SECONDS,
    fields={
        **places_of(
            ("model_parameters",),
            {
                "max_tokens": "max_tokens",
                "temperature": "temperature",
                "top_p": "top_p",
                "n_choices": "n",
                "seed": "seed",
                "logit_bias_n": "logit_bias",
                "reasoning_effort": "reasoning_effort",
                "n_tools": "tools",
                "store": "store",
            },
        ),
        "event_id": (("litellm_call_id",), ("id",)),
        "ts_ms": (("startTime",),),
        "end_ms": (("endTime",),),
        "first_token_ms": (("completionStartTime",),),
        "account_id": (
            ("metadata", "user_api_key_team_id"),
            ("metadata", "user_api_key_org_id"),
            ("metadata", "user_api_key_hash"),
        ),
        "credential_id": (("metadata", "user_api_key_hash"),),
        "org_id": (("metadata", "user_api_key_org_id"),),
        "end_user_id": (("end_user",), ("metadata", "user_api_key_end_user_id"), ("model_parameters", "user")),
        "session_id": (("session_id",), ("trace_id",)),
        "operation": (("call_type",),),
        "model_requested": (("model_group",), ("model",)),
        "model_served": (("model",),),
        "status": (("error_information", "error_code"),),
        "finish_reason": (("response", "choices", "[]", "finish_reason"),),
        "tokens_in": (("prompt_tokens",),),
        "tokens_out": (("completion_tokens",),),
        "tokens_reasoning": tuple((*u, "completion_tokens_details", "reasoning_tokens") for u in _USAGE),
        "tokens_cached_in": tuple((*u, "prompt_tokens_details", "cached_tokens") for u in _USAGE),
        "logprobs_requested": (("model_parameters", "top_logprobs"), ("model_parameters", "logprobs")),
        "response_format": (("model_parameters", "response_format", "type"),),
        "stream": (("stream",),),
        "cost_usd": (("response_cost",),),
        "client_ip": (("requester_ip_address",), ("metadata", "requester_ip_address")),
        "user_agent": (("user_agent",), ("metadata", "user_agent")),
    },
    request=(("messages",),),
    answer=(("response", "choices"),),
    extra={"status": (("status",),)},
    finish=_finish,
)
