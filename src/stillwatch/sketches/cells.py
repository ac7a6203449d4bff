"""The merge rules of single cells, one kernel each, shared by folding and merging.

Each is commutative and associative, so a cell depends on the set of events that reached it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.sketches.hashing import U1, kernel, mix64
from stillwatch.sketches.layout import EMPTY_ID, TIMELINE

_FULL16: Final = 0xFFFF
_TOP: Final = np.uint64(1 << 63)
_NO_WINDOW: Final = np.uint32(EMPTY_ID)
HOUR_MS: Final = 3_600_000


@kernel
def add16(cells: np.ndarray, row: int, at: int, amount: int) -> None:
    """Add to a 16-bit cell that stays at 65,535 once it gets there."""
    # Two indices instead of a row's view: a view would cost two atomic reference counts an event.
    total = np.int64(cells[row, at]) + amount
    cells[row, at] = np.uint16(min(total, np.int64(_FULL16)))


@kernel
def hll_add(registers: np.ndarray, row: int, offset: int, p: int, digest: np.uint64) -> None:
    """Count a hash into the HyperLogLog whose 2^p registers begin at ``offset``."""
    at = offset + np.int64(digest >> np.uint64(64 - p))
    # The marker bit ends the run of zeros where the hash has no bit left.
    rest = (digest << np.uint64(p)) | (U1 << np.uint64(p - 1))
    rank = np.uint8(1)
    while rest & _TOP == np.uint64(0):
        rest <<= U1
        rank += np.uint8(1)
    registers[row, at] = max(rank, registers[row, at])


@kernel
def smallest_add(kept: np.ndarray, row: int, digest: np.uint64) -> None:
    """Keep a hash if it is among the smallest; a row is ascending and without repeats."""
    last = kept.shape[1] - 1
    if digest >= kept[row, last]:
        return
    at = last
    while at > 0 and kept[row, at - 1] >= digest:
        at -= 1
    if kept[row, at] == digest:
        return
    for k in range(last, at, -1):
        kept[row, k] = kept[row, k - 1]
    kept[row, at] = digest


@kernel
def window_rank(window: np.uint32, scale: int) -> np.uint64:
    """Rank a window of time, alike for every account, so that all sample the same windows."""
    return mix64((np.uint64(window) << np.uint64(8)) | np.uint64(scale + 1))


@kernel
def window_add(
    ids: np.ndarray,
    masks: np.ndarray,
    counts: np.ndarray,
    row: int,
    first: int,
    size: int,
    scale: int,
    window: np.uint32,
    mask: np.uint64,
    amount: int,
) -> None:
    """Add to a sampled window if it is among the lowest-ranked ``size``; cells stay in order of rank."""
    for k in range(first, first + size):
        if ids[row, k] == window:
            masks[row, k] |= mask
            add16(counts, row, k, amount)
            return
    rank = window_rank(window, scale)
    last = first + size - 1
    if ids[row, last] != _NO_WINDOW and rank > window_rank(ids[row, last], scale):
        return
    at = last
    while at > first and (ids[row, at - 1] == _NO_WINDOW or window_rank(ids[row, at - 1], scale) > rank):
        at -= 1
    for k in range(last, at, -1):
        ids[row, k] = ids[row, k - 1]
        masks[row, k] = masks[row, k - 1]
        counts[row, k] = counts[row, k - 1]
    ids[row, at] = window
    masks[row, at] = mask
    counts[row, at] = np.uint16(min(amount, _FULL16))


@kernel
def timeline_level(first_h: int, last_h: int) -> int:
    """Give the log2 of hours a time-line bin covers, so that first and last hour fit in its bins."""
    level = 0
    while (last_h >> level) - (first_h >> level) >= TIMELINE:
        level += 1
    return level


@kernel
def _rebin(bins: np.ndarray, row: int, old_base: int, base: int, coarser: int) -> None:
    """Move a row's bins to bins 2^coarser as wide that begin at ``base``."""
    first = old_base >> coarser
    for k in range(TIMELINE):
        amount = np.int64(bins[row, k])
        bins[row, k] = 0
        if amount:
            add16(bins, row, ((old_base + k) >> coarser) - first, amount)
    if first == base:
        return
    for k in range(TIMELINE - 1, -1, -1):
        before = k - (first - base)
        bins[row, k] = bins[row, before] if before >= 0 else np.uint16(0)


@kernel
def timeline_widen(bins: np.ndarray, row: int, first_h: int, last_h: int, new_first: int, new_last: int) -> int:
    """Re-bin a row's time line from the span first_h..last_h to a wider one; returns the new level."""
    level = timeline_level(new_first, new_last)
    base = new_first >> level
    old_level = timeline_level(first_h, last_h)
    old_base = first_h >> old_level
    if old_level != level or old_base != base:
        _rebin(bins, row, old_base, base, level - old_level)
    return level
