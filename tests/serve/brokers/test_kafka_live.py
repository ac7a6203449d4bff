"""The Kafka protocol, against a real broker: offsets are committed when events are on the disk, and not before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from serve.brokers.real import NO_ACCESS, KafkaServer, free_port, opened, taken, taking_of, until
from serve.brokers.tls_front import TlsFront
from serve.watching import drained, lines, record, watch_of
from stillwatch.model.errors import BrokerAway, InputError, SpoolFull
from stillwatch.serve.watch.brokers.access import Access
from stillwatch.serve.watch.brokers.kafka import Kafka
from stillwatch.serve.watch.brokers.place import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stillwatch.serve.watch.brokers.base import Message
    from stillwatch.serve.watch.watch import Watch

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def server() -> Iterator[KafkaServer]:
    made = KafkaServer()
    yield made
    made.kill()


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    made = watch_of(tmp_path)
    yield made
    made.close()


def topic(server: KafkaServer) -> Kafka:
    # This broker lets a group wait for half a session before it gives partitions out.
    return Kafka(server.place(), NO_ACCESS, "stillwatch", session_ms=1500)


def test_messages_are_taken_counted_and_committed_a_bad_one_too(
    tmp_path: Path, server: KafkaServer, watch: Watch
) -> None:
    server.make()
    server.publish(lines(0, 20), b"no record at all", json.dumps(record(20)).encode(), b"", lines(21, 30))
    broker = opened(topic(server))
    taking, measures = taking_of(tmp_path, broker, watch.spool)
    taken(taking, 5)
    assert broker.waiting == 0
    broker.close()
    assert drained(watch) == 30
    told = measures.taken()
    assert (told["messages_in"], told["messages_refused"], told["events_in"]) == (5, 2, 30)
    assert server.committed() == 5


def test_what_was_stored_and_not_committed_comes_again_and_counts_once(
    tmp_path: Path, server: KafkaServer, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.make()
    server.publish(lines(0, 20), lines(20, 40))
    broker = opened(topic(server))
    taking, measures = taking_of(tmp_path, broker, watch.spool)

    def cut_off(messages: object) -> None:
        raise BrokerAway(f"cut off before {messages}")

    with monkeypatch.context() as patched:
        patched.setattr(broker, "acknowledge", cut_off)
        with pytest.raises(BrokerAway, match="cut off"):
            taken(taking, 2)
    broker.close()
    assert measures.taken()["events_in"] > 0
    assert server.committed() == 0
    broker = opened(topic(server))
    taking, again = taking_of(tmp_path, broker, watch.spool)
    taken(taking, 2)
    broker.close()
    assert drained(watch) == measures.taken()["events_in"] + again.taken()["events_in"] > 40
    assert watch.engine.arrays().counts[:, 0].sum() == 40
    assert server.committed() == 2


def test_a_killed_broker_is_told_and_taken_from_again_when_it_is_back(
    tmp_path: Path, server: KafkaServer, watch: Watch
) -> None:
    server.make()
    server.publish(lines(0, 10))
    taking, measures = taking_of(tmp_path, topic(server), watch.spool)
    taking.check()
    taking.start()
    until(lambda: measures.taken()["events_in"] == 10)
    assert taking.away() == {}
    server.kill()
    until(lambda: measures.taken()["broker_away"] == 1)
    assert list(taking.away()) == [str(server.place())]
    # This broker keeps nothing over a restart: topic and offsets are new.
    server.start()
    server.make()
    server.publish(lines(10, 25))
    until(lambda: measures.taken()["events_in"] >= 25)
    assert (taking.away(), measures.taken()["broker_away"]) == ({}, 0)
    taking.stop()
    drained(watch)
    assert watch.engine.arrays().counts[:, 0].sum() == 25


def test_a_broker_killed_before_the_acknowledgement_is_told(
    tmp_path: Path, server: KafkaServer, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.make()
    server.publish(lines(0, 10))
    taking, measures = taking_of(tmp_path, topic(server), watch.spool)
    acknowledge = Kafka.acknowledge

    def killed(self: Kafka, messages: Sequence[Message]) -> None:
        server.kill()
        acknowledge(self, messages)

    monkeypatch.setattr(Kafka, "acknowledge", killed)
    taking.start()
    until(lambda: measures.taken()["events_in"] == 10)
    until(lambda: measures.taken()["broker_away"] == 1)
    taking.stop()


def test_a_broker_that_is_killed_is_told_even_where_the_client_says_nothing(
    tmp_path: Path, server: KafkaServer, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Kafka, "_error", lambda _self, _error: None)
    monkeypatch.setattr("stillwatch.serve.watch.brokers.kafka._QUIET_S", 1.0)
    server.make()
    server.publish(lines(0, 10))
    taking, measures = taking_of(tmp_path, topic(server), watch.spool)
    taking.start()
    until(lambda: measures.taken()["messages_in"] == 1)
    server.kill()
    until(lambda: measures.taken()["broker_away"] == 1)
    taking.stop()


def test_without_room_nothing_is_fetched_and_the_place_in_the_group_is_kept(
    tmp_path: Path, server: KafkaServer, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.make()
    server.publish(lines(0, 10))
    taking, measures = taking_of(tmp_path, topic(server), watch.spool)
    put, fetched = watch.spool.put, Kafka.fetch
    calls: list[int] = []

    def counted(self: Kafka, most: int, wait_s: float) -> object:
        came = fetched(self, most, wait_s)
        calls.append(len(came))
        return came

    def full(content: bytes) -> None:
        raise SpoolFull(f"no room for {len(content)} bytes")

    with monkeypatch.context() as patched:
        patched.setattr(Kafka, "fetch", counted)
        patched.setattr(watch.spool, "put", full)
        taking.start()
        until(lambda: measures.taken()["puts_refused"] >= 3)
        assert sum(calls) == 1
        assert "no room" in next(iter(taking.away().values()))
        server.publish(lines(10, 20))
        assert measures.taken()["events_in"] == 0
        patched.setattr(watch.spool, "put", put)
        until(lambda: measures.taken()["events_in"] == 20)
    assert taking.away() == {}
    assert measures.taken()["broker_away"] == 0
    until(lambda: measures.taken()["messages_in"] == 2)
    taking.stop()
    assert server.committed() == 2
    assert drained(watch) == 20


def test_a_topic_that_is_not_there_and_a_broker_that_is_not_are_told_apart(
    server: KafkaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = topic(server)
    with pytest.raises(InputError, match="topic requests cannot be read"):
        broker.open()
    broker.close()
    monkeypatch.setattr("stillwatch.serve.watch.brokers.kafka._ANSWER_S", 1.0)
    broker = Kafka(place_of("kafka://127.0.0.1:1/requests"), NO_ACCESS, "stillwatch")
    with pytest.raises(BrokerAway, match="does not answer"):
        broker.open()
    broker.close()
    broker.close()


def test_a_login_goes_with_sasl_and_certificates_with_tls() -> None:
    access = Access("watch", "the-password", ca_file="ca.pem", cert_file="own.pem", key_file="own.key")
    tls = Kafka(place_of("kafka+tls://b:9093/requests"), access, "stillwatch", "PLAIN").settings()
    assert tls["security.protocol"] == "SASL_SSL"
    assert (tls["sasl.username"], tls["sasl.password"], tls["sasl.mechanism"]) == ("watch", "the-password", "PLAIN")
    assert (tls["ssl.ca.location"], tls["ssl.certificate.location"]) == ("ca.pem", "own.pem")
    assert tls["enable.auto.commit"] is False
    assert Kafka(place_of("kafka://b/requests"), NO_ACCESS, "s").settings()["security.protocol"] == "PLAINTEXT"
    with pytest.raises(InputError, match="sends the password as it is"):
        Kafka(place_of("kafka://b/requests"), access, "stillwatch", "PLAIN")
    with pytest.raises(InputError, match=r"\.creds file of NATS"):
        Kafka(place_of("kafka://b/requests"), Access(creds_file="a.creds"), "stillwatch")


def test_partitions_that_move_between_members_lose_and_double_nothing(
    tmp_path: Path, server: KafkaServer, watch: Watch
) -> None:
    server.make()
    members = [taking_of(tmp_path, topic(server), watch.spool) for _ in range(2)]

    def taken_in() -> float:
        return sum(measures.taken()["events_in"] for _, measures in members)

    members[0][0].start()
    server.publish(lines(0, 10), lines(10, 20))
    until(lambda: taken_in() >= 20)
    members[1][0].start()
    for k in range(2, 20):
        server.publish(lines(10 * k, 10 * k + 5), lines(10 * k + 5, 10 * k + 10))
        if members[1][1].taken()["messages_in"]:
            break
        until(lambda wanted=10 * k + 10: taken_in() >= wanted)
    assert members[1][1].taken()["messages_in"] > 0
    members[0][0].stop()
    server.publish(lines(500, 505), lines(505, 510))
    until(lambda: server.committed() == 2 + 2 * (k - 1) + 2)
    members[1][0].stop()
    drained(watch)
    assert watch.engine.arrays().counts[:, 0].sum() == 10 * k + 10 + 10


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[int]:
    """The port of a broker that is reached through TLS alone."""
    port = free_port()
    server = KafkaServer(advertised=port)
    front = TlsFront(certificate, server.port, port)
    yield port
    front.close()
    server.kill()


def test_the_line_is_encrypted_and_the_brokers_certificate_is_checked(
    tmp_path: Path, certificate: Path, encrypted: int, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, at = place_of(f"kafka+tls://127.0.0.1:{encrypted}/requests"), f"127.0.0.1:{encrypted}"
    trusting = {"bootstrap.servers": at, "security.protocol": "ssl", "ssl.ca.location": str(certificate)}
    admin = AdminClient(trusting)
    for done in admin.create_topics([NewTopic("requests", 1, 1)]).values():
        done.result(20)
    sends = Producer(trusting)
    sends.produce("requests", lines(0, 10))
    assert sends.flush(20) == 0
    broker = opened(Kafka(place, Access(ca_file=str(certificate)), "stillwatch", session_ms=1500))
    taking, measures = taking_of(tmp_path, broker, watch.spool)
    taken(taking, 1)
    broker.close()
    assert measures.taken()["events_in"] == 10
    monkeypatch.setattr("stillwatch.serve.watch.brokers.kafka._ANSWER_S", 2.0)
    broker = Kafka(place, NO_ACCESS, "stillwatch")
    with pytest.raises(BrokerAway, match="does not answer"):
        broker.open()
    broker.close()
