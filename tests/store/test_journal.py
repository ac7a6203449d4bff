"""Journals: what was appended is read, once and in order, whatever happens to the writer, the reader or the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillwatch.model.errors import SpoolError, SpoolFull
from stillwatch.store.spool import journal as module
from stillwatch.store.spool.journal import Journal
from stillwatch.store.spool.segment import HEAD_BYTES, START, Position, name_of, segments
from stillwatch.store.spool.tail import TAKEN, Tail, read_taken, say_taken

if TYPE_CHECKING:
    from pathlib import Path

ALL = 1 << 40


def read(folder: Path, at: Position = START, most: int = ALL) -> tuple[list[bytes], Position]:
    tail = Tail(folder, at)
    frames = [frame for frame, _ in tail.read(most)]
    tail.close()
    return frames, tail.position


def test_a_frame_is_read_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    journal, tail = Journal(tmp_path), Tail(tmp_path)
    for n in range(3):
        journal.append(b"frame %d" % n)
        assert [frame for frame, _ in tail.read(ALL)] == [b"frame %d" % n]
    assert list(tail.read(ALL)) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 300), min_size=1, max_size=40), most=st.integers(1, 700), again=st.data())
def test_whoever_stops_and_goes_on_reads_each_frame_once(tmp_path_factory, sizes, most, again) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder, segment_bytes=500)
    written = [bytes([n % 256]) * size for n, size in enumerate(sizes)]
    got: list[bytes] = []
    at = START
    for frame in written:
        journal.append(frame)
        if again.draw(st.booleans()):
            some, at = read(folder, at, most)
            got += some
    for _ in written:
        some, at = read(folder, at, most)
        got += some
    assert got == written
    assert len(segments(folder)) > 1 or sum(sizes[:-1]) < 500


@pytest.mark.parametrize("cut", [1, 3, 10, 25])
def test_a_torn_tail_is_waited_for_and_cut_off_by_the_next_writer(tmp_path: Path, cut: int) -> None:
    journal = Journal(tmp_path)
    journal.append(b"whole")
    journal.append(b"torn one")
    journal.close()
    path = tmp_path / name_of(1)
    os.truncate(path, path.stat().st_size - cut)

    got, at = read(tmp_path)
    assert got == [b"whole"]
    later = Journal(tmp_path)
    later.append(b"after")
    assert read(tmp_path, at)[0] == [b"after"]


@pytest.mark.parametrize("there", [2, 4, 9, 30])
def test_a_frame_that_is_being_written_is_waited_for(tmp_path: Path, there: int) -> None:
    journal, tail = Journal(tmp_path), Tail(tmp_path)
    journal.append(b"whole")
    assert len(list(tail.read(ALL))) == 1
    begin = tail.position.offset
    journal.append(b"a frame of some length")
    path = tmp_path / name_of(1)
    whole = path.read_bytes()
    path.write_bytes(whole[: begin + there].ljust(len(whole), b"\0"))
    assert list(tail.read(ALL)) == []

    path.write_bytes(whole)
    assert [frame for frame, _ in tail.read(ALL)] == [b"a frame of some length"]


def test_segments_have_room_while_they_are_written_and_none_when_they_are_full(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=1_000)
    for _ in range(9):
        journal.append(b"x" * 200)
        journal.settle()
    sizes = [(tmp_path / name_of(number)).stat().st_size for number in segments(tmp_path)]
    assert sizes[-1] > 1_000_000
    assert max(sizes[:-1]) < 1_300
    assert sum(sizes[:-1]) < journal.nbytes < sum(sizes[:-1]) + 1_300
    journal.close()
    assert not (tmp_path / "next.part").exists()
    assert max(path.stat().st_size for path in tmp_path.iterdir()) < 1_300


def test_what_a_loss_of_power_took_back_is_passed_by_a_reader_that_had_seen_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"on the disk")
    kept = (tmp_path / name_of(1)).stat().st_size
    journal.append(b"only in memory")
    _, at = read(tmp_path)
    journal.close()
    os.truncate(tmp_path / name_of(1), kept)

    Journal(tmp_path).append(b"after")
    assert read(tmp_path, at)[0] == [b"after"]


def test_a_changed_byte_is_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    journal.append(b"two")
    path = tmp_path / name_of(1)
    content = bytearray(path.read_bytes())
    content[HEAD_BYTES + 5] ^= 1
    path.write_bytes(content)

    with pytest.raises(SpoolError, match=r"frame 0 of segment 1 .* damaged"):
        read(tmp_path)


@pytest.mark.parametrize("gone", [1, 2])
def test_a_missing_segment_is_told(tmp_path: Path, gone: int) -> None:
    journal = Journal(tmp_path, segment_bytes=50)
    for _ in range(4):
        journal.append(b"x" * 60)
    (tmp_path / name_of(gone)).unlink()

    with pytest.raises(SpoolError, match=f"segment {gone} is missing"):
        read(tmp_path, Position(1, 0, 32))


def test_a_segment_that_ends_within_a_frame_though_another_follows_is_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=50)
    journal.append(b"x" * 60)
    journal.append(b"y")
    os.truncate(tmp_path / name_of(1), 60)

    with pytest.raises(SpoolError, match="cut short"):
        read(tmp_path)


def test_the_bound_refuses_and_dropping_makes_room(tmp_path: Path) -> None:
    journal = Journal(tmp_path, most_bytes=1000, segment_bytes=300)
    for _ in range(8):
        journal.append(b"x" * 90)
    with pytest.raises(SpoolFull, match="nobody takes it over"):
        journal.append(b"x" * 190)
    held = journal.nbytes
    assert 800 < held <= 1000

    _, at = read(tmp_path)
    say_taken(tmp_path, at)
    assert journal.drop(read_taken(tmp_path).segment) == len(segments(tmp_path)) + 1 or journal.nbytes < held
    assert segments(tmp_path) == [journal.number]
    journal.append(b"room")
    assert read(tmp_path, at)[0] == [b"room"]


def test_a_full_disk_leaves_no_half_frame_and_uses_no_number_twice(tmp_path: Path, monkeypatch) -> None:
    journal = Journal(tmp_path)
    journal.append(b"before")
    real = os.pwrite
    monkeypatch.setattr(module.os, "pwrite", lambda file, content, at: real(file, content[: len(content) // 2], at))
    with pytest.raises(SpoolFull, match="full"):
        journal.append(b"half of it is written")
    monkeypatch.undo()

    journal.append(b"after")
    journal.settle()
    assert read(tmp_path)[0] == [b"before", b"after"]
    assert journal.number == 2


def test_one_writer_a_folder_and_files_for_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    journal = Journal(folder)
    journal.append(b"secret text")
    with pytest.raises(SpoolError, match="another watch or gateway writes"):
        Journal(folder)
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert b"secret" not in (folder / name_of(1)).read_bytes()


def test_segments_of_long_ago_are_dropped_by_age(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=50)
    for _ in range(3):
        journal.append(b"x" * 60)
    os.utime(tmp_path / name_of(1), (1_000, 1_000))

    assert journal.drop_older(2_000_000) == 1
    assert segments(tmp_path) == [2, 3]


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", "[1, 2, -3]", "[1, 2, true]", '["a", 1, 2]', "[1", "null"])
def test_what_is_no_position_says_nothing_was_taken_over(tmp_path: Path, text: str) -> None:
    assert read_taken(tmp_path) == START
    (tmp_path / TAKEN).write_text(text)
    assert read_taken(tmp_path) == START
    say_taken(tmp_path, Position(3, 2, 99))
    assert read_taken(tmp_path) == Position(3, 2, 99)


def test_another_journal_in_the_same_folder_has_another_name(tmp_path: Path) -> None:
    Journal(tmp_path / "a").close()
    Journal(tmp_path / "b").close()
    assert Tail(tmp_path / "a").name == Tail(tmp_path / "a").name != Tail(tmp_path / "b").name
