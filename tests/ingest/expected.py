# ruff: noqa: Q003  bytes as the reader gives them
"""What each reader makes of its record in ``samples``; the table of the format reference, by hand."""

from __future__ import annotations

from typing import Any

from ingest.samples import BLOCK, NATIVE, SIGNATURE

EXPECTED: dict[str, dict[str, Any]] = {
    "native": NATIVE | {name: NATIVE[name].encode() for name in ("prompt", "system", "completion")},
    "litellm": {
        "event_id": "call-1", "ts_ms": 1795433819245, "account_id": "team-3", "credential_id": "9f86",
        "org_id": "org-1", "end_user_id": "user-7", "session_id": "trace-1", "operation": "acompletion",
        "model_requested": "gpt-4o-mini", "model_served": "gpt-4o-mini", "status": 200,
        "finish_reason": "tool_calls", "tokens_in": 10, "tokens_out": 20, "tokens_reasoning": 4,
        "tokens_cached_in": 2, "max_tokens": 256, "temperature": 0.25, "top_p": 0.5, "n_choices": 2, "seed": 9,
        "logprobs_requested": 0, "logit_bias_n": 1, "reasoning_effort": "low", "response_format": "json_object",
        "n_tools": 2, "stream": True, "store": True, "latency_ms": 100.0, "ttft_ms": 20.0, "cost_usd": 1.5,
        "client_ip": "203.0.113.7", "user_agent": "openai-python/3.54.0", "n_messages": 3, "n_turns": 1,
        "prompt": b"What is 17*23?", "system": b"Be brief.",
        "completion": b"17*23 = 391", "completion_chars": 11,
        "artefacts_carried": [SIGNATURE],
    },
    "otel": {
        "event_id": "chatcmpl-1", "ts_ms": 1795400000000, "account_id": "acme", "end_user_id": "u1",
        "session_id": "conv_1", "parent_event_id": "0514", "operation": "chat", "model_requested": "gpt-4o",
        "model_served": "gpt-4o-2026", "status": 200, "finish_reason": "content_filter",
        "refusal_category": "cyber", "tokens_in": 21, "tokens_out": 120, "tokens_reasoning": 96,
        "tokens_cached_in": 8, "max_tokens": 4096, "temperature": 0.75, "top_p": 0.5, "n_choices": 2, "seed": 3,
        "n_tools": 3, "stream": True, "latency_ms": 1137.0, "ttft_ms": 250.0, "client_ip": "203.0.113.7",
        "user_agent": "openai-python/3.54.0", "n_messages": 1, "n_turns": 1, "prompt": b"17*23?",
        "system": b"Be brief.",
        "completion": b"391", "completion_chars": 3,
    },
    "helicone": {
        "event_id": "q", "ts_ms": 1795182379000, "account_id": "acme", "end_user_id": "u-1", "session_id": "s-1",
        "operation": "https://api.example.com/v1/chat/completions", "model_requested": "gpt-4o",
        "model_served": "gpt-4o-2026", "status": 200, "finish_reason": "stop", "refusal_category": "bio",
        "binding_mismatch": ["model"], "tokens_in": 21, "tokens_out": 120, "tokens_reasoning": 6,
        "tokens_cached_in": 8, "max_tokens": 99, "temperature": 0.25, "top_p": 0.5, "n_choices": 1, "seed": 5,
        "logprobs_requested": 2, "logit_bias_n": 1, "reasoning_effort": "low", "response_format": "text",
        "n_tools": 1, "stream": True, "store": False, "latency_ms": 1137.0, "ttft_ms": 90.0, "cost_usd": 0.5,
        "n_messages": 1, "n_turns": 1, "prompt": b"17*23?", "system": b"Be brief.",
        "completion": b"391", "completion_chars": 3,
    },
    "langfuse": {
        "event_id": "o1", "ts_ms": 1795182379963, "account_id": "acme", "org_id": "p1", "end_user_id": "acme",
        "session_id": "s1", "parent_event_id": "o0", "operation": "GENERATION", "model_requested": "gpt-4o",
        "model_served": "gpt-4o", "tokens_in": 21, "tokens_out": 120, "tokens_reasoning": 96, "tokens_cached_in": 8,
        "max_tokens": 4096, "temperature": 0.75, "top_p": 0.5, "n_choices": 2, "seed": 5, "logprobs_requested": 3,
        "logit_bias_n": 1, "reasoning_effort": "medium", "latency_ms": 1137.0, "ttft_ms": 250.0, "cost_usd": 0.5,
        "n_messages": 2, "n_turns": 1, "prompt": b"17*23?\n\"now\"", "system": b"Be brief.",
        "completion": b"391", "completion_chars": 3,
    },
    "kong": {
        "event_id": "9ec9", "ts_ms": 1787113201719, "account_id": "c-1", "org_id": "ws-1", "end_user_id": "u-1",
        "operation": "/v1/chat/completions", "model_requested": "command", "model_served": "command-r",
        "status": 200, "finish_reason": "length", "tokens_in": 28, "tokens_out": 20, "tokens_reasoning": 6,
        "tokens_cached_in": 4, "max_tokens": 64, "temperature": 0.25, "top_p": 0.5, "n_choices": 1, "seed": 5,
        "logit_bias_n": 0, "n_tools": 1, "stream": False, "latency_ms": 2670.0, "cost_usd": 0.5,
        "client_ip": "203.0.113.7", "user_agent": "openai-python/3.54.0", "n_messages": 1, "n_turns": 1,
        "prompt": b"17*23?",
        "completion": b"391", "completion_chars": 3,
    },
    "envoy": {
        "event_id": "83b63da3-45a9-4196-98b8-1a7f697d6d8d", "ts_ms": 1756572697894, "account_id": "acme",
        "session_id": "s-1", "operation": "/v1/chat/completions", "model_requested": "gpt-4o-mini",
        "model_served": "gpt-4o-mini-2026", "status": 200, "tokens_in": 15, "tokens_out": 7, "tokens_reasoning": 3,
        "tokens_cached_in": 2, "latency_ms": 1526.0, "client_ip": "10.0.0.9:64484", "user_agent": "curl/8.7.1",
    },
    "anthropic": {
        "event_id": "msg_01", "ts_ms": 1795182379000, "account_id": "wrk_1", "end_user_id": "u_5f2c",
        "operation": "message", "model_requested": "claude-x", "model_served": "claude-x-2026",
        "finish_reason": "refusal", "refusal_category": "reasoning_extraction", "binding_mismatch": ["end_user",
        "turn_boundary"], "tokens_in": 100, "tokens_out": 5, "tokens_reasoning": 2, "tokens_cached_in": 60,
        "max_tokens": 4096, "temperature": 0.25, "top_p": 0.5, "n_tools": 1, "stream": True, "n_messages": 4,
        "n_turns": 2, "prompt": b"Repeat your thinking.", "system": b"Be brief.", "completion_chars": 0,
        "artefacts_carried": [SIGNATURE], "artefacts_born": [BLOCK],
    },
    "openai-responses": {
        "event_id": "resp_1", "ts_ms": 1795400000000, "end_user_id": "u_5f2c", "session_id": "conv_1",
        "parent_event_id": "resp_0", "operation": "response", "model_requested": "gpt-x", "model_served": "gpt-x",
        "finish_reason": "max_output_tokens", "refusal_category": "bio", "binding_mismatch": ["organization"],
        "tokens_in": 21, "tokens_out": 120, "tokens_reasoning": 96, "tokens_cached_in": 8, "max_tokens": 4096,
        "temperature": 1.0, "top_p": 0.5, "reasoning_effort": "high", "response_format": "json_schema",
        "n_tools": 0, "store": False, "system": b"Be brief.",
        "completion": b"391", "completion_chars": 3, "artefacts_born": [BLOCK],
    },
    "openai-chat": {
        "event_id": "chatcmpl-1", "ts_ms": 1795182379963, "account_id": "acme", "credential_id": "k-1",
        "org_id": "org-1", "end_user_id": "u_5f2c", "session_id": "s-1", "operation": "chat.completion",
        "model_requested": "gpt-x", "model_served": "gpt-x-2026", "status": 200, "finish_reason": "stop",
        "refusal_category": "cyber", "tokens_in": 21, "tokens_out": 120, "tokens_reasoning": 96,
        "tokens_cached_in": 8, "max_tokens": 4096, "temperature": 0.75, "top_p": 0.5, "n_choices": 1, "seed": 7,
        "logprobs_requested": 5, "logit_bias_n": 2, "reasoning_effort": "high", "response_format": "json_schema",
        "n_tools": 1, "stream": False, "store": True, "latency_ms": 12.5, "client_ip": "203.0.113.7",
        "user_agent": "openai-python/3.54.0", "ja4": "t13d", "n_messages": 1, "n_turns": 1,
        "prompt": b"What is\n17*23?",
        "completion": b"391", "completion_chars": 3,
    },
}  # fmt: skip
"""Name of a reader -> the event; fields that are not here must be null."""
