"""Files are followed while they are written: whole lines once, whatever is done to the file."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from serve.brokers.real import until
from serve.watching import START_MS, drained, lines, reading_of, state_of, watch_of
from stillwatch.serve.watch.folder import SETTLED_MS, Following
from stillwatch.serve.watch.measures import Measures
from stillwatch.serve.watch.service import Folding, Follower, Pace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.serve.watch.watch import Watch

LATER = START_MS + 2**40


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    made = tmp_path / "logs"
    made.mkdir()
    return made


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    made = watch_of(tmp_path)
    yield made
    made.close()


def following(tmp_path: Path, watch: Watch, logs: Path) -> Following:
    return Following([str(logs)], reading_of(tmp_path), watch.spool, Measures(), watch.sources)


def add(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def test_new_lines_are_read_once_and_half_a_line_waits(tmp_path: Path, logs: Path, watch: Watch) -> None:
    follows = following(tmp_path, watch, logs)
    assert follows.turn(START_MS) == 0
    assert "no log file" in follows.wrong[""]
    whole = lines(0, 6)
    cut = whole.rindex(b"\n", 0, -1) + 30
    add(logs / "a.jsonl", whole[:cut])
    assert follows.turn(START_MS) == 5
    assert follows.turn(START_MS) == 0
    add(logs / "a.jsonl", whole[cut:] + lines(6, 9))
    assert follows.turn(START_MS) == 4
    assert follows.wrong == {}
    assert drained(watch) == 9


def test_a_file_that_is_renamed_goes_on_and_its_successor_begins(tmp_path: Path, logs: Path, watch: Watch) -> None:
    follows = following(tmp_path, watch, logs)
    add(logs / "a.jsonl", lines(0, 4))
    assert follows.turn(START_MS) == 4
    (logs / "a.jsonl").rename(logs / "a.1.jsonl")
    add(logs / "a.1.jsonl", lines(4, 5))
    add(logs / "a.jsonl", lines(5, 8))
    assert follows.turn(START_MS) == 4
    assert drained(watch) == 8


def test_a_file_that_is_cut_short_in_place_is_read_from_its_start(tmp_path: Path, logs: Path, watch: Watch) -> None:
    follows = following(tmp_path, watch, logs)
    add(logs / "a.jsonl", lines(0, 9))
    follows.turn(START_MS)
    (logs / "a.jsonl").write_bytes(lines(20, 22))
    assert follows.turn(START_MS) == 2
    assert drained(watch) == 11


def test_after_a_crash_each_file_goes_on_where_its_frames_end(tmp_path: Path, logs: Path) -> None:
    watch = watch_of(tmp_path)
    follows = following(tmp_path, watch, logs)
    add(logs / "a.jsonl", lines(0, 40))
    follows.turn(START_MS)
    drained(watch)
    watch.checkpoint(START_MS)
    add(logs / "a.jsonl", lines(40, 70))
    add(logs / "b.jsonl", lines(70, 90))
    follows.turn(START_MS)
    watch.close()
    again = watch_of(tmp_path)
    drained(again)
    add(logs / "a.jsonl", lines(90, 95))
    measures = Measures()
    follows = Following([str(logs)], reading_of(tmp_path), again.spool, measures, again.sources)
    assert follows.turn(START_MS) == 5
    assert drained(again) == 5
    assert again.engine.arrays().counts.sum(axis=0)[0] == 95
    again.close()


def test_packed_files_are_read_once_when_they_are_left_alone(tmp_path: Path, logs: Path, watch: Watch) -> None:
    (logs / "a.jsonl.gz").write_bytes(gzip.compress(lines(0, 12)))
    follows = following(tmp_path, watch, logs)
    written_ms = (logs / "a.jsonl.gz").stat().st_mtime_ns // 1_000_000
    assert follows.turn(written_ms + SETTLED_MS - 1) == 0
    assert follows.turn(LATER) == 12
    assert follows.turn(LATER) == 0
    assert drained(watch) == 12
    assert following(tmp_path, watch, logs).turn(LATER) == 0


def test_a_file_that_cannot_be_read_is_told_and_the_others_go_on(tmp_path: Path, logs: Path, watch: Watch) -> None:
    add(logs / "a.jsonl", b"no json\n")
    add(logs / "b.jsonl", lines(0, 3))
    follows = following(tmp_path, watch, logs)
    assert follows.turn(START_MS) == 3
    assert [path.rsplit("/", 1)[1] for path in follows.wrong] == ["a.jsonl"]
    before = state_of(watch)
    assert follows.turn(START_MS) == 0
    assert state_of(watch) == before


def test_how_many_files_cannot_be_read_is_a_measure(tmp_path: Path, logs: Path) -> None:
    (logs / "a.jsonl").write_bytes(b"no json\n")
    measures = Measures()
    watch = watch_of(tmp_path, measures)
    folding = Folding(watch, Pace(campaigns_s=0), measures)
    follower = Follower({"files": lambda: following(tmp_path, watch, logs)}, folding, measures)
    folding.start()
    follower.start()
    until(lambda: measures.taken()["files_unread"] == 1)
    (logs / "a.jsonl").unlink()
    (logs / "b.jsonl").write_bytes(lines(0, 3))
    until(lambda: measures.taken()["events_folded"] == 3)
    follower.stop()
    folding.stop()
    watch.close()
    assert folding.failure is None
