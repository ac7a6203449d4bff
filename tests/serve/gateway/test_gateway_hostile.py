"""What a stranger can send: no crash, no way around, an answer that says what is wrong."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time

import pytest

from serve.gateway.wire import BODY, post, request, status, talk
from stillwatch.model.decision import Action

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
SMUGGLED = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
HEADS = {
    "both lengths": request(CHUNKED, head="content-length: 4\r\ntransfer-encoding: chunked\r\n"),
    "both lengths, other way": request(CHUNKED, head="transfer-encoding: chunked\r\ncontent-length: 4\r\n"),
    "two lengths": request(head="content-length: 4\r\ncontent-length: 80\r\n"),
    "two equal lengths": request(head=f"content-length: {len(BODY)}\r\ncontent-length: {len(BODY)}\r\n"),
    "length list": request(head="content-length: 4, 4\r\n"),
    "signed length": request(head="content-length: +4\r\n"),
    "hexadecimal length": request(head="content-length: 0x4\r\n"),
    "endless length": request(head="content-length: 99999999999999999999999\r\n"),
    "chunked twice": request(CHUNKED, head="transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"),
    "chunked and more": request(CHUNKED, head="transfer-encoding: chunked, identity\r\n"),
    "gzip, chunked": request(CHUNKED, head="transfer-encoding: gzip, chunked\r\n"),
    "almost chunked": request(CHUNKED, head="transfer-encoding: xchunked\r\n"),
    "space before colon": request(CHUNKED, head="transfer-encoding : chunked\r\n"),
    "folded header": request(head="x-a: b\r\n c: d\r\n"),
    "bare line feeds": b"POST /v1/chat/completions HTTP/1.1\nhost: x\ncontent-length: 0\n\n",
    "line feed in value": request(head="x-a: b\nx-b: c\r\n"),
    "request in value": request(head="x-a: b\n\nPOST /v1/messages HTTP/1.1\r\n"),
    "carriage return in value": request(head="x-a: b\rx-b: c\r\n"),
    "space in name": request(head="x a: b\r\n"),
    "no colon": request(head="content-length\r\n"),
    "line feed in path": request(path="/v1/models/a\nhost: y"),
    "escaped line feed in path": request(path="/v1/models/a%0d%0ax-b:%20c"),
    "chunk longer than it says": request(b"2\r\n{}EXTRA\r\n0\r\n\r\n", head="transfer-encoding: chunked\r\n"),
    "endless chunk size": request(b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n", head="transfer-encoding: chunked\r\n"),
    "negative chunk size": request(b"-2\r\n{}\r\n0\r\n\r\n", head="transfer-encoding: chunked\r\n"),
    "null in value": request(head="x-a: a\x00b\r\n"),
    "upgrade": request(head="connection: upgrade\r\nupgrade: h2c\r\n") + SMUGGLED,
    "connect": b"CONNECT model.example.com:443 HTTP/1.1\r\nhost: model.example.com\r\n\r\n",
    "no host": b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
    "two hosts": request(head="host: y\r\n"),
    "old version, chunked": request(CHUNKED, head="transfer-encoding: chunked\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "version 3": request().replace(b"HTTP/1.1", b"HTTP/3.0"),
    "no http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "credential twice": request(head="authorization: Bearer sk-2\r\n"),
    "two credentials": request(head="x-api-key: sk-2\r\n"),
    "credential under two names": request(head="x-api-key: sk-1\r\napi-key: sk-2\r\n"),
    "credential under a third name": request(head="api-key: sk-2\r\n"),
    "nominated credential": request(head="connection: authorization\r\n"),
    "nominated type": request(head="connection: close, Content-Type\r\n"),
}
PATHS = (
    "/v1/chat/completions/",
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/./chat/completions",
    "/v1/x/../chat/completions",
    "/V1/chat/completions",
    "/v1/chat%2Fcompletions",
    "/v1/%63hat/completions",
    "/v1/models/..",
    "/v1/models/%2e%2e",
    "/v1/models/a/b",
    "/v1/files",
    "/",
)


@pytest.mark.parametrize("name", HEADS)
def test_a_request_that_can_be_read_in_two_ways_reaches_no_model(name, model, gateway):
    got = talk(gateway.port, HEADS[name])

    assert 400 <= status(got) < 506
    assert got.count(b"HTTP/1.1 ") == 1
    assert model.sent == []


@pytest.mark.parametrize("path", PATHS)
def test_other_spellings_of_a_path_reach_no_model(path, model, gateway):
    assert status(talk(gateway.port, request(path=path, method="POST"))) in {404, 405}
    assert status(talk(gateway.port, request(b"", path=path, method="GET"))) in {404, 405}
    assert model.sent == []


def test_a_header_that_is_no_utf8_goes_on_as_it_came(model, gateway):
    assert status(talk(gateway.port, request(head="x-a: PLACE\r\n").replace(b"PLACE", b"\xff\xfe"))) == 200
    assert (b"x-a", b"\xff\xfe") in model.sent[0].headers


def test_an_address_as_target_chooses_no_other_model(model, gateway):
    got = talk(gateway.port, request(path="http://elsewhere.example.com/v1/chat/completions"))

    assert status(got) == 200
    [sent] = model.sent
    assert sent.path == "/v1/chat/completions"
    assert sent.header("host") != ["elsewhere.example.com"]


def test_an_error_in_a_second_request_does_not_land_in_the_first_answer(model, gateway):
    model.pause_s = 0.3
    broken = request(b"zz\r\n", head="transfer-encoding: chunked\r\n")

    got = talk(gateway.port, request() + broken, wait_s=2)

    assert got.count(b"HTTP/1.1 ") <= 1
    assert b"HTTP/1.1 400" not in got
    assert len(model.sent) <= 1


def test_pipelined_requests_are_two_calls(model, gateway):
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as wire:
        wire.sendall(request() + request(head="connection: close\r\n"))
        got = b""
        while chunk := wire.recv(65_536):
            got += chunk

    assert got.count(b"HTTP/1.1 200") == 2
    assert len(model.sent) == len(gateway.sink.records) == 2


def test_chunked_requests_arrive_whole(model, gateway):
    pieces = (
        b"".join(b"%x;ext=1\r\n%s\r\n" % (1, BODY[i : i + 1]) for i in range(len(BODY))) + b"0\r\nx-trailer: 1\r\n\r\n"
    )

    assert status(talk(gateway.port, request(pieces, head="transfer-encoding: chunked\r\n"))) == 200
    [sent] = model.sent
    assert sent.body == BODY
    assert sent.header("content-length") == [str(len(BODY))]
    assert sent.header("transfer-encoding") == []


def test_a_long_head_is_refused_whether_it_comes_at_once_or_in_pieces(model, gateway):
    long = request(head="".join(f"x-{i}: {'a' * 100}\r\n" for i in range(400)))

    assert status(talk(gateway.port, long)) == 431
    assert status(talk(gateway.port, *(long[i : i + 8_000] for i in range(0, len(long), 8_000)))) == 431
    endless = b"GET /" + b"a" * 60_000
    assert status(talk(gateway.port, endless)) == 431
    assert model.sent == []


def test_a_long_body_is_refused_whether_or_not_it_says_so(model, gateways):
    gateway = gateways(limits={"body_bytes": 1_000})

    assert status(talk(gateway.port, request(b"a" * 1_001))) == 413
    chunks = b"".join(b"64\r\n" + b"a" * 100 + b"\r\n" for _ in range(11)) + b"0\r\n\r\n"
    assert status(talk(gateway.port, request(chunks, head="transfer-encoding: chunked\r\n"))) == 413
    assert model.sent == []


@pytest.mark.parametrize("begun", [b"", b"POST /v1/chat", request()[:90], request()[:-5]])
def test_a_slow_request_is_ended(begun, model, gateways):
    gateway = gateways(limits={"head_s": 0.5, "body_s": 0.5})
    begin = time.monotonic()

    got = talk(gateway.port, begun, wait_s=8)

    assert time.monotonic() - begin < 6
    assert status(got) == 408
    assert model.sent == []


def test_a_dripping_head_gets_no_more_time(model, gateways):
    gateway = gateways(limits={"head_s": 0.6})
    begin = time.monotonic()

    talk(gateway.port, *(bytes([byte]) for byte in request()[:60]), pause_s=0.1, wait_s=1)

    assert time.monotonic() - begin < 10
    assert model.sent == []


def test_a_customer_who_does_not_read_is_ended_and_so_is_the_call(model, gateways):
    gateway = gateways(limits={"stalled_s": 0.5})
    model.events = [b"data: " + b"x" * 60_000 + b"\n\n"] * 400
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as wire:
        wire.sendall(request())
        assert gateway.record(wait_s=8)["status"] == 499


def test_many_slow_connections_do_not_keep_others_out(gateway):
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            wire = stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port), 5))
            wire.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost")
        assert post(gateway.port, BODY)[0] == 200


def test_more_connections_than_the_bound_are_answered_with_503(gateways):
    gateway = gateways(limits={"connections": 5})
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port), 5))
        time.sleep(0.1)
        assert post(gateway.port, BODY)[0] == 503


# What the upstream may send.

UPSTREAMS = {
    "no http": (b"SSH-2.0-OpenSSH_9\r\n", 502),
    "two lengths": (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}", 502),
    "nothing": (b"", 502),
    "long head": (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 200_000 + b"\r\n\r\n", 502),
}


@contextlib.contextmanager
def upstream(answer: bytes, *, hold_s: float = 0.0):
    """Serve fixed bytes to whoever connects, and close."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                with contextlib.suppress(OSError):
                    wire, _ = server.accept()
                    with wire:
                        wire.settimeout(2)
                        wire.recv(1 << 20)
                        wire.sendall(answer)
                        done.wait(hold_s)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        done.set()
        thread.join(5)


@pytest.mark.parametrize("name", UPSTREAMS)
def test_an_upstream_that_speaks_no_http_is_a_502(name, gateways):
    answer, wanted = UPSTREAMS[name]
    with upstream(answer) as url:
        gateway = gateways(upstreams={"default": {"url": url}})
        code, fields, body = post(gateway.port, BODY)

    assert code == wanted
    assert fields["content-type"] == "application/json"
    assert json.loads(body)["error"]["code"].startswith("upstream_")
    assert gateway.record()["status"] == wanted


def test_an_upstream_that_is_not_there_is_a_502_and_a_silent_one_a_504(gateways):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    assert post(gateways(upstreams={"default": {"url": f"http://127.0.0.1:{port}"}}).port, BODY)[0] == 502

    with upstream(b"", hold_s=3) as url:
        assert post(gateways(upstreams={"default": {"url": url, "answer_s": 0.3}}).port, BODY)[0] == 504


@pytest.mark.parametrize("framing", [b"content-length: 5000", b"transfer-encoding: chunked"])
def test_an_answer_that_breaks_off_reaches_the_customer_unfinished(framing, gateways):
    begun = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        + framing
        + b"\r\n\r\n"
        + b'10\r\ndata: {"a": 1}\n\n\r\n'
    )
    with upstream(begun) as url:
        gateway = gateways(upstreams={"default": {"url": url}})
        got = talk(gateway.port, request(), wait_s=3)

    assert b'data: {"a": 1}' in got
    assert not got.endswith(b"0\r\n\r\n")


BROKEN = {
    "no json": b'data: {"choices": [{\n\n',
    "no object": b"data: [1, 2]\n\n",
    "no utf-8": b'data: {"a": "\xff"}\n\n',
    "deep": b"data: " + b"[" * 200_000 + b"\n\n",
    "long": b"data: " + b"a" * 70_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_stream_ends_in_an_error_where_a_barrier_applies(name, model, gateways):
    gateway = gateways(limits={"event_bytes": 65_536 if name == "long" else 1 << 20})
    gateway.put("team-1", Action.RESTRICT)
    model.events = [
        b'data: {"choices": []}\n\n',
        BROKEN[name],
        b'data: {"choices": [{"delta": {"reasoning": "way"}}]}\n\n',
    ]

    code, _, body = post(gateway.port, BODY, key="sk-1")
    assert (code, body.count(b"way")) == (200, 1)

    account = gateway.record()["account_id"]
    gateway.put(account, Action.RESTRICT)
    code, _, body = post(gateway.port, BODY, key="sk-1")
    assert code == 200
    assert b"upstream_malformed" in body
    assert b"way" not in body


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_stream_passes_byte_for_byte_where_none_does(name, model, gateway):
    model.events = [BROKEN[name], b": end\n\n"]

    assert post(gateway.port, BODY)[2] == b"".join(model.events)
