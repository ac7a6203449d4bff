"""NATS JetStream, against a real server: nothing lost, nothing twice, whoever of the two is killed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from serve.brokers.real import NO_ACCESS, NatsServer, opened, taken, taking_of, until
from serve.watching import drained, lines, record
from stillwatch.model.errors import BrokerAway, InputError
from stillwatch.serve.watch.brokers import jetstream
from stillwatch.serve.watch.brokers.access import Access
from stillwatch.serve.watch.brokers.jetstream import JetStream
from stillwatch.serve.watch.brokers.place import place_of
from stillwatch.serve.watch.brokers.synced import Synced

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.serve.watch.watch import Watch

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    made = NatsServer(tmp_path / "nats")
    yield made
    made.kill()


def stream(server: NatsServer, access: Access = NO_ACCESS, *, tls: bool = False) -> JetStream:
    return JetStream(server.place(tls=tls), access, "stillwatch", lambda: None)


def test_messages_are_taken_counted_and_acknowledged_a_bad_one_too(
    tmp_path: Path, server: NatsServer, watch: Watch
) -> None:
    server.make()
    server.publish(lines(0, 20), b"no record at all", json.dumps(record(20)).encode(), b"{}", lines(21, 30))
    broker = opened(stream(server))
    taking, measures = taking_of(tmp_path, broker, watch.spool)
    taken(taking, 5)
    assert broker.waiting == 0
    broker.close()
    assert drained(watch) == 30
    told = measures.taken()
    assert (told["messages_in"], told["messages_refused"], told["events_in"]) == (5, 2, 30)
    assert server.unacknowledged() == 0


def test_what_was_stored_and_not_acknowledged_comes_again_and_counts_once(
    tmp_path: Path, server: NatsServer, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.make(ack_policy="explicit", ack_wait=1)
    server.publish(lines(0, 20), lines(20, 40))
    broker = opened(stream(server))
    taking, _ = taking_of(tmp_path, broker, watch.spool)

    def cut_off(messages: object) -> None:
        raise BrokerAway(f"cut off before {messages}")

    with monkeypatch.context() as patched:
        patched.setattr(broker, "acknowledge", cut_off)
        with pytest.raises(BrokerAway):
            taking.turn()
    broker.close()
    assert server.unacknowledged() == 2
    broker = opened(stream(server))
    taking, _ = taking_of(tmp_path, broker, watch.spool)
    taken(taking, 2)
    broker.close()
    assert drained(watch) == 80
    assert watch.engine.arrays().counts[:, 0].sum() == 40
    assert server.unacknowledged() == 0


def test_a_killed_server_is_told_and_what_it_kept_is_taken_when_it_is_back(
    tmp_path: Path, server: NatsServer, watch: Watch
) -> None:
    server.make()
    server.publish(lines(0, 10))
    taking, measures = taking_of(tmp_path, stream(server), watch.spool)
    taking.check()
    taking.start()
    until(lambda: measures.taken()["events_in"] == 10)
    assert taking.away() == {}
    server.kill()
    until(lambda: measures.taken()["broker_away"] == 1)
    (name, why), *_ = taking.away().items()
    assert name == str(server.place())
    assert "answer" in why or "hung up" in why
    server.start()
    server.publish(lines(10, 25))
    until(lambda: measures.taken()["events_in"] == 25)
    assert (taking.away(), measures.taken()["broker_away"]) == ({}, 0)
    taking.stop()
    assert drained(watch) == 25


def test_a_server_that_is_away_at_the_start_is_waited_for(tmp_path: Path, server: NatsServer, watch: Watch) -> None:
    server.make()
    server.kill()
    taking, measures = taking_of(tmp_path, stream(server), watch.spool)
    taking.check()
    assert measures.taken()["broker_away"] == 1
    taking.start()
    server.start()
    server.publish(lines(0, 5))
    until(lambda: measures.taken()["events_in"] == 5)
    taking.stop()


def test_a_stream_that_would_lose_events_is_refused(server: NatsServer) -> None:
    with pytest.raises(InputError, match="there is no stream requests"):
        stream(server).open()
    server.make(storage="memory")
    with pytest.raises(InputError, match="lies in memory"):
        stream(server).open()


@pytest.mark.parametrize(
    ("consumer", "why"),
    [
        ({"ack_policy": "none"}, "ack policy explicit"),
        ({"ack_policy": "explicit", "max_deliver": 3}, "gives a message"),
    ],
)
def test_a_consumer_that_would_lose_messages_is_refused(server: NatsServer, consumer: Any, why: str) -> None:
    server.make(**consumer)
    broker = stream(server)
    with pytest.raises(InputError, match=why):
        broker.open()
    broker.close()


def test_whether_every_message_is_synced_is_seen_at_the_monitoring_port(tmp_path: Path, server: NatsServer) -> None:
    def asked(at: NatsServer, monitor: str = "", *, accept: bool = False) -> None:
        Synced(monitor or f"http://127.0.0.1:{at.monitor}", accept=accept, access=NO_ACCESS)()

    asked(server)
    late = NatsServer(tmp_path / "late", jetstream="max_file: 1G")
    with pytest.raises(InputError, match="sync_interval: always"):
        asked(late)
    asked(late, accept=True)
    late.kill()
    with pytest.raises(BrokerAway, match="monitoring port"):
        asked(late)
    with pytest.raises(BrokerAway):
        asked(server, f"http://127.0.0.1:{server.port}")
    with pytest.raises(InputError, match="write http://"):
        asked(server, "127.0.0.1:8222")
    with pytest.raises(InputError, match="cannot be seen from a client"):
        Synced("", accept=False, access=NO_ACCESS)()


def test_a_login_lets_in_and_a_wrong_one_is_told_without_repeating_it(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "closed", more="authorization { user: watch, password: right-password }")
    login = {"user": "watch", "password": "right-password"}

    async def made(one: Any) -> None:
        await one.add_stream(name="requests", subjects=["requests"], storage="file")

    server.ask(made, **login)
    broker = opened(stream(server, Access("watch", "right-password")))
    broker.close()
    for wrong in (Access("watch", "wrong-password"), NO_ACCESS):
        broker = stream(server, wrong)
        with pytest.raises(InputError, match="lets us not in") as told:
            broker.open()
        assert "wrong-password" not in str(told.value)
        broker.close()
    server.kill()


def test_the_line_is_encrypted_and_the_servers_certificate_is_checked(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "_CONNECT_S", 1)
    tls = f"tls {{ cert_file: {certificate}, key_file: {certificate.with_suffix('.key')} }}"
    server = NatsServer(tmp_path / "tls", more=tls)
    broker = stream(server, Access(ca_file=str(certificate)), tls=True)
    with pytest.raises(InputError, match="there is no stream"):
        broker.open()
    broker.close()
    broker = stream(server, tls=True)
    with pytest.raises((BrokerAway, InputError), match="does not answer"):
        broker.open()
    broker.close()
    server.kill()


def test_nobody_there_is_away_and_closing_twice_is_nothing() -> None:
    broker = JetStream(place_of("nats://127.0.0.1:1/requests"), NO_ACCESS, "stillwatch", lambda: None)
    with pytest.raises(BrokerAway, match="does not answer"):
        broker.open()
    broker.close()
    broker.close()
    with pytest.raises(BrokerAway, match="not open"):
        broker.fetch(1, 0.1)
