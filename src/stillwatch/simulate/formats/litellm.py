"""LiteLLM's StandardLoggingPayload, as its callbacks write it (version 1.109.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.formats import chat
from stillwatch.simulate.formats.anthropic import thinking_blocks
from stillwatch.simulate.formats.row import present
from stillwatch.simulate.formats.turns import ANSWER

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Json, Row

_CALL_TYPES: Final = {"chat": "acompletion", "messages": "anthropic_messages", "responses": "aresponses"}
_FINISH: Final = {**chat.FINISH, "refusal": "content_filter"}
_ERROR_CLASSES: Final = {429: "RateLimitError", 500: "InternalServerError", 529: "ServiceUnavailableError"}


def _response(row: Row) -> Json | None:
    if row["status"] != 200:
        return None
    message: Json = {"content": ANSWER, "role": "assistant", "tool_calls": None, "function_call": None}
    if row["finish_reason"] == "tool_use":
        message["tool_calls"] = [
            {"id": "call_0", "type": "function", "function": {"name": "tool_0", "arguments": "{}"}}
        ]
    if row["artefacts_born"]:
        message["thinking_blocks"] = thinking_blocks(row["artefacts_born"])
    finish = _FINISH[row["finish_reason"]]
    return {
        "id": f"chatcmpl-{row['event_id']}",
        "created": row["ts_ms"] // 1000,
        "model": row["model_served"],
        "object": "chat.completion",
        "system_fingerprint": None,
        "choices": [{"finish_reason": finish, "index": i, "message": message} for i in range(row["n_choices"])],
        "usage": chat.usage(row),
    }


def _metadata(row: Row) -> Json:
    return {
        "user_api_key_hash": row["credential_id"],
        "user_api_key_alias": None,
        "user_api_key_spend": None,
        "user_api_key_team_id": row["account_id"],
        "user_api_key_org_id": row["org_id"],
        "user_api_key_user_id": None,
        "user_api_key_end_user_id": None,
        "user_api_key_request_route": None,
        "requester_ip_address": row["client_ip"],
        "user_agent": row["user_agent"],
        "applied_guardrails": [],
        "usage_object": chat.usage(row),
    }


def _parameters(row: Row) -> Json:
    written = chat.parameters(row)
    if "max_completion_tokens" in written:
        written["max_tokens"] = written.pop("max_completion_tokens")
    return {**written, **present(user=row["end_user_id"])}


def litellm(row: Row) -> Json:
    """Write an event as a StandardLoggingPayload.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record.

    Notes
    -----
    As in the live capture, ``end_user`` is null and the declared user sits in ``model_parameters``; provider
    refusal categories and binding mismatches are missing.
    """
    start, end = row["ts_ms"] / 1000.0, (row["ts_ms"] + row["latency_ms"]) / 1000.0
    first = end if row["ttft_ms"] is None else (row["ts_ms"] + row["ttft_ms"]) / 1000.0
    failed = row["status"] != 200
    return {
        "id": f"chatcmpl-{row['event_id']}",
        "litellm_call_id": row["event_id"],
        "trace_id": row["session_id"] or row["event_id"],
        "session_id": row["session_id"] or "",
        "call_type": _CALL_TYPES[row["operation"]],
        "cache_hit": None,
        "stream": row["stream"] or None,
        "status": "failure" if failed else "success",
        "status_fields": {"llm_api_status": "failure" if failed else "success", "guardrail_status": "not_run"},
        "custom_llm_provider": "openai",
        "startTime": start,
        "endTime": end,
        "completionStartTime": first,
        "response_time": first - start,
        "model": row["model_served"],
        "metadata": _metadata(row),
        "cache_key": None,
        "response_cost": row["cost_usd"],
        "total_tokens": row["tokens_in"] + row["tokens_out"],
        "prompt_tokens": row["tokens_in"],
        "completion_tokens": row["tokens_out"],
        "request_tags": [],
        "end_user": None,
        "api_base": "",
        "model_group": row["model_requested"],
        "model_id": "",
        "requester_ip_address": row["client_ip"],
        "user_agent": row["user_agent"],
        "messages": chat.messages(row, signed=True),
        "response": _response(row),
        "model_parameters": _parameters(row),
        "hidden_params": {"model_id": None, "litellm_model_name": row["model_requested"]},
        "error_str": f"HTTP {row['status']}" if failed else None,
        "error_information": {
            "error_code": str(row["status"]) if failed else "",
            "error_class": _ERROR_CLASSES.get(row["status"], ""),
            "llm_provider": "openai" if failed else "",
        },
        "guardrail_information": None,
    }
