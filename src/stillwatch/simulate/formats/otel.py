"""OpenTelemetry GenAI: one server span a line, without content, as instrumentations record it unless told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.formats.row import present

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Json, Row

_FINISH: Final = {"tool_use": "tool_call", "refusal": "content_filter"}


def _attributes(row: Row) -> Json:
    failed = row["status"] != 200
    ttft = row["ttft_ms"]
    values = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "heron",
        "gen_ai.request.model": row["model_requested"],
        "gen_ai.response.model": row["model_served"],
        "gen_ai.response.id": f"chatcmpl-{row['event_id']}",
        "gen_ai.request.max_tokens": row["max_tokens"],
        "gen_ai.request.temperature": row["temperature"],
        "gen_ai.request.choice.count": row["n_choices"],
        "gen_ai.request.seed": row["seed"],
        "gen_ai.request.stream": row["stream"],
        "gen_ai.response.finish_reasons": [_FINISH.get(row["finish_reason"], row["finish_reason"])],
        "gen_ai.response.time_to_first_chunk": None if ttft is None else round(ttft / 1000.0, 6),
        "gen_ai.usage.input_tokens": row["tokens_in"],
        "gen_ai.usage.output_tokens": row["tokens_out"],
        "gen_ai.usage.reasoning.output_tokens": row["tokens_reasoning"],
        "gen_ai.usage.cache_read.input_tokens": row["tokens_cached_in"],
        "gen_ai.conversation.id": row["session_id"],
        "user.id": row["account_id"],
        "client.address": row["client_ip"],
        "user_agent.original": row["user_agent"],
        "http.response.status_code": row["status"],
        "error.type": str(row["status"]) if failed else None,
    }
    return present(**values)


def otel(row: Row) -> Json:
    """Write an event as a GenAI span.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record; the account is in ``user.id``.
    """
    digits = row["event_id"].removeprefix("req_")
    start = row["ts_ms"] * 1_000_000
    return {
        "name": f"chat {row['model_requested']}",
        "trace_id": (digits * 2)[:32],
        "span_id": digits[:16],
        "kind": "SERVER",
        "start_time_unix_nano": start,
        "end_time_unix_nano": start + round(row["latency_ms"] * 1_000_000),
        "attributes": _attributes(row),
    }
