"""Sources to event batches, in order, reading ahead in worker threads.

The one loop every input goes through: open, recognise, cut, read, key. What is refused is counted and
named; a damaged source ends early and says so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from stillwatch.ingest.columns import read_chunk
from stillwatch.ingest.parquet import ParquetSource
from stillwatch.ingest.readers import reader_named, recognise
from stillwatch.ingest.readers.base import plan
from stillwatch.ingest.records import cut_documents, cut_lines, sample
from stillwatch.model.errors import FormatError
from stillwatch.model.scan import SourceCount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.ingest.addresses import Networks
    from stillwatch.ingest.door import Door
    from stillwatch.ingest.json.paths import Path
    from stillwatch.ingest.raw import RawBatch
    from stillwatch.ingest.records import Chunk
    from stillwatch.ingest.sources import OpenSource, Source
    from stillwatch.model.event import EventBatch, Provenance, Reject

_SNIFF_BYTES = 256 << 10
_GROUP_ROWS = 1 << 18
"""Row groups up to this size are read whole, in worker threads; larger ones are cut as they are read."""
_PARQUET_ROWS = 65_536
_MAGIC = {
    b"\xff\xfe": "it is UTF-16; write it as UTF-8",
    b"\xfe\xff": "it is UTF-16; write it as UTF-8",
    b"BZh": "it is a bzip2 archive; gzip and zstd are read",
    b"\xfd7zXZ": "it is an xz archive; gzip and zstd are read",
    b"PK\x03\x04": "it is a zip archive; unpack it first",
}
"""First bytes of what people hand over by mistake -> what to do."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How sources are read."""

    config: Config
    """Bounds."""
    door: Door
    """Keys identifiers."""
    log_format: str = "auto"
    """Reader's name, or ``auto``."""
    places: Mapping[str, Path] = field(default_factory=dict)
    """Field -> place, the caller's own (``--map``)."""
    trusted: Networks = ()
    """Proxies whose X-Forwarded-For is believed."""
    ingest_ms: int | None = None
    """Time for events of formats that know none; None refuses them."""


@dataclass(slots=True)
class Progress:
    """How far the reading of one source has got; a batch and what it came from."""

    source: Source
    """The source."""
    batch: EventBatch
    """Events read."""
    rejects: list[Reject]
    """Records refused among them."""
    position: int
    """Bytes of the source consumed, before decompression."""


def _pieces(opened: OpenSource, reading: Reading) -> Iterator[tuple[Provenance, Callable[[], RawBatch]]]:
    """Cut a JSON source into pieces of work."""
    config, path = reading.config, opened.source.path
    head, objects, by_line = _sniff(opened, config.max_record_bytes)
    if reading.log_format != "auto":
        reader = reader_named(reading.log_format)
    elif not objects:
        raise FormatError(
            f"{path}: no JSON object in its first {head.size:,} bytes; is it a request log? ({_look(head)};"
            " --format names the format of a damaged one)"
        )
    else:
        reader = recognise(objects, path)
    layout = plan(reader, reading.places)
    cut = cut_lines if by_line else cut_documents
    chunks = cut(opened, head, config.chunk_bytes, config.max_record_bytes)

    def work(chunk: Chunk) -> Callable[[], RawBatch]:
        return lambda: read_chunk(
            chunk,
            reader,
            layout,
            path,
            depth=config.max_depth,
            max_record=config.max_record_bytes,
            ingest_ms=reading.ingest_ms,
            trusted=reading.trusted,
        )

    for chunk in chunks:
        yield reader.provenance(), work(chunk)


def _sniff(opened: OpenSource, most: int) -> tuple[NDArray[np.uint8], list[dict[str, Any]], bool]:
    """Read the beginning of a source, as far as its first record: (bytes, records, whether they are lines)."""
    head, room = np.empty(0, np.uint8), _SNIFF_BYTES
    while True:
        more = np.empty(room - head.size, np.uint8)
        got = opened.read_into(more)
        head, whole = np.concatenate([head, more[:got]]), got < more.size
        if opened.interrupted and not head.size:
            raise KeyboardInterrupt
        if whole and not head.tobytes().strip():
            ended = f"{opened.incomplete}; nothing could be read" if opened.incomplete else "the source is empty"
            raise FormatError(f"{opened.source.path}: {ended}")
        objects, by_line = sample(head, whole=whole)
        if objects or whole or room > most:
            return head, objects, by_line
        room *= 4


def _look(head: NDArray[np.uint8]) -> str:
    """Say what kind of bytes these seem to be, without showing them."""
    first = head[:8].tobytes()
    for magic, kind in _MAGIC.items():
        if first.startswith(magic):
            return kind
    share = float(np.mean((head[:4096] < 0x09) | ((head[:4096] > 0x0D) & (head[:4096] < 0x20))))
    return "it looks binary" if share > 0.02 else "it looks like text"


def _parquet_pieces(opened: OpenSource, parquet: ParquetSource) -> Iterator[tuple[Provenance, Callable[[], RawBatch]]]:
    groups = parquet.groups()
    if all(rows <= _GROUP_ROWS for _, rows in groups):
        for number, (before, _) in enumerate(groups):

            def read(number: int = number, before: int = before) -> RawBatch:
                return parquet.raw(parquet.group(number), before + 1)

            yield parquet.provenance, read
        return
    tables = parquet.tables(_PARQUET_ROWS)
    while True:
        try:
            first, batch = next(tables)
        except StopIteration:
            return
        except (OSError, pa.ArrowException) as error:
            opened.incomplete = f"the Parquet file is damaged: {str(error).splitlines()[0][:120]}"
            return

        def work(batch: pa.RecordBatch = batch, first: int = first) -> RawBatch:
            return parquet.raw(batch, first)

        yield parquet.provenance, work


def _work(opened: OpenSource, reading: Reading) -> tuple[Iterator[tuple[Provenance, Callable[[], RawBatch]]], int]:
    """Cut a source into pieces of work, and count its records where that is known beforehand, else 0."""
    path = opened.source.path
    if not opened.is_parquet:
        return _pieces(opened, reading), 0
    if not opened.is_file:
        raise FormatError(f"{path}: Parquet cannot be read from a pipe; give the path of the file")
    parquet = ParquetSource(path)
    return _parquet_pieces(opened, parquet), parquet.rows


def read_source(
    opened: OpenSource, reading: Reading, pool: Executor, ahead: int, counted: Callable[[SourceCount], None]
) -> Iterator[Progress]:
    """Read one source.

    Parameters
    ----------
    opened
        Source.
    reading
        How.
    pool
        Where pieces are read ahead.
    ahead
        Pieces read ahead; bounds memory.
    counted
        Called once at the end with what became of the source; duplicates and unattributed are the
        engine's to add.

    Yields
    ------
    Progress
        Batches in the order of the source.

    Raises
    ------
    FormatError
        The source is in no known format.
    KeyboardInterrupt
        The reading was interrupted; what had been read by then was given and counted first.
    """
    pieces, rows = _work(opened, reading)
    ahead_of = _Ahead(opened, reading, pool, rows)
    try:
        for origin, work in pieces:
            ahead_of.add(origin, work)
            if len(ahead_of.waiting) > ahead and (piece := ahead_of.take()):
                yield piece
            if ahead_of.torn:
                break
        while ahead_of.waiting and not ahead_of.torn:
            if piece := ahead_of.take():
                yield piece
    finally:
        ahead_of.drop()
    if ahead_of.read:
        counted(ahead_of.count())
    if opened.interrupted:
        raise KeyboardInterrupt
    if not ahead_of.read:
        raise FormatError(f"{opened.source.path}: {opened.incomplete or 'the source holds no record'}")


class _Ahead:
    """Pieces of one source that worker threads read ahead, given back in order and counted."""

    def __init__(self, opened: OpenSource, reading: Reading, pool: Executor, rows: int) -> None:
        self.waiting: deque[tuple[int, Future[tuple[RawBatch, EventBatch]]]] = deque()
        self.read = self.accepted = 0
        self.torn = False
        """Whether a piece could not be read, which ends the source."""
        self._opened, self._reading, self._pool, self._rows = opened, reading, pool, rows
        self._blanked: dict[str, int] = {}
        self._origin: Provenance | None = None

    def add(self, origin: Provenance, work: Callable[[], RawBatch]) -> None:
        self._origin = origin
        self.waiting.append((self._opened.position, self._pool.submit(self._job, work, origin)))

    def _job(self, work: Callable[[], RawBatch], origin: Provenance) -> tuple[RawBatch, EventBatch]:
        raw = work()
        return raw, self._reading.door.enter(raw, origin, self._opened.source.path)

    def take(self) -> Progress | None:
        position, future = self.waiting.popleft()
        try:
            raw, batch = future.result()
        except (OSError, pa.ArrowException) as error:
            if not self._rows:
                raise
            self.torn = True
            self._opened.incomplete = f"the Parquet file is damaged: {str(error).splitlines()[0][:120]}"
            return None
        self.read += raw.read
        self.accepted += len(batch)
        for name, count in raw.blanked.items():
            self._blanked[name] = self._blanked.get(name, 0) + count
        source = self._opened.source
        at = int(source.size * min(1.0, self.read / self._rows)) if self._rows else position
        return Progress(source, batch, raw.rejects, at)

    def drop(self) -> None:
        while self.waiting:
            self.waiting.pop()[1].cancel()

    def count(self) -> SourceCount:
        assert self._origin is not None
        rejected = self.read - self.accepted
        blanked = tuple(sorted(self._blanked.items()))
        why = self._opened.incomplete
        return SourceCount(
            self._opened.source.path, self._origin, self.read, self.accepted, rejected, 0, 0, why, blanked
        )


def with_engine_counts(count: SourceCount, duplicates: int, unattributed: int) -> SourceCount:
    """Add what the engine left out."""
    return replace(count, duplicates=duplicates, unattributed=unattributed)
