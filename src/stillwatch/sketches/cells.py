"""The merge rules of single cells, one kernel each, shared by folding and merging.

Each is commutative and associative, so a cell depends on the set of events that reached it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from stillwatch.sketches.hashing import U1, inlined, kernel, mix64
from stillwatch.sketches.layout import EMPTY_HASH, EMPTY_ID, NO_TOPIC, TIMELINE

_FULL16: Final = 0xFFFF
_TOP: Final = np.uint64(1 << 63)
_NO_WINDOW: Final = np.uint32(EMPTY_ID)
HOUR_MS: Final = 3_600_000
_NONE: Final = np.uint64(EMPTY_HASH)
_LOG2: Final = np.rint(256 * np.log2(1 + np.arange(256) / 256)).astype(np.int64)


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
def sample_add(
    kept: np.ndarray,
    counts: np.ndarray,
    firsts: np.ndarray,
    lasts: np.ndarray,
    row: int,
    digest: np.uint64,
    amount: int,
    first_s: np.uint32,
    last_s: np.uint32,
) -> tuple[int, bool]:
    """Count events of a value if its hash is among the smallest; returns its cell, -1 for none, and whether it is new.

    A row is ascending and without repeats; whoever keeps more beside it moves that along (:func:`open_from`).
    """
    last = kept.shape[1] - 1
    if digest > kept[row, last] or digest == _NONE:
        return -1, False
    at = last
    while at > 0 and kept[row, at - 1] >= digest:
        at -= 1
    fresh = kept[row, at] != digest
    if fresh:
        for k in range(last, at, -1):
            kept[row, k] = kept[row, k - 1]
            counts[row, k] = counts[row, k - 1]
            firsts[row, k] = firsts[row, k - 1]
            lasts[row, k] = lasts[row, k - 1]
        kept[row, at] = digest
        counts[row, at] = 0
        firsts[row, at] = _NO_WINDOW
        lasts[row, at] = 0
    add16(counts, row, at, amount)
    firsts[row, at] = min(firsts[row, at], first_s)
    lasts[row, at] = max(lasts[row, at], last_s)
    return at, fresh


@kernel
def open_from(cells: np.ndarray, row: int, at: int, empty: int) -> None:
    """Move a row's cells from ``at`` on by one and leave ``empty`` there."""
    for k in range(cells.shape[1] - 1, at, -1):
        cells[row, k] = cells[row, k - 1]
    cells[row, at] = empty


@inlined
def sample_open(state: Any, row: int, at: int) -> None:  # noqa: ANN401
    """Make room at ``at`` in what is kept beside the sampled prompts."""
    open_from(state.sample_models, row, at, 0)
    open_from(state.sample_system, row, at, EMPTY_ID)
    open_from(state.sample_head, row, at, EMPTY_ID)
    open_from(state.sample_tail, row, at, EMPTY_ID)
    open_from(state.sample_topic, row, 2 * at, NO_TOPIC)
    open_from(state.sample_topic, row, 2 * at, NO_TOPIC)


@kernel
def log2_256(value: int) -> np.int64:
    """Give log2 of a whole number from 1, in 256ths: exact integers, the same on every machine."""
    size = 0
    rest = np.uint64(value)
    while rest > U1:
        rest >>= U1
        size += 1
    fraction = np.uint64(value) >> np.uint64(size - 8) if size >= 8 else np.uint64(value) << np.uint64(8 - size)
    return np.int64(size * 256) + _LOG2[np.int64(fraction) - 256]


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
