"""How much an account asked for and got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import count, only_where, ratio, total
from stillwatch.model.profile import Feature

if TYPE_CHECKING:
    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

_DAY_MS: Final = 86_400_000.0

VOLUME: Final = (
    Feature("events", "requests", "Requests counted; high means much use, which alone means nothing."),
    Feature("tokens_in", "tokens", "Prompt tokens in all; unknown where the log gives none."),
    Feature("tokens_out", "tokens", "Answer tokens in all: what an account took away."),
    Feature("first_ms", "ms since 1970-01-01 UTC", "First request."),
    Feature("last_ms", "ms since 1970-01-01 UTC", "Last request."),
    Feature("active_span_d", "days", "Time from first to last request."),
    Feature("events_per_day", "requests a day", "Requests over the active span, which counts as one day at least."),
    Feature("error_share", "share, 0 to 1", "Requests that failed with status 400 or above, 429 apart."),
    Feature("throttled_share", "share, 0 to 1", "Requests answered 429; high in a retry storm."),
    Feature("batch_share", "share, 0 to 1", "Requests through a batch interface; 0 also where the log does not tell."),
)


def volume(rows: Arrays) -> Columns:
    """Measure volume; one value an account."""
    events = count(rows, "events")
    tokens_in = total(rows, "tokens_in")
    known_status = count(rows, "status_known")
    first_ms = only_where(rows.first_ms.astype(np.float64), events > 0)
    last_ms = only_where(rows.last_ms.astype(np.float64), events > 0)
    span_d = (last_ms - first_ms) / _DAY_MS
    return {
        "events": events,
        "tokens_in": only_where(tokens_in, tokens_in > 0),
        "tokens_out": only_where(total(rows, "tokens_out"), count(rows, "tokens_out_known") > 0),
        "first_ms": first_ms,
        "last_ms": last_ms,
        "active_span_d": span_d,
        "events_per_day": events / np.maximum(span_d, 1.0),
        "error_share": ratio(count(rows, "errors"), known_status),
        "throttled_share": ratio(count(rows, "throttled"), known_status),
        "batch_share": ratio(count(rows, "batched"), events),
    }
