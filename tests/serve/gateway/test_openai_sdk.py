"""The openai SDK cannot tell whether a gateway stands before the model API."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import openai
import pytest

from serve.gateway.wire import request, talk

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
SAID = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Water?"}]
RESPONSE_TOOLS = [{"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}]
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]


def client(url: str, **more) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="sk-test-0001", max_retries=more.pop("max_retries", 0), **more)


CALLS = {
    "chat": lambda c: c.chat.completions.create(model="m-1", messages=SAID).model_dump(),
    "chat with tools": lambda c: c.chat.completions.create(model="m-1", messages=SAID, tools=TOOLS).model_dump(),
    "chat streamed": lambda c: [
        e.model_dump() for e in c.chat.completions.create(model="m-1", messages=SAID, stream=True)
    ],
    "tools streamed": lambda c: [
        e.model_dump() for e in c.chat.completions.create(model="m-1", messages=SAID, tools=TOOLS, stream=True)
    ],
    "responses": lambda c: c.responses.create(model="m-1", input="Water?").model_dump(),
    "responses streamed": lambda c: [e.model_dump() for e in c.responses.create(model="m-1", input="W", stream=True)],
    "responses with tools": lambda c: c.responses.create(model="m-1", input="W", tools=RESPONSE_TOOLS).model_dump(),
    "responses with tools streamed": lambda c: [
        e.model_dump() for e in c.responses.create(model="m-1", input="W", tools=RESPONSE_TOOLS, stream=True)
    ],
    "completion": lambda c: c.completions.create(model="m-1", prompt="Water").model_dump(),
    "embeddings": lambda c: c.embeddings.create(model="m-1", input=["a"], encoding_format="float").model_dump(),
    "packed embeddings": lambda c: c.embeddings.create(model="m-1", input="a").model_dump(),
    "models": lambda c: c.models.list().model_dump(),
    "one model": lambda c: c.models.retrieve("m-1").model_dump(),
    "raw": lambda c: c.chat.completions.with_raw_response.create(model="m-1", messages=SAID).content,
    "gzip": lambda c: c.chat.completions.create(
        model="m-1", messages=SAID, extra_headers={"x-mock-gzip": "1"}
    ).model_dump(),
}


@pytest.mark.parametrize("name", CALLS)
def test_results_are_the_same_with_and_without_the_gateway(name, model, model_url, gateway):
    call = CALLS[name]

    with client(model_url) as direct, client(gateway.url) as through:
        assert call(through) == call(direct)

    with_it, without = model.sent
    assert (with_it.method, with_it.path, with_it.body) == (without.method, without.path, without.body)
    assert {k: v for k, v in with_it.headers if k not in {b"host", b"connection"}} == {
        k: v for k, v in without.headers if k not in {b"host", b"connection"}
    }


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_errors_are_the_same(status, model_url, gateway):
    seen = []
    for url in (model_url, gateway.url):
        with client(url) as one, pytest.raises(openai.APIStatusError) as caught:
            one.chat.completions.create(model="m-1", messages=SAID, extra_headers={"x-mock-status": str(status)})
        error = caught.value
        seen.append(
            (
                type(error),
                error.status_code,
                error.body,
                error.request_id,
                error.response.headers["x-ratelimit-remaining"],
            )
        )

    assert seen[0] == seen[1]
    assert gateway.record()["status"] == status


def test_asynchronous_clients_get_the_same(model_url, gateway):
    async def call(url: str):
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-test-0001", max_retries=0) as one:
            stream = await one.chat.completions.create(model="m-1", messages=SAID, stream=True)
            streamed = [event.model_dump() async for event in stream]
            many = await asyncio.gather(*(one.responses.create(model="m-1", input=f"{n}") for n in range(20)))
            return streamed, [answer.model_dump() for answer in many]

    assert asyncio.run(call(gateway.url)) == asyncio.run(call(model_url))


def test_events_are_passed_on_before_the_next_ones_exist(model, gateway):
    model.go_on = threading.Event()

    with client(gateway.url) as one, one.chat.completions.create(model="m-1", messages=SAID, stream=True) as stream:
        # The first event is a comment; the model makes no second one until the reader has begun to wait.
        threading.Timer(0.05, model.go_on.set).start()
        events = iter(stream)
        first = next(events)
        assert first.choices[0].delta.role == "assistant"
        rest = list(events)
    assert len(rest) == 10


def test_the_first_event_reaches_the_customer_while_the_model_waits(model, gateway):
    model.go_on = threading.Event()
    body = json.dumps({"model": "m-1", "messages": SAID, "stream": True}).encode()

    got = talk(gateway.port, request(body), wait_s=0.5)
    model.go_on.set()

    assert got.partition(b"\r\n\r\n")[2] == b"8\r\n: ping\n\n\r\n"


def test_retries_reach_the_model_as_often(model, gateway):
    model.failures = 1

    with client(gateway.url, max_retries=2) as one:
        answer = one.chat.completions.create(model="m-1", messages=SAID)

    assert answer.choices[0].message.content
    assert [sent.header("x-stainless-retry-count") for sent in model.sent] == [["0"], ["1"]]
    assert [record["status"] for record in gateway.sink.records] == [503, 200]


def test_a_cancelled_stream_ends_the_call_upstream(model, gateway):
    model.pause_s = 0.2

    with client(gateway.url) as one, one.chat.completions.create(model="m-1", messages=SAID, stream=True) as stream:
        next(iter(stream))

    end = time.monotonic() + 5
    while not model.gone and time.monotonic() < end:
        time.sleep(0.01)
    assert model.gone == 1
    assert gateway.record()["status"] == 499


def test_a_customer_who_hangs_up_before_the_answer_ends_the_call(model, gateway):
    model.pause_s = 30

    with client(gateway.url, timeout=0.3) as one, pytest.raises(openai.APITimeoutError):
        one.chat.completions.create(model="m-1", messages=SAID)

    assert gateway.record()["status"] == 499


def test_the_record_says_what_the_call_was(gateway):
    with client(gateway.url) as one:
        list(one.chat.completions.create(
            model="m-1", messages=SAID, stream=True, n=1, seed=7, logprobs=True, top_logprobs=3, temperature=0.5,
            user="u-9", logit_bias={"7": 1},
        ))  # fmt: skip

    record = gateway.record()
    assert record["completion"] == "Still waters run deep — für alle."
    assert record["completion_chars"] == len(record["completion"].encode())
    wanted = {
        "operation": "chat", "prompt": "Water?", "system": "Be brief.", "n_messages": 2, "n_turns": 1, "n_choices": 1,
        "seed": 7, "logprobs_requested": 3, "logit_bias_n": 1, "temperature": 0.5, "end_user_id": "u-9", "stream": True,
        "model_requested": "m-1", "model_served": "m-1", "event_id": "chatcmpl-1", "finish_reason": "stop",
        "tokens_in": 11, "tokens_out": 8, "tokens_reasoning": 3, "tokens_cached_in": 4, "status": 200,
        "client_ip": "127.0.0.1",
    }  # fmt: skip
    assert {name: record.get(name) for name in wanted} == wanted
    assert record["user_agent"].startswith("OpenAI/Python")
    assert record["account_id"].startswith("credential:")
    assert "sk-test" not in str(record)
    assert 0 < record["ttft_ms"] <= record["latency_ms"]
