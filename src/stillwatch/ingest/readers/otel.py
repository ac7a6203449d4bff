"""OpenTelemetry GenAI spans, one span a record with its attributes as an object.

Names of the semantic conventions of 2026 first, the older ones (up to 1.36) after them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.readers.base import NANOSECONDS, Reader, difference_ms
from stillwatch.model.event import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from stillwatch.ingest.json.paths import Path


def _recognise(record: Mapping[str, Any]) -> bool:
    attributes = record.get("attributes")
    return isinstance(attributes, dict) and any(str(name).startswith("gen_ai.") for name in attributes)


def _a(*names: str) -> tuple[Path, ...]:
    return tuple(("attributes", name) for name in names)


def _finish(columns: dict[str, pa.Array], extra: dict[str, pa.Array]) -> None:
    del extra
    columns["latency_ms"] = difference_ms(columns.pop("end_ms"), columns["ts_ms"])


OTEL: Final = Reader(
    name="otel",
    title="OpenTelemetry GenAI spans",
    recognise=_recognise,
    time_unit=NANOSECONDS,
    scale={"ttft_ms": 1000.0},
    identity=Identity.HEADER,
    fields={
        "event_id": (*_a("gen_ai.response.id"), ("span_id",), ("spanId",)),
        "ts_ms": (("start_time_unix_nano",), ("startTimeUnixNano",)),
        "end_ms": (("end_time_unix_nano",), ("endTimeUnixNano",)),
        "account_id": _a("user.id", "enduser.id"),
        "end_user_id": _a("enduser.id", "user.id"),
        "session_id": _a("gen_ai.conversation.id", "session.id"),
        "parent_event_id": (("parent_span_id",), ("parentSpanId",)),
        "operation": _a("gen_ai.operation.name"),
        "model_requested": _a("gen_ai.request.model"),
        "model_served": _a("gen_ai.response.model", "gen_ai.request.model"),
        "status": _a("http.response.status_code"),
        "finish_reason": (("attributes", "gen_ai.response.finish_reasons", "[]"),),
        "refusal_category": _a("guardrail.security.risk.category"),
        "tokens_in": _a("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        "tokens_out": _a("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        "tokens_reasoning": _a("gen_ai.usage.reasoning.output_tokens"),
        "tokens_cached_in": _a("gen_ai.usage.cache_read.input_tokens"),
        "max_tokens": _a("gen_ai.request.max_tokens"),
        "temperature": _a("gen_ai.request.temperature"),
        "top_p": _a("gen_ai.request.top_p"),
        "n_choices": _a("gen_ai.request.choice.count"),
        "seed": _a("gen_ai.request.seed"),
        "n_tools": _a("gen_ai.tool.definitions"),
        "stream": _a("gen_ai.request.stream"),
        "ttft_ms": _a("gen_ai.response.time_to_first_chunk"),
        "client_ip": _a("client.address"),
        "user_agent": _a("user_agent.original"),
    },
    request=_a("gen_ai.input.messages", "gen_ai.prompt"),
    system=_a("gen_ai.system_instructions"),
    answer=_a("gen_ai.output.messages", "gen_ai.completion"),
    unwrap=True,
    finish=_finish,
)
