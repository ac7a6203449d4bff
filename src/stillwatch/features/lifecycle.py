"""How an account's use grew: its time line, its peak, how soon after sign-up it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import only_where, ratio, unsaturated
from stillwatch.model.profile import Feature
from stillwatch.sketches.layout import TIMELINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 86_400_000.0

LIFECYCLE: Final = (
    Feature("timeline_start_ms", "ms since 1970-01-01 UTC", "Where the first bin of the time line begins."),
    Feature("timeline_bin_s", "s", "Width of its bins: an hour, doubled until all events fit into 24."),
    Feature("timeline_bins", "bins", "Bins between first and last event."),
    Feature("peak_over_median", "1", "Fullest bin over the median bin; 1 is steady, high is a burst."),
    Feature("age_at_first_d", "days", "From sign-up to the first request seen; unknown without a sign-up time."),
    Feature("signup_to_peak_d", "days", "From sign-up to the fullest bin; near 0 goes straight to the maximum."),
)


def timeline_level(first_h: NDArray[np.int64], last_h: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give log2 of the hours a bin covers, so that first and last hour fit into the bins."""
    level = np.zeros(first_h.shape[0], np.int64)
    while True:
        wide = (last_h >> level) - (first_h >> level) >= TIMELINE
        if not wide.any():
            return level
        level[wide] += 1


def lifecycle(rows: Arrays, signup_ms: NDArray[np.int64]) -> Columns:
    """Measure growth; one value an account. ``signup_ms`` is -1 where unknown."""
    seen = rows.first_ms <= rows.last_ms
    first_h = np.where(seen, rows.first_ms, 0) // _HOUR_MS
    last_h = np.where(seen, rows.last_ms, 0) // _HOUR_MS
    level = timeline_level(first_h, last_h)
    start_ms = ((first_h >> level) << level).astype(np.float64) * _HOUR_MS
    bin_ms = (np.int64(1) << level).astype(np.float64) * _HOUR_MS
    bins = (last_h >> level) - (first_h >> level) + 1
    line = unsaturated(rows.timeline)
    # Bins past the last event are not quiet times; they have not happened.
    inside = np.where(np.arange(TIMELINE) < bins[:, None], line, np.nan)
    full = np.isnan(line).any(axis=1) | ~seen
    inside[full] = 0.0
    peak, median = inside.max(axis=1, initial=0.0, where=~np.isnan(inside)), np.nanmedian(inside, axis=1)
    peak_ms = start_ms + np.where(np.isnan(inside), -1.0, inside).argmax(axis=1) * bin_ms
    signed = signup_ms >= 0
    return {
        "timeline_start_ms": only_where(start_ms, seen),
        "timeline_bin_s": only_where(bin_ms / 1000.0, seen),
        "timeline_bins": only_where(bins.astype(np.float64), seen),
        "peak_over_median": only_where(ratio(peak, median), ~full),
        "age_at_first_d": only_where((rows.first_ms - signup_ms) / _DAY_MS, signed & seen),
        "signup_to_peak_d": only_where((peak_ms - signup_ms) / _DAY_MS, signed & ~full),
    }
