"""The whole service as users run it: started, sent to, stopped in order."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from serve.watching import lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Running:
    """One watch in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "stillwatch", "watch", "--folder", str(folder), "--json", *options]
        command += ["--listen", f"127.0.0.1:{self.port}", "--key", str(folder.parent / "test.key")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.wait()

    def wait(self) -> None:
        for _ in range(600):
            if self.process.poll() is not None:
                raise AssertionError(self.process.communicate()[1])
            try:
                self.get("/healthz")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("it never listened")

    def get(self, path: str) -> Any:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        line.request("GET", path)
        answer = line.getresponse()
        content = answer.read()
        line.close()
        return json.loads(content) if path == "/healthz" else content.decode()

    def send(self, body: bytes) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request("POST", "/v1/events", body)
            return line.getresponse().status
        finally:
            line.close()

    def folded(self, events: int) -> dict[str, Any]:
        for _ in range(400):
            told: dict[str, Any] = self.get("/healthz")
            if told["events_folded"] >= events:
                return told
            time.sleep(0.05)
        raise AssertionError(told)

    def end(self) -> dict[str, Any]:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        return dict(json.loads(out))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    started: list[Running] = []

    def make(*options: str) -> Running:
        started.append(Running(tmp_path / "watch", *options))
        return started[-1]

    yield make
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def test_events_are_taken_folded_looked_at_and_the_end_is_orderly(run: Any) -> None:
    one = run("--examine-every", "0.1")
    assert one.send(lines(0, 50)) == 200
    told = one.folded(50)
    assert (told["folding"], told["wrong"], told["accounts"]) == (True, "", 7)
    assert "stillwatch_watch_events_folded_total 50" in one.get("/metrics")
    done = one.end()
    assert done["checkpoints"] == 1
    assert done["accounts_examined"] >= 7
    assert total(one) == 50


def total(one: Running) -> int:
    """Count the events of all accounts in the checkpoint."""
    folder = one.process.args[one.process.args.index("--folder") + 1]
    program = f"""
import sys
from pathlib import Path
from stillwatch.config import DEFAULT
from stillwatch.engine.local import LocalEngine
from stillwatch.ingest.keys import read_key
folder = Path({folder!r})
engine = LocalEngine.restore(folder / "state", read_key(folder.parent / "test.key").sketch_keys(), DEFAULT)
print(int(engine.arrays().counts[:, 0].sum()))
"""
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
