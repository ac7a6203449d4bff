"""Groups with the same hours of work: a hash of which hours of the week an account is at work that forgives an hour.

Two accounts that work in the same hours fall into the same bucket with the chance of their hours' overlap to the
power of the rows of a band; hours are taken in twos on two grids, so that a shift across one border is forgiven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import RHYTHM, Groups, gathered, no_groups
from stillwatch.coordination.shared import LEAST, Left, collapsed, grouped, packed
from stillwatch.sketches.hashing import kernel, mix64

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.outline import Outline

FEWEST_HOURS: Final = 8
"""Fewest active hours from which a rhythm is read."""
MOST_HOURS: Final = 84
"""Most active hours: half the week says little about the other half."""
MOST: Final = 500
"""Most accounts of one bucket; more share a time zone rather than a scheduler."""
ALIKE: Final = 0.5
"""Share of the hours of an account and of most of its group that both work in."""
_BANDS: Final = 6
_ROWS: Final = 8


@kernel
def _hashes(out: np.ndarray) -> None:
    """Fill ``out`` (cells, bands * rows) with the hashes of each pair of hours."""
    for cell in range(out.shape[0]):
        for band in range(_BANDS):
            for r in range(_ROWS):
                out[cell, band * _ROWS + r] = mix64(np.uint64(cell + 1) * np.uint64(2 * (100 * band + r) + 3))


@kernel
def _least(hours: np.ndarray, grid: int, hashes: np.ndarray, out: np.ndarray) -> None:
    """Fill ``out`` with the smallest of each hash over the active pairs of hours."""
    for f in range(out.shape[0]):
        out[f] = np.uint64(0xFFFFFFFFFFFFFFFF)
    for hour in range(hours.shape[0]):
        if hours[hour] > 0:
            cell = (hour + grid) // 2
            for f in range(out.shape[0]):
                out[f] = min(out[f], hashes[cell, f])


@kernel
def _bands(week: np.ndarray, hashes: np.ndarray, least: np.ndarray, out: np.ndarray) -> None:
    """Fill ``out`` (n, 2 * bands) with band hashes of the active pairs of hours; 0 where there is no rhythm.

    ``hashes`` as :func:`_hashes` gives them; ``least`` (bands * rows) is room.
    """
    for i in range(week.shape[0]):
        active = 0
        for hour in range(week.shape[1]):
            active += week[i, hour] > 0
        if active < FEWEST_HOURS or active > MOST_HOURS:
            continue
        for grid in range(2):
            _least(week[i], grid, hashes, least)
            for band in range(_BANDS):
                key = np.uint64(grid * _BANDS + band + 1)
                for r in range(_ROWS):
                    key = mix64(key ^ least[band * _ROWS + r])
                out[i, grid * _BANDS + band] = key


@kernel
def _alike(week: np.ndarray, start: np.ndarray, members: np.ndarray, held: np.ndarray, kept: np.ndarray) -> None:
    """Say which members share ALIKE of the hours that most of their group works in; ``held`` is room for hours."""
    for g in range(start.shape[0] - 1):
        n = start[g + 1] - start[g]
        for hour in range(week.shape[1]):
            held[hour] = 0
        for m in range(start[g], start[g + 1]):
            for hour in range(week.shape[1]):
                held[hour] += week[members[m], hour] > 0
        for m in range(start[g], start[g + 1]):
            both, either = 0, 0
            for hour in range(week.shape[1]):
                usual = 2 * held[hour] > n
                mine = week[members[m], hour] > 0
                both += usual and mine
                either += usual or mine
            kept[m] = both >= ALIKE * either


def _checked(groups: Groups, outline: Outline) -> Groups:
    """Keep the members whose hours are those of their group, and groups that still have enough of them."""
    kept = np.zeros(groups.members.shape[0], np.bool_)
    _alike(outline.week, groups.start, groups.members, np.zeros(outline.week.shape[1], np.int64), kept)
    group = np.repeat(np.arange(len(groups)), groups.sizes)
    sizes = np.bincount(group[kept], minlength=len(groups))
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    whole = Groups(start, groups.members[kept], groups.made_by, groups.token, groups.kind, groups.names)
    return whole.take(np.flatnonzero(sizes >= LEAST))


def bands(outline: Outline, rows: NDArray[np.int64] | None = None) -> NDArray[np.uint32]:
    """Hash the hours of all or of some accounts; (n, bands), 0 where there is no rhythm."""
    week = outline.week if rows is None else outline.week[rows]
    made = np.zeros((week.shape[0], 2 * _BANDS), np.uint64)
    hashes = np.zeros((week.shape[1] // 2 + 1, _BANDS * _ROWS), np.uint64)
    _hashes(hashes)
    _bands(week, hashes, np.zeros(_BANDS * _ROWS, np.uint64), made)
    return (made >> np.uint64(32)).astype(np.uint32)


def rhythms(
    outline: Outline, keys: NDArray[np.uint32] | None = None, touched: NDArray[np.uint32] | None = None
) -> tuple[Groups, tuple[Left, ...]]:
    """Find groups that are at work in the same hours of the week.

    Parameters
    ----------
    outline
        Sketches of all accounts.
    keys
        Their hours as :func:`bands` gives them; made here where not given.
    touched
        Hashes of which alone groups are wanted; all where not given.

    Returns
    -------
    Groups, tuple of Left
        Groups, and what was shared by too many.
    """
    keys = bands(outline) if keys is None else keys
    parts, left = [no_groups("hours")], []
    for band in range(keys.shape[1]):
        account = np.flatnonzero(keys[:, band])
        if touched is not None:
            account = account[np.isin(keys[account, band], touched)]
        groups, dropped = grouped(packed(keys[account, band], account), "hours", RHYTHM, most=MOST)
        parts.append(groups)
        left.append(dropped)
    return _checked(collapsed(gathered(parts))[0], outline), tuple(one for one in left if one.values)
