"""`kill -9` of a whole watch after it fetched and before it acknowledged: everything comes again and counts once."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from serve.brokers.real import KafkaServer, NatsServer, free_port, until
from serve.test_watch_service import total
from serve.watching import lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
PROGRAM = """
import os, signal, sys
from stillwatch.serve.watch.brokers import fetching, jetstream, kafka
def dies(*given):
    os.kill(os.getpid(), signal.SIGKILL)
kafka.Kafka.__init__.__defaults__ = ("PLAIN", 1500)
{}
from stillwatch.cli import main
sys.exit(main(sys.argv[1:]))
"""
BEFORE_STORING = "fetching.Fetching._stored = dies"
BEFORE_ACKNOWLEDGING = "jetstream.JetStream.acknowledge = kafka.Kafka.acknowledge = dies"


class Child:
    def __init__(self, folder: Path, program: str, *options: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-c", PROGRAM.format(program), "watch", "--folder", str(folder), *options]
        command += ["--listen", f"127.0.0.1:{self.port}", "--key", str(folder.parent / "test.key"), "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def told(self) -> dict[str, Any]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request("GET", "/healthz")
            return dict(json.loads(line.getresponse().read()))
        except OSError:
            assert self.process.poll() is None, self.process.communicate()[1]
            return {"events_folded": 0, "messages_in": 0}
        finally:
            line.close()

    def end(self) -> dict[str, Any]:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        return dict(json.loads(out))


@pytest.fixture(params=["nats", "kafka"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NatsServer | KafkaServer]:
    made: NatsServer | KafkaServer
    if request.param == "nats":
        made = NatsServer(tmp_path / "nats")
        made.make(ack_policy="explicit", ack_wait=1)
    else:
        made = KafkaServer()
        made.make()
    yield made
    made.kill()


def test_killed_after_the_fetch_and_before_the_acknowledgement(
    tmp_path: Path, server: NatsServer | KafkaServer
) -> None:
    server.publish(lines(0, 30), b"poison")
    options = ["--from", str(server.place()), "--campaigns-every", "0"]
    if isinstance(server, NatsServer):
        options += ["--from-monitor", f"http://127.0.0.1:{server.monitor}"]
    for program in (BEFORE_STORING, BEFORE_ACKNOWLEDGING):
        one = Child(tmp_path / "watch", program, *options)
        err = one.process.communicate(timeout=60)[1]
        assert one.process.returncode == -signal.SIGKILL, err
    one = Child(tmp_path / "watch", "", *options)
    until(lambda: one.told()["messages_in"] == 2, 60)
    server.publish(lines(30, 40))
    until(lambda: one.told()["events_folded"] == 40)
    assert one.told()["away"] == {}
    done = one.end()
    assert done["events_repeated"] == 30
    assert done["messages_refused"] == 1
    assert total(one) == 40
