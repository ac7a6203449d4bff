# ruff: noqa: E501  tables of bodies, one a line
"""Standing and barriers through the gateway, on the wire."""

from __future__ import annotations

import json
import time

import anthropic
import openai
import pytest

from serve.gateway.mock_model import SIGNATURE, chunk, data
from serve.gateway.wire import BODY, post
from stillwatch.model.decision import Action, Standing
from stillwatch.serve.gateway.born import Born
from stillwatch.serve.gateway.ports import MemoryStandings

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

ASK = {"model": "m-1", "messages": [{"role": "user", "content": "Water?"}]}
GREEDY = {**ASK, "logprobs": True, "top_logprobs": 20, "n": 8, "seed": 3, "x_unknown": {"kept": 1.50}}
LINKS = {
    "hold": {"appeal": "https://example.com/appeals/{decision}"},
    "step_up": {"link": "https://example.com/v/{decision}"},
}
CALM = {
    "rate": {"account_burst": 1000.0, "credential_burst": 1000.0, "campaign_burst": 1000.0},
    "delay": {"used": False},
}


def judged(gateway, action: Action, campaign: str = "", key: str = "sk-1") -> None:
    """Put what is in force for a credential's own account."""
    post(gateway.port, BODY, key=key)
    gateway.put(gateway.record()["account_id"], action, campaign)
    gateway.sink.records.clear()


@pytest.mark.parametrize("action", [Action.OBSERVE, Action.NOTIFY])
def test_below_throttle_every_byte_passes(action, model, gateways):
    gateway = gateways()
    judged(gateway, action)
    odd = b'{ "n" : 8, "n": 16,\n "model":"m-1", "top_logprobs": 20, "logit_bias": {"1": 5}, "big": 123456789012345678901234 }'

    code, fields, _ = post(gateway.port, odd)

    assert code == 200
    assert model.sent[-1].body == odd
    assert "x-stillwatch-barriers" not in fields
    assert "enforced" not in gateway.record()


def test_what_a_restricted_account_asks_for_is_lowered_named_and_recorded(model, gateways):
    gateway = gateways(barriers=CALM)
    judged(gateway, Action.RESTRICT)

    code, fields, _ = post(gateway.port, GREEDY)

    assert code == 200
    assert json.loads(model.sent[-1].body) == {**ASK, "n": 1, "x_unknown": {"kept": 1.50}}
    assert fields["x-stillwatch-barriers"] == "logprobs, samples"
    enforced = gateway.record()["enforced"]
    assert (enforced["decision"], enforced["clause"], enforced["tier"]) == ("d-RESTRICT", "no-copying", "restrict")
    assert {change["barrier"] for change in enforced["changes"]} == {"logprobs", "samples"}
    assert "Water" not in json.dumps(enforced)
    # The record says what was asked for, not what was let through.
    assert (gateway.record()["n_choices"], gateway.record()["logprobs_requested"]) == (8, 20)


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"m-1","messages":[],"n":1,"n":50}',
        b'{"model":"m-1","messages":[],"n":50,"n":1}',
        b'{"model":"m-1","messages":[],"N":50}',
        b'{"model":"m-1","messages":[],"n":"50"}',
        b'{"model":"m-1","messages":[],"n":50.0}',
        b'\n\t {"messages":[],"model":"m-1","n":50}',
    ],
)
def test_no_spelling_goes_around_a_barrier(body, model, gateways):
    gateway = gateways(barriers=CALM)
    judged(gateway, Action.RESTRICT)

    assert post(gateway.port, body)[0] == 200
    sent = json.loads(model.sent[-1].body, object_pairs_hook=list)
    assert [value for name, value in sent if name.lower() == "n"] in ([], [1])


@pytest.mark.parametrize(
    ("body", "head", "wanted"),
    [
        (b"", "", 400),
        (b"no json", "", 400),
        (b"[1]", "", 400),
        (b"[" * 100_000, "", 400),
        (BODY.decode().encode("utf-16"), "", 400),
        (BODY, "content-encoding: gzip\r\n", 415),
    ],
)
def test_what_cannot_be_read_goes_no_further_where_a_barrier_applies(body, head, wanted, model, gateways):
    gateway = gateways(barriers=CALM)
    judged(gateway, Action.RESTRICT)
    before = len(model.sent)

    code, _, answer = post(gateway.port, body, head=head)

    assert code == wanted
    assert json.loads(answer)["error"]["message"]
    assert len(model.sent) == before


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_is_withheld_and_signed_reasoning_is_not(stream, model, gateways):
    gateway = gateways(barriers=CALM)
    judged(gateway, Action.RESTRICT)
    if stream:
        model.events = [chunk({"reasoning_content": "way"}, "m"), chunk({"content": "<think>wa"}, "m"),
                        chunk({"content": "y</think>shown"}, "m"), chunk({}, "m", "stop"), b"data: [DONE]\n\n"]  # fmt: skip
    else:
        message = {"role": "assistant", "content": "<think>way</think>shown", "reasoning_content": "way"}
        model.answer = {"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

    code, fields, body = post(gateway.port, {**ASK, "stream": stream})

    assert code == 200
    assert b"way" not in body
    assert b"shown" in body
    if not stream:
        assert fields["x-stillwatch-barriers"] == "reasoning"
    else:
        assert body.endswith(b"data: [DONE]\n\n")
    assert [c["barrier"] for c in gateway.record()["enforced"]["changes"]] == ["reasoning"]
    # The record of the call keeps the answer as the model gave it.
    assert "shown" in gateway.record()["completion"]

    model.reset()
    gateway.sink.records.clear()
    with anthropic.Anthropic(base_url=gateway.url, api_key="sk-1", max_retries=0) as client:
        got = client.messages.create(model="c", max_tokens=9, messages=ASK["messages"], stream=stream)
        text = str([event.model_dump() for event in got]) if stream else str(got.model_dump())
    assert SIGNATURE in text
    assert "Water is deep." in text
    assert "enforced" not in gateway.record()


def test_events_that_no_barrier_changes_pass_byte_for_byte(model, gateways):
    gateway = gateways(barriers=CALM)
    judged(gateway, Action.RESTRICT)
    model.events = [b": comment\n\n", b'id: 7\r\ndata:  {"choices":[]}\r\n\r\n', b'event: x\ndata: {"a":\ndata: 1}\n\n',
                    b"retry: 5\n\n", b"data: [DONE]\n\n"]  # fmt: skip

    body = post(gateway.port, ASK)[2]

    assert body == b"".join(model.events).replace(b"\r\n", b"\n")


def test_an_answer_of_another_kind_goes_no_further_where_a_barrier_applies(model, gateways):
    gateway = gateways(barriers=CALM)
    judged(gateway, Action.RESTRICT)

    code, _, body = post(gateway.port, ASK, head="x-mock-gzip: 1\r\n")

    assert code == 502
    assert json.loads(body)["error"]["code"] == "upstream_malformed"
    assert model.sent[-1].header("accept-encoding") == ["identity"]


@pytest.mark.parametrize("action", [Action.STEP_UP, Action.HOLD, Action.SUSPEND])
def test_sdks_get_their_own_error_with_clause_and_link(action, model, gateways):
    gateway = gateways(barriers=LINKS)
    judged(gateway, action)
    before = len(model.sent)

    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-1") as client,
        pytest.raises(openai.PermissionDeniedError) as caught,
    ):
        client.chat.completions.create(**ASK)
    error = caught.value.body
    assert error["type"] == "permission_error"
    assert error["clause"] == "no-copying"
    assert error["link"].startswith("https://example.com/")
    assert error["link"].endswith(f"d-{action.name}")

    with (
        anthropic.Anthropic(base_url=gateway.url, api_key="sk-1") as client,
        pytest.raises(anthropic.PermissionDeniedError) as caught,
    ):
        client.messages.create(model="c", max_tokens=9, messages=ASK["messages"])
    assert caught.value.body["type"] == "error"
    assert caught.value.body["error"]["link"].endswith(f"d-{action.name}")
    assert len(model.sent) == before
    assert [record["status"] for record in gateway.sink.records] == [403, 403]


def test_a_bucket_is_shared_by_a_campaign_and_says_when_to_come_back(gateways):
    gateway = gateways(barriers={"rate": {"campaign_burst": 3.0, "campaign_per_min": 1.0}, "delay": {"used": False}})
    for key in ("sk-1", "sk-2"):
        judged(gateway, Action.THROTTLE, "c-1", key)

    codes = [post(gateway.port, ASK, key=key)[0] for key in ("sk-1", "sk-2") * 2]
    code, fields, body = post(gateway.port, ASK, key="sk-1")

    assert codes == [200, 200, 200, 429]
    assert code == 429
    assert 0 < int(fields["retry-after"]) <= 60
    assert json.loads(body)["error"]["type"] == "rate_limit_error"
    judged(gateway, Action.OBSERVE, key="sk-3")
    assert post(gateway.port, ASK, key="sk-3")[0] == 200


def test_delay_comes_before_denial(gateways):
    gateway = gateways(barriers={"rate": {"account_burst": 4.0, "account_per_min": 0.01}, "delay": {"most_ms": 300}})
    judged(gateway, Action.THROTTLE)

    took = []
    for _ in range(4):
        begin = time.monotonic()
        assert post(gateway.port, ASK)[0] == 200
        took.append(time.monotonic() - begin)

    assert took[3] >= 0.3
    assert post(gateway.port, ASK)[0] == 429


def test_reasoning_of_another_owner_is_refused(gateways):
    """What one account was answered with, another sends back: known from the answer that went through."""
    gateway = gateways(owners=Born(10), barriers=CALM)
    judged(gateway, Action.THROTTLE)
    turns = [{"role": "assistant", "content": [{"type": "thinking", "thinking": "w", "signature": SIGNATURE}]}]
    ask = {"model": "c", "max_tokens": 9, "messages": [*turns, *ASK["messages"]]}
    assert post(gateway.port, ask, path="/v1/messages", key="sk-owner")[0] == 200

    code, _, body = post(gateway.port, ask, path="/v1/messages")

    assert code == 400
    assert json.loads(body)["error"]["code"] == "foreign_reasoning"
    assert gateway.record()["enforced"]["changes"] == [{"barrier": "carried", "what": "refused", "times": 1}]
    assert post(gateway.port, ask, path="/v1/messages", key="sk-owner")[0] == 200


def test_reasoning_of_another_owner_is_taken_out_where_the_settings_say_so(model, gateways):
    gateway = gateways(owners=Born(10), barriers={**CALM, "carried": {"how": "strip"}})
    judged(gateway, Action.THROTTLE)
    post(gateway.port, {"model": "c", "messages": []}, path="/v1/messages", key="sk-owner")
    mine = {"type": "thinking", "thinking": "w", "signature": "bWluZQ"}
    theirs = {"type": "thinking", "thinking": "w", "signature": SIGNATURE}
    turns = [{"role": "assistant", "content": [theirs, mine, {"type": "text", "text": "t"}]}]

    assert post(gateway.port, {"model": "c", "messages": turns}, path="/v1/messages")[0] == 200

    assert json.loads(model.sent[-1].body)["messages"][0]["content"] == [mine, {"type": "text", "text": "t"}]


def test_marks_are_recorded_and_not_announced(model, gateways):
    gateway = gateways(barriers={"variants": {"used": True}, "canaries": {"used": True}})
    judged(gateway, Action.NOTIFY)
    said = "Usually, often, perhaps, nearly, entirely, roughly, quickly, sometimes. Write to john.doe@example.com."
    message = {"role": "assistant", "content": said}
    model.answer = {"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

    _, fields, body = post(gateway.port, ASK)
    assert "x-stillwatch-barriers" not in fields
    assert json.loads(body)["choices"][0]["message"]["content"] != said
    assert {c["barrier"] for c in gateway.record()["enforced"]["changes"]} == {"variants", "canaries"}

    for more in ({"tools": [{"type": "function"}]}, {"response_format": {"type": "json_object"}}):
        assert json.loads(post(gateway.port, {**ASK, **more})[2]) == model.answer


@pytest.mark.parametrize(("fail", "wanted"), [("open", 200), ("closed", 503)])
def test_where_standing_cannot_be_read_the_settings_say_what_happens(fail, wanted, gateways):
    class Broken(MemoryStandings):
        def get(self, account, now_ms):  # noqa: ARG002  the protocol's names
            raise OSError("disk")

    gateway = gateways(standings=Broken(), fail=fail)

    assert post(gateway.port, BODY)[0] == wanted
    code, _, body = post(gateway.port, b"", path="/healthz", method="GET")
    assert code == 200
    assert {k: json.loads(body)[k] for k in ("fail", "standing_failures")} == {"fail": fail, "standing_failures": 1}


def test_a_standing_that_has_ended_is_over_even_if_the_table_still_says_so(gateways):
    class Stale(MemoryStandings):
        standing = None

        def get(self, account, now_ms):  # noqa: ARG002  the protocol's names
            return self.standing

    stale = Stale()
    gateway = gateways(standings=stale)
    stale.standing = Standing(1, Action.SUSPEND, 1_000, "d", "c", "")
    assert post(gateway.port, BODY)[0] == 200
    stale.standing = Standing(1, Action.SUSPEND, 1 << 45, "d", "c", "")
    assert post(gateway.port, BODY)[0] == 403


def test_errors_of_the_model_pass_unchanged_under_barriers(gateways):
    gateway = gateways(barriers=CALM)
    judged(gateway, Action.RESTRICT)

    code, fields, body = post(gateway.port, ASK, head="x-mock-status: 429\r\n")

    assert code == 429
    assert json.loads(body)["error"]["message"] == "as asked"
    assert fields["x-ratelimit-remaining"] == "7"


def test_a_stream_that_fails_in_a_barrier_is_no_crash(model, gateways):
    gateway = gateways(barriers=CALM)
    judged(gateway, Action.RESTRICT)
    model.events = [data({"choices": [{"index": {"un": "hashable"}, "delta": {"content": "<think>way"}}]})]

    code, _, body = post(gateway.port, ASK)

    assert code == 200
    assert b"upstream_malformed" in body
    assert b"way" not in body
    assert post(gateway.port, BODY, key="sk-9")[0] == 200
