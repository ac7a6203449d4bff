# ruff: noqa: E501  tables of bodies, one a line
"""A model API that is not there: fixed answers in the shapes of three providers, and what it was sent."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

WORDS = ("Still", " waters", " run", " deep", " — ", "für", " alle", ".")
SIGNATURE = "c2lnbmF0dXJlLW9mLXJlYXNvbmluZy0wMDAx" * 3
USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 8,
    "total_tokens": 19,
    "completion_tokens_details": {"reasoning_tokens": 3},
    "prompt_tokens_details": {"cached_tokens": 4},
}
TOOL = {"name": "weather", "arguments": '{"city":"Paris"}'}


@dataclass
class Sent:
    method: str
    path: str
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value.decode("latin-1") for key, value in self.headers if key == name.encode()]


@dataclass
class MockModel:
    sent: list[Sent] = field(default_factory=list)
    gone: int = 0
    failures: int = 0
    answer: dict | None = None
    events: list[bytes] | None = None
    pause_s: float = 0.0
    raw: tuple[list[tuple[bytes, bytes]], bytes] | None = None
    go_on: threading.Event | None = None

    def reset(self) -> None:
        self.sent.clear()
        self.gone = self.failures = 0
        self.answer = self.events = self.raw = self.go_on = None
        self.pause_s = 0.0

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            message = await receive()
            while message["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
                message = await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        query = scope["query_string"].decode()
        path = scope["raw_path"].decode() + (f"?{query}" if query else "")
        self.sent.append(Sent(scope["method"], path, list(scope["headers"]), body))
        told = dict(scope["headers"])
        if self.failures:
            self.failures -= 1
            await self._json(send, {"error": {"message": "busy", "type": "server_error"}}, 503)
        elif b"x-mock-status" in told:
            status = int(told[b"x-mock-status"])
            await self._json(send, {"error": {"message": "as asked", "type": "invalid_request_error"}}, status)
        else:
            await self._answer(scope, body, told, receive, send)

    async def _answer(self, scope, body, told, receive, send) -> None:
        if self.raw is not None:
            headers, content = self.raw
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": content})
            return
        path = scope["path"]
        asked = json.loads(body) if body[:1] == b"{" and b"content-encoding" not in told else {}
        if self.events is not None or asked.get("stream"):
            events = self.events if self.events is not None else events_of(path, asked)
            await self._stream(send, receive, events)
            return
        await asyncio.sleep(self.pause_s)
        tree = self.answer if self.answer is not None else answer_of(path, asked)
        packed = b"x-mock-gzip" in told
        await self._json(send, tree, 200, packed=packed)

    async def _json(self, send, tree, status, *, packed=False) -> None:
        body = json.dumps(tree, indent=1, ensure_ascii=False).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"x-ratelimit-remaining", b"7"),
            (b"x-request-id", b"req_1"),
        ]
        if packed:
            body = gzip.compress(body)
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, send, receive, events) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-request-id", b"req_1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        watch = asyncio.ensure_future(receive())
        for event in events:
            await send({"type": "http.response.body", "body": event, "more_body": True})
            if self.go_on is not None:
                await asyncio.to_thread(self.go_on.wait, 10)
            if self.pause_s:
                await asyncio.wait([watch], timeout=self.pause_s)
            if watch.done():
                self.gone += 1
                return
        watch.cancel()
        await send({"type": "http.response.body", "body": b""})


def data(tree: dict, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return (head + "data: " + json.dumps(tree, ensure_ascii=False) + "\n\n").encode()


def answer_of(path: str, asked: dict) -> dict:
    model = asked.get("model", "none")
    if path == "/v1/chat/completions":
        message: dict = {"role": "assistant", "content": "".join(WORDS), "refusal": None}
        finish = "stop"
        if asked.get("tools"):
            message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": TOOL}]}
            finish = "tool_calls"
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_764_000_000, "model": model,
                "choices": [choice], "usage": USAGE, "x_unknown": {"kept": [1, 2.50, None]}}  # fmt: skip
    if path == "/v1/messages":
        content: list = [
            {"type": "thinking", "thinking": "Water is deep.", "signature": SIGNATURE},
            {"type": "text", "text": "".join(WORDS)},
        ]
        if asked.get("tools"):
            content.append({"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}})
        usage = {"input_tokens": 7, "output_tokens": 8, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2}
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": content,
                "stop_reason": "tool_use" if asked.get("tools") else "end_turn", "stop_sequence": None, "usage": usage}  # fmt: skip
    if path == "/v1/messages/count_tokens":
        return {"input_tokens": 42}
    if path == "/v1/responses":
        return response_of(model, asked.get("tools"))
    if path == "/v1/completions":
        return {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": model, "usage": USAGE,
                "choices": [{"index": 0, "text": "".join(WORDS), "finish_reason": "length", "logprobs": None}]}  # fmt: skip
    if path == "/v1/embeddings":
        floats = struct.pack("<2f", 0.25, -1.0)
        packed = base64.b64encode(floats).decode()
        vector = packed if asked.get("encoding_format") == "base64" else [0.25, -1.0]
        return {"object": "list", "model": model, "usage": {"prompt_tokens": 5, "total_tokens": 5},
                "data": [{"object": "embedding", "index": 0, "embedding": vector}]}  # fmt: skip
    return {"object": "list", "data": [{"id": "m-1", "object": "model", "created": 1, "owned_by": "us"}]}


def response_of(model: str, tools: object = None) -> dict:
    usage = {"input_tokens": 11, "output_tokens": 8, "total_tokens": 19,
             "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
             "output_tokens_details": {"reasoning_tokens": 3}}  # fmt: skip
    text = {"type": "output_text", "text": "".join(WORDS), "annotations": [], "logprobs": []}
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "status": "completed", **TOOL}
    return {"id": "resp_1", "object": "response", "created_at": 1.0, "model": model, "status": "completed",
            "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "usage": usage, "metadata": {},
            "error": None, "incomplete_details": None, "instructions": None, "temperature": 1.0, "top_p": 1.0,
            "output": [
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": SIGNATURE},
                {"type": "message", "id": "m_1", "role": "assistant", "status": "completed", "content": [text]},
                *([call] if tools else []),
            ]}  # fmt: skip


def chunk(delta: dict, model: str, finish: str | None = None, **more) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **more}
    return data({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model,
                 "choices": [choice]})  # fmt: skip


def events_of(path: str, asked: dict) -> list[bytes]:
    model = asked.get("model", "none")
    if path == "/v1/messages":
        return message_events(model, asked.get("tools"))
    if path == "/v1/responses":
        return response_events(model, asked.get("tools"))
    if asked.get("tools"):
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
        rest = [{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in ('{"city"', ':"Paris"}')]
        deltas: list = [{"role": "assistant", "tool_calls": [call]}, *rest]
    else:
        deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in WORDS)]
    usage = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [],
             "usage": USAGE}  # fmt: skip
    finish = "tool_calls" if asked.get("tools") else "stop"
    return [b": ping\n\n", *(chunk(delta, model) for delta in deltas), chunk({}, model, finish), data(usage),
            b"data: [DONE]\n\n"]  # fmt: skip


def message_events(model: str, tools: object = None) -> list[bytes]:
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [], "stop_reason": None,
             "stop_sequence": None, "usage": {"input_tokens": 7, "output_tokens": 1}}  # fmt: skip
    events = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0,
         "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Water is deep."}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": SIGNATURE}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": word}} for word in WORDS),
        {"type": "content_block_stop", "index": 1},
        *(tool_events() if tools else ()),
        {"type": "message_delta", "delta": {"stop_reason": "tool_use" if tools else "end_turn", "stop_sequence": None},
         "usage": {"output_tokens": 8}},
        {"type": "message_stop"},
    ]  # fmt: skip
    return [data(event, str(event["type"])) for event in events]


def tool_events() -> list[dict]:
    start = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}
    parts = ('{"city"', ':"Paris"}')
    return [
        {"type": "content_block_start", "index": 2, "content_block": start},
        *({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": part}}
          for part in parts),
        {"type": "content_block_stop", "index": 2},
    ]  # fmt: skip


def call_events(item: dict) -> list[dict]:
    place = {"item_id": "fc_1", "output_index": 2}
    return [
        {"type": "response.output_item.added", "output_index": 2, "item": {**item, "arguments": ""}},
        {"type": "response.function_call_arguments.delta", **place, "delta": TOOL["arguments"]},
        {"type": "response.function_call_arguments.done", **place, **TOOL},
        {"type": "response.output_item.done", "output_index": 2, "item": item},
    ]


def response_events(model: str, tools: object = None) -> list[bytes]:
    whole = response_of(model, tools)
    place = {"item_id": "m_1", "output_index": 1, "content_index": 0}
    text = whole["output"][1]["content"][0]
    events = [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": [], "usage": None}},
        {"type": "response.output_item.added", "output_index": 1, "item": {**whole["output"][1], "content": []}},
        {"type": "response.content_part.added", **place, "part": {**text, "text": ""}},
        *({"type": "response.output_text.delta", **place, "delta": word, "logprobs": []} for word in WORDS),
        {"type": "response.output_text.done", **place, "text": text["text"], "logprobs": []},
        {"type": "response.content_part.done", **place, "part": text},
        {"type": "response.output_item.done", "output_index": 1, "item": whole["output"][1]},
        *(call_events(whole["output"][2]) if tools else ()),
        {"type": "response.completed", "response": whole},
    ]  # fmt: skip
    return [data({**event, "sequence_number": i}, str(event["type"])) for i, event in enumerate(events)]
