"""When an account is active: its week, its day, its quiet hours, its pauses.

The hours are read as a shape, never as a place: the quietest six hours count wherever in the day
they lie, so that no time zone speaks for or against anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.gaps import gap_columns
from stillwatch.features.shares import only_where, ratio_rows, unsaturated
from stillwatch.model.profile import Feature
from stillwatch.sketches.layout import WEEK_HOURS, WINDOWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

QUIET_H: Final = 6
"""Length of the night that is looked for (hours)."""
_HOURS: Final = 24
_TURN: Final = np.exp(-2j * np.pi * np.arange(_HOURS) / _HOURS)

TIMING: Final = (
    Feature("hours_active", "hours of 168", "Hours of the week with any request; 168 is never off."),
    Feature("circadian_strength", "1, 0 to 1", "First harmonic of the hour of day: 0 all hours alike."),
    Feature("quiet_share", "share, 0 to 1", "Requests in the quietest 6 hours of a day: 0 sleeps, 0.25 never."),
    Feature("gaps_seen", "pauses", "Pauses read from the sampled windows, at the scale that shows most."),
    Feature("gap_mean_s", "s", "Mean of those pauses."),
    Feature("gap_cv", "1", "Their standard deviation over their mean: 0 a clock, 1 chance, above 1 bursts."),
    Feature("gap_entropy", "1, 0 to 1", "Spread over pauses that double in length; 0 a clock."),
    *(
        Feature(f"gap_entropy_{width}s", "1, 0 to 1", f"The same inside sampled windows of {width} s.")
        for width, _ in WINDOWS
    ),
)


def quiet_share(day: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the share of events in the quietest six hours of the day; ``day`` has shape (n, 24)."""
    share = ratio_rows(day, day.sum(axis=1))
    around = np.concatenate([share, share[:, : QUIET_H - 1]], axis=1)
    edges = np.concatenate([np.zeros((share.shape[0], 1)), np.cumsum(around, axis=1)], axis=1)
    quietest: NDArray[np.float64] = (edges[:, QUIET_H:] - edges[:, :-QUIET_H]).min(axis=1)
    return np.maximum(quietest, 0.0)


def timing(rows: Arrays) -> Columns:
    """Measure rhythm; one value an account."""
    week = unsaturated(rows.week)
    seen = week.sum(axis=1)
    day = week.reshape(-1, WEEK_HOURS // _HOURS, _HOURS).sum(axis=1)
    known = seen > 0
    return {
        "hours_active": only_where((week > 0).sum(axis=1).astype(np.float64), known),
        "circadian_strength": only_where(np.abs(ratio_rows(day, seen) @ _TURN), known),
        "quiet_share": only_where(quiet_share(day), known),
        **gap_columns(rows.window_mask),
    }
