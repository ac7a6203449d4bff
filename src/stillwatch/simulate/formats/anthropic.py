"""Anthropic Messages: one exchange a line, with the keys a gateway adds around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.formats.envelope import ERRORS, envelope
from stillwatch.simulate.formats.row import present
from stillwatch.simulate.formats.turns import ANSWER, Message, turns

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Json, Row

_STOP: Final = {"stop": "end_turn", "length": "max_tokens", "tool_use": "tool_use", "refusal": "refusal"}
_BUDGETS: Final = {"low": 1024, "medium": 4096, "high": 16_384}
_DEFAULT_MAX: Final = 4096


def thinking_blocks(artefacts: tuple[str, ...] | list[str]) -> list[Json]:
    """Write signed reasoning as blocks without text.

    Parameters
    ----------
    artefacts
        Signatures.

    Returns
    -------
    list of Json
        One block a signature.
    """
    return [{"type": "thinking", "thinking": "", "signature": one} for one in artefacts]


def _message(number: int, message: Message) -> Json:
    if message.role == "user":
        return {"role": "user", "content": message.text}
    if message.role == "tool":
        result = {"type": "tool_result", "tool_use_id": f"toolu_{number - 1}", "content": message.text}
        return {"role": "user", "content": [result]}
    blocks = [*thinking_blocks(message.artefacts), {"type": "text", "text": message.text}]
    if message.calls_tool:
        blocks.append({"type": "tool_use", "id": f"toolu_{number}", "name": "tool_0", "input": {}})
    return {"role": "assistant", "content": blocks}


def _request(row: Row, messages: list[Message]) -> Json:
    effort, user = row["reasoning_effort"], row["end_user_id"]
    tools = [{"name": f"tool_{i}", "input_schema": {"type": "object"}} for i in range(row["n_tools"])]
    return {
        "model": row["model_requested"],
        "max_tokens": row["max_tokens"] or _DEFAULT_MAX,
        **present(system=row["system"]),
        "messages": [_message(number, message) for number, message in enumerate(messages)],
        **present(
            temperature=row["temperature"],
            metadata=None if user is None else {"user_id": user},
            thinking=None if effort is None else {"type": "enabled", "budget_tokens": _BUDGETS[effort]},
            tools=tools or None,
            stream=row["stream"] or None,
        ),
    }


def _transformations(row: Row, messages: list[Message]) -> list[Json] | None:
    """Say that the provider dropped the first carried block, and why."""
    reasons = row["binding_mismatch"] or []
    at = next((i for i, message in enumerate(messages) if message.artefacts), 0)
    path = f"messages.{at}.content.0"
    return [{"type": "thinking_dropped", "path": path, "reason": f"{reason}_mismatch"} for reason in reasons] or None


def _response(row: Row, messages: list[Message]) -> Json:
    if row["status"] != 200:
        kind = ERRORS[row["status"]]
        error = {"type": kind, "message": f"HTTP {row['status']}"}
        return {"type": "error", "error": error, "request_id": row["event_id"]}
    category = row["refusal_category"]
    content: list[Json] = thinking_blocks(row["artefacts_born"] or [])
    if category is None:
        content.append({"type": "text", "text": ANSWER})
    if row["finish_reason"] == "tool_use":
        content.append({"type": "tool_use", "id": "toolu_x", "name": "tool_0", "input": {}})
    refused = {"type": "refusal", "category": category, "explanation": "(refused)"}
    return {
        "id": f"msg_{row['event_id']}",
        "type": "message",
        "role": "assistant",
        "model": row["model_served"],
        "content": content,
        "stop_reason": _STOP[row["finish_reason"]],
        "stop_sequence": None,
        "stop_details": None if category is None else refused,
        "usage": {
            "input_tokens": row["tokens_in"] - row["tokens_cached_in"],
            "output_tokens": row["tokens_out"],
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": row["tokens_cached_in"],
            "service_tier": "batch" if row["batch"] else "standard",
            "output_tokens_details": {"thinking_tokens": row["tokens_reasoning"]},
        },
        **present(input_transformations=_transformations(row, messages)),
    }


def anthropic(row: Row) -> Json:
    """Write an event as an exchange of the Messages interface.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record. Cached prompt tokens are counted apart from ``input_tokens``, as this interface does.
    """
    messages = turns(row)
    return {**envelope(row), "request": _request(row, messages), "response": _response(row, messages)}
