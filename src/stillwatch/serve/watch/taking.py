"""Take over what a gateway wrote down: frames of its journal become events in the watch's own spool.

How far a journal was taken over lies in the same frame as the events: both are on the disk or neither is. Only then is
the gateway told, and drops what it no longer needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.body import BodyReader
from stillwatch.model.errors import FormatError, InputError
from stillwatch.serve.gateway.record.frames import event_of
from stillwatch.store.spool.batches import shut_batch
from stillwatch.store.spool.segment import START, Position
from stillwatch.store.spool.tail import Tail, say_taken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stillwatch.ingest.read import Reading
    from stillwatch.serve.watch.measures import Measures
    from stillwatch.store.spool.writer import Spool

READ_BYTES: Final = 8 << 20
"""Most bytes of a journal that make one frame (bytes)."""


class Taking:
    """Follows the journal of one gateway.

    Parameters
    ----------
    folder
        Where the gateway writes.
    reading
        Bounds and door.
    spool
        Where events go.
    measures
        Counts what came.
    sources
        How far each source was read, as the frames in the spool and the checkpoint say.

    Raises
    ------
    InputError
        There is no such folder.
    """

    def __init__(
        self, folder: Path, reading: Reading, spool: Spool, measures: Measures, sources: Mapping[str, Any]
    ) -> None:
        if not folder.is_dir():
            raise InputError(f"--spool {folder}: there is no such folder; start the gateway first")
        self._folder, self._spool, self._measures = folder, spool, measures
        self._reader = BodyReader(reading)
        self._tail = Tail(folder)
        self._name = self._tail.name
        read = sources.get(self._name)
        self._tail.position = Position(*read[1]) if read is not None else START

    def turn(self, now_ms: int, stop: Callable[[], bool] = lambda: False) -> int:
        """Take over what is new; gives how many events came.

        Raises
        ------
        SpoolError
            The journal is damaged, or our spool has no room; what was not taken over is read again next time.
        """
        events, more = 0, True
        while more and not stop():
            before = self._tail.position
            try:
                came, more = self._once(now_ms)
            except Exception:
                self._tail.close()
                self._tail.position = before
                raise
            events += came
        return events

    def _once(self, now_ms: int) -> tuple[int, bool]:
        before, lines, frames = self._tail.position, [], 0
        for frame, _ in self._tail.read(READ_BYTES):
            frames += 1
            if (line := event_of(frame)) is not None:
                lines.append(line)
        at = self._tail.position
        if at == before:
            return 0, False
        sources = {self._name: [str(self._folder), [at.segment, at.frame, at.offset]]}
        if not lines:
            # Calls that are under way are no events yet; their place is written down with the next ones.
            return 0, bool(frames)
        body = b"\n".join([*lines, b""])
        try:
            read = self._reader.read(body, "native")
        except FormatError:
            self._measures.count("records_refused", len(lines))
            return 0, True
        self._measures.count("records_refused", len(read.rejects))
        self._spool.put(shut_batch(read.batch, {"at_ms": now_ms, "sources": sources})).result()
        self._measures.count("events_in", len(read.batch))
        self._measures.put("spool_bytes", self._spool.nbytes)
        say_taken(self._folder, at)
        return len(read.batch), True

    def close(self) -> None:
        """Let the journal go."""
        self._tail.close()
