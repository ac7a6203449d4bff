"""Whether part of an account's traffic began later, from elsewhere, while the old went on: a key in other hands.

Read from the sampled networks. Which networks they are is never looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import FULL16, count, only_where, ratio
from stillwatch.model.profile import Feature
from stillwatch.sketches.layout import EMPTY_HASH

if TYPE_CHECKING:
    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

_EARLY: Final = 0.25

TAKEOVER: Final = (
    Feature("network_share", "share, 0 to 1", "Requests whose network the log gave."),
    Feature("user_agent_share", "share, 0 to 1", "Requests whose client program the log gave; low strips its headers."),
    Feature("new_nets_share", "share, 0 to 1", "Requests from networks first seen after a quarter of the active time."),
    Feature("old_nets_kept", "1 or 0", "Whether an early network was still used after the new ones began."),
    Feature("new_nets_spread", "share, 0 to 1", "Time over which the new networks began, of the active time."),
    Feature("new_nets_at", "share, 0 to 1", "When the first new network began, of the active time."),
)


def takeover(rows: Arrays) -> Columns:
    """Measure late networks; one value an account."""
    events = count(rows, "events")
    there = rows.nets != EMPTY_HASH
    first_s, last_s = rows.first_ms / 1000.0, rows.last_ms / 1000.0
    span_s = last_s - first_s
    begun = np.where(there, rows.nets_first_s.astype(np.float64), np.nan)
    new = there & (begun > (first_s + _EARLY * span_s)[:, None])
    old = there & ~new
    times = np.where(there, rows.nets_count, 0).astype(np.float64)
    start = np.where(new, begun, np.inf).min(axis=1, initial=np.inf)
    end = np.where(new, begun, -np.inf).max(axis=1, initial=-np.inf)
    some, lasting = new.any(axis=1), span_s > 0
    kept = (old & (rows.nets_last_s.astype(np.float64) > start[:, None])).any(axis=1)
    known = there.any(axis=1) & lasting
    full = (rows.nets_count == FULL16).any(axis=1)
    spread = np.where(some, end - start, 0.0)
    return {
        "network_share": ratio(count(rows, "network_known"), events),
        "user_agent_share": ratio(count(rows, "user_agent_known"), events),
        "new_nets_share": only_where(ratio((times * new).sum(axis=1), times.sum(axis=1)), known & ~full),
        "old_nets_kept": only_where(kept.astype(np.float64), known & some),
        "new_nets_spread": only_where(ratio(spread, span_s), known & some),
        "new_nets_at": only_where(ratio(np.where(some, start, 0.0) - first_s, span_s), known & some),
    }
