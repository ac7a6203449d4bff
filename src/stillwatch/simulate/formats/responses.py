"""OpenAI Responses: one exchange a line, with the keys a gateway adds around it.

A call that continues another by ``previous_response_id`` sends its new turn alone; any other sends the whole
conversation, with encrypted reasoning as items of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.simulate.formats.envelope import ERRORS, envelope
from stillwatch.simulate.formats.row import present
from stillwatch.simulate.formats.turns import ANSWER, Message, turns

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Json, Row


def _reasoning(artefacts: tuple[str, ...] | list[str]) -> list[Json]:
    return [{"id": f"rs_{one[:12]}", "type": "reasoning", "summary": [], "encrypted_content": one} for one in artefacts]


def _items(number: int, message: Message) -> list[Json]:
    if message.role == "user":
        return [{"type": "message", "role": "user", "content": message.text}]
    if message.role == "tool":
        return [{"type": "function_call_output", "call_id": f"call_{number - 1}", "output": message.text}]
    if message.calls_tool:
        call: Json = {"type": "function_call", "call_id": f"call_{number}", "name": "tool_0", "arguments": "{}"}
        return [*_reasoning(message.artefacts), call]
    said: Json = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": message.text, "annotations": []}],
    }
    return [*_reasoning(message.artefacts), said]


def _input(row: Row) -> list[Json]:
    messages = turns(row)
    if row["parent_event_id"] is not None:
        messages = messages[-1:]
    return [item for number, message in enumerate(messages) for item in _items(number, message)]


def _settings(row: Row) -> Json:
    """Write the parameters that request and response share."""
    form, effort, previous = row["response_format"], row["reasoning_effort"], row["parent_event_id"]
    return {
        "tools": [{"type": "function", "name": f"tool_{i}", "parameters": {}} for i in range(row["n_tools"])],
        "temperature": 1.0 if row["temperature"] is None else row["temperature"],
        "top_p": 1.0,
        "max_output_tokens": row["max_tokens"],
        "previous_response_id": None if previous is None else f"resp_{previous}",
        "reasoning": {"effort": effort, "summary": None if effort is None else "auto"},
        "safety_identifier": row["end_user_id"],
        "store": row["store"],
        **present(instructions=row["system"], text=None if form is None else {"format": {"type": form}}),
    }


def _output(row: Row) -> list[Json]:
    items = _reasoning(row["artefacts_born"] or [])
    if row["finish_reason"] == "tool_use":
        return [*items, {"type": "function_call", "call_id": "call_0", "name": "tool_0", "arguments": "{}"}]
    said: Json = {"type": "output_text", "text": ANSWER, "annotations": []}
    if row["finish_reason"] == "refusal":
        said = {"type": "refusal", "refusal": "(refused)"}
    message: Json = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [said]}
    return [*items, message]


def _response(row: Row) -> Json:
    if row["status"] != 200:
        kind = ERRORS[row["status"]]
        return {"error": {"message": f"HTTP {row['status']}", "type": kind, "param": None, "code": kind}}
    cut = row["finish_reason"] == "length"
    dropped = [
        {"id": f"rs_{one[:12]}", "action": "removed", "reason": f"{reason}_mismatch", "type": "reasoning"}
        for one, reason in zip(row["artefacts_carried"] or [], row["binding_mismatch"] or [], strict=False)
    ]
    return {
        "id": f"resp_{row['event_id']}",
        "object": "response",
        "created_at": row["ts_ms"] // 1000,
        "model": row["model_served"],
        "status": "incomplete" if cut else "completed",
        **present(incomplete_details={"reason": "max_output_tokens"} if cut else None),
        "output": _output(row),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        **_settings(row),
        **present(input_transformations=dropped or None),
        "usage": {
            "input_tokens": row["tokens_in"],
            "input_tokens_details": {"cached_tokens": row["tokens_cached_in"], "cache_write_tokens": 0},
            "output_tokens": row["tokens_out"],
            "output_tokens_details": {"reasoning_tokens": row["tokens_reasoning"]},
            "total_tokens": row["tokens_in"] + row["tokens_out"],
        },
    }


def openai_responses(row: Row) -> Json:
    """Write an event as an exchange of the Responses interface.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record.
    """
    request = present(
        model=row["model_requested"],
        input=_input(row),
        stream=row["stream"],
        include=None if row["store"] else ["reasoning.encrypted_content"],
        **_settings(row),
    )
    return {**envelope(row), "request": request, "response": _response(row)}
