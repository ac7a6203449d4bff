# ruff: noqa: E501  tables of bodies, one a line
"""What each barrier is held against: requests and answers it changes, and benign ones that look alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stillwatch.enforcement.barriers.base import Call
from stillwatch.model.decision import IN_GOOD_STANDING, Action, Standing

KEY = b"k" * 32
OTHERS = {"model": "m", "temperature": 0.5, "x_unknown": {"deep": [1, None, "Usually"]}, "metadata": {"n": 9}}
SIGNED = {"type": "thinking", "thinking": "secret way", "signature": "c2ln"}
REDACTED = {"type": "redacted_thinking", "data": "ZGF0YQ"}
LOGPROB = {"token": "a", "logprob": -0.123456, "bytes": [97],
           "top_logprobs": [{"token": t, "logprob": -0.5551 * i, "bytes": None} for i, t in enumerate("abcdefgh")]}  # fmt: skip


def standing(action: Action, campaign: str = "") -> Standing:
    return Standing(7, action, 1 << 45, "d-1", "no-copying", campaign)


def call(action: Action, shape: str = "chat", **more: Any) -> Call:
    good = action == Action.OBSERVE
    return Call(shape, IN_GOOD_STANDING if good else standing(action), **more)  # type: ignore[arg-type]


def chat(content: Any, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **more.pop("message", {})}
    return {"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "stop", **more}], **OTHERS}


@dataclass(frozen=True)
class Case:
    shape: str
    body: dict[str, Any]
    changes: bool
    call: dict[str, Any] = field(default_factory=dict)


REQUESTS = {
    "logprobs": [
        Case("chat", {**OTHERS, "logprobs": True, "top_logprobs": 20}, changes=True),
        Case("completion", {**OTHERS, "logprobs": 20}, changes=True),
        Case("responses", {**OTHERS, "include": ["message.output_text.logprobs", "other"], "top_logprobs": 9}, changes=True),
        Case("chat", {**OTHERS, "logprobs": True, "top_logprobs": "20"}, changes=True),
        Case("chat", {**OTHERS, "logprobs": False}, changes=False),
        Case("messages", {**OTHERS, "top_logprobs": 20}, changes=False),
    ],
    "logit_bias": [
        Case("chat", {**OTHERS, "logprobs": True, "top_logprobs": 2, "logit_bias": {"1": 5}}, changes=True),
        Case("completion", {**OTHERS, "logprobs": 0, "logit_bias": {"1": 5}}, changes=True),
        Case("chat", {**OTHERS, "logit_bias": {"1": -100}}, changes=False),
        Case("chat", {**OTHERS, "logprobs": True, "logit_bias": {}}, changes=False),
    ],
    "samples": [
        Case("chat", {**OTHERS, "n": 16, "seed": 4}, changes=True),
        Case("completion", {**OTHERS, "n": 2, "best_of": 8}, changes=True),
        Case("chat", {**OTHERS, "n": 1}, changes=False),
        Case("responses", {**OTHERS, "n": 16}, changes=False),
    ],
    "carried": [
        Case("messages", {**OTHERS, "messages": [{"role": "assistant", "content": [SIGNED, {"type": "text", "text": "t"}]}]},
             changes=True, call={"foreign": frozenset(["c2ln"])}),
        Case("messages", {**OTHERS, "messages": [{"role": "assistant", "content": [REDACTED]}]},
             changes=True, call={"foreign": frozenset(["ZGF0YQ"])}),
        Case("responses", {**OTHERS, "input": [{"type": "reasoning", "encrypted_content": "c2ln"}, {"role": "user", "content": "x"}]},
             changes=True, call={"foreign": frozenset(["c2ln"])}),
        Case("messages", {**OTHERS, "messages": [{"role": "assistant", "content": [SIGNED]}]},
             changes=False, call={"foreign": frozenset(["b3RoZXI"])}),
        Case("messages", {**OTHERS, "messages": [{"role": "user", "content": [
             {"type": "tool_result", "signature": "c2ln"}]}]}, changes=False, call={"foreign": frozenset(["c2ln"])}),
    ],
}  # fmt: skip
"""Barrier -> requests; under the strictest standing that lets requests pass."""

ANSWERS = {
    "logprobs": [
        Case("chat", chat("a", logprobs={"content": [LOGPROB], "refusal": None}), changes=True),
        Case("completion", {**OTHERS, "choices": [{"text": "a", "logprobs": {
             "tokens": ["a"], "token_logprobs": [-0.98765], "text_offset": [0],
             "top_logprobs": [{t: -0.1234 * i for i, t in enumerate("abcdefg")}]}}]}, changes=True),
        Case("responses", {**OTHERS, "output": [{"type": "message", "content": [
             {"type": "output_text", "text": "a", "logprobs": [LOGPROB]}]}]}, changes=True),
        Case("chat", chat("a", logprobs=None), changes=False),
        Case("chat", chat(None, message={"tool_calls": [{"function": {"arguments": '{"logprobs": [0.123456]}'}}]}), changes=False),
        Case("messages", {**OTHERS, "content": [{"type": "tool_use", "input": {"logprobs": [0.123456]}}]}, changes=False),
    ],
    "reasoning": [
        Case("chat", chat("<think>way</think>another</think>\n\nanswer"), changes=True),
        Case("chat", chat("answer", message={"reasoning_content": "way"}), changes=True),
        Case("chat", chat("answer", message={"reasoning_details": [{"text": "way"}, {"data": "ZGF0YQ", "text": "x"}]}), changes=True),
        Case("completion", {**OTHERS, "choices": [{"index": 0, "text": "<think>way</think>answer"}]}, changes=True),
        Case("messages", {**OTHERS, "content": [{"type": "thinking", "thinking": "way"}, SIGNED, REDACTED]}, changes=True),
        Case("responses", {**OTHERS, "output": [{"type": "reasoning", "content": [{"type": "reasoning_text", "text": "way"}]}]},
             changes=True),
        Case("messages", {**OTHERS, "content": [SIGNED, REDACTED, {"type": "text", "text": "answer"}]}, changes=False),
        Case("responses", {**OTHERS, "output": [{"type": "reasoning", "encrypted_content": "c2ln", "summary": [{"text": "s"}],
             "content": [{"type": "reasoning_text", "text": "way"}]}]}, changes=False),
        Case("chat", chat("Write `<think>` first and `</think>` last."), changes=False),
        Case("chat", chat(None, message={"tool_calls": [{"function": {"arguments": "<think>x</think>"}}]}), changes=False),
    ],
    "variants": [
        Case("chat", chat("Usually it rains. Perhaps it often does, for example in May. Someone told everyone. Sometimes mainly "
             "toward noon, almost entirely, especially among hills. In general, a variety of things quickly vary."), changes=True),
        Case("messages", {**OTHERS, "content": [{"type": "text", "text": "Usually, often, perhaps, nearly, entirely, roughly, quickly, "
             "sometimes, mainly, especially, anyone, someone, toward, among."}]}, changes=True),
        Case("chat", chat('```\nusually often perhaps\n```\nand `usually` and "often perhaps".'), changes=False),
        Case("chat", chat('{"usually": "often", "perhaps": "almost"}'), changes=False),
        Case("chat", chat("a frequently asked question, an almost new one"), changes=False),
        Case("chat", chat("usually often perhaps", message={"tool_calls": [{"id": "1"}]}), changes=False),
    ],
    "canaries": [
        Case("chat", chat("Write to john.doe@example.com or call 555-0123."), changes=True),
        Case("chat", chat("Write to john.doe@company.com or call 555-9123."), changes=False),
        Case("chat", chat("Write to john.doe@example.com."), changes=False, call={"prompt": "Mine is john.doe@example.com"}),
        Case("chat", chat("```\nmail = 'john.doe@example.com'\n```"), changes=False),
    ],
}  # fmt: skip
"""Barrier -> answers; under the strictest standing that lets requests pass."""
