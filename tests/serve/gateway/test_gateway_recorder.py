"""What a gateway writes down: each call once, whatever ends the gateway; what barriers changed, for an appeal."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from serve.gateway.wire import BODY, post
from stillwatch.cli import main
from stillwatch.model.decision import Action
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.serve.gateway.record.frames import event_of, unfinished
from stillwatch.serve.gateway.recorder import APPLIED, Recorder, read_applied
from stillwatch.serve.gateway.settings import Records
from stillwatch.store.spool.segment import name_of, segments
from stillwatch.store.spool.tail import Tail, say_taken

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_790_000_000_000
SECRET = "correct-horse-battery"  # noqa: S105  of a test


def recorder(folder: Path, **bounds: int) -> Recorder:
    return Recorder(folder, Records(**bounds), lambda: NOW)


def events(folder: Path) -> list[dict[str, Any]]:
    tail = Tail(folder)
    found = [json.loads(line) for frame, _ in tail.read(1 << 40) if (line := event_of(frame)) is not None]
    tail.close()
    return found


def written(folder: Path, many: int) -> list[dict[str, Any]]:
    """Wait for events: a call is written down when its answer has gone."""
    end = time.monotonic() + 5
    while len(found := events(folder)) < many:
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def test_a_call_without_an_end_becomes_an_event_once(tmp_path):
    first = recorder(tmp_path)
    for n in range(3):
        first.begin(f"sw-{n}", {"account_id": "team-1", "ts_ms": NOW + n, "prompt": "secret", "system": "s"})
    first.put("sw-1", {"account_id": "team-1", "ts_ms": NOW + 1, "event_id": "chat-1", "status": 200})
    # As kill -9 leaves it: nothing is closed in order.
    os.close(first._events._lock)
    os.close(first._applied._lock)

    second = recorder(tmp_path)
    assert second.recovered == 2
    told = events(tmp_path)
    assert [one["event_id"] for one in told] == ["sw-1", "sw-0", "sw-2"]
    assert told[1] == {"account_id": "team-1", "ts_ms": NOW, "event_id": "sw-0"}
    second.close()

    third = recorder(tmp_path)
    assert third.recovered == 0
    assert len(events(tmp_path)) == 3


def test_one_id_that_a_model_gives_to_many_answers_makes_many_events(tmp_path):
    one = recorder(tmp_path)
    for n in range(3):
        one.put(f"sw-{n}", {"event_id": "chatcmpl-0"})

    assert [each["event_id"] for each in events(tmp_path)] == ["sw-0", "sw-1", "sw-2"]


def test_segments_stay_while_a_call_in_them_is_under_way_and_no_longer(tmp_path, monkeypatch):
    monkeypatch.setattr("stillwatch.store.spool.journal.SEGMENT_BYTES", 2_000)
    one = recorder(tmp_path)
    one._events._segment_bytes = 2_000
    one.begin("sw-long", {"ts_ms": NOW})
    for n in range(20):
        one.begin(f"sw-{n}", {"ts_ms": NOW})
        one.put(f"sw-{n}", {"text": "x" * 150})
    tail = Tail(tmp_path)
    assert len(list(tail.read(1 << 40))) == 41
    say_taken(tmp_path, tail.position)
    one.tend()
    assert segments(tmp_path)[0] == 1
    assert set(unfinished(tmp_path)) == {"sw-long"}

    for n in range(20, 90):
        one.begin(f"sw-{n}", {"ts_ms": NOW})
        one.put(f"sw-{n}", {"text": "x" * 150})
    list(tail.read(1 << 40))
    say_taken(tmp_path, tail.position)
    one.tend()
    # The endless call was begun anew in a later segment.
    assert segments(tmp_path)[0] > 1
    assert set(unfinished(tmp_path)) == {"sw-long"}


def test_what_cannot_be_written_is_counted_and_no_call_fails(tmp_path):
    one = recorder(tmp_path, most_bytes=1_000)
    for n in range(20):
        one.begin(f"sw-{n}", {"ts_ms": NOW})
        one.put(f"sw-{n}", {"text": "x" * 100})
    assert 0 < one.dropped < 20
    assert one.wrong == "SpoolFull"

    dropped = one.dropped
    one.put("sw-x", {"text": object()})
    assert one.dropped == dropped + 1
    one.close()
    one.put("sw-late", {"text": "x"})
    assert one.dropped == dropped + 2


def test_what_barriers_changed_is_kept_for_its_days(tmp_path):
    one = recorder(tmp_path, keep_days=10)
    entry = {"account": "a_0", "decision": "d-1", "clause": "c", "tier": "throttle", "changes": []}
    one.put("sw-1", {"event_id": "e-1", "ts_ms": NOW, "status": 429, "enforced": entry})
    one.put("sw-2", {"event_id": "e-2", "ts_ms": NOW})
    one.applied({"call": "sw-3", "ts_ms": NOW, **entry})
    assert list(read_applied(tmp_path)) == [
        {"call": "sw-1", "answer_id": "e-1", "ts_ms": NOW, "status": 429, **entry},
        {"call": "sw-3", "ts_ms": NOW, **entry},
    ]
    assert "enforced" not in events(tmp_path)[0]
    one.close()

    later = recorder(tmp_path)
    old = NOW / 1000 - 91 * 86_400
    os.utime(tmp_path / APPLIED / name_of(1), (old, old))
    later.tend()
    assert list(read_applied(tmp_path)) == []


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_an_appeal_finds_what_was_changed_and_reads_no_content(tmp_path, gateways, secret, capsys):
    sink = recorder(tmp_path / "spool")
    limits = {"rate": {"account_burst": 1.0, "account_per_min": 0.01}, "delay": {"used": False}}
    gateway = gateways(sink=sink, barriers=limits, decisions={"secret_file": secret})
    gateway.put("team-1", Action.RESTRICT)
    name = json.loads(BODY)["messages"][0]["content"]
    post(gateway.port, BODY)
    account = written(tmp_path / "spool", 1)[0]["account_id"]
    gateway.put(account, Action.RESTRICT)
    post(gateway.port, {**json.loads(BODY), "n": 4})
    written(tmp_path / "spool", 2)
    asked = {"account": "team-1", "shape": "chat", "request": {"n": 9}}
    assert post(gateway.port, asked, path="/v1/decide", key=SECRET)[0] == 200

    pseudonym = pseudonym_text(gateway.parts.callers.account(account))
    assert main(["applied", "--spool", str(tmp_path / "spool"), "--account", pseudonym, "--json"]) == 0
    [told] = map(json.loads, capsys.readouterr().out.splitlines())
    assert (told["decision"], told["clause"], told["tier"]) == ("d-RESTRICT", "no-copying", "restrict")
    assert told["changes"] == [{"barrier": "samples", "what": "n 4 -> 1", "times": 1}]
    assert told["status"] == 200

    assert main(["applied", "--spool", str(tmp_path / "spool"), "--decision", "d-RESTRICT"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("samples: n ") == 2
    assert name not in shown
    assert account not in shown
    assert main(["applied", "--spool", str(tmp_path / "spool"), "--call", told["call"], "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["applied", "--spool", str(tmp_path / "none")]) == 2


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_call_is_begun_before_the_model_gets_it_and_only_then(model, gateways):
    gateway = gateways()
    seen = []
    whole = model._answer

    async def looks(*given: Any) -> None:
        seen.append(list(gateway.sink.begun))
        await whole(*given)

    model._answer = looks
    try:
        post(gateway.port, BODY)
        post(gateway.port, BODY, path="/v1/unknown")
    finally:
        del model._answer
    assert len(seen) == 1
    assert seen[0] == gateway.sink.begun
    assert len(seen[0]) == 1
