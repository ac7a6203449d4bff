"""The fused pass: a batch of events into the account state, one kernel, no Python object an event."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from stillwatch.model.event import BINDING_MISMATCHES, FINISH_REASONS, REASONING_EFFORTS, REFUSAL_CATEGORIES
from stillwatch.sketches.cells import HOUR_MS, add16, hll_add, sample_add, timeline_widen, window_add
from stillwatch.sketches.fold_text import fold_text, refused
from stillwatch.sketches.hashing import inlined, kernel, mix64
from stillwatch.sketches.layout import (
    CODES,
    COUNTS,
    MODELS,
    N_CODES,
    OUT_BINS,
    REACH,
    REACH_OFFSETS,
    SUMS,
    WINDOWS,
)

_AT: Final = {name: i for i, name in enumerate(COUNTS)}
_REACH_AT: Final = {name: i for i, (name, _) in enumerate(REACH)}

# numba reads module constants at compile time; tuples and ints only.
_STATUS_KNOWN, _ERRORS, _THROTTLED = _AT["status_known"], _AT["errors"], _AT["throttled"]
_REFUSED, _REFUSAL_0 = _AT["refused"], _AT["refusal_frontier_llm"]
_MISMATCH_EVENTS, _MISMATCH_0 = _AT["mismatch_events"], _AT["mismatch_organization"]
_FINISH_KNOWN, _FINISH_LENGTH = _AT["finish_known"], _AT["finish_length"]
_FINISH_STOP, _FINISH_TOOL = _AT["finish_stop"], _AT["finish_tool"]
_TURNS_KNOWN, _SINGLE = _AT["turns_known"], _AT["single_turn"]
_PARAMS_KNOWN, _MANY_CHOICES, _LOGPROBS = _AT["params_known"], _AT["many_choices"], _AT["logprobs"]
_LOGIT_BIAS, _TEMPERATURE_0, _SEEDED = _AT["logit_bias"], _AT["temperature_zero"], _AT["seeded"]
_SHORT_MAX, _TOOLS, _STREAMED = _AT["short_max_tokens"], _AT["tools_offered"], _AT["streamed"]
_BATCHED, _EFFORT_HIGH = _AT["batched"], _AT["effort_high"]
_OUT_KNOWN, _REASONING_KNOWN = _AT["tokens_out_known"], _AT["reasoning_known"]
_COMPLETION_KNOWN = _AT["completion_known"]
_CARRIED, _BORN, _SESSION = _AT["carried_events"], _AT["born_events"], _AT["session_known"]
_LOGIT_PROBE = _AT["logit_probe"]
_AGENT, _NETWORK, _END_USER = _AT["user_agent_known"], _AT["network_known"], _AT["end_user_known"]
_SUM_AT: Final = {name: i for i, name in enumerate(SUMS)}
_TS, _REFUSED_TS = _SUM_AT["ts_s"], _SUM_AT["refused_ts_s"]

_F_STOP, _F_LENGTH = FINISH_REASONS.index("stop"), FINISH_REASONS.index("length")
_F_TOOL = FINISH_REASONS.index("tool_use")
_EFFORT_FROM = REASONING_EFFORTS.index("high")
_N_REFUSALS, _N_MISMATCHES = len(REFUSAL_CATEGORIES), len(BINDING_MISMATCHES)
_N_REACH = len(REACH)
_REACH_P = tuple(p for _, p in REACH)
_REACH_OFF = tuple(REACH_OFFSETS[:-1])
_SESSION_REACH, _AGENT_REACH = _REACH_AT["session_id"], _REACH_AT["user_agent"]
_NET_REACH, _END_USER_REACH = _REACH_AT["client_net"], _REACH_AT["end_user_id"]
_MODEL_CODE, _LIBRARY_CODE = -1, -2
_NOT_REACH: Final = {"model_served": _MODEL_CODE, "client_lib": _LIBRARY_CODE}
_CODE_FROM = tuple(_NOT_REACH[name] if name in _NOT_REACH else _REACH_AT[name] for name in CODES)
_WIDTHS_MS = tuple(width * 1000 for width, _ in WINDOWS)
_KEPT = tuple(k for _, k in WINDOWS)
_SHORT_TOKENS: Final = 4
_WEEK_SHIFT_DAYS: Final = 3  # 1970-01-01 was a Thursday; the week begins on Monday
_DAY_MS: Final = 86_400_000
_32 = np.uint64(32)
_MODEL_MASK = np.uint64(MODELS - 1)


@inlined
def fold_time(state: Any, row: int, ts_ms: int) -> None:  # noqa: ANN401  an Arrays, typed by its fields
    """Count one event's time: week, sampled windows, time line, first and last."""
    week = (ts_ms // _DAY_MS + _WEEK_SHIFT_DAYS) % 7 * 24 + ts_ms % _DAY_MS // HOUR_MS
    add16(state.week, row, week, 1)
    first = 0
    for scale in range(len(_WIDTHS_MS)):
        width = _WIDTHS_MS[scale]
        window = ts_ms // width
        place = (ts_ms - window * width) * 64 // width
        window_add(
            state.window_id,
            state.window_mask,
            state.window_count,
            row,
            first,
            _KEPT[scale],
            scale,
            np.uint32(window),
            np.uint64(1) << np.uint64(place),
            1,
        )
        first += _KEPT[scale]
    hour = ts_ms // HOUR_MS
    old_first, old_last = state.first_ms[row], state.last_ms[row]
    new_first, new_last = min(old_first, ts_ms), max(old_last, ts_ms)
    state.first_ms[row] = new_first
    state.last_ms[row] = new_last
    first_h = new_first // HOUR_MS
    level = 0
    if old_first <= old_last:
        level = timeline_widen(
            state.timeline, row, old_first // HOUR_MS, old_last // HOUR_MS, first_h, new_last // HOUR_MS
        )
    add16(state.timeline, row, (hour >> level) - (first_h >> level), 1)


@inlined
def fold_refusal(state: Any, row: int, batch: Any, i: int) -> None:  # noqa: ANN401
    """Count one event's refusal and the reasons why carried reasoning was dropped."""
    counts = state.counts
    ts_s = batch.ts_ms[i] // 1000
    state.sums[row, _TS] += ts_s
    refusal = batch.refusal[i]
    if refusal >= 0:
        counts[row, _REFUSAL_0 + refusal] += 1
    if refused(batch, i):
        counts[row, _REFUSED] += 1
        state.sums[row, _REFUSED_TS] += ts_s
    mismatch = batch.mismatch[i]
    if mismatch:
        counts[row, _MISMATCH_EVENTS] += 1
        for bit in range(_N_MISMATCHES):
            counts[row, _MISMATCH_0 + bit] += (mismatch >> bit) & 1


@inlined
def fold_outcome(state: Any, row: int, batch: Any, i: int) -> None:  # noqa: ANN401
    """Count one event's status, finish and tokens."""
    counts = state.counts
    sums = state.sums
    status = batch.status[i]
    if status >= 0:
        counts[row, _STATUS_KNOWN] += 1
        if status == 429:
            counts[row, _THROTTLED] += 1
        elif status >= 400:
            counts[row, _ERRORS] += 1
    finish = batch.finish[i]
    if finish >= 0:
        counts[row, _FINISH_KNOWN] += 1
        counts[row, _FINISH_LENGTH] += finish == _F_LENGTH
        counts[row, _FINISH_STOP] += finish == _F_STOP
        counts[row, _FINISH_TOOL] += finish == _F_TOOL
    tokens_out = batch.numbers[1, i]
    sums[row, 0] += max(batch.numbers[0, i], 0)
    sums[row, 1] += max(tokens_out, 0)
    sums[row, 2] += max(batch.numbers[2, i], 0)
    sums[row, 3] += max(batch.numbers[3, i], 0)
    sums[row, 5] += max(batch.numbers[4, i], 0)
    sums[row, 6] += max(batch.choices[i], 1)
    counts[row, _REASONING_KNOWN] += batch.numbers[2, i] >= 0
    counts[row, _COMPLETION_KNOWN] += batch.numbers[4, i] >= 0
    if tokens_out >= 0:
        counts[row, _OUT_KNOWN] += 1
        size = 0
        while tokens_out > 1 and size < OUT_BINS - 1:
            tokens_out >>= 1
            size += 1
        add16(state.out_hist, row, size, 1)


@inlined
def fold_request(state: Any, row: int, batch: Any, i: int) -> None:  # noqa: ANN401
    """Count one event's request parameters and turns."""
    counts = state.counts
    flags = batch.flags[i]
    temperature = batch.temperature[i]
    max_tokens = batch.numbers[5, i]
    choices = batch.choices[i]
    known = (
        temperature == temperature  # noqa: PLR0124  false for NaN
        or max_tokens >= 0
        or choices >= 0
        or batch.logprobs[i] >= 0
        or batch.logit_bias[i] >= 0
        or batch.tools[i] >= 0
        or batch.effort[i] >= 0
    )
    counts[row, _PARAMS_KNOWN] += known
    counts[row, _MANY_CHOICES] += choices > 1
    counts[row, _LOGPROBS] += batch.logprobs[i] >= 0
    counts[row, _LOGIT_BIAS] += batch.logit_bias[i] > 0
    few = 0 <= max_tokens <= _SHORT_TOKENS
    counts[row, _LOGIT_PROBE] += batch.logit_bias[i] > 0 and (few or batch.logprobs[i] >= 0)
    counts[row, _TEMPERATURE_0] += temperature == 0
    counts[row, _SEEDED] += flags & 1
    counts[row, _SHORT_MAX] += few
    counts[row, _TOOLS] += batch.tools[i] > 0
    counts[row, _STREAMED] += (flags >> 1) & 1
    counts[row, _BATCHED] += (flags >> 2) & 1
    counts[row, _EFFORT_HIGH] += batch.effort[i] >= _EFFORT_FROM
    counts[row, _CARRIED] += (flags >> 3) & 1
    counts[row, _BORN] += (flags >> 4) & 1
    turns = batch.turns[i]
    if turns >= 0:
        counts[row, _TURNS_KNOWN] += 1
        counts[row, _SINGLE] += turns <= 1


@inlined
def fold_access(state: Any, row: int, batch: Any, i: int, event: np.uint64) -> None:  # noqa: ANN401
    """Count where one event came from and which model answered."""
    for f in range(_N_REACH):
        value = batch.reach[f, i]
        if value != 0:
            hll_add(state.reach, row, _REACH_OFF[f], _REACH_P[f], np.uint64(value))
    state.counts[row, _SESSION] += batch.reach[_SESSION_REACH, i] != 0
    state.counts[row, _AGENT] += batch.reach[_AGENT_REACH, i] != 0
    state.counts[row, _END_USER] += batch.reach[_END_USER_REACH, i] != 0
    network = np.uint64(batch.reach[_NET_REACH, i])
    if network != np.uint64(0):
        state.counts[row, _NETWORK] += 1
        ts_s = np.uint32(batch.ts_ms[i] // 1000)
        sample_add(state.nets, state.nets_count, state.nets_first_s, state.nets_last_s, row, network, 1, ts_s, ts_s)
    for c in range(N_CODES):
        source = _CODE_FROM[c]
        if source >= 0:
            value = np.uint64(batch.reach[source, i])
        else:
            value = np.uint64(batch.model[i] if source == _MODEL_CODE else batch.library[i])
        if value == np.uint64(0):
            continue
        code = np.uint32(value)
        rank = np.uint32(mix64(value ^ event) >> _32)
        if rank < state.code_rank[row, c] or (rank == state.code_rank[row, c] and code < state.code[row, c]):
            state.code_rank[row, c] = rank
            state.code[row, c] = code
    model = np.uint64(batch.model[i])
    if model != np.uint64(0):
        cell = int(model & _MODEL_MASK)
        add16(state.models, row, cell, 1)
        state.model_first_s[row, cell] = min(state.model_first_s[row, cell], np.uint32(batch.ts_ms[i] // 1000))


@kernel
def fold_rows(
    state: Any,  # noqa: ANN401
    at: np.ndarray,
    batch: Any,  # noqa: ANN401
    rows: np.ndarray,
    tables: Any,  # noqa: ANN401  a Tables
    key0: np.uint64,
    key1: np.uint64,
    limit: int,
    room: Any,  # noqa: ANN401
) -> None:
    """Fold events ``rows`` of a batch into the account rows ``at`` (one an event, -1 to leave out)."""
    for j in range(rows.shape[0]):
        row = at[j]
        if row < 0:
            continue
        i = rows[j]
        event = np.uint64(batch.event[i])
        state.counts[row, 0] += 1
        fold_time(state, row, batch.ts_ms[i])
        fold_text(state, row, batch, i, event, tables, key0, key1, limit, room)
        fold_outcome(state, row, batch, i)
        fold_refusal(state, row, batch, i)
        fold_request(state, row, batch, i)
        fold_access(state, row, batch, i, event)
