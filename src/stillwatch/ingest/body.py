"""Records that come in one piece, such as the body of a request, to an event batch. No file, no loop over sources."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.ingest.columns import read_chunk
from stillwatch.ingest.readers import reader_named, recognise
from stillwatch.ingest.readers.base import plan
from stillwatch.ingest.records import Chunk, documents, lines, sample, without_bom
from stillwatch.model.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.ingest.read import Reading
    from stillwatch.ingest.readers.base import Plan, Reader
    from stillwatch.model.event import EventBatch, Reject

_HEAD: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Body:
    """What became of some records."""

    batch: EventBatch
    """Events accepted."""
    rejects: tuple[Reject, ...]
    """Records refused, each with line, field and reason."""


class BodyReader:
    """Reads bodies of one sender after the other.

    Parameters
    ----------
    reading
        Bounds, door, format and places of the caller's own.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._plans: dict[str, Plan] = {}

    def read(self, body: bytes, log_format: str = "") -> Body:
        """Read the records of one body.

        Parameters
        ----------
        body
            JSON lines, one JSON document, or an array of them.
        log_format
            Reader's name; that of the reading where empty, ``auto`` recognises.

        Returns
        -------
        Body
            Events and rejects.

        Raises
        ------
        FormatError
            Nothing in it is a record, or no reader knows it.

        Notes
        -----
        Records without an id of their own are told apart by the body and their place in it: the same body sent twice
        counts once.
        """
        if not body.strip():
            raise FormatError("the body is empty; send one JSON record a line")
        name = hashlib.sha256(body).hexdigest()
        buffer = without_bom(np.frombuffer(body, np.uint8))
        objects, by_line = sample(buffer[:_HEAD], whole=buffer.shape[0] <= _HEAD)
        wanted = log_format or self._reading.log_format
        if wanted != "auto":
            reader = reader_named(wanted)
        elif objects:
            reader = recognise(objects, "the body")
        else:
            raise FormatError("the body holds no JSON object; send one JSON record a line")
        return self._read(buffer, reader, name, by_line=by_line)

    def _read(self, buffer: NDArray[np.uint8], reader: Reader, name: str, *, by_line: bool) -> Body:
        config = self._reading.config
        if by_line:
            chunk = lines(buffer)
        else:
            start, end = documents(buffer)
            chunk = Chunk(buffer, start, end, np.arange(1, start.shape[0] + 1, dtype=np.int64), ())
        raw = read_chunk(
            chunk.within(config.max_record_bytes),
            reader,
            self._plan(reader),
            name,
            depth=config.max_depth,
            max_record=config.max_record_bytes,
            ingest_ms=self._reading.ingest_ms,
            trusted=self._reading.trusted,
        )
        return Body(self._reading.door.enter(raw, reader.provenance(), name), tuple(raw.rejects))

    def _plan(self, reader: Reader) -> Plan:
        if reader.name not in self._plans:
            self._plans[reader.name] = plan(reader, self._reading.places)
        return self._plans[reader.name]
