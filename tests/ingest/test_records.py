"""Bytes are cut into records without losing or doubling one, and each keeps its line."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reading import array, read_files
from stillwatch.config import Config
from stillwatch.ingest.records import Chunk, cut_documents, cut_lines, documents, sample
from stillwatch.ingest.sources import OpenSource, Source
from stillwatch.model.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np


class Bytes(OpenSource):
    """A source in memory that gives some bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.source, self.data, self.incomplete = Source("log", len(data)), data, ""

    def read_into(self, room: np.ndarray) -> int:
        given_, self.data = self.data[: room.shape[0]], self.data[room.shape[0] :]
        room[: len(given_)] = array(given_)
        return len(given_)


def records(chunks: Iterable[Chunk]) -> tuple[list[tuple[int, bytes]], list[int]]:
    found, long = [], []
    for chunk in chunks:
        rows = zip(chunk.line.tolist(), chunk.start.tolist(), chunk.end.tolist(), strict=True)
        found += [(line, chunk.buffer[start:end].tobytes()) for line, start, end in rows]
        long += chunk.too_long
    return found, long


def cut(
    data: bytes, *, head: int = 0, chunk: int = 7, most: int = 1 << 20
) -> tuple[list[tuple[int, bytes]], list[int]]:
    return records(cut_lines(Bytes(data[head:]), array(data[:head]), chunk, most))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"")), max_size=12),
    st.integers(0, 30),
    st.integers(1, 40),
)
def test_lines_are_whole_whatever_the_chunks(lines: list[bytes], head: int, chunk: int) -> None:
    data = b"\n".join(lines)
    expected = [(n, line) for n, line in enumerate(lines, 1) if line.strip(b" \t\r")]
    if data.startswith(b"\xef\xbb\xbf") and head >= 3:
        return

    assert cut(data, head=head, chunk=chunk) == (expected, [])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=12), st.integers(0, 60), st.integers(1, 50))
def test_a_line_too_long_is_named_and_passed_over_wherever_it_is_cut(lengths: list[int], head: int, chunk: int) -> None:
    lines = [bytes([0x61 + n % 26]) * length for n, length in enumerate(lengths)]

    found, long = cut(b"\n".join(lines), head=head, chunk=chunk, most=20)

    assert found == [(n, line) for n, line in enumerate(lines, 1) if 0 < len(line) <= 20]
    assert sorted(long) == [n for n, line in enumerate(lines, 1) if len(line) > 20]


def test_blank_lines_carriage_returns_and_a_mark_at_the_beginning() -> None:
    data = b'\xef\xbb\xbf{"a":1}\r\n\r\n   \t\n{"a":2}\n\n'

    assert cut(data, head=10)[0] == [(1, b'{"a":1}\r'), (4, b'{"a":2}')]


def test_a_last_line_needs_no_end() -> None:
    assert cut(b"a\nb")[0] == [(1, b"a"), (2, b"b")]
    assert cut(b"a\nb\n")[0] == [(1, b"a"), (2, b"b")]


def pieces(data: bytes) -> list[bytes]:
    starts, ends = documents(array(data))
    return [data[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1}{"b":2}', [b'{"a":1}', b'{"b":2}']),
        (b'[{"a":1},\n {"b":[{"c":2}]}]', [b'{"a":1}', b'{"b":[{"c":2}]}']),
        (b'{"a":"}{\\"["}', [b'{"a":"}{\\"["}']),
        (b'{"a":"\xff"} {"b":1}', [b'{"a":"\xff"}', b'{"b":1}']),
        (b'{"a":"\x01"} {"b":1}', [b'{"a":"\x01"}', b'{"b":1}']),
        (b'[1, "x{", {"a":1}, null]', [b"1", b'"x{"', b'{"a":1}', b"null"]),
        (b'garbage {"a":1} more}', [b"garbage", b'{"a":1}', b"more}"]),
        (b'{"a":1', [b'{"a":1']),
        (b'{"a":"x', [b'{"a":"x']),
        (b'{"a":"\\', [b'{"a":"\\']),
        (b'"', [b'"']),
        (b"", []),
        (b" [ ] , ", []),
    ],
)
def test_documents_and_what_stands_between_them(data: bytes, expected: list[bytes]) -> None:
    assert pieces(data) == expected


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_every_byte_is_in_a_document_or_stands_for_nothing(data: bytes) -> None:
    found = pieces(data)

    assert sum(map(len, found)) + sum(data.count(c) for c in (b" ", b"\t", b"\n", b"\r", b",", b"[", b"]")) >= len(data)
    assert all(found)


def test_documents_come_in_chunks_with_their_numbers() -> None:
    many = [json.dumps({"n": n, "pad": "x" * (n % 50)}).encode() for n in range(200)]
    data = b"[" + b",\n".join(many) + b"]"

    found, long = records(cut_documents(Bytes(data[100:]), array(data[:100]), 256, 60))

    assert found == [(n, one) for n, one in enumerate(many, 1) if len(one) <= 60]
    assert sorted(long) == [n for n, one in enumerate(many, 1) if len(one) > 60]


def test_one_huge_document_is_refused_before_it_fills_the_memory() -> None:
    data = b'{\n"a":"' + b"x" * 10_000 + b'"}'

    with pytest.raises(FormatError, match=r"log: one JSON document of more than 5,000 bytes.*JSON Lines.*jq"):
        list(cut_documents(Bytes(data), array(b""), 100, 1 << 20, limit=5_000))


def looked(data: bytes, *, whole: bool = True) -> tuple[int, bool]:
    objects, by_line = sample(array(data), whole=whole)
    return len(objects), by_line


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1}\n{"a":2}\n', (2, True)),
        (b'\xef\xbb\xbf{"a":1}\n', (1, True)),
        (b'broken\n{"a":2}\n', (1, True)),
        (b'{"a":\n{"a":2}\n', (1, True)),
        (b'{\n "a": 1,\n "b": {}\n}', (1, False)),
        (b'{\n "a": [\n{"c":1}\n]}', (1, False)),
        (b'[\n{"a":1},\n{"a":2}\n]', (2, False)),
        (b'[{"a":1},{"a":2}]', (2, False)),
        (b'{"a":1}{"a":2}', (2, False)),
        (b'{ "a": 1,\n "b": 2 }', (1, False)),
        (b"no json at all", (0, True)),
        (b"[" * 5000, (0, False)),
    ],
)
def test_how_records_stand_in_a_source(data: bytes, expected: tuple[int, bool]) -> None:
    assert looked(data) == expected


def test_half_a_line_at_the_end_of_a_look_is_not_judged() -> None:
    assert looked(b'{"a":1}\n{"a":', whole=False) == (1, True)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_json_array_reads_like_lines(tmp_path: Path, indent: int | None) -> None:
    rows = [
        {"event_id": f"e{n}", "ts_ms": 1795433819245 + n, "account_id": "a", "prompt": '}{["' * n} for n in range(50)
    ]
    (tmp_path / "lines.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "array.json").write_text(json.dumps(rows, indent=indent))
    (tmp_path / "packed.json.gz").write_bytes(gzip.compress(json.dumps(rows, indent=indent).encode()))

    lines, array_, packed = (read_files([tmp_path / name]) for name in ("lines.jsonl", "array.json", "packed.json.gz"))

    assert lines.column("event_id") == array_.column("event_id") == packed.column("event_id")
    assert lines.column("prompt") == array_.column("prompt")
    assert (array_.counts[0].read, array_.counts[0].rejected) == (50, 0)


def test_a_first_record_far_longer_than_the_first_look(tmp_path: Path) -> None:
    rows = [
        {"event_id": f"e{n}", "ts_ms": 1795433819245, "account_id": "a", "prompt": "x" * size}
        for n, size in enumerate((10**6, 5, 600_000))
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, rows)))

    read = read_files([tmp_path])

    assert [len(text) for text in read.column("prompt")] == [10**6, 5, 600_000]


def test_longer_than_the_configured_longest_is_rejected_by_name(tmp_path: Path) -> None:
    rows = [
        {"event_id": f"e{n}", "ts_ms": 1795433819245, "account_id": "a", "prompt": "x" * size}
        for n, size in enumerate((10, 5000, 20))
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "log.json").write_text(json.dumps(rows, indent=1))

    lines = read_files([tmp_path / "log.jsonl"], config=Config(max_record_bytes=1000, chunk_bytes=512))
    array_ = read_files([tmp_path / "log.json"], config=Config(max_record_bytes=1000, chunk_bytes=512))

    assert [(r.line, r.field, r.reason) for r in lines.rejects] == [(2, "record", "is longer than 1000 bytes")]
    assert [(r.line, r.field) for r in array_.rejects] == [(2, "record")]
    assert lines.counts[0].read == 3
