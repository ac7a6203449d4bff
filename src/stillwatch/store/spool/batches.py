"""One batch of events as one frame: notes in JSON, then the Arrow record batch without its schema.

Identifiers in it are pseudonyms already; prompts and answers are as they were, which is why frames are sealed.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from stillwatch.model.errors import SpoolError
from stillwatch.model.event import EVENT_SCHEMA, Clock, EventBatch, Identity, Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

_LENGTH: Final = struct.Struct("<I")
_VERSION: Final = 1
_SCHEMA_NAMES: Final = len(EVENT_SCHEMA.names)


def shut_batch(batch: EventBatch, notes: Mapping[str, object] | None = None) -> bytes:
    """Write a batch and notes about where it came from.

    Parameters
    ----------
    batch
        Events of EVENT_SCHEMA.
    notes
        What a source needs to go on after a restart; JSON values.

    Returns
    -------
    bytes
        The content of a frame.
    """
    origin = batch.provenance
    head = {
        "version": _VERSION,
        "fields": _SCHEMA_NAMES,
        "reader": origin.reader,
        "identity": origin.identity.name,
        "clock": origin.clock.name,
        "notes": dict(notes or {}),
    }
    written = json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
    return _LENGTH.pack(len(written)) + written + memoryview(batch.columns.serialize())


def open_batch(content: bytes) -> tuple[EventBatch, dict[str, Any]]:
    """Read a batch and its notes back.

    Raises
    ------
    SpoolError
        It was written by another version.
    """
    (length,) = _LENGTH.unpack_from(content, 0)
    head = json.loads(content[_LENGTH.size : _LENGTH.size + length])
    if (head["version"], head["fields"]) != (_VERSION, _SCHEMA_NAMES):
        raise SpoolError("the spool was written by another version; fold it with that one, or start a new spool")
    columns = pa.ipc.read_record_batch(pa.py_buffer(content)[_LENGTH.size + length :], EVENT_SCHEMA)
    origin = Provenance(head["reader"], Identity[head["identity"]], Clock[head["clock"]])
    return EventBatch(columns, origin), head["notes"]
