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
    path = opened.source.path
    pieces, rows = _work(opened, reading)
    waiting: deque[tuple[int, Provenance, Future[tuple[RawBatch, EventBatch]]]] = deque()
    read = accepted = 0
    provenance: Provenance | None = None
    blanked: dict[str, int] = {}

    def job(work: Callable[[], RawBatch], origin: Provenance) -> tuple[RawBatch, EventBatch]:
        raw = work()
        return raw, reading.door.enter(raw, origin, path)

    def finish() -> Progress | None:
        nonlocal read, accepted
        position, _, future = waiting.popleft()
        try:
            raw, batch = future.result()
        except (OSError, pa.ArrowException) as error:
            opened.incomplete = f"the Parquet file is damaged: {str(error).splitlines()[0][:120]}"
            return None
        read += raw.read
        accepted += len(batch)
        for name, count in raw.blanked.items():
            blanked[name] = blanked.get(name, 0) + count
        at = int(opened.source.size * min(1.0, read / rows)) if rows else position
        return Progress(opened.source, batch, raw.rejects, at)

    try:
        for origin, work in pieces:
            provenance = origin
            waiting.append((opened.position, origin, pool.submit(job, work, origin)))
            if len(waiting) > ahead and (piece := finish()):
                yield piece
            if opened.incomplete and rows:
                break
        while waiting and not (opened.incomplete and rows):
            if piece := finish():
                yield piece
    finally:
        while waiting:
            waiting.pop()[2].cancel()
    if provenance is None:
        raise FormatError(f"{path}: {opened.incomplete or 'the source holds no record'}")
    counted(
        SourceCount(
            path, provenance, read, accepted, read - accepted, 0, 0, opened.incomplete, tuple(sorted(blanked.items()))
        )
    )
    if opened.interrupted:
        raise KeyboardInterrupt


def with_engine_counts(count: SourceCount, duplicates: int, unattributed: int) -> SourceCount:
    """Add what the engine left out."""
    return replace(count, duplicates=duplicates, unattributed=unattributed)
