"""Calls that may never come back."""

from __future__ import annotations

import threading

import pytest

from serve.brokers.real import NO_ACCESS, until
from stillwatch.model.errors import BrokerAway
from stillwatch.serve.watch.brokers.base import Message
from stillwatch.serve.watch.brokers.bounded import Bounded
from stillwatch.serve.watch.brokers.kafka import Kafka
from stillwatch.serve.watch.brokers.place import place_of


def test_results_and_errors_come_back() -> None:
    calls = Bounded()
    assert calls.ask(lambda: 7, 5) == 7
    with pytest.raises(ZeroDivisionError):
        calls.ask(lambda: 1 // 0, 5)
    assert calls.ask(lambda: 8, 5) == 8
    calls.end()


def test_what_is_asked_behind_a_call_that_hangs_is_called_after_it_and_not_waited_for() -> None:
    calls, released, done = Bounded(), threading.Event(), threading.Event()
    with pytest.raises(TimeoutError):
        calls.ask(released.wait, 0.05)
    with pytest.raises(TimeoutError):
        calls.ask(done.set, 3600)
    assert not done.is_set()
    released.set()
    assert done.wait(5)
    calls.end()


class Hanging:
    """A client whose commit does not come back before it is told to."""

    def __init__(self) -> None:
        self.released, self.said = threading.Event(), [""]

    def commit(self, **_: object) -> list[object]:
        self.released.wait()
        self.said.append("committed")
        return []

    def close(self) -> None:
        self.said.append("closed")


class Token:
    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 4


def test_a_commit_that_hangs_is_given_up_and_nothing_is_closed_under_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillwatch.serve.watch.brokers.kafka._ANSWER_S", 0.05)
    broker, client = Kafka(place_of("kafka://127.0.0.1:9/requests"), NO_ACCESS, "stillwatch"), Hanging()
    broker._consumer = client
    with pytest.raises(BrokerAway, match="has not answered a commit for"):
        broker.acknowledge([Message(b"", Token())])
    broker.close()
    assert client.said == [""]
    client.released.set()
    until(lambda: client.said == ["", "committed", "closed"])
