"""Short ways to read bytes in a test."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stillwatch.config import DEFAULT
from stillwatch.ingest.columns import read_chunk
from stillwatch.ingest.door import Door
from stillwatch.ingest.json.lexer import ABSENT, ARRAY, ESCAPED, FALSE, NUMBER, OBJECT, STRING, TRUE
from stillwatch.ingest.json.paths import build_trie
from stillwatch.ingest.json.scan import scan
from stillwatch.ingest.json.text import unescape
from stillwatch.ingest.keys import PseudonymKey
from stillwatch.ingest.read import Reading, read_source
from stillwatch.ingest.readers.base import plan
from stillwatch.ingest.records import Chunk
from stillwatch.ingest.sources import OpenSource, expand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stillwatch.config import Config
    from stillwatch.ingest.json.paths import Path as Place
    from stillwatch.ingest.raw import RawBatch
    from stillwatch.ingest.readers.base import Reader
    from stillwatch.model.event import EventBatch, Reject
    from stillwatch.model.scan import SourceCount

KEY = PseudonymKey(1, b"a fixed secret of thirty-two byt")
NOW_MS = 1_795_500_000_000


def array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def chunk_of(*records: bytes) -> Chunk:
    """Put records one after the other, with a guard byte between that no kernel may look at."""
    joined = b"\x00".join(records)
    ends = np.cumsum([len(record) + 1 for record in records], dtype=np.int64) - 1
    starts = ends - [len(record) for record in records]
    return Chunk(array(joined), starts.astype(np.int64), ends, np.arange(1, len(records) + 1, dtype=np.int64), ())


def read_records(
    reader: Reader, *records: bytes | Mapping[str, Any], places: Mapping[str, Place] | None = None, **how: Any
) -> RawBatch:
    """Read records with one reader."""
    written = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in records]
    settings = {"depth": DEFAULT.max_depth, "max_record": DEFAULT.max_record_bytes, "ingest_ms": NOW_MS, **how}
    return read_chunk(chunk_of(*written), reader, plan(reader, places), "log", **settings)


def events(batch: RawBatch) -> list[dict[str, Any]]:
    """Give what each event says, nulls left out."""
    return [{k: v for k, v in row.items() if v is not None} for row in batch.columns.to_pylist()]


def event(reader: Reader, record: bytes | Mapping[str, Any], **how: Any) -> dict[str, Any]:
    """Read one record that must be accepted."""
    batch = read_records(reader, record, **how)
    assert batch.rejects == []
    return events(batch)[0]


def captured(record: bytes, *paths: Place, depth: int = 100, whole: bool = True) -> tuple[int, list[Any]]:
    """Scan one record: its fault, and the captured values as Python reads them."""
    buffer = np.frombuffer(b'"' + record + b'"', np.uint8)
    starts, ends = np.array([1], np.int64), np.array([len(record) + 1], np.int64)
    spans = scan(buffer, starts, ends, build_trie(paths), depth=depth, whole=whole)
    return int(spans.fault[0]), [
        _value(buffer, int(spans.start[i, 0]), int(spans.end[i, 0]), int(spans.kind[i, 0])) for i in range(len(paths))
    ]


def text_of(data: bytes) -> str:
    """Resolve the escapes of a string's inside."""
    out = np.zeros(len(data), np.uint8)
    return out[: unescape(array(data), 0, len(data), out, 0)].tobytes().decode()


def _value(buffer: np.ndarray, start: int, end: int, kind: int) -> Any:
    raw = buffer[start:end].tobytes()
    if kind == ESCAPED:
        return text_of(raw)
    if kind in (NUMBER, ARRAY, OBJECT):
        return json.loads(raw)
    return {ABSENT: None, STRING: raw.decode(), TRUE: True, FALSE: False}[kind]


@dataclass
class Read:
    """What became of some sources."""

    batches: list[EventBatch] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    counts: list[SourceCount] = field(default_factory=list)

    def column(self, name: str) -> list[Any]:
        return [value for batch in self.batches for value in batch.columns.column(name).to_pylist()]


def read_files(inputs: Sequence[Path | str], log_format: str = "auto", *, config: Config = DEFAULT, **how: Any) -> Read:
    """Read sources to their end."""
    done = Read()
    reading = Reading(config, Door(KEY), log_format, ingest_ms=NOW_MS, **how)
    with ThreadPoolExecutor(1) as pool:
        for source in expand([str(one) for one in inputs]):
            opened = OpenSource(source)
            try:
                for piece in read_source(opened, reading, pool, 1, done.counts.append):
                    done.batches.append(piece.batch)
                    done.rejects += piece.rejects
            finally:
                opened.close()
    for count in done.counts:
        assert count.read == count.accepted + count.rejected
    assert sum(count.rejected for count in done.counts) == len(done.rejects)
    assert sum(count.accepted for count in done.counts) == sum(len(batch) for batch in done.batches)
    return done
