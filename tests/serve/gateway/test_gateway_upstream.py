"""The way to the model: connections that are kept, answers in every framing, and models that misbehave."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from serve.gateway.wire import BODY, post, request, talk, unchunked
from stillwatch.model.decision import Action
from stillwatch.serve.gateway.proxy import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


class Script:
    """A server that answers the requests of each connection from a script, and notes how they came."""

    def __init__(self, *answers: bytes, context: ssl.SSLContext | None = None, close: bool = False) -> None:
        self.answers, self.close, self.context = list(answers), close, context
        self.connections = 0
        self.asked: list[bytes] = []
        self.stop = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(0.05)
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while not self.stop.is_set():
            with contextlib.suppress(OSError):
                plain, _ = self.server.accept()
                self.connections += 1
                threading.Thread(target=self.one, args=(plain,), daemon=True).start()
        self.server.close()

    def one(self, plain: socket.socket) -> None:
        plain.settimeout(3)
        line = plain
        if self.context is not None:
            line = self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        with line, contextlib.suppress(OSError, IndexError):
            if isinstance(line, ssl.SSLSocket):
                line.do_handshake()
            got = b""
            while True:
                while b"\r\n\r\n" not in got or len(got.partition(b"\r\n\r\n")[2]) < length_of(got):
                    piece = line.recv(1 << 20)
                    if not piece:
                        return
                    got += piece
                self.asked.append(got)
                got = b""
                line.sendall(self.answers.pop(0))
                if self.close:
                    return


def length_of(got: bytes) -> int:
    found = got.lower().partition(b"content-length: ")[2]
    return int(found.split(b"\r\n")[0]) if found else 0


@contextlib.contextmanager
def scripted(*answers: bytes, **more) -> Iterator[Script]:
    made = Script(*answers, **more)
    yield made
    made.stop.set()


def answer(body: bytes = b"{}", head: bytes = b"") -> bytes:
    return OK + head + b"content-length: %d\r\n\r\n%b" % (len(body), body)


FRAMED = {
    "length": answer(b'{"a":1}'),
    "chunks": OK + b'transfer-encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\nx-trailer: 1\r\n\r\n',
    "interim": b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + answer(b'{"a":1}'),
    "two interim": b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + answer(b'{"a":1}'),
}


@pytest.mark.parametrize("name", FRAMED)
def test_answers_of_every_framing_arrive_and_the_connection_is_kept(name, gateways):
    with scripted(*[FRAMED[name]] * 3) as model:
        gateway = gateways(upstreams={"default": {"url": model.url}})
        for _ in range(3):
            code, fields, body = post(gateway.port, BODY)
            assert (code, body) == (200, b'{"a":1}')
            assert "link" not in fields
        assert model.connections == 1


def test_an_answer_without_a_length_ends_with_its_connection(gateways):
    with scripted(OK + b'\r\n{"a":1}', OK + b'\r\n{"b":2}', close=True) as model:
        gateway = gateways(upstreams={"default": {"url": model.url}})
        assert [post(gateway.port, BODY)[2] for _ in range(2)] == [b'{"a":1}', b'{"b":2}']
        assert model.connections == 2


@pytest.mark.parametrize("framing", [b"content-length: 0\r\n", b"connection: close\r\ncontent-length: 0\r\n"])
def test_what_follows_an_answer_is_never_taken_for_the_next(framing, gateways):
    """Response splitting: a second answer that nobody asked for ends the connection."""
    poisoned = OK + framing + b"\r\n" + answer(b'{"poison":1}')
    with scripted(poisoned, poisoned, answer(b'{"clean":1}')) as model:
        gateway = gateways(upstreams={"default": {"url": model.url}})
        bodies = [post(gateway.port, BODY, key=f"sk-{n}")[2] for n in range(3)]

    assert b"poison" not in b"".join(bodies)
    assert bodies[-1] == b'{"clean":1}'


def test_late_bytes_on_an_idle_connection_end_it(gateways):
    with scripted(answer(), answer(b'{"next":1}')) as model:
        gateway = gateways(upstreams={"default": {"url": model.url}})
        post(gateway.port, BODY)
        [client] = gateway_clients(gateway)
        [kept] = client._idle
        kept.loop.call_soon_threadsafe(kept.data_received, answer(b'{"late":1}'))
        time.sleep(0.1)
        assert post(gateway.port, BODY)[2] == b'{"next":1}'
        assert model.connections == 2


def gateway_clients(gateway):
    return list(gateway.gateway._clients.values())


def test_a_connection_that_the_model_closed_is_not_used(gateways):
    with scripted(answer(b"1"), answer(b"2"), close=True) as model:
        gateway = gateways(upstreams={"default": {"url": model.url}})
        assert post(gateway.port, BODY)[2] == b"1"
        time.sleep(0.1)
        assert post(gateway.port, BODY)[2] == b"2"
        assert model.connections == 2


MISSPOKEN = {
    "length and chunks": OK + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "no number": OK + b"content-length: x\r\n\r\n",
    "negative": OK + b"content-length: -1\r\n\r\n",
    "switch": b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    "folded": OK + b"x-a: b\r\n c: d\r\ncontent-length: 0\r\n\r\n",
    "many headers": OK + b"x-a: b\r\n" * 40_000 + b"content-length: 0\r\n\r\n",
    "endless line": b"HTTP/1.1 200 " + b"O" * 300_000,
}


@pytest.mark.parametrize("name", MISSPOKEN)
def test_a_model_that_misspeaks_is_a_502(name, gateways):
    with scripted(MISSPOKEN[name], close=True) as model:
        gateway = gateways(upstreams={"default": {"url": model.url}})
        assert post(gateway.port, BODY)[0] == 502


@pytest.mark.parametrize("action", [Action.OBSERVE, Action.RESTRICT])
def test_a_model_that_falls_silent_in_its_answer_ends_it_unfinished(action, gateways):
    begun = (
        OK.replace(b"application/json", b"text/event-stream") + b"transfer-encoding: chunked\r\n\r\n8\r\n: hello\n\r\n"
    )
    with scripted(begun, begun) as model:
        calm = {"rate": {"used": False}, "delay": {"used": False}}
        gateway = gateways(upstreams={"default": {"url": model.url, "answer_s": 0.4}}, barriers=calm)
        talk(gateway.port, request(), wait_s=3)
        gateway.put(gateway.record()["account_id"], action)
        begin = time.monotonic()
        got = talk(gateway.port, request(), wait_s=5)

    assert time.monotonic() - begin < 4
    assert not got.endswith(b"0\r\n\r\n")


def test_a_long_answer_waits_for_a_slow_customer_and_arrives_whole(gateways):
    body = bytes(range(256)) * 120_000
    with scripted(answer(body)) as model:
        gateway = gateways(upstreams={"default": {"url": model.url}})
        with socket.create_connection(("127.0.0.1", gateway.port), 5) as line:
            line.sendall(request(head="connection: close\r\n"))
            time.sleep(0.5)
            [client] = gateway_clients(gateway)
            [busy] = client._all
            assert not busy.waiting
            pieces = []
            while piece := line.recv(1 << 20):
                pieces.append(piece)
            got = b"".join(pieces)

    assert got.partition(b"\r\n\r\n")[2] == body


def test_a_long_answer_under_a_barrier_is_held_back_within_bounds(gateways):
    events = b"".join(b'data: {"n":%d,"x":"%b"}\n\n' % (n, b"x" * 1_000) for n in range(20_000))
    body = b"".join(b"%x\r\n%b\r\n" % (len(events[i : i + 50_000]), events[i : i + 50_000])
                    for i in range(0, len(events), 50_000))  # fmt: skip
    streamed = OK.replace(b"application/json", b"text/event-stream") + b"transfer-encoding: chunked\r\n\r\n"
    with scripted(answer(), streamed + body + b"0\r\n\r\n") as model:
        calm = {"rate": {"used": False}, "delay": {"used": False}}
        gateway = gateways(upstreams={"default": {"url": model.url}}, barriers=calm)
        post(gateway.port, BODY)
        gateway.put(gateway.record()["account_id"], Action.RESTRICT)
        with socket.create_connection(("127.0.0.1", gateway.port), 5) as line:
            line.sendall(request(head="connection: close\r\n"))
            time.sleep(0.5)
            [client] = gateway_clients(gateway)
            [busy] = client._all
            assert busy._held <= wire._HELD + (1 << 18)
            pieces = []
            while piece := line.recv(1 << 20):
                pieces.append(piece)
            got = b"".join(pieces)

    assert unchunked(got.partition(b"\r\n\r\n")[2]) == events


def test_more_calls_than_the_bound_are_told_to_come_back(gateways):
    with scripted(b"", b"", b"") as model:
        gateway = gateways(upstreams={"default": {"url": model.url, "connections": 2, "answer_s": 5.0}})
        lines = [socket.create_connection(("127.0.0.1", gateway.port), 5) for _ in range(2)]
        for line in lines:
            line.sendall(request())
        time.sleep(0.2)
        code, fields, _ = post(gateway.port, BODY)
        for line in lines:
            line.close()

    assert (code, fields["retry-after"]) == (503, "5")


def test_a_head_alone_has_no_body(gateways):
    with scripted(OK + b"content-length: 99\r\n\r\n", answer(b"{}")) as model:
        gateway = gateways(upstreams={"default": {"url": model.url}},
                           paths={"/v1/models": {"methods": ["HEAD", "GET"]}})  # fmt: skip
        got = talk(gateway.port, request(b"", method="HEAD", path="/v1/models", head="connection: close\r\n"))
        assert got.startswith(b"HTTP/1.1 200")
        assert b"content-length: 99" in got
        assert post(gateway.port, b"", method="GET", path="/v1/models")[2] == b"{}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(folder / "key"), "-out", str(folder / "pem"), "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "both").write_bytes((folder / "key").read_bytes() + (folder / "pem").read_bytes())
    return str(folder / "both")


@pytest.mark.parametrize("trusted", [True, False])
def test_a_model_behind_tls_is_believed_only_with_a_certificate_that_holds(trusted, certificate, gateways, monkeypatch):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
    with scripted(answer(b'{"a":1}'), answer(b'{"a":1}'), context=context) as model:
        gateway = gateways(upstreams={"default": {"url": model.url}})
        seen = [post(gateway.port, BODY)[0] for _ in range(2)]

    assert seen == [200 if trusted else 502] * 2
    assert len(model.asked) == (2 if trusted else 0)
