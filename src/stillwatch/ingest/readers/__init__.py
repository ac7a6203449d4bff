"""The readers, one file a log format. ``READERS`` is the list ``--format auto`` tries, in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.readers.anthropic import ANTHROPIC
from stillwatch.ingest.readers.envoy import ENVOY
from stillwatch.ingest.readers.helicone import HELICONE
from stillwatch.ingest.readers.kong import KONG
from stillwatch.ingest.readers.langfuse import LANGFUSE
from stillwatch.ingest.readers.litellm import LITELLM
from stillwatch.ingest.readers.native import NATIVE
from stillwatch.ingest.readers.openai_chat import OPENAI_CHAT
from stillwatch.ingest.readers.openai_responses import OPENAI_RESPONSES
from stillwatch.ingest.readers.otel import OTEL
from stillwatch.model.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.ingest.readers.base import Reader

READERS: Final[tuple[Reader, ...]] = (
    NATIVE,
    LITELLM,
    OTEL,
    HELICONE,
    LANGFUSE,
    KONG,
    ENVOY,
    ANTHROPIC,
    OPENAI_RESPONSES,
    OPENAI_CHAT,
)
"""Every JSON reader; the first that recognises most of a source's first records reads it."""


def reader_named(name: str) -> Reader:
    """Give the reader of a ``--format`` word."""
    for reader in READERS:
        if reader.name == name:
            return reader
    raise FormatError(f"no format is called {name}; known: {', '.join(r.name for r in READERS)}")


def recognise(records: Sequence[Mapping[str, Any]], path: str) -> Reader:
    """Find the reader for a source from its first records.

    Raises
    ------
    FormatError
        No reader recognises any of them.
    """
    counts = [(sum(reader.recognise(record) for record in records), reader) for reader in READERS]
    best = max(count for count, _ in counts)
    if not best:
        # Keys come from the source: what a terminal would obey is written out.
        keys = sorted({ascii(str(key)[:40])[1:-1] for record in records for key in record})[:8]
        raise FormatError(
            f"{path}: none of the known formats ({', '.join(r.name for r in READERS)}) fits its first records"
            f" (keys: {', '.join(keys) or 'none'}); name one with --format, or map fields with --map FIELD=PATH"
        )
    return next(reader for count, reader in counts if count == best)
