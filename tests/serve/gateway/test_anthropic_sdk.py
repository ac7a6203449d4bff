"""The anthropic SDK cannot tell whether a gateway stands before the model API."""

from __future__ import annotations

import asyncio
import time

import anthropic
import pytest

from serve.gateway.mock_model import SIGNATURE

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
SAID = [{"role": "user", "content": "Water?"}]
TOOLS = [{"name": "weather", "input_schema": {"type": "object"}}]
ASK = {"model": "c-1", "max_tokens": 64, "messages": SAID}


def client(url: str, **more) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key="sk-ant-0001", max_retries=more.pop("max_retries", 0), **more)


def streamed(one: anthropic.Anthropic, **more):
    with one.messages.stream(**ASK, **more) as stream:
        events = [event.model_dump() for event in stream]
        return events, stream.get_final_message().model_dump()


CALLS = {
    "message": lambda c: c.messages.create(**ASK).model_dump(),
    "tools": lambda c: c.messages.create(**ASK, tools=TOOLS).model_dump(),
    "streamed": streamed,
    "tools streamed": lambda c: streamed(c, tools=TOOLS),
    "events": lambda c: [event.model_dump() for event in c.messages.create(**ASK, stream=True)],
    "count": lambda c: c.messages.count_tokens(model="c-1", messages=SAID).model_dump(),
}


@pytest.mark.parametrize("name", CALLS)
def test_results_are_the_same_with_and_without_the_gateway_anthropic(name, model, model_url, gateway):
    call = CALLS[name]

    with client(model_url) as direct, client(gateway.url) as through:
        assert call(through) == call(direct)

    with_it, without = model.sent
    assert (with_it.path, with_it.body) == (without.path, without.body)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500, 529])
def test_errors_are_the_same_anthropic(status, model_url, gateway):
    seen = []
    for url in (model_url, gateway.url):
        with client(url) as one, pytest.raises(anthropic.APIStatusError) as caught:
            one.messages.create(**ASK, extra_headers={"x-mock-status": str(status)})
        seen.append((type(caught.value), caught.value.status_code, caught.value.body))

    assert seen[0] == seen[1]


def test_retries_reach_the_model_as_often_anthropic(model, gateway):
    model.failures = 1

    with client(gateway.url, max_retries=2) as one:
        assert one.messages.create(**ASK).content

    assert [sent.header("x-stainless-retry-count") for sent in model.sent] == [["0"], ["1"]]


def test_asynchronous_clients_get_the_same_anthropic(model_url, gateway):
    async def call(url: str):
        one = anthropic.AsyncAnthropic(base_url=url, api_key="sk-ant-0001", max_retries=0)
        async with one, one.messages.stream(**ASK, tools=TOOLS) as stream:
            return [event.model_dump() async for event in stream]

    assert asyncio.run(call(gateway.url)) == asyncio.run(call(model_url))


def test_a_cancelled_stream_ends_the_call_upstream_anthropic(model, gateway):
    model.pause_s = 0.2

    with client(gateway.url) as one, one.messages.create(**ASK, stream=True) as stream:
        next(iter(stream))

    end = time.monotonic() + 5
    while not model.gone and time.monotonic() < end:
        time.sleep(0.01)
    assert model.gone == 1


@pytest.mark.parametrize("stream", [False, True])
def test_the_record_holds_what_was_born_and_carried(stream, gateway):
    carried = {"type": "thinking", "thinking": "before", "signature": "b2xkLXNpZ25hdHVyZQ"}
    turns = [*SAID, {"role": "assistant", "content": [carried, {"type": "text", "text": "ok"}]}, *SAID]

    with client(gateway.url) as one:
        got = one.messages.create(**{**ASK, "messages": turns}, system="Be brief.", stream=stream)
        if stream:
            list(got)

    record = gateway.record()
    assert record["artefacts_carried"] == ["b2xkLXNpZ25hdHVyZQ"]
    assert record["artefacts_born"] == [SIGNATURE]
    assert (record["n_messages"], record["n_turns"], record["system"]) == (3, 2, "Be brief.")
    assert record["completion"] == "Still waters run deep — für alle."
    assert record["finish_reason"] == "end_turn"
    assert record["tokens_in"] == (7 if stream else 13)
    assert record["tokens_out"] == 8
