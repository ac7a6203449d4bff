"""The decision endpoint in its three forms, and who may ask."""

from __future__ import annotations

import asyncio
import json
import socket
import time

import pytest
from litellm.exceptions import GuardrailRaisedException
from litellm.proxy.guardrails.guardrail_hooks.generic_guardrail_api.generic_guardrail_api import GenericGuardrailAPI

from serve.gateway.wire import BODY, post, request, status, talk
from stillwatch.model.decision import Action
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.serve.gateway.proxy.heads import Head

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.allow_hosts(["127.0.0.1"]),
    # litellm's own, from its types.
    pytest.mark.filterwarnings("ignore::UserWarning:pydantic", "ignore::DeprecationWarning"),
]
SECRET = "correct-horse-battery"  # noqa: S105  of a test
LINKS = {"hold": {"appeal": "https://example.com/a/{decision}"}}


@pytest.fixture
def deciding(gateways, secret):
    return gateways(decisions={"secret_file": secret}, barriers=LINKS)


def asked(gateway, question, path="/v1/decide", key=SECRET):
    code, _, body = post(gateway.port, question, path=path, key=key)
    return code, json.loads(body)


def test_nobody_about_whom_nothing_was_decided_is_restricted(deciding):
    assert asked(deciding, {"account": "team-1"}) == (200, {"decision": "allow"})


def test_a_restricted_account_gets_the_changed_request_and_the_barriers_to_apply(deciding):
    deciding.put("team-1", Action.RESTRICT)

    code, told = asked(deciding, {"account": "team-1", "shape": "chat", "request": {"n": 9, "seed": 1, "model": "m"}})

    assert code == 200
    assert told["request"] == {"n": 1, "model": "m"}
    assert (told["decision"], told["standing"], told["clause"], told["decision_id"]) == (
        "limit", "restrict", "no-copying", "d-RESTRICT")  # fmt: skip
    assert told["barriers"] == ["logprobs", "reasoning"]
    assert told["until_ms"] > 0


def test_a_pseudonym_asks_about_the_same_account(deciding):
    deciding.put("team-1", Action.HOLD)
    pseudonym = pseudonym_text(deciding.parts.callers.account("team-1"))

    code, told = asked(deciding, {"pseudonym": pseudonym, "shape": "messages"})

    assert code == 200
    assert (told["decision"], told["status"]) == ("refuse", 403)
    assert told["error"]["error"]["type"] == "permission_error"
    assert told["error"]["error"]["link"] == "https://example.com/a/d-HOLD"


def test_asking_takes_from_the_same_bucket_as_calling(gateways, secret):
    gateway = gateways(
        decisions={"secret_file": secret},
        barriers={"rate": {"account_burst": 2.0, "account_per_min": 0.01}, "delay": {"used": False}},
    )
    post(gateway.port, BODY)
    account = gateway.record()["account_id"]
    gateway.put(account, Action.THROTTLE)

    assert post(gateway.port, BODY)[0] == 200
    assert asked(gateway, {"account": account})[1]["decision"] == "allow"
    told = asked(gateway, {"account": account})[1]
    assert (told["decision"], told["status"]) == ("refuse", 429)
    assert told["retry_after_s"] > 0
    assert post(gateway.port, BODY)[0] == 429


@pytest.mark.parametrize(
    "path", ["/v1/decide", "/beta/litellm_basic_guardrail_api", "/metrics", "/ext_authz/v1/chat/completions"]
)
@pytest.mark.parametrize("key", ["", "wrong", SECRET[:-1], SECRET + "x"])
def test_without_the_secret_nobody_learns_anything(path, key, deciding, model):
    method = "GET" if path == "/metrics" else "POST"
    code, _, body = post(deciding.port, {"account": "team-1"}, path=path, key=key, method=method)

    assert code == 401
    assert json.loads(body)["error"]["code"] == "unauthorised"
    assert model.sent == []


def test_without_a_configured_secret_the_endpoints_are_closed(gateway, model):
    for path in ("/v1/decide", "/metrics"):
        for key in ("", "x"):
            assert post(gateway.port, {"account": "a"}, path=path, key=key)[0] == 401
    assert model.sent == []


@pytest.mark.parametrize(
    "question",
    [b"", b"{", b"[]", b"null", {"account": ""}, {"account": "a", "pseudonym": "a_0000000000000"}, {"pseudonym": "x"},
     {"account": "a", "more": 1}, {"account": 7}, {"account": "a" * 300}, {"account": "a", "shape": "poem"},
     {"account": "a", "request": []}, b'{"account":"\xff"}', b'{"request":' + b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_question_is_a_400(question, deciding):
    code, told = asked(deciding, question)

    assert code == 400
    assert told["error"]["message"]


def test_metrics_count_by_standing_barrier_and_outcome(deciding):
    deciding.put("team-1", Action.RESTRICT)
    post(deciding.port, BODY)
    account = deciding.record()["account_id"]
    deciding.put(account, Action.HOLD)
    post(deciding.port, BODY)
    asked(deciding, {"account": "team-1"})

    code, fields, body = post(deciding.port, b"", path="/metrics", method="GET", key=SECRET)

    lines = body.decode().splitlines()
    assert code == 200
    assert fields["content-type"].startswith("text/plain")
    for line in (
        'stillwatch_gateway_requests_total{shape="chat",status="200"} 1',
        'stillwatch_gateway_requests_total{shape="chat",status="403"} 1',
        'stillwatch_gateway_standing_total{standing="observe"} 1',
        'stillwatch_gateway_standing_total{standing="hold"} 1',
        'stillwatch_gateway_barriers_total{barrier="hold"} 1',
        'stillwatch_gateway_decisions_total{form="decide",outcome="limit"} 1',
        "stillwatch_gateway_records_dropped_total 0",
        "stillwatch_gateway_fails_open 1",
        "stillwatch_gateway_added_seconds_count 1",
        'stillwatch_gateway_added_seconds_bucket{le="+Inf"} 1',
    ):
        assert line in lines


def test_envoy_gets_200_with_the_standing_or_the_error_to_pass_on(deciding):
    head = f"x-stillwatch-secret: {SECRET}\r\n"
    path = "/ext_authz/v1/messages?beta=true"
    code, fields, _ = post(deciding.port, b"", path=path, key="sk-7", head=head)
    assert (code, fields["x-stillwatch-standing"]) == (200, "observe")

    name = "credential:" + _credential(deciding, "sk-7")
    deciding.put(name, Action.SUSPEND)
    code, fields, body = post(deciding.port, b"", path=path, key="sk-7", head=head)
    assert code == 403
    assert json.loads(body)["type"] == "error"
    assert fields["link"] == '<https://example.com/a/d-SUSPEND>; rel="help"'


def _credential(gateway, key: str) -> str:
    head = Head()
    head.authorization = b"Bearer " + key.encode()
    return gateway.parts.callers.find(head, "127.0.0.1").credential


def question(account: str = "team-1", **more) -> bytes:
    return request(json.dumps({"account": account}).encode(), path="/v1/decide", key=SECRET, **more)


def all_of(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.sendall(sent)
        got = b""
        while piece := line.recv(65_536):
            got += piece
        return got


def test_questions_one_behind_the_other_are_answered_in_order(deciding):
    deciding.put("team-2", Action.HOLD)
    sent = question() + question("team-2") + question(head="connection: close\r\n")

    got = all_of(deciding.port, sent)

    bodies = [json.loads(part.partition(b"\r\n\r\n")[2]) for part in got.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert [body["decision"] for body in bodies] == ["allow", "refuse", "allow"]
    assert got.count(b"connection: close") == 1


def test_a_question_behind_a_call_waits_for_its_answer(deciding, model):
    model.pause_s = 0.2

    got = all_of(deciding.port, request() + question() + question(head="connection: close\r\n"))

    assert got.index(b"chatcmpl-1") < got.index(b'{"decision":"allow"}')
    assert got.count(b"HTTP/1.1 200") == 3


def test_litellms_question_about_somebody_slowed_down_waits_and_the_next_one_behind_it(gateways, secret):
    gateway = gateways(
        decisions={"secret_file": secret},
        barriers={"rate": {"account_burst": 2.0, "account_per_min": 0.01}, "delay": {"most_ms": 1_000}},
    )
    gateway.put("team-2", Action.THROTTLE)
    path = "/beta/litellm_basic_guardrail_api"
    about = {
        team: json.dumps({"input_type": "request", "request_data": {"user_api_key_team_id": team}}).encode()
        for team in ("team-1", "team-2")
    }
    sent = b"".join(request(about[team], path=path, key=SECRET) for team in ("team-1", "team-2"))
    began = time.monotonic()

    got = all_of(gateway.port, sent + question("team-1", head="connection: close\r\n"))

    assert time.monotonic() - began > 0.15
    bodies = [part.partition(b"\r\n\r\n")[2] for part in got.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [b'{"action":"NONE"}', b'{"action":"NONE"}', b'{"decision":"allow"}']


def test_questions_in_every_framing_are_questions(deciding):
    body = b'{"account":"team-1"}'
    chunked = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = "transfer-encoding: chunked\r\nconnection: close\r\n"
    for sent in (
        request(chunked, path="/v1/decide", key=SECRET, head=head),
        request(body, path="/v1/decide", key=SECRET, head="expect: 100-continue\r\nconnection: close\r\n"),
        request(body, path="/v1/decide?x=1", key=SECRET, head="connection: close\r\n"),
        request(body, path="/v1/decide", key=SECRET).replace(b"HTTP/1.1", b"HTTP/1.0"),
    ):
        assert all_of(deciding.port, sent).endswith(b'{"decision":"allow"}')


def test_a_long_question_and_a_slow_one_are_refused(gateways, secret):
    gateway = gateways(decisions={"secret_file": secret}, limits={"body_bytes": 100, "body_s": 0.4})
    chunks = b"".join(b"64\r\n" + b"a" * 100 + b"\r\n" for _ in range(3))
    head = "transfer-encoding: chunked\r\n"

    assert status(talk(gateway.port, request(chunks, path="/v1/decide", key=SECRET, head=head))) == 413
    assert status(talk(gateway.port, request(b"1\r\n{\r\n", path="/v1/decide", key=SECRET, head=head))) == 408
    assert asked(gateway, {"account": "team-1"})[0] == 200


def test_a_fault_in_a_question_is_told_and_counted(deciding, monkeypatch):
    monkeypatch.setattr(type(deciding.parts.callers), "account", lambda *_: 1 / 0)

    code, told = asked(deciding, {"account": "team-1"})

    assert (code, told["error"]["code"]) == (500, "gateway_fault")
    assert deciding.parts.counts.of["faults"] == {(): 1}


# LiteLLM itself asks.


def guardrail(gateway, key=SECRET, **more):
    return GenericGuardrailAPI(
        api_base=gateway.url, api_key=key, guardrail_name="stillwatch", event_hook="pre_call", **more
    )


def ask_as_litellm(gateway, team, texts=("Water?",), kind="request", **more):
    data = {"metadata": {"user_api_key_team_id": team, "user_api_key_hash": "h-1"}}

    async def ask():
        hook = guardrail(gateway, **more)
        try:
            return await hook.apply_guardrail({"texts": list(texts)}, data, kind)
        finally:
            await hook.async_handler.close()

    return asyncio.run(ask())


def test_litellm_lets_calls_in_good_standing_through(deciding):
    assert ask_as_litellm(deciding, "team-1")["texts"] == ["Water?"]


def test_litellm_blocks_what_is_held_and_says_why(deciding):
    deciding.put("team-1", Action.HOLD)

    with pytest.raises(GuardrailRaisedException, match=r"no-copying.*example.com/a/d-HOLD"):
        ask_as_litellm(deciding, "team-1")
    assert ask_as_litellm(deciding, "team-2")["texts"] == ["Water?"]


def test_litellm_gets_answers_without_reasoning(deciding):
    deciding.put("team-1", Action.RESTRICT)

    got = ask_as_litellm(deciding, "team-1", ["<think>way</think>shown", "as it is"], "response")

    assert got["texts"] == ["shown", "as it is"]


def test_litellm_without_the_secret_blocks_by_its_own_setting(deciding):
    with pytest.raises(Exception, match="Generic Guardrail API failed"):
        ask_as_litellm(deciding, "team-1", key="wrong")


@pytest.mark.parametrize(("fail", "wanted"), [("open", "NONE"), ("closed", "BLOCKED")])
def test_a_gateway_that_does_not_say_who_calls_is_answered_by_the_settings(fail, wanted, gateways, secret):
    gateway = gateways(decisions={"secret_file": secret}, fail=fail)

    for who in ({}, {"user_api_key_team_id": None}, {"user_api_key_hash": 7}):
        question = {"input_type": "request", "request_data": who}
        code, told = asked(gateway, question, "/beta/litellm_basic_guardrail_api")
        assert (code, told["action"]) == (200, wanted)


def test_only_post_asks(deciding):
    assert status(talk(deciding.port, request(b"", method="GET", path="/v1/decide", key=SECRET))) == 405
    assert status(talk(deciding.port, request(b"", method="POST", path="/healthz"))) == 405
