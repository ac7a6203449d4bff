"""``stillwatch appeals serve`` itself, over a socket: hostile bytes, slow senders, an orderly end. Loopback only."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from serve.appeals.lodged import decided
from stillwatch.ingest.keys import create_key
from stillwatch.store.appeals import open_appeals
from stillwatch.store.database import Database
from stillwatch.store.tokens import token_for
from stillwatch.store.verify import verify
from stillwatch.verbs.appeals import appeal_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@dataclass
class Served:
    port: int
    folder: Path
    token: str
    program: subprocess.Popen[str]

    def say(self, *parts: bytes, wait_s: float = 5.0) -> bytes:
        """Send bytes as they are; give everything that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), wait_s) as wire:
            with contextlib.suppress(OSError):
                for part in parts:
                    wire.sendall(part)
            got = b""
            with contextlib.suppress(OSError):
                while more := wire.recv(65_536):
                    got += more
            return got

    def appeals(self) -> int:
        database = Database(self.folder / "s.db", create=False)
        with database.reading() as connection:
            found = len(open_appeals(connection))
        assert verify(database).troubles == ()
        database.close()
        return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("appeals")
    database = Database(folder / "s.db")
    decided(database)
    database.close()
    create_key(folder / "appeals.key")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["appeals", "serve", "--store", "s.db", "--key", "appeals.key", "--port", str(port)]
    program = subprocess.Popen(
        [sys.executable, "-m", "stillwatch", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3] / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.1)
    yield Served(port, folder, token_for(appeal_keys(folder / "appeals.key").token, "d-1"), program)
    program.kill()
    program.wait()


def status(got: bytes) -> int:
    return int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.1 ") else 0


def post(served: Served, head: str = "", body: bytes = b'{"text": "It was ours, project Walrus."}') -> bytes:
    lengths = "" if "length" in head.lower() or "transfer" in head.lower() else f"Content-Length: {len(body)}\r\n"
    return (
        "POST /v1/decisions/d-1/appeals HTTP/1.1\r\nHost: lab.example\r\nConnection: close\r\n"
        f"Authorization: Bearer {served.token}\r\nContent-Type: application/json\r\n{lengths}{head}\r\n"
    ).encode() + body


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Content-Length: 5\r\nContent-Length: 40\r\n", 400),
        ("Transfer-Encoding: chunked, identity\r\n", 400),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: 99999999\r\n", 413),
        ("Host: other.example\r\n", 400),
        ("X-Long: " + "a" * 20_000 + "\r\n", 431),
        ("Upgrade: websocket\r\n", 400),
    ],
)
def test_a_request_that_two_servers_could_read_in_two_ways_is_refused(served: Served, head: str, wanted: int) -> None:
    before = served.appeals()

    assert status(served.say(post(served, head))) == wanted
    assert served.appeals() == before


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 400]
)
def test_what_is_no_request_is_refused(served: Served, sent: bytes) -> None:
    assert status(served.say(sent)) in {400, 505}


def test_behind_a_proxy_limits_are_kept_by_the_address_it_names(served: Served) -> None:
    def wrong(address: str) -> int:
        path = f"/appeals/d-1/{'A' * 43}"
        head = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: {address}\r\n\r\n"
        return status(served.say(head.encode()))

    assert [wrong("192.0.2.1") for _ in range(12)][-1] == 429
    assert wrong("192.0.2.2") == 404


def test_slow_senders_are_ended_and_keep_nobody_out(served: Served) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            wire = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), 5))
            wire.sendall(b"POST /v1/decisions/d-1/appeals HTTP/1.1\r\nhost")
        assert status(served.say(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) == 200
        begun = time.monotonic()
        got = served.say(post(served, "Content-Length: 100\r\n", b"{"), wait_s=15)
        assert status(got) == 408
        assert time.monotonic() - begun < 14


def test_an_appeal_arrives_nothing_is_logged_and_the_end_is_orderly(served: Served) -> None:
    before = served.appeals()
    assert status(served.say(post(served))) == 201
    page = f"GET /appeals/d-1/{served.token} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert b"waits for a person" in served.say(page.encode())
    assert served.appeals() == before + 1

    served.program.send_signal(signal.SIGTERM)
    said, _ = served.program.communicate(timeout=15)

    assert served.token not in said
    assert "Walrus" not in said
    assert not re.search("Traceback", said)
