"""A watch takes over what a gateway wrote: every event once, whoever stops when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from serve.watching import START_MS, drained, lines, reading_of, record, state_of, watch_of
from stillwatch.ingest.body import BodyReader
from stillwatch.model.errors import InputError, SpoolError, SpoolFull
from stillwatch.serve.gateway.recorder import Recorder
from stillwatch.serve.gateway.settings import Records
from stillwatch.serve.watch.folder import Following
from stillwatch.serve.watch.measures import Measures
from stillwatch.serve.watch.taking import Taking
from stillwatch.store.spool.batches import shut_batch
from stillwatch.store.spool.segment import START, name_of
from stillwatch.store.spool.tail import read_taken

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.serve.watch.watch import Watch


def gateway_of(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "gateway", Records(), lambda: START_MS)


def called(one: Recorder, first: int, last: int) -> None:
    for k in range(first, last):
        one.begin(f"event-{k}", record(k))
        one.put(f"event-{k}", record(k))


def taking_of(tmp_path: Path, watch: Watch, measures: Measures | None = None) -> Taking:
    given = (reading_of(tmp_path), watch.spool, measures or Measures(), watch.sources)
    return Taking(tmp_path / "gateway", *given)


def folded(watch: Watch) -> int:
    return int(watch.engine.arrays().counts[:, 0].sum())


def test_calls_become_events_and_the_gateway_may_drop_them(tmp_path: Path) -> None:
    one, watch, measures = gateway_of(tmp_path), watch_of(tmp_path), Measures()
    called(one, 0, 30)
    one.begin("sw-open", record(99))

    taking = taking_of(tmp_path, watch, measures)
    assert taking.turn(START_MS) == 30
    assert drained(watch) == 30
    assert folded(watch) == 30
    assert len(watch.engine) == 7
    assert measures.taken()["events_in"] == 30
    assert read_taken(tmp_path / "gateway") > START
    assert taking.turn(START_MS) == 0
    called(one, 30, 31)
    assert taking.turn(START_MS) == 1
    watch.close()


def test_events_are_those_that_a_log_of_the_same_records_gives(tmp_path: Path) -> None:
    one, watch = gateway_of(tmp_path), watch_of(tmp_path)
    called(one, 0, 50)
    taking_of(tmp_path, watch).turn(START_MS)
    drained(watch)
    through = state_of(watch)
    watch.close()

    (tmp_path / "watch").rename(tmp_path / "other")
    straight = watch_of(tmp_path)
    straight.spool.put(shut_batch(BodyReader(reading_of(tmp_path)).read(lines(0, 50)).batch)).result()
    drained(straight)
    assert state_of(straight) == through
    straight.close()


@pytest.mark.parametrize("crash", ["before the checkpoint", "after the checkpoint", "before it was told"])
def test_a_watch_that_starts_again_goes_on_where_it_was(tmp_path: Path, crash: str, monkeypatch: Any) -> None:
    one, watch = gateway_of(tmp_path), watch_of(tmp_path)
    called(one, 0, 20)
    if crash == "before it was told":
        monkeypatch.setattr("stillwatch.serve.watch.taking.say_taken", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            taking_of(tmp_path, watch).turn(START_MS)
        monkeypatch.undo()
    else:
        taking_of(tmp_path, watch).turn(START_MS)
    drained(watch)
    if crash == "after the checkpoint":
        watch.checkpoint(START_MS)
    watch.close()

    called(one, 20, 25)
    again = watch_of(tmp_path)
    drained(again)
    assert taking_of(tmp_path, again).turn(START_MS) == 5
    assert drained(again) == 5
    assert folded(again) == 25
    again.close()


def test_a_spool_without_room_takes_nothing_over_and_tries_again(tmp_path: Path, monkeypatch: Any) -> None:
    one, watch = gateway_of(tmp_path), watch_of(tmp_path)
    called(one, 0, 5)
    taking = taking_of(tmp_path, watch)

    def full(_: bytes) -> None:
        raise SpoolFull("no room")

    monkeypatch.setattr(watch.spool, "put", full)
    with pytest.raises(SpoolFull):
        taking.turn(START_MS)
    monkeypatch.undo()
    assert read_taken(tmp_path / "gateway") == START
    assert taking.turn(START_MS) == 5
    watch.close()


def test_a_damaged_journal_is_told_and_what_lay_before_it_counts(tmp_path: Path) -> None:
    one, watch = gateway_of(tmp_path), watch_of(tmp_path)
    called(one, 0, 5)
    path = tmp_path / "gateway" / name_of(1)
    whole = path.read_bytes()
    path.write_bytes(whole[:50] + bytes([whole[50] ^ 1]) + whole[51:])

    with pytest.raises(SpoolError, match="damaged"):
        taking_of(tmp_path, watch).turn(START_MS)
    path.write_bytes(whole)
    assert taking_of(tmp_path, watch).turn(START_MS) == 5
    watch.close()


def test_files_and_gateways_are_followed_side_by_side(tmp_path: Path) -> None:
    one, watch = gateway_of(tmp_path), watch_of(tmp_path)
    called(one, 0, 5)
    taking_of(tmp_path, watch).turn(START_MS)
    drained(watch)

    assert Following((), reading_of(tmp_path), watch.spool, Measures(), watch.sources)._files == {}
    watch.close()


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        taking_of(tmp_path, watch)
    watch.close()
