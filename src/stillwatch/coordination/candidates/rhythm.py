"""Groups with the same hours of work: a hash of which hours of the week an account is at work that forgives an hour.

Two accounts that work in the same hours fall into the same bucket with the chance of their hours' overlap to the
power of the rows of a band; hours are taken in twos on two grids, so that a shift across one border is forgiven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import RHYTHM, Groups, gathered, no_groups
from stillwatch.coordination.shared import Left, collapsed, grouped, packed
from stillwatch.sketches.hashing import kernel, mix64

if TYPE_CHECKING:
    from stillwatch.coordination.outline import Outline

FEWEST_HOURS: Final = 8
"""Fewest active hours from which a rhythm is read."""
MOST_HOURS: Final = 84
"""Most active hours: half the week says little about the other half."""
MOST: Final = 500
"""Most accounts of one bucket; more share a time zone rather than a scheduler."""
_BANDS: Final = 6
_ROWS: Final = 8


@kernel
def _bands(week: np.ndarray, out: np.ndarray) -> None:
    """Fill ``out`` (n, 2 * bands) with band hashes of the active pairs of hours; 0 where there is no rhythm."""
    for i in range(week.shape[0]):
        active = 0
        for hour in range(week.shape[1]):
            active += week[i, hour] > 0
        if active < FEWEST_HOURS or active > MOST_HOURS:
            continue
        for grid in range(2):
            for band in range(_BANDS):
                key = np.uint64(grid * _BANDS + band + 1)
                for r in range(_ROWS):
                    least = np.uint64(0xFFFFFFFFFFFFFFFF)
                    for hour in range(week.shape[1]):
                        if week[i, hour] > 0:
                            cell = np.uint64((hour + grid) // 2)
                            least = min(least, mix64((cell + np.uint64(1)) * np.uint64(2 * (100 * band + r) + 3)))
                    key = mix64(key ^ least)
                out[i, grid * _BANDS + band] = key


def rhythms(outline: Outline) -> tuple[Groups, tuple[Left, ...]]:
    """Find groups that are at work in the same hours of the week.

    Parameters
    ----------
    outline
        Sketches of all accounts.

    Returns
    -------
    Groups, tuple of Left
        Groups, and what was shared by too many.
    """
    n = outline.week.shape[0]
    made = np.zeros((n, 2 * _BANDS), np.uint64)
    _bands(outline.week, made)
    parts, left = [no_groups("hours")], []
    for band in range(2 * _BANDS):
        account = np.flatnonzero(made[:, band])
        key = (made[account, band] >> np.uint64(32)).astype(np.uint32)
        groups, dropped = grouped(packed(key, account), "hours", RHYTHM, most=MOST)
        parts.append(groups)
        left.append(dropped)
    return collapsed(gathered(parts))[0], tuple(one for one in left if one.values)
