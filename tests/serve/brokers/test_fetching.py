"""What a watch does with messages, whatever broker they come from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from serve.brokers.real import taking_of, until
from serve.watching import drained, lines, reading_of, watch_of
from stillwatch.model.errors import BrokerAway, FormatError, InputError, SpoolFull
from stillwatch.parsers.broker import BODY_WORDS
from stillwatch.parsers.common import FORMAT_WORDS
from stillwatch.serve.watch.brokers.base import Message
from stillwatch.serve.watch.brokers.bodies import SPANS, Bodies
from stillwatch.serve.watch.brokers.fetching import FETCHED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stillwatch.serve.watch.watch import Watch


@dataclass
class Shelf:
    """A broker in memory: what was not acknowledged when it is closed comes again."""

    bodies: list[bytes]
    name: str = "shelf"
    wrong: list[Exception] = field(default_factory=list)
    out: list[bytes] = field(default_factory=list)
    acknowledged: list[bytes] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        return len(self.bodies)

    def open(self) -> None:
        self.calls.append("open")
        if self.wrong:
            raise self.wrong.pop(0)

    def fetch(self, most: int, wait_s: float) -> list[Message]:
        assert most > 0 < wait_s
        self.calls.append("fetch")
        came, self.bodies = self.bodies[:3], self.bodies[3:]
        self.out += came
        return [Message(one, at) for at, one in enumerate(came)]

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.calls.append("acknowledge")
        self.acknowledged += [one.body for one in messages]
        self.out = []

    def hold(self, messages: Sequence[Message]) -> None:
        assert messages
        self.calls.append("hold")

    def close(self) -> None:
        self.calls.append("close")
        self.bodies, self.out = [*self.out, *self.bodies], []


def test_acknowledged_only_once_it_is_on_the_disk(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf([lines(0, 3), lines(3, 5)])
    taking, _ = taking_of(tmp_path, shelf, watch.spool)
    put = watch.spool.put

    def seen(content: bytes) -> Any:
        assert shelf.acknowledged == []
        done = put(content)
        done.add_done_callback(lambda _: shelf.calls.append("on the disk"))
        return done

    monkeypatch.setattr(watch.spool, "put", seen)
    assert taking.turn() == 2
    assert shelf.calls == ["fetch", "on the disk", "on the disk", "acknowledge"]
    assert taking.turn() == 0


def test_whatever_a_body_does_to_its_reader_the_next_has_its_turn(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf([b"[" * 3000, lines(0, 2) + b"no\n", b"[" * 40_000 + b"]" * 40_000])
    taking, measures = taking_of(tmp_path, shelf, watch.spool)
    assert taking.turn() == 3
    told = measures.taken()
    assert (told["messages_refused"], told["events_in"], told["records_refused"]) == (2, 2, 1)

    def breaks(*given: object) -> None:
        raise RecursionError(f"deep: {len(given)}")

    monkeypatch.setattr(Bodies, "read", breaks)
    shelf.bodies = [b"deep"]
    assert taking.turn() == 1
    assert measures.taken()["failures"] == 1
    assert len(shelf.acknowledged) == 4


def test_a_wrong_format_does_not_empty_the_queue(tmp_path: Path, watch: Watch) -> None:
    shelf = Shelf([b"%d" % k for k in range(FETCHED + 5)])
    taking, measures = taking_of(tmp_path, shelf, watch.spool)
    taking.start()
    until(lambda: "is --from-format right?" in taking.wrong)
    taking.stop()
    assert shelf.acknowledged == []
    assert measures.taken()["messages_in"] == 0


def test_bad_messages_at_the_front_are_acknowledged_with_the_first_good_one(tmp_path: Path, watch: Watch) -> None:
    shelf = Shelf([b"1", b"2", b"3", b"4", lines(0, 2), b"5"])
    taking, measures = taking_of(tmp_path, shelf, watch.spool)
    assert taking.turn() == 3
    assert shelf.acknowledged == []
    assert taking.turn() == 3
    assert shelf.acknowledged == [b"1", b"2", b"3", b"4", lines(0, 2), b"5"]
    told = measures.taken()
    assert (told["messages_in"], told["messages_refused"], told["events_in"]) == (6, 5, 2)
    shelf.bodies = [b"6"]
    assert taking.turn() == 1
    assert measures.taken()["messages_refused"] == 6


def test_stopped_while_there_is_no_room_it_acknowledges_nothing(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    watch.spool._most = 0
    shelf = Shelf([lines(0, 3), b"poison"])
    taking, measures = taking_of(tmp_path, shelf, watch.spool)
    taking.start()
    until(lambda: "hold" in shelf.calls)
    assert taking.away() == {"shelf": "the spool has no room: nothing is fetched until it has"}
    taking.stop()
    assert shelf.acknowledged == []
    assert shelf.bodies == [lines(0, 3), b"poison"]
    assert measures.taken()["puts_refused"] >= 1
    watch.close()


def test_a_disk_that_refuses_half_of_a_fetch_gets_only_that_half_again(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf([lines(0, 3), lines(3, 5), lines(5, 6)])
    taking, measures = taking_of(tmp_path, shelf, watch.spool)
    put, calls = watch.spool.put, []

    def every_other(content: bytes) -> Any:
        calls.append(content)
        if len(calls) == 2:
            raise SpoolFull("full")
        return put(content)

    monkeypatch.setattr(watch.spool, "put", every_other)
    monkeypatch.setattr("stillwatch.serve.watch.brokers.fetching._HOLD_S", 0.01)
    assert taking.turn() == 3
    assert len(calls) == 4
    assert (measures.taken()["events_in"], drained(watch)) == (6, 6)


def test_it_goes_on_whatever_opening_comes_to(tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillwatch.serve.watch.brokers.fetching._PAUSES_S", (0.01,))
    shelf = Shelf(
        [lines(0, 3)], wrong=[BrokerAway("no answer"), InputError("no stream"), KeyError("a fault of theirs")]
    )
    taking, measures = taking_of(tmp_path, shelf, watch.spool)
    taking.start()
    until(lambda: measures.taken()["events_in"] == 3)
    taking.stop()
    assert shelf.calls[:7] == ["open", "close"] * 3 + ["open"]
    assert shelf.calls[-1] == "close"
    assert (taking.away(), measures.taken()["failures"]) == ({}, 1)


def test_at_the_start_only_what_is_wrong_stops_it(tmp_path: Path, watch: Watch) -> None:
    shelf = Shelf([], wrong=[BrokerAway("no answer"), InputError("no stream")])
    taking, measures = taking_of(tmp_path, shelf, watch.spool)
    taking.check()
    assert (taking.wrong, measures.taken()["broker_away"]) == ("no answer", 1)
    with pytest.raises(InputError, match="no stream"):
        taking.check()
    assert shelf.calls == ["open", "close"] * 2


def span(name: str) -> dict[str, Any]:
    value = {"stringValue": "m"}
    return {
        "traceId": "ab" * 16,
        "spanId": "cd" * 8,
        "startTimeUnixNano": "1793577600000000000",
        "endTimeUnixNano": "1793577601000000000",
        "attributes": [{"key": name, "value": value}, {"key": "user.id", "value": value}],
    }


def test_spans_come_as_they_come_over_http(tmp_path: Path) -> None:
    reads = Bodies(reading_of(tmp_path), "otlp-json", 10_000)

    def export(*spans: dict[str, Any]) -> bytes:
        return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()

    read = reads.read(export(span("gen_ai.request.model"), span("http.route")))
    assert read is not None
    assert len(read.batch) + len(read.rejects) == 1
    assert reads.read(export(span("http.route"))) is None
    with pytest.raises(FormatError, match="no OTLP"):
        reads.read(lines(0, 1))
    with pytest.raises(FormatError, match="10,000 are taken"):
        reads.read(b" " * 10_001)


def test_every_format_word_is_read() -> None:
    assert {*BODY_WORDS} == {*FORMAT_WORDS, *SPANS}
