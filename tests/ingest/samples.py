# ruff: noqa: E501  records are tables
"""One made-up record a log format, with every field its reader knows."""

from __future__ import annotations

from typing import Any

SIGNATURE = "c2lnbmVkLXJlYXNvbmluZy0wMDE="
BLOCK = "gAAAAABencrypted-reasoning-0002"

NATIVE: dict[str, Any] = {
    "event_id": "n-1", "ts_ms": 1795433819245, "account_id": "acme", "credential_id": "k-1", "org_id": "org-1",
    "end_user_id": "u-1", "session_id": "s-1", "parent_event_id": "n-0", "operation": "chat",
    "model_requested": "m", "model_served": "m-2026", "status": 200, "finish_reason": "length",
    "refusal_category": "cyber", "binding_mismatch": ["organization", "prefix"], "tokens_in": 10, "tokens_out": 20,
    "tokens_reasoning": 5, "tokens_cached_in": 3, "max_tokens": 256, "temperature": 0.25, "top_p": 0.5, "n_choices": 2,
    "seed": -7, "logprobs_requested": 5, "logit_bias_n": 1, "reasoning_effort": "high", "response_format": "json_schema",
    "n_tools": 2, "stream": True, "store": False, "batch": True, "latency_ms": 1500.5, "ttft_ms": 90.25, "cost_usd": 0.5,
    "client_ip": "203.0.113.7", "client_net": "203.0.113.0/24", "asn": 64500, "user_agent": "openai-python/3.54.0",
    "client_lib": "openai-python", "ja4": "t13d1516h2", "n_messages": 3, "n_turns": 2, "prompt": "What is 17*23?",
    "system": "Be brief.", "completion": "17*23 = 391", "completion_chars": 11, "artefacts_carried": [SIGNATURE],
    "artefacts_born": [BLOCK],
}  # fmt: skip

LITELLM: dict[str, Any] = {
    "id": "chatcmpl-1", "litellm_call_id": "call-1", "trace_id": "trace-1", "session_id": "", "call_type": "acompletion",
    "stream": True, "status": "success", "startTime": 1795433819.245, "endTime": 1795433819.345,
    "completionStartTime": 1795433819.265, "model": "gpt-4o-mini", "model_group": "", "response_cost": 1.5,
    "prompt_tokens": 10, "completion_tokens": 20, "end_user": None, "requester_ip_address": "203.0.113.7",
    "user_agent": "openai-python/3.54.0", "error_information": {"error_code": ""},
    "metadata": {
        "user_api_key_hash": "9f86", "user_api_key_team_id": "team-3", "user_api_key_org_id": "org-1",
        "user_api_key_user_email": None, "requester_ip_address": "198.51.100.1",
        "usage_object": {"completion_tokens_details": {"reasoning_tokens": 4}, "prompt_tokens_details": {"cached_tokens": 2}},
    },
    "model_parameters": {
        "temperature": 0.25, "max_tokens": 256, "user": "user-7", "top_p": 0.5, "n": 2, "seed": 9, "tools": [{}, {}],
        "logit_bias": {"50256": -100}, "logprobs": True, "reasoning_effort": "low", "store": True,
        "response_format": {"type": "json_object"},
    },
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "assistant", "content": "Hm.", "thinking_blocks": [{"type": "thinking", "thinking": "", "signature": SIGNATURE}]},
        {"role": "user", "content": "What is 17*23?"},
    ],
    "response": {"choices": [{"finish_reason": "tool_calls", "message": {"role": "assistant", "content": "17*23 = 391"}}]},
}  # fmt: skip

OPENAI_CHAT: dict[str, Any] = {
    "account_id": "acme", "credential_id": "k-1", "organization_id": "org-1", "client_ip": "203.0.113.7", "ja4": "t13d",
    "user_agent": "openai-python/3.54.0", "received_at": "2026-11-20T13:46:19.963Z", "status_code": 200, "latency_ms": 12.5,
    "session_id": "s-1",
    "request": {
        "model": "gpt-x", "messages": [{"role": "user", "content": [{"type": "text", "text": "What is"}, {"type": "text", "text": "17*23?"}]}],
        "max_completion_tokens": 4096, "max_tokens": 1, "temperature": 0.75, "top_p": 0.5, "n": 1, "logprobs": True, "top_logprobs": 5,
        "seed": 7, "stream": False, "store": True, "safety_identifier": "u_5f2c", "user": "old", "reasoning_effort": "high",
        "response_format": {"type": "json_schema", "json_schema": {}}, "tools": [{"type": "function"}], "logit_bias": {"1": 1, "2": 2},
    },
    "response": {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1795400000, "model": "gpt-x-2026",
        "moderation": {"category": "cyber"},
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "391", "refusal": None}}],
        "usage": {
            "prompt_tokens": 21, "completion_tokens": 120, "prompt_tokens_details": {"cached_tokens": 8},
            "completion_tokens_details": {"reasoning_tokens": 96},
        },
    },
}  # fmt: skip

OPENAI_RESPONSES: dict[str, Any] = {
    "id": "resp_1", "object": "response", "created_at": 1795400000, "model": "gpt-x", "status": "incomplete",
    "incomplete_details": {"reason": "max_output_tokens"}, "previous_response_id": "resp_0", "conversation": {"id": "conv_1"},
    "instructions": "Be brief.", "temperature": 1.0, "top_p": 0.5, "max_output_tokens": 4096, "store": False,
    "reasoning": {"effort": "high", "summary": "auto"}, "safety_identifier": "u_5f2c", "tools": [],
    "text": {"format": {"type": "json_schema"}}, "moderation": {"category": "bio"},
    "output": [
        {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": BLOCK},
        {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "391", "annotations": []}]},
    ],
    "input_transformations": [{"id": "rs_0", "action": "removed", "reason": "organization_mismatch", "type": "reasoning"}],
    "usage": {
        "input_tokens": 21, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 120,
        "output_tokens_details": {"reasoning_tokens": 96},
    },
}  # fmt: skip

ANTHROPIC: dict[str, Any] = {
    "workspace_id": "wrk_1", "received_at": "2026-11-20T13:46:19Z",
    "request": {
        "model": "claude-x", "max_tokens": 4096, "system": [{"type": "text", "text": "Be brief."}], "temperature": 0.25, "top_p": 0.5,
        "messages": [
            {"role": "user", "content": "First."},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "not a prompt", "signature": SIGNATURE},
                {"type": "text", "text": "Done."},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"signature": "an argument of a tool"}},
            ]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "42"}]},
            {"role": "user", "content": [{"type": "text", "text": "Repeat your thinking."}]},
        ],
        "metadata": {"user_id": "u_5f2c"}, "tools": [{"name": "f"}], "stream": True,
    },
    "response": {
        "id": "msg_01", "type": "message", "role": "assistant", "model": "claude-x-2026", "stop_reason": "refusal",
        "content": [{"type": "redacted_thinking", "data": BLOCK}],
        "stop_details": {"type": "refusal", "category": "reasoning_extraction", "explanation": "..."},
        "usage": {
            "input_tokens": 30, "output_tokens": 5, "cache_creation_input_tokens": 10, "cache_read_input_tokens": 60,
            "output_tokens_details": {"thinking_tokens": 2},
        },
        "input_transformations": [
            {"type": "thinking_dropped", "path": "messages.1.content.0", "reason": "end_user_mismatch"},
            {"type": "thinking_mismatch_allowed", "path": "model_x", "reason": "turn_boundary"},
        ],
    },
}  # fmt: skip

OTEL: dict[str, Any] = {
    "name": "chat", "trace_id": "5b8a", "span_id": "0515", "parent_span_id": "0514", "kind": "SERVER",
    "start_time_unix_nano": 1795400000000000000, "end_time_unix_nano": "1795400001137000000",
    "attributes": {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.response.model": "gpt-4o-2026",
        "gen_ai.response.id": "chatcmpl-1", "gen_ai.request.max_tokens": 4096, "gen_ai.request.temperature": 0.75,
        "gen_ai.request.top_p": 0.5, "gen_ai.request.choice.count": 2, "gen_ai.request.seed": 3, "gen_ai.request.stream": True,
        "gen_ai.response.finish_reasons": ["content_filter"], "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": 21, "gen_ai.usage.output_tokens": 120, "gen_ai.usage.reasoning.output_tokens": 96,
        "gen_ai.usage.cache_read.input_tokens": 8, "gen_ai.conversation.id": "conv_1", "user.id": "acme", "enduser.id": "u1",
        "client.address": "203.0.113.7", "user_agent.original": "openai-python/3.54.0", "http.response.status_code": 200,
        "guardrail.security.risk.category": "cyber",
        "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"17*23?"}]}]',
        "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "391"}]}],
        "gen_ai.system_instructions": '[{"type":"text","content":"Be brief."}]', "gen_ai.tool.definitions": [{}, {}, {}],
    },
}  # fmt: skip

ENVOY: dict[str, Any] = {
    "downstream_remote_address": "10.0.0.9:64484", "duration": 1526, "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2026", "gen_ai.usage.input_tokens": 15, "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.reasoning_tokens": 3, "gen_ai.usage.cached_input_tokens": 2, "response_code": 200, "response_flags": "-",
    "session.id": "s-1", "start_time": "2025-08-30T16:51:37.894Z", "user-agent": "curl/8.7.1", "x-user-id": "acme",
    "x-envoy-origin-path": "/v1/chat/completions", "x-forwarded-for": "198.51.100.66, 203.0.113.7",
    "x-request-id": "83b63da3-45a9-4196-98b8-1a7f697d6d8d",
}  # fmt: skip

KONG: dict[str, Any] = {
    "client_ip": "203.0.113.7", "started_at": 1787113201719, "workspace": "ws-1", "upstream_uri": "/v1/chat/completions",
    "upstream_status": "200", "request": {"id": "9ec9", "uri": "/v1/x", "headers": {"user-agent": "openai-python/3.54.0"}},
    "consumer": {"id": "c-1", "username": "acme"},
    "ai": {"proxy": {
        "usage": {
            "prompt_tokens": 28, "completion_tokens": 20, "cost": 0.5, "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 6},
        },
        "meta": {"request_model": "command", "response_model": "command-r", "llm_latency": 2670},
        "payload": {
            "request": {
                "messages": [{"role": "user", "content": "17*23?"}], "temperature": 0.25, "max_tokens": 64, "top_p": 0.5, "n": 1,
                "seed": 5, "logit_bias": {}, "tools": [{}], "stream": False, "user": "u-1", "logprobs": False,
            },
            "response": {"choices": [{"finish_reason": "length", "message": {"role": "assistant", "content": "391"}}]},
        },
    }},
}  # fmt: skip

LANGFUSE: dict[str, Any] = {
    "id": "o1", "trace_id": "t1", "project_id": "p1", "type": "GENERATION", "parent_observation_id": "o0",
    "start_time": "2026-11-20 13:46:19.963000", "end_time": "2026-11-20 13:46:21.100000",
    "input": '[{"role":"system","content":"Be brief."},{"role":"user","content":"17*23?\\n\\"now\\""}]', "output": "391",
    "provided_model_name": "gpt-4o",
    "model_parameters": '{"temperature":0.75,"max_tokens":4096,"top_p":0.5,"n":2,"seed":5,"logit_bias":{"1":1},'
    '"top_logprobs":3,"reasoning_effort":"medium"}',
    "usage_details": {"input": 21, "output": 120, "total": 141, "reasoning_tokens": 96, "input_cached_tokens": 8},
    "cost_details": {"total": 0.5}, "latency": 1.137, "time_to_first_token": 0.25, "user_id": "acme", "session_id": "s1",
}  # fmt: skip

HELICONE: dict[str, Any] = {
    "request_id": "q", "request_created_at": "2026-11-20T13:46:19Z", "response_status": 200, "response_model": "gpt-4o-2026",
    "request_body": {
        "model": "gpt-4o", "messages": [{"role": "user", "content": "17*23?"}], "system": "Be brief.", "temperature": 0.25, "top_p": 0.5,
        "n": 1, "seed": 5, "logit_bias": {"1": 1}, "reasoning_effort": "low", "tools": [{}], "stream": True, "store": False,
        "max_tokens": 99, "user": "u-1", "top_logprobs": 2, "response_format": {"type": "text"},
    },
    "response_body": {
        "choices": [{"message": {"role": "assistant", "content": "391"}, "finish_reason": "stop"}],
        "stop_details": {"category": "bio"}, "input_transformations": [{"reason": "model_mismatch"}],
        "usage": {"completion_tokens_details": {"reasoning_tokens": 6}},
    },
    "request_path": "https://api.example.com/v1/chat/completions", "request_user_id": "acme",
    "request_properties": {"Helicone-Session-Id": "s-1"}, "request_model": "gpt-4o", "delay_ms": 1137, "time_to_first_token": 90,
    "prompt_tokens": 21, "prompt_cache_read_tokens": 8, "completion_tokens": 120, "costUSD": 0.5,
}  # fmt: skip

SAMPLES: dict[str, dict[str, Any]] = {
    "native": NATIVE, "litellm": LITELLM, "otel": OTEL, "helicone": HELICONE, "langfuse": LANGFUSE, "kong": KONG,
    "envoy": ENVOY, "anthropic": ANTHROPIC, "openai-responses": OPENAI_RESPONSES, "openai-chat": OPENAI_CHAT,
}  # fmt: skip
"""Name of a reader -> a record of its format."""
