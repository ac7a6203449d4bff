"""Sources to event batches, in order, reading ahead in worker threads.

The one loop every input goes through: open, recognise, cut, read, key. What is refused is counted and
named; a damaged source ends early and says so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from stillwatch.ingest.columns import read_chunk
from stillwatch.ingest.parquet import ParquetSource
from stillwatch.ingest.readers import reader_named, recognise
from stillwatch.ingest.readers.base import plan
from stillwatch.ingest.records import cut_documents, cut_lines, sample
from stillwatch.ingest.sources import OpenSource
from stillwatch.model.errors import FormatError
from stillwatch.model.scan import SourceCount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future

    from stillwatch.config import Config
    from stillwatch.ingest.addresses import Networks
    from stillwatch.ingest.columns import RawBatch
    from stillwatch.ingest.door import Door
    from stillwatch.ingest.json.paths import Path
    from stillwatch.ingest.records import Chunk
    from stillwatch.ingest.sources import Source
    from stillwatch.model.event import EventBatch, Provenance, Reject

_SNIFF_BYTES = 256 << 10
_PARQUET_ROWS = 65_536


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
    head = np.empty(_SNIFF_BYTES, np.uint8)
    got = opened.read_into(head)
    head = head[:got]
    if not head.size or not head.tobytes().strip():
        if opened.incomplete:
            raise FormatError(f"{path}: {opened.incomplete}; nothing could be read")
        raise FormatError(f"{path}: the source is empty")
    objects, by_line = sample(head, whole=got < _SNIFF_BYTES)
    if reading.log_format != "auto":
        reader = reader_named(reading.log_format)
    elif not objects:
        raise FormatError(f"{path}: no JSON object in its first {got} bytes; is it a request log? ({_look(head)})")
    else:
        reader = recognise(objects, path)
    layout = plan(reader, reading.places)
    if by_line:
        chunks = cut_lines(opened, head, config.chunk_bytes, config.max_record_bytes)
    else:
        chunks = cut_documents(opened, head, config.chunk_bytes)

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


def _look(head: np.ndarray) -> str:
    """Say what kind of bytes these seem to be, without showing them."""
    share = float(np.mean((head[:4096] < 0x09) | ((head[:4096] > 0x0D) & (head[:4096] < 0x20))))
    return "it looks binary" if share > 0.02 else "it looks like text"  # noqa: PLR2004


def _parquet_pieces(
    opened: OpenSource, parquet: ParquetSource
) -> Iterator[tuple[Provenance, Callable[[], RawBatch]]]:
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
    """
    path = opened.source.path
    if opened.is_parquet:
        parquet = ParquetSource(path)
        pieces, rows = _parquet_pieces(opened, parquet), parquet.rows
    else:
        pieces, rows = _pieces(opened, reading), 0
    waiting: deque[tuple[int, Provenance, Future[tuple[RawBatch, EventBatch]]]] = deque()
    read = accepted = 0
    provenance: Provenance | None = None
    blanked: dict[str, int] = {}

    def job(work: Callable[[], RawBatch], origin: Provenance) -> tuple[RawBatch, EventBatch]:
        raw = work()
        return raw, reading.door.enter(raw, origin, path)

    def finish() -> Progress:
        nonlocal read, accepted
        position, origin, future = waiting.popleft()
        raw, batch = future.result()
        read += raw.read
        accepted += len(batch)
        for name, count in raw.blanked.items():
            blanked[name] = blanked.get(name, 0) + count
        at = int(opened.source.size * min(1.0, read / rows)) if rows else position
        return Progress(opened.source, batch, raw.rejects, at)

    for origin, work in pieces:
        provenance = origin
        waiting.append((opened.position, origin, pool.submit(job, work, origin)))
        if len(waiting) > ahead:
            yield finish()
    while waiting:
        yield finish()
    if provenance is None:
        raise FormatError(f"{path}: {opened.incomplete or 'the source holds no record'}")
    counted(
        SourceCount(
            path, provenance, read, accepted, read - accepted, 0, 0, opened.incomplete, tuple(sorted(blanked.items()))
        )
    )


def with_engine_counts(count: SourceCount, duplicates: int, unattributed: int) -> SourceCount:
    """Add what the engine left out."""
    return replace(count, duplicates=duplicates, unattributed=unattributed)


def close_all(opened: Sequence[OpenSource]) -> None:
    """Let sources go."""
    for one in opened:
        one.close()
