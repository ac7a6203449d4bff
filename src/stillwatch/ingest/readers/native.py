"""The project's own flat records: one key an event field, as ``stillwatch simulate`` writes them.

The simplest target for a log shipper: JSON Lines or Parquet with the names of EVENT_FIELDS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from stillwatch.ingest.readers.base import Reader
from stillwatch.model.event import EVENT_FIELDS, FORBIDDEN

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESERVED: Final = ("prompt", "system")


def _recognise(record: Mapping[str, Any]) -> bool:
    return "ts_ms" in record and ("account_id" in record or "event_id" in record)


NATIVE: Final = Reader(
    name="native",
    title="Stillwatch native records",
    recognise=_recognise,
    fields={f.name: ((f.name,),) for f in EVENT_FIELDS if not pa.types.is_list(f.raw)},
    lists=tuple(f.name for f in EVENT_FIELDS if pa.types.is_list(f.raw)),
    forbidden=tuple((name,) for name in FORBIDDEN),
)
