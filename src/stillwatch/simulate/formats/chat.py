"""OpenAI Chat Completions: one exchange a line, with the keys a gateway adds around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.formats.anthropic import thinking_blocks
from stillwatch.simulate.formats.envelope import ERRORS, envelope
from stillwatch.simulate.formats.row import present
from stillwatch.simulate.formats.turns import ANSWER, turns

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Json, Row

FINISH: Final = {"stop": "stop", "length": "length", "tool_use": "tool_calls", "refusal": "stop", "error": "stop"}
"""Finish reasons in the words of this interface."""


def tools(row: Row) -> list[Json] | None:
    """Write the tools offered, as many as the event has.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    list of Json or None
        Tools, or nothing where none was offered.
    """
    offered = range(row["n_tools"])
    return [{"type": "function", "function": {"name": f"tool_{i}", "parameters": {}}} for i in offered] or None


def messages(row: Row, *, signed: bool = False) -> list[Json]:
    """Write the messages of a request, the system text first.

    Parameters
    ----------
    row
        The event.
    signed
        Whether messages of the model carry ``thinking_blocks``, as LiteLLM keeps them.

    Returns
    -------
    list of Json
        Messages.
    """
    written: list[Json] = [] if row["system"] is None else [{"role": "system", "content": row["system"]}]
    for number, message in enumerate(turns(row)):
        one: Json = {"role": message.role, "content": message.text}
        if message.role == "tool":
            one["tool_call_id"] = f"call_{number - 1}"
        if message.calls_tool:
            call = {"id": f"call_{number}", "type": "function", "function": {"name": "tool_0", "arguments": "{}"}}
            one["tool_calls"] = [call]
        if signed and message.artefacts:
            one["thinking_blocks"] = thinking_blocks(message.artefacts)
        written.append(one)
    return written


def biases(row: Row) -> Json | None:
    """Write the bias of as many tokens as the event says.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json or None
        Token -> bias, or nothing where no token was biased.
    """
    return {str(token): -100 for token in range(row["logit_bias_n"] or 0)} or None


def parameters(row: Row) -> Json:
    """Write the request parameters under the names of this interface.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        Those that the caller set.
    """
    asked = row["logprobs_requested"]
    form = row["response_format"]
    return present(
        max_completion_tokens=row["max_tokens"],
        temperature=row["temperature"],
        n=row["n_choices"],
        logprobs=None if asked is None else True,
        top_logprobs=asked,
        logit_bias=biases(row),
        seed=row["seed"],
        reasoning_effort=row["reasoning_effort"],
        response_format=None if form is None else {"type": form},
        tools=tools(row),
    )


def answer(row: Row) -> Json:
    """Write the response body of a call that was answered or refused.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        A chat completion, or an error body.
    """
    if row["status"] != 200:
        code = ERRORS[row["status"]]
        return {"error": {"message": f"HTTP {row['status']}", "type": code, "param": None, "code": code}}
    refused = row["finish_reason"] == "refusal"
    message: Json = {
        "role": "assistant",
        "content": None if refused else ANSWER,
        "refusal": "(refused)" if refused else None,
    }
    if row["finish_reason"] == "tool_use":
        message["tool_calls"] = [
            {"id": "call_0", "type": "function", "function": {"name": "tool_0", "arguments": "{}"}}
        ]
    finish = FINISH[row["finish_reason"]]
    return {
        "id": f"chatcmpl-{row['event_id']}",
        "object": "chat.completion",
        "created": row["ts_ms"] // 1000,
        "model": row["model_served"],
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "choices": [
            {"index": i, "finish_reason": finish, "logprobs": None, "message": message} for i in range(row["n_choices"])
        ],
        "usage": usage(row),
    }


def usage(row: Row) -> Json:
    """Write the token counts of a chat completion.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        The usage object.
    """
    return {
        "prompt_tokens": row["tokens_in"],
        "completion_tokens": row["tokens_out"],
        "total_tokens": row["tokens_in"] + row["tokens_out"],
        "prompt_tokens_details": {"cached_tokens": row["tokens_cached_in"]},
        "completion_tokens_details": {"reasoning_tokens": row["tokens_reasoning"]},
    }


def openai_chat(row: Row) -> Json:
    """Write an event as an exchange of Chat Completions.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record.
    """
    request: Json = {
        "model": row["model_requested"],
        "messages": messages(row),
        **parameters(row),
        "stream": row["stream"],
        "store": row["store"],
        **present(safety_identifier=row["end_user_id"]),
    }
    return {**envelope(row), "request": request, "response": answer(row)}
