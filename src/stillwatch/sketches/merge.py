"""Two account states into one: the kernel that shards, restarts and hubs rely on."""

from __future__ import annotations

from typing import Any

import numpy as np

from stillwatch.sketches.cells import (
    HOUR_MS,
    add16,
    sample_add,
    sample_open,
    timeline_level,
    timeline_widen,
    window_add,
)
from stillwatch.sketches.hashing import inlined, kernel
from stillwatch.sketches.layout import EMPTY_HASH, EMPTY_ID, MODELS, N_CODES, NETS_K, SAMPLE_K, SLOTS, TIMELINE, WINDOWS

_KEPT = tuple(k for _, k in WINDOWS)
_NONE = np.uint64(EMPTY_HASH)
_NO_WINDOW = np.uint32(EMPTY_ID)


@kernel
def _add_cells(mine: np.ndarray, i: int, other: np.ndarray, j: int) -> None:
    for k in range(mine.shape[1]):
        if other[j, k]:
            add16(mine, i, k, np.int64(other[j, k]))


@kernel
def _max_cells(mine: np.ndarray, i: int, other: np.ndarray, j: int) -> None:
    for k in range(mine.shape[1]):
        mine[i, k] = max(mine[i, k], other[j, k])


@kernel
def _merge_time(a: Any, i: int, b: Any, j: int) -> None:  # noqa: ANN401  two Arrays
    _add_cells(a.week, i, b.week, j)
    first = 0
    for scale in range(len(_KEPT)):
        for k in range(first, first + _KEPT[scale]):
            if b.window_id[j, k] != _NO_WINDOW:
                window_add(
                    a.window_id,
                    a.window_mask,
                    a.window_count,
                    i,
                    first,
                    _KEPT[scale],
                    scale,
                    b.window_id[j, k],
                    b.window_mask[j, k],
                    np.int64(b.window_count[j, k]),
                )
        first += _KEPT[scale]
    if b.first_ms[j] > b.last_ms[j]:
        return
    a_first, a_last, b_first, b_last = a.first_ms[i], a.last_ms[i], b.first_ms[j], b.last_ms[j]
    first_h = min(a_first, b_first) // HOUR_MS
    last_h = max(a_last, b_last) // HOUR_MS
    level = timeline_level(first_h, last_h)
    if a_first <= a_last:
        timeline_widen(a.timeline, i, a_first // HOUR_MS, a_last // HOUR_MS, first_h, last_h)
    b_level = timeline_level(b_first // HOUR_MS, b_last // HOUR_MS)
    b_base = (b_first // HOUR_MS) >> b_level
    for k in range(TIMELINE):
        if b.timeline[j, k]:
            add16(
                a.timeline,
                i,
                ((b_base + k) >> (level - b_level)) - (first_h >> level),
                np.int64(b.timeline[j, k]),
            )
    a.first_ms[i] = min(a_first, b_first)
    a.last_ms[i] = max(a_last, b_last)


@kernel
def _merge_slots(a: Any, i: int, b: Any, j: int) -> None:  # noqa: ANN401
    for s in range(SLOTS):
        if b.slot_rank[j, s] < a.slot_rank[i, s] or (
            b.slot_rank[j, s] == a.slot_rank[i, s] and b.slot_key[j, s] < a.slot_key[i, s]
        ):
            a.slot_rank[i, s] = b.slot_rank[j, s]
            a.slot_key[i, s] = b.slot_key[j, s]
        a.slot_count[i, s] += b.slot_count[j, s]
        a.slot_first_s[i, s] = min(a.slot_first_s[i, s], b.slot_first_s[j, s])
        a.slot_last_s[i, s] = max(a.slot_last_s[i, s], b.slot_last_s[j, s])
    _add_cells(a.slot_topics, i, b.slot_topics, j)
    for c in range(N_CODES):
        if b.code_rank[j, c] < a.code_rank[i, c] or (
            b.code_rank[j, c] == a.code_rank[i, c] and b.code[j, c] < a.code[i, c]
        ):
            a.code_rank[i, c] = b.code_rank[j, c]
            a.code[i, c] = b.code[j, c]


@inlined
def _merge_samples(a: Any, i: int, b: Any, j: int) -> None:  # noqa: ANN401
    for k in range(SAMPLE_K):
        if b.sample[j, k] == _NONE:
            break
        at, fresh = sample_add(
            a.sample,
            a.sample_count,
            a.sample_first_s,
            a.sample_last_s,
            i,
            b.sample[j, k],
            np.int64(b.sample_count[j, k]),
            b.sample_first_s[j, k],
            b.sample_last_s[j, k],
        )
        if fresh:
            sample_open(a, i, at)
        if at >= 0:
            a.sample_models[i, at] |= b.sample_models[j, k]
            a.sample_system[i, at] = min(a.sample_system[i, at], b.sample_system[j, k])
            a.sample_head[i, at] = min(a.sample_head[i, at], b.sample_head[j, k])
            a.sample_tail[i, at] = min(a.sample_tail[i, at], b.sample_tail[j, k])
            for half in range(2):
                mine, other = 2 * at + half, 2 * k + half
                a.sample_topic[i, mine] = min(a.sample_topic[i, mine], b.sample_topic[j, other])
    for k in range(NETS_K):
        if b.nets[j, k] == _NONE:
            break
        sample_add(
            a.nets,
            a.nets_count,
            a.nets_first_s,
            a.nets_last_s,
            i,
            b.nets[j, k],
            np.int64(b.nets_count[j, k]),
            b.nets_first_s[j, k],
            b.nets_last_s[j, k],
        )


@kernel
def merge_rows(a: Any, at: np.ndarray, b: Any) -> None:  # noqa: ANN401
    """Merge every row j of state ``b`` into row ``at[j]`` of state ``a``."""
    for j in range(at.shape[0]):
        i = at[j]
        for k in range(a.counts.shape[1]):
            a.counts[i, k] += b.counts[j, k]
        for k in range(a.sums.shape[1]):
            a.sums[i, k] += b.sums[j, k]
        _max_cells(a.hll, i, b.hll, j)
        _max_cells(a.reach, i, b.reach, j)
        _max_cells(a.systems, i, b.systems, j)
        _max_cells(a.refused, i, b.refused, j)
        _merge_samples(a, i, b, j)
        _merge_time(a, i, b, j)
        _merge_slots(a, i, b, j)
        _add_cells(a.topics, i, b.topics, j)
        _add_cells(a.out_hist, i, b.out_hist, j)
        _add_cells(a.models, i, b.models, j)
        for k in range(MODELS):
            a.model_first_s[i, k] = min(a.model_first_s[i, k], b.model_first_s[j, k])
