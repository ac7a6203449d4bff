"""The words of nine formats for the same few things."""

from __future__ import annotations

from typing import Final

from stillwatch.model.event import CODES

_SAME: Final[dict[str, dict[str, str]]] = {
    "finish_reason": {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "completed": "stop",
        "complete": "stop",
        "eos": "stop",
        "max_tokens": "length",
        "max_output_tokens": "length",
        "model_context_window_exceeded": "length",
        "incomplete": "length",
        "tool_calls": "tool_use",
        "tool_call": "tool_use",
        "function_call": "tool_use",
        "pause_turn": "tool_use",
        "safety": "content_filter",
        "failed": "error",
        "cancelled": "error",
    },
    "refusal_category": {"cbrn": "bio", "bioweapons": "bio", "biological": "bio", "model_extraction": "frontier_llm"},
    "response_format": {"json": "json_object"},
    "reasoning_effort": {"max": "xhigh"},
    "operation": {},
}
_OPERATION_PARTS: Final = (
    ("embed", "embeddings"),
    ("batch", "batch"),
    ("responses", "responses"),
    ("messages", "messages"),
    ("message", "messages"),
    ("response", "responses"),
    ("chat", "chat"),
    ("acompletion", "chat"),
    ("generation", "chat"),
    ("generate_content", "chat"),
    ("text_completion", "completion"),
    ("completion", "completion"),
    ("tool", "tool"),
)


def canonical(field: str, word: str | None) -> int | None:
    """Give the code of a provider's word; unknown words of a field that has ``other`` are that.

    Examples
    --------
    >>> canonical("finish_reason", "end_turn"), canonical("operation", "/v1/chat/completions")
    (0, 0)
    >>> canonical("finish_reason", "brand_new"), canonical("reasoning_effort", "brand_new")
    (6, None)
    """
    if word is None:
        return None
    codes = CODES[field]
    lowered = word.lower()
    if field == "operation" and lowered not in codes:
        lowered = next((ours for part, ours in _OPERATION_PARTS if part in lowered), "other")
    ours = _SAME[field].get(lowered, lowered)
    if ours in codes:
        return codes.index(ours)
    return codes.index("other") if "other" in codes else None


def client_library(agent: str | None) -> str | None:
    """Give the software family of a user agent.

    Examples
    --------
    >>> client_library("AsyncOpenAI/Python 1.109.1"), client_library("openai-python/3.54.0")
    ('asyncopenai', 'openai-python')
    """
    if not agent:
        return None
    return agent.split("/")[0].split(" ")[0].lower()[:40] or None
