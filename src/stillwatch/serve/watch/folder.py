"""Follow log files while they are written to: new whole lines go to the spool, with how far each file was read.

A file is known by device and inode, so one that is renamed goes on where it was. How far a file was read lies in the
same frame as its events: both are on the disk or neither is. Files that are packed, and Parquet, are read once, whole,
when they have not changed for a while.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.body import BodyReader
from stillwatch.ingest.read import read_source
from stillwatch.ingest.sources import OpenSource, Source, expand
from stillwatch.model.errors import InputError
from stillwatch.store.spool.batches import shut_batch
from stillwatch.store.spool.tail import JOURNAL

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from stillwatch.ingest.read import Reading
    from stillwatch.serve.watch.measures import Measures
    from stillwatch.store.spool.writer import Spool

READ_BYTES: Final = 8 << 20
"""Most bytes of one file that make one frame (bytes)."""
SETTLED_MS: Final = 10_000
"""How long a packed file must have been left alone to be read (ms)."""
_WHOLE: Final = (".gz", ".zst", ".parquet")


@dataclass(slots=True)
class _File:
    """One file being followed."""

    path: str
    read: int
    """Bytes of it whose events are on the disk; -1 where a packed file was read whole."""


class Following:
    """Follows files, folders and patterns.

    Parameters
    ----------
    inputs
        Files, folders or patterns, looked up anew at every turn.
    reading
        Bounds, door, format.
    spool
        Where events go.
    measures
        Counts what came.
    sources
        How far each file was read, as the frames in the spool and the checkpoint say.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        reading: Reading,
        spool: Spool,
        measures: Measures,
        sources: Mapping[str, Any],
    ) -> None:
        self._inputs, self._reading, self._spool, self._measures = inputs, reading, spool, measures
        self._body = BodyReader(reading)
        # Journals of gateways have positions of another form; ``taking`` reads those.
        files = {key: told for key, told in sources.items() if not key.startswith(JOURNAL)}
        self._files = {key: _File(str(path), int(read)) for key, (path, read) in files.items()}
        self.wrong: dict[str, str] = {}
        """Path -> why it is not read."""

    def turn(self, now_ms: int, stop: Callable[[], bool] = lambda: False) -> int:
        """Read what is new in every file; gives how many events came."""
        events = 0
        try:
            found = expand(self._inputs)
        except InputError as error:
            self.wrong = {"": str(error)}
            return 0
        self.wrong.pop("", None)
        for source in found:
            if stop():
                break
            try:
                events += self._one(Path(source.path), now_ms)
                self.wrong.pop(source.path, None)
            except (OSError, InputError) as error:
                self.wrong[source.path] = str(error)
        return events

    def _one(self, path: Path, now_ms: int) -> int:
        stat = path.stat()
        key = f"{stat.st_dev}:{stat.st_ino}"
        file = self._files.setdefault(key, _File(str(path), 0))
        file.path = str(path)
        if path.suffix in _WHOLE:
            return self._whole(path, key, file, stat, now_ms)
        if stat.st_size < file.read:
            # It was cut short in place and is written anew.
            file.read = 0
        events = 0
        with path.open("rb") as opened:
            while True:
                opened.seek(file.read)
                new = opened.read(READ_BYTES)
                whole = new[: new.rfind(b"\n") + 1]
                if not whole:
                    if len(new) == READ_BYTES:
                        raise InputError(f"{path}: a line of more than {READ_BYTES:,} bytes")
                    return events
                events += self._put(whole, key, file, now_ms)

    def _put(self, content: bytes, key: str, file: _File, now_ms: int) -> int:
        file.read += len(content)
        if not content.strip():
            return 0
        try:
            read = self._body.read(content)
        except InputError:
            file.read -= len(content)
            raise
        self._measures.count("records_refused", len(read.rejects))
        # A frame without events still says how far the file was read.
        frame = shut_batch(read.batch, {"at_ms": now_ms, "sources": {key: [file.path, file.read]}})
        try:
            self._spool.put(frame).result()
        except Exception:
            file.read -= len(content)
            raise
        self._measures.count("events_in", len(read.batch))
        self._measures.put("spool_bytes", self._spool.nbytes)
        return len(read.batch)

    def _whole(self, path: Path, key: str, file: _File, stat: os.stat_result, now_ms: int) -> int:
        if file.read < 0 or now_ms - stat.st_mtime_ns // 1_000_000 < SETTLED_MS:
            return 0
        events = 0
        opened = OpenSource(Source(str(path), stat.st_size))
        try:
            with ThreadPoolExecutor(1) as pool:
                for piece in read_source(opened, self._reading, pool, 1, lambda _: None):
                    self._measures.count("records_refused", len(piece.rejects))
                    self._spool.put(shut_batch(piece.batch, {"at_ms": now_ms})).result()
                    events += len(piece.batch)
                    last = piece.batch
        finally:
            opened.close()
        file.read = -1
        empty = type(last)(last.columns.slice(0, 0), last.provenance)
        self._spool.put(shut_batch(empty, {"at_ms": now_ms, "sources": {key: [file.path, -1]}})).result()
        self._measures.count("events_in", events)
        return events
