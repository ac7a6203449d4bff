"""Exports of observability services: Langfuse observations and Helicone requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stillwatch.simulate.formats import chat
from stillwatch.simulate.formats.gateways import PATHS
from stillwatch.simulate.formats.row import present, rfc3339
from stillwatch.simulate.formats.turns import ANSWER

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Json, Row


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _clock(ts_ms: float) -> str:
    return rfc3339(ts_ms).replace("T", " ").replace("Z", "000")


def langfuse(row: Row) -> Json:
    """Write an event as a Langfuse observation of type GENERATION.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record; the account is the user.
    """
    failed = row["status"] != 200
    ttft = row["ttft_ms"]
    asked = present(
        temperature=row["temperature"],
        max_tokens=row["max_tokens"],
        n=row["n_choices"] if row["n_choices"] > 1 else None,
        seed=row["seed"],
        top_logprobs=row["logprobs_requested"],
        logit_bias=chat.biases(row),
        reasoning_effort=row["reasoning_effort"],
    )
    return {
        "id": row["event_id"],
        "trace_id": row["session_id"] or row["event_id"],
        "project_id": "project-1",
        "environment": "prod",
        "type": "GENERATION",
        "parent_observation_id": "",
        "start_time": _clock(row["ts_ms"]),
        "end_time": _clock(row["ts_ms"] + row["latency_ms"]),
        "name": "chat",
        "metadata": {},
        "level": "ERROR" if failed else "DEFAULT",
        **present(status_message=f"HTTP {row['status']}" if failed else None),
        "input": _compact(chat.messages(row)),
        "output": None if failed else ANSWER,
        "provided_model_name": row["model_served"],
        "model_parameters": _compact(asked),
        "usage_details": {
            "input": row["tokens_in"],
            "output": row["tokens_out"],
            "total": row["tokens_in"] + row["tokens_out"],
            "reasoning_tokens": row["tokens_reasoning"],
            "input_cached_tokens": row["tokens_cached_in"],
        },
        "cost_details": {"total": row["cost_usd"]},
        "completion_start_time": None if ttft is None else _clock(row["ts_ms"] + ttft),
        "latency": round(row["latency_ms"] / 1000.0, 6),
        **present(time_to_first_token=None if ttft is None else round(ttft / 1000.0, 6)),
        "user_id": row["account_id"],
        "session_id": row["session_id"],
        "tool_calls": [],
        "tool_call_names": ["tool_0"] if row["finish_reason"] == "tool_use" else [],
        "tool_definitions": {},
    }


def helicone(row: Row) -> Json:
    """Write an event as a Helicone request.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record; the account is the request's user.
    """
    url = f"https://api.example.com{PATHS[row['operation']]}"
    sent = {"model": row["model_requested"], "messages": chat.messages(row), **chat.parameters(row)}
    session = row["session_id"]
    return {
        "response_id": f"res_{row['event_id']}",
        "response_created_at": rfc3339(row["ts_ms"] + row["latency_ms"]),
        "response_status": row["status"],
        "response_model": row["model_served"],
        "request_id": row["event_id"],
        "request_created_at": rfc3339(row["ts_ms"]),
        "request_body": {**sent, **present(safety_identifier=row["end_user_id"]), "stream": row["stream"]},
        "response_body": chat.answer(row),
        "request_path": url,
        "request_user_id": row["account_id"],
        "request_properties": {} if session is None else {"Helicone-Session-Id": session},
        "request_model": row["model_requested"],
        "model_override": None,
        "helicone_user": None,
        "provider": "HERON",
        "delay_ms": round(row["latency_ms"]),
        "time_to_first_token": None if row["ttft_ms"] is None else round(row["ttft_ms"]),
        "total_tokens": row["tokens_in"] + row["tokens_out"],
        "prompt_tokens": row["tokens_in"],
        "prompt_cache_write_tokens": 0,
        "prompt_cache_read_tokens": row["tokens_cached_in"],
        "completion_tokens": row["tokens_out"],
        "costUSD": row["cost_usd"],
        "properties": {},
        "target_url": url,
        "model": row["model_served"],
        "cache_enabled": False,
    }
