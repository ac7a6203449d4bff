"""Inputs are found once each and opened as what they are."""

from __future__ import annotations

import gzip
import os
import threading
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from ingest.reading import read_files
from stillwatch.ingest.sources import OpenSource, expand
from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from pathlib import Path

LINES = b"".join(b'{"event_id":"e%d","ts_ms":%d,"account_id":"a"}\n' % (n, 1795433819245 + n) for n in range(20_000))


def zstd(data: bytes) -> bytes:
    return pa.compress(data, "zstd", asbytes=True)


def content(path: Path, room: int = 1000) -> tuple[bytes, str]:
    opened = OpenSource(expand([str(path)])[0])
    parts = []
    try:
        while got := opened.read_into(into := np.empty(room, np.uint8)):
            parts.append(into[:got].tobytes())
    finally:
        opened.close()
    return b"".join(parts), opened.incomplete


def test_files_folders_and_patterns_each_file_once(tmp_path: Path) -> None:
    for name in (
        "b.jsonl",
        "a.log",
        "sub/c.json.gz",
        "sub/d.parquet",
        ".hidden.jsonl",
        "notes.txt",
        "sub/x.jsonl/y.ndjson",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "again.jsonl").symlink_to(tmp_path / "b.jsonl")

    found = [str(s.path) for s in expand([str(tmp_path), f"{tmp_path}/*.jsonl", f"{tmp_path}/./b.jsonl", "-", "-"])]

    names = [path.removeprefix(f"{tmp_path}/") for path in found]
    assert names == ["a.log", "again.jsonl", "sub/c.json.gz", "sub/d.parquet", "sub/x.jsonl/y.ndjson", "-"]
    assert [s.path.rpartition("/")[2] for s in expand([f"{tmp_path}/*"])] == ["a.log", "again.jsonl", "notes.txt"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("{}/none.jsonl", "no such file, and no file matches"),
        ("{}/*.jsonl", "no such file, and no file"),
        ("{}", "the folder holds no log file"),
        ("{}/" + "n" * 300, "File name too long|no such file"),
        ("{}/\x00", "null byte|no such file"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, given: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        expand([given.format(tmp_path)])


def test_a_path_under_a_file_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(InputError, match="no such file"):
        expand([f"{tmp_path}/file/log.jsonl"])


@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        gzip.compress,
        zstd,
        lambda d: gzip.compress(d[:5000], mtime=0) + gzip.compress(d[5000:]),
        lambda d: zstd(d[:5000]) + zstd(d[5000:]),
    ],
    ids=["plain", "gzip", "zstd", "gzips", "zstds"],
)
@pytest.mark.parametrize("name", ["log.jsonl", "log.gz", "log.zst"])
def test_compression_is_told_by_the_bytes(tmp_path: Path, pack, name: str) -> None:
    (tmp_path / name).write_bytes(pack(LINES))

    assert content(tmp_path / name, 9_999) == (LINES, "")


@pytest.mark.parametrize(("pack", "kind"), [(gzip.compress, "gzip"), (zstd, "zstd")])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_gives_what_it_holds_and_says_so(tmp_path: Path, pack, kind: str, share: float) -> None:
    rng = np.random.default_rng(1)
    data = b"".join(b'{"event_id":"%d"}\n' % n for n in rng.integers(0, 2**60, 50_000))
    packed = pack(data)
    (tmp_path / "log").write_bytes(packed[: int(len(packed) * share)])

    got, why = content(tmp_path / "log", 1 << 24)

    assert data.startswith(got)
    assert why.startswith(f"the {kind} archive is truncated or damaged")
    if kind == "gzip":
        whole = zlib.decompressobj(31).decompress((tmp_path / "log").read_bytes())
        assert len(got) > len(whole) - 500, "nothing that could be unpacked is lost"
    assert len(got) > len(data) * share - 200_000, "but for a block that was cut in two"


def test_a_damaged_archive_ends_there(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(os.urandom(300_000), mtime=0))
    packed[len(packed) // 2 : len(packed) // 2 + 200] = b"\xff" * 200
    (tmp_path / "log").write_bytes(bytes(packed))

    _, why = content(tmp_path / "log")

    assert "truncated or damaged" in why


def test_a_named_pipe_is_read_once_and_whole(tmp_path: Path) -> None:
    for packed in (LINES, gzip.compress(LINES, mtime=0), zstd(LINES)):
        pipe = tmp_path / f"pipe{len(packed)}"
        os.mkfifo(pipe)
        feeder = threading.Thread(target=pipe.write_bytes, args=(packed,))
        feeder.start()
        read = read_files([pipe])
        feeder.join(10)

        assert (read.counts[0].accepted, read.counts[0].incomplete) == (20_000, "")


def test_parquet_from_a_pipe_is_refused_with_advice(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    feeder = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"PAR1" + b"x" * 50,))
    feeder.start()

    with pytest.raises(FormatError, match="Parquet cannot be read from a pipe; give the path of the file"):
        read_files([tmp_path / "pipe"])
    feeder.join(10)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the source is empty"),
        (b" \n\r\n\t", "the source is empty"),
        (b"\x1f\x8b", "gzip archive is truncated or damaged.*nothing could be read"),
        (gzip.compress(b"", mtime=0), "the source is empty"),
        ('{"a":1}'.encode("utf-16"), "it is UTF-16; write it as UTF-8"),
        (b"BZh91AY&SY" + b"x" * 50, "bzip2.*gzip and zstd are read"),
        (b"PK\x03\x04" + b"x" * 50, "zip archive"),
        (b"\xfd7zXZ\x00" + b"x" * 50, "xz archive"),
        (bytes(range(256)) * 20, "it looks binary"),
        (b"2026-11-20 13:46:19 GET /v1/chat 200\n" * 50, "no JSON object.*it looks like text"),
        (b"\x00" * 3000, "it looks binary"),
    ],
)
def test_what_is_no_log_says_what_it_looks_like(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "log.jsonl").write_bytes(data)

    with pytest.raises(FormatError, match=reason):
        read_files([tmp_path])
