"""Bodies of messages to events; they hold what a sender would push over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.ingest.body import BodyReader
from stillwatch.model.errors import FormatError
from stillwatch.serve.watch.otlp import lines_of_json, lines_of_protobuf

if TYPE_CHECKING:
    from stillwatch.ingest.body import Body
    from stillwatch.ingest.read import Reading

SPANS: Final = {"otlp-json": lines_of_json, "otlp-protobuf": lines_of_protobuf}
"""Formats that are exports of spans -> what reads them."""


class Bodies:
    """Reads bodies of one format.

    Parameters
    ----------
    reading
        Bounds and door.
    body_format
        ``otlp-json``, ``otlp-protobuf``, or a log format; ``auto`` recognises log formats.
    most_bytes
        Longest body (bytes).
    """

    def __init__(self, reading: Reading, body_format: str, most_bytes: int) -> None:
        self._reader, self._format, self._most = BodyReader(reading), body_format, most_bytes

    def read(self, body: bytes) -> Body | None:
        """Read one; None for an export of spans none of which is a model call.

        Raises
        ------
        FormatError
            It is not of the format, or too long.
        """
        if len(body) > self._most:
            raise FormatError(f"a message of {len(body):,} bytes; {self._most:,} are taken")
        if self._format not in SPANS:
            return self._reader.read(body, self._format)
        lines, _ = SPANS[self._format](body)
        return self._reader.read(lines, "otel") if lines else None
