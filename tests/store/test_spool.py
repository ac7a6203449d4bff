"""What was acknowledged is there after a crash; what was not is not there by half."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from stillwatch.model.errors import KeyFileError, SpoolError, SpoolFull
from stillwatch.store.spool.reader import Frames
from stillwatch.store.spool.segment import HEAD_BYTES, name_of, segments
from stillwatch.store.spool.writer import Spool
from store.spool_frames import frames

if TYPE_CHECKING:
    from pathlib import Path


def test_frames_come_back_in_order_over_segments(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=400)
    sent = [bytes([k]) * (k * 7 % 90) for k in range(60)]
    ends = [spool.put(content).result() for content in sent]
    assert ends == sorted(ends)
    assert len(segments(tmp_path)) > 5
    assert frames(tmp_path, ends[-1]) == sent
    assert frames(tmp_path, ends[-1], ends[20]) == sent[21:]
    assert frames(tmp_path, ends[20]) == sent[:21]
    spool.close()


def test_a_reader_goes_on_while_it_is_written_to(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=300)
    reader, seen = Frames(tmp_path), []
    for k in range(40):
        end = spool.put(str(k).encode() * 5).result()
        seen += [content for content, _ in reader.read(end)]
    assert seen == [str(k).encode() * 5 for k in range(40)]
    reader.close()
    spool.close()


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=5_000)
    with ThreadPoolExecutor(8) as pool:
        futures = list(pool.map(lambda k: spool.put(k.to_bytes(4, "big")), range(2_000)))
    end = max(done.result() for done in futures)
    assert sorted(frames(tmp_path, end)) == [k.to_bytes(4, "big") for k in range(2_000)]
    spool.close()


def test_content_does_not_lie_there_in_the_clear_and_the_key_is_its_owners(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put(b"what is the colour of the sky " * 20).result()
    spool.close()
    assert all(b"colour" not in path.read_bytes() for path in tmp_path.iterdir())
    (tmp_path / "spool.key").chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        Spool(tmp_path)


@pytest.mark.parametrize("cut", [1, 5, 19, 40])
def test_a_torn_tail_is_cut_off_and_all_before_it_stays(tmp_path: Path, cut: int) -> None:
    spool = Spool(tmp_path)
    for content in (b"first", b"second", b"t" * 40):
        end = spool.put(content).result()
    spool.close()
    path = tmp_path / name_of(end.segment)
    os.truncate(path, path.stat().st_size - cut)
    again = Spool(tmp_path)
    after = again.put(b"later").result()
    assert frames(tmp_path, after) == [b"first", b"second", b"later"]
    again.close()


def test_a_head_that_was_cut_short_held_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    end = spool.put(b"first").result()
    spool.close()
    (tmp_path / name_of(end.segment + 1)).write_bytes(b"SWSPOOL1\x02")
    again = Spool(tmp_path)
    assert frames(tmp_path, again.put(b"second").result()) == [b"first", b"second"]
    again.close()


def test_damage_that_is_no_torn_tail_is_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    ends = [spool.put(bytes([k]) * 50).result() for k in range(3)]
    spool.close()
    path = tmp_path / name_of(ends[0].segment)
    written = bytearray(path.read_bytes())
    written[ends[0].offset + 10] ^= 1
    path.write_bytes(written)
    with pytest.raises(SpoolError, match="damaged"):
        Spool(tmp_path)
    with pytest.raises(SpoolError, match="damaged"):
        frames(tmp_path, ends[-1])


def test_frames_that_change_places_do_not_open(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first, second = (spool.put(bytes([k]) * 50).result() for k in range(2))
    spool.close()
    path = tmp_path / name_of(first.segment)
    written = path.read_bytes()
    head, a, b = written[:HEAD_BYTES], written[HEAD_BYTES : first.offset], written[first.offset :]
    path.write_bytes(head + b + a)
    with pytest.raises(SpoolError, match="damaged"):
        frames(tmp_path, second)


def test_a_missing_segment_is_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=100)
    ends = [spool.put(b"x" * 120).result() for _ in range(4)]
    (tmp_path / name_of(ends[2].segment)).unlink()
    with pytest.raises(SpoolError, match="missing"):
        frames(tmp_path, ends[-1], ends[0])
    spool.close()


def test_segments_that_are_folded_are_dropped_and_no_others(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=100)
    ends = [spool.put(bytes([k]) * 120).result() for k in range(6)]
    assert spool.drop(ends[3]) == 3
    assert frames(tmp_path, ends[-1], ends[3]) == [bytes([k]) * 120 for k in (4, 5)]
    spool.turn().result()
    assert spool.nbytes == sum(path.stat().st_size for path in tmp_path.glob("*.spool"))
    spool.close()


def test_a_turn_begins_a_segment_so_that_what_is_folded_can_go(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first = spool.put(b"folded").result()
    turned = spool.turn().result()
    assert turned.segment == first.segment + 1
    assert spool.turn().result() == turned
    assert spool.drop(turned) == 1
    assert frames(tmp_path, spool.put(b"next").result(), turned) == [b"next"]
    spool.close()


def test_a_full_spool_refuses_and_takes_again_once_folded(tmp_path: Path) -> None:
    spool = Spool(tmp_path, most_bytes=2_000, segment_bytes=500)
    while spool.nbytes + 100 <= 2_000:
        spool.put(b"y" * 100).result()
    with pytest.raises(SpoolFull, match="behind"):
        spool.put(b"y" * 100)
    spool.drop(spool.end)
    spool.put(b"y" * 100).result()
    spool.close()


def test_two_writers_are_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(SpoolError, match="another"):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()


def test_a_full_disk_keeps_nothing_of_what_it_refused(tmp_path: Path) -> None:
    """A limit on the length of files stands for the full disk: the write stops in the middle of a frame."""
    program = f"""
import resource, signal
from pathlib import Path
from stillwatch.store.spool.writer import Spool
from stillwatch.model.errors import SpoolFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
spool = Spool(Path({str(tmp_path)!r}))
spool.put(b"kept").result()
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
try:
    spool.put(b"refused" * 1_000).result()
except SpoolFull as error:
    print("full")
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
end = spool.put(b"after").result()
spool.close()
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout == "full\n"
    again = Spool(tmp_path)
    assert frames(tmp_path, again.put(b"end").result()) == [b"kept", b"after", b"end"]
    again.close()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def under_a_limit(tmp_path: Path, body: str) -> str:
    program = f"""
import os, resource, signal
from pathlib import Path
from stillwatch.store.spool.writer import Spool
from stillwatch.model.errors import SpoolFull
folder = Path({str(tmp_path)!r})
def limited(what, most):
    resource.setrlimit(what, (most, resource.getrlimit(what)[1]))
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
{body}
"""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_a_disk_with_room_for_nothing_is_taken_up_again_once_it_has_some(tmp_path: Path) -> None:
    """Not even a segment can be begun; later the same spool goes on, in the same run."""
    body = """
spool = Spool(folder)
spool.put(b"kept").result()
limited(resource.RLIMIT_FSIZE, 20)
for _ in range(3):
    try:
        spool.put(b"refused").result()
    except SpoolFull:
        print("full")
try:
    spool.turn().result()
except SpoolFull:
    print("no turn")
limited(resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
spool.put(b"after").result()
spool.close()
"""
    assert under_a_limit(tmp_path, body) == "full\nfull\nfull\nno turn\n"
    again = Spool(tmp_path)
    assert frames(tmp_path, again.put(b"end").result()) == [b"kept", b"after", b"end"]
    again.close()


def test_a_segment_that_cannot_be_begun_leaves_the_one_before_in_use(tmp_path: Path) -> None:
    """No more files may be opened when the segment is long enough: it grows on, and later it is left."""
    body = """
spool = Spool(folder, segment_bytes=100)
limited(resource.RLIMIT_NOFILE, 3)
first = [spool.put(b"x" * 90).result().segment for _ in range(3)]
limited(resource.RLIMIT_NOFILE, FILES)
spool.put(b"x" * 90).result()
last = spool.put(b"x" * 90).result().segment
print(len(set(first)), last > first[0])
spool.close()
"""
    assert under_a_limit(tmp_path, body) == "1 True\n"
    again = Spool(tmp_path)
    assert frames(tmp_path, again.end) == [b"x" * 90] * 5
    again.close()


def test_whoever_waits_is_told_when_the_writing_thread_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)

    def ends(*given: object) -> None:
        raise ValueError(f"of no kind that is foreseen: {len(given)}")

    monkeypatch.setattr(spool, "_write", ends)
    with pytest.raises(SpoolError, match="foreseen"):
        spool.put(b"one").result(timeout=20)
    with pytest.raises(SpoolError, match="start again"):
        spool.put(b"two")
    spool.close()


def test_half_a_key_is_never_left(tmp_path: Path) -> None:
    """Killed while the key is written: the next start writes one, nothing was sealed with the half."""
    (tmp_path / "spool.key.new").write_bytes(b"half")
    spool = Spool(tmp_path)
    end = spool.put(b"sealed").result()
    assert (tmp_path / "spool.key").stat().st_size == 32
    assert not (tmp_path / "spool.key.new").exists()
    assert frames(tmp_path, end) == [b"sealed"]
    spool.close()


@pytest.mark.parametrize("seed", range(4))
def test_kill_nine_loses_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    program = f"""
import sys
from pathlib import Path
from stillwatch.store.spool.writer import Spool
spool = Spool(Path({str(tmp_path)!r}), segment_bytes=3_000)
k = 0
while True:
    waiting = [spool.put((k + j).to_bytes(4, "big") * 9) for j in range(7)]
    for done in waiting:
        done.result()
    k += 7
    sys.stdout.write(f"{{k}}\\n"); sys.stdout.flush()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if int(line) >= 140 * (seed + 1):
                running.send_signal(signal.SIGKILL)
                break
        rest = running.stdout.read().split()
    acknowledged = int(rest[-1] if rest else line)
    again = Spool(tmp_path)
    found = [int.from_bytes(content[:4], "big") for content in frames(tmp_path, again.end)]
    again.close()
    assert found == list(range(len(found)))
    assert len(found) >= acknowledged
