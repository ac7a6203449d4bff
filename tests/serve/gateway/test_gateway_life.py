"""A gateway's own life: an orderly end, faults of its own, records that are dropped and counted."""

from __future__ import annotations

import json
import threading
import time

import pytest

from serve.gateway.conftest import KEY, served
from serve.gateway.wire import BODY, post, request, talk
from stillwatch.model.decision import Action
from stillwatch.serve.gateway.born import Born
from stillwatch.serve.gateway.ports import MemorySink
from stillwatch.serve.gateway.read import settings_of
from stillwatch.serve.gateway.run import assemble, make_server

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


def test_a_stream_under_way_ends_whole_when_the_gateway_is_stopped(model, model_url):
    model.pause_s = 0.05
    tree = {"upstreams": {"default": {"url": model_url}}, "listen": {"port": 0}, "limits": {"shutdown_s": 8.0}}
    parts = assemble(settings_of(tree, "t"), KEY, sink=MemorySink())
    got = []
    body = json.dumps({"model": "m", "messages": [], "stream": True}).encode()

    with served(make_server(parts)) as port:
        reader = threading.Thread(target=lambda: got.append(talk(port, request(body))))
        reader.start()
        end = time.monotonic() + 5
        while not model.sent and time.monotonic() < end:
            time.sleep(0.01)
    reader.join(10)

    assert b"data: [DONE]" in got[0]
    assert got[0].endswith(b"0\r\n\r\n")
    assert parts.sink.records[-1]["status"] == 200


def test_a_fault_of_ours_ends_one_call_and_tells_no_content(gateways, caplog):
    class Broken(Born):
        def foreign(self, artefacts, account, now_ms):  # noqa: ARG002  the protocol's names
            raise RuntimeError("Water?")

    gateway = gateways(owners=Broken(9), barriers={"delay": {"used": False}})
    post(gateway.port, BODY)
    gateway.put(gateway.record()["account_id"], Action.THROTTLE)
    turns = [{"role": "user", "content": [{"type": "thinking", "thinking": "", "signature": "c2ln"}]}]

    code, _, body = post(gateway.port, {"messages": turns}, path="/v1/messages")

    assert code == 500
    assert json.loads(body)["error"]["code"] == "gateway_fault"
    assert json.loads(body)["request_id"].startswith("sw-")
    assert "Water" not in caplog.text
    assert "RuntimeError" in caplog.text
    assert post(gateway.port, BODY, key="sk-2")[0] == 200


def test_dropped_records_are_counted_and_visible(model_url):
    tree = {"upstreams": {"default": {"url": model_url}}, "listen": {"port": 0}, "limits": {"shutdown_s": 1.0}}
    parts = assemble(settings_of(tree, "t"), KEY, sink=MemorySink(most=1))
    with served(make_server(parts)) as port:
        for _ in range(3):
            assert post(port, BODY)[0] == 200
        health = json.loads(post(port, b"", path="/healthz", method="GET")[2])

    assert health["records_dropped"] == 2
    assert health["active"] == 0


def test_noise_of_strangers_makes_no_record(gateway):
    assert post(gateway.port, BODY, path="/wp-login.php")[0] == 404
    assert talk(gateway.port, b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").startswith(
        b"HTTP/1.1 401"
    )
    assert not gateway.sink.records
