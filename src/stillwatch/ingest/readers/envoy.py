"""Envoy AI Gateway access log: keys are the operator's choice, these are its documented default.

It has no account unless a header is logged (``--map account_id=x-user-id``) and no prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.readers.base import Reader
from stillwatch.model.event import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping


def _recognise(record: Mapping[str, Any]) -> bool:
    return "x-envoy-origin-path" in record or ("response_flags" in record and "start_time" in record)


ENVOY: Final = Reader(
    name="envoy",
    title="Envoy AI Gateway access log",
    recognise=_recognise,
    identity=Identity.HEADER,
    fields={
        "event_id": (("x-request-id",),),
        "ts_ms": (("start_time",),),
        "account_id": (("x-user-id",), ("x-account-id",), ("x-tenant-id",)),
        "session_id": (("session.id",),),
        "operation": (("x-envoy-origin-path",), ("path",)),
        "model_requested": (("gen_ai.request.model",),),
        "model_served": (("gen_ai.response.model",), ("gen_ai.request.model",)),
        "status": (("response_code",),),
        "tokens_in": (("gen_ai.usage.input_tokens",),),
        "tokens_out": (("gen_ai.usage.output_tokens",),),
        "tokens_reasoning": (("gen_ai.usage.reasoning_tokens",),),
        "tokens_cached_in": (("gen_ai.usage.cached_input_tokens",),),
        "latency_ms": (("duration",),),
        "client_ip": (("downstream_remote_address",),),
        "user_agent": (("user-agent",),),
    },
    forwarded=(("x-forwarded-for",),),
)
