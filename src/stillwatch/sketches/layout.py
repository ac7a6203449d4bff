"""The account state as a struct of arrays: what is kept of an account, and how much room it takes.

Every array has one row an account; in memory the rows of one account lie side by side. Each kind of
cell merges by one commutative and associative rule (sum, saturating sum, max, min, smallest-k), so that
a state depends on the *set* of events folded and on nothing else: not on their order, not on the batches,
not on the shards. Nothing here folds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PHRASES: Final = (
    "reasoning_elicitation",
    "thinking_format",
    "memory_translation",
    "anti_filter",
    "prompt_generation",
    "prompt_evolution",
    "rubric_grading",
    "critique_repair",
    "safety_rewrite",
    "identity_override",
)
"""Families of phrases, each a composition of concepts; bit f of what the text pass finds is family f."""

COUNTS: Final = (
    "events",
    "status_known",
    "errors",
    "throttled",
    "refused",
    "refusal_frontier_llm",
    "refusal_reasoning_extraction",
    "refusal_cyber",
    "refusal_bio",
    "refusal_general_harms",
    "refusal_other",
    "mismatch_events",
    "mismatch_organization",
    "mismatch_end_user",
    "mismatch_model",
    "mismatch_prefix",
    "mismatch_turn_boundary",
    "finish_known",
    "finish_length",
    "finish_stop",
    "finish_tool",
    "prompt_known",
    "topic_unknown",
    "system_present",
    "turns_known",
    "single_turn",
    "params_known",
    "many_choices",
    "logprobs",
    "logit_bias",
    "temperature_zero",
    "seeded",
    "short_max_tokens",
    "tools_offered",
    "streamed",
    "batched",
    "effort_high",
    "tokens_out_known",
    "reasoning_known",
    "completion_known",
    "carried_events",
    "born_events",
    "session_known",
    "lengths_known",
    "logit_probe",
    "user_agent_known",
    "network_known",
    "end_user_known",
    "refused_prompts",
    "corpus_found",
    *(f"phrase_{name}" for name in PHRASES),
)
"""Events that ..., one u32 counter each (wraps never: 4e9 events an account)."""

SUMS: Final = (
    "tokens_in",
    "tokens_out",
    "tokens_reasoning",
    "tokens_cached_in",
    "prompt_bytes",
    "completion_bytes",
    "choices",
    "in_log2",
    "out_log2",
    "in_log2_sq",
    "out_log2_sq",
    "in_out_log2",
    "ts_s",
    "refused_ts_s",
)
"""Totals, one i64 each. Logarithms are of prompt bytes and of visible answer tokens, in 256ths, over the
events that know both; squares and the product in 65,536ths."""

REACH: Final = (
    ("client_ip", 5),
    ("client_net", 5),
    ("end_user_id", 5),
    ("session_id", 5),
    ("user_agent", 4),
    ("ja4", 4),
    ("credential_id", 4),
)
"""Small HyperLogLog registers: (field, log2 of registers). Relative error 1.04/sqrt(2^p): 18 % and 26 %."""

CODES: Final = ("user_agent", "ja4", "client_net", "credential_id", "model_served", "client_lib")
"""Fields of which one value, drawn with the probability of its share of events, is kept."""

N_COUNTS: Final = len(COUNTS)
N_SUMS: Final = len(SUMS)
REACH_OFFSETS: Final = tuple(sum(1 << p for _, p in REACH[:i]) for i in range(len(REACH) + 1))
N_REACH: Final = REACH_OFFSETS[-1]
N_CODES: Final = len(CODES)

HLL_P: Final = 8
"""log2 registers of the exact-prompt HyperLogLog; relative error 6.5 %."""
SAMPLE_K: Final = 24
"""Prompt hashes kept an account: the 24 smallest, the same prompts in every account. A hash that is kept now was
kept from its first event on, so what is counted beside it is exact."""
NETS_K: Final = 8
"""Networks kept an account: those of the 8 smallest keyed ids, with how often and when each was seen."""
SMALL_P: Final = 4
"""log2 registers of the HyperLogLogs of system texts and of refused prompts; relative error 26 %."""
WEEK_HOURS: Final = 168
"""Hours of the week, from Monday 00:00 UTC."""
TOPICS: Final = 64
"""Topics of the shipped word table."""
SLOTS: Final = 8
"""Template slots."""
SLOT_TOPICS: Final = 8
"""Coarse topics counted inside a template slot."""
OUT_BINS: Final = 16
"""Bins of answer length: bin b holds 2^b <= tokens < 2^(b+1), bin 0 also 0."""
TIMELINE: Final = 24
"""Bins of the time line; their width doubles from one hour until all events fit."""
MODELS: Final = 8
"""Hashed cells of the model mix."""
WINDOWS: Final = ((60, 6), (3600, 6), (86400, 4))
"""Sampled active windows: (width in s, how many are kept). Each holds a 64-slot occupancy mask."""
N_WINDOWS: Final = sum(k for _, k in WINDOWS)

NO_TOPIC: Final = 0xFF
EMPTY_ID: Final = 0xFFFFFFFF
EMPTY_HASH: Final = 0xFFFFFFFFFFFFFFFF


class Arrays(NamedTuple):
    """The columns of the account state; row i of each is one account."""

    key: NDArray[np.int64]
    """(n,) account pseudonym."""
    counts: NDArray[np.uint32]
    """(n, N_COUNTS) events that ..., see COUNTS. Merge: sum."""
    sums: NDArray[np.int64]
    """(n, N_SUMS) totals, see SUMS. Merge: sum."""
    first_ms: NDArray[np.int64]
    """(n,) first event. Merge: min."""
    last_ms: NDArray[np.int64]
    """(n,) last event. Merge: max."""
    hll: NDArray[np.uint8]
    """(n, 256) HyperLogLog registers of exact prompts. Merge: max."""
    reach: NDArray[np.uint8]
    """(n, N_REACH) HyperLogLog registers of REACH, one after the other. Merge: max."""
    sample: NDArray[np.uint64]
    """(n, SAMPLE_K) smallest prompt hashes, ascending, all-ones where empty. Merge: smallest k of the union."""
    sample_count: NDArray[np.uint16]
    """(n, SAMPLE_K) events with that prompt. Merge: saturating sum."""
    sample_first_s: NDArray[np.uint32]
    """(n, SAMPLE_K) first of them, s since 1970. Merge: min."""
    sample_last_s: NDArray[np.uint32]
    """(n, SAMPLE_K) last of them, s since 1970. Merge: max."""
    sample_models: NDArray[np.uint8]
    """(n, SAMPLE_K) bit set of the hashed models that got it. Merge: or."""
    sample_system: NDArray[np.uint32]
    """(n, SAMPLE_K) template key of the system text it came under, EMPTY_ID for none. Merge: min."""
    sample_head: NDArray[np.uint32]
    """(n, SAMPLE_K) template key of its head, EMPTY_ID for none. Merge: min."""
    sample_tail: NDArray[np.uint32]
    """(n, SAMPLE_K) template key of its tail, EMPTY_ID for none. Merge: min."""
    sample_topic: NDArray[np.uint8]
    """(n, 2 * SAMPLE_K) topic of its first half, then of its last, cell by cell; NO_TOPIC where unknown. Merge: min.
    A fixed text at one end decides the topic of the whole; the other half is what varies."""
    nets: NDArray[np.uint64]
    """(n, NETS_K) smallest keyed networks, ascending, all-ones where empty. Merge: smallest k of the union."""
    nets_count: NDArray[np.uint16]
    """(n, NETS_K) events from that network. Merge: saturating sum."""
    nets_first_s: NDArray[np.uint32]
    """(n, NETS_K) first of them, s since 1970. Merge: min."""
    nets_last_s: NDArray[np.uint32]
    """(n, NETS_K) last of them, s since 1970. Merge: max."""
    systems: NDArray[np.uint8]
    """(n, 16) HyperLogLog registers of system texts. Merge: max."""
    refused: NDArray[np.uint8]
    """(n, 16) HyperLogLog registers of refused prompts. Merge: max."""
    week: NDArray[np.uint16]
    """(n, 168) events by hour of the week. Merge: saturating sum."""
    topics: NDArray[np.uint16]
    """(n, TOPICS) events by topic of the prompt. Merge: saturating sum."""
    out_hist: NDArray[np.uint16]
    """(n, OUT_BINS) events by answer tokens. Merge: saturating sum."""
    timeline: NDArray[np.uint16]
    """(n, TIMELINE) events by time; bin width follows from first and last event. Merge: align, saturating sum."""
    models: NDArray[np.uint16]
    """(n, MODELS) events by hashed served model. Merge: saturating sum."""
    model_first_s: NDArray[np.uint32]
    """(n, MODELS) first event of each hashed model, s since 1970, EMPTY_ID where none. Merge: min."""
    window_id: NDArray[np.uint32]
    """(n, N_WINDOWS) sampled active windows (time // width), EMPTY_ID where none. Merge: smallest ranks."""
    window_mask: NDArray[np.uint64]
    """(n, N_WINDOWS) which 64ths of the window had an event. Merge: or."""
    window_count: NDArray[np.uint16]
    """(n, N_WINDOWS) events inside the window. Merge: saturating sum."""
    slot_key: NDArray[np.uint64]
    """(n, SLOTS) template key of the slot's lowest-ranked occurrence. Merge: by (rank, key)."""
    slot_rank: NDArray[np.uint32]
    """(n, SLOTS) rank of that occurrence. Merge: min."""
    slot_count: NDArray[np.uint32]
    """(n, SLOTS) occurrences in the slot. Merge: sum."""
    slot_first_s: NDArray[np.uint32]
    """(n, SLOTS) first occurrence, s since 1970. Merge: min."""
    slot_last_s: NDArray[np.uint32]
    """(n, SLOTS) last occurrence, s since 1970. Merge: max."""
    slot_topics: NDArray[np.uint16]
    """(n, SLOTS * SLOT_TOPICS) occurrences by coarse topic. Merge: saturating sum."""
    code: NDArray[np.uint32]
    """(n, N_CODES) drawn value of CODES. Merge: by (rank, code)."""
    code_rank: NDArray[np.uint32]
    """(n, N_CODES) rank of the draw, EMPTY_ID where none. Merge: min."""


_SPECS: Final[dict[str, tuple[type[np.generic], tuple[int, ...], int]]] = {
    "key": (np.int64, (), 0),
    "counts": (np.uint32, (N_COUNTS,), 0),
    "sums": (np.int64, (N_SUMS,), 0),
    "first_ms": (np.int64, (), np.iinfo(np.int64).max),
    "last_ms": (np.int64, (), np.iinfo(np.int64).min),
    "hll": (np.uint8, (1 << HLL_P,), 0),
    "reach": (np.uint8, (N_REACH,), 0),
    "sample": (np.uint64, (SAMPLE_K,), EMPTY_HASH),
    "sample_count": (np.uint16, (SAMPLE_K,), 0),
    "sample_first_s": (np.uint32, (SAMPLE_K,), EMPTY_ID),
    "sample_last_s": (np.uint32, (SAMPLE_K,), 0),
    "sample_models": (np.uint8, (SAMPLE_K,), 0),
    "sample_system": (np.uint32, (SAMPLE_K,), EMPTY_ID),
    "sample_head": (np.uint32, (SAMPLE_K,), EMPTY_ID),
    "sample_tail": (np.uint32, (SAMPLE_K,), EMPTY_ID),
    "sample_topic": (np.uint8, (2 * SAMPLE_K,), NO_TOPIC),
    "nets": (np.uint64, (NETS_K,), EMPTY_HASH),
    "nets_count": (np.uint16, (NETS_K,), 0),
    "nets_first_s": (np.uint32, (NETS_K,), EMPTY_ID),
    "nets_last_s": (np.uint32, (NETS_K,), 0),
    "systems": (np.uint8, (1 << SMALL_P,), 0),
    "refused": (np.uint8, (1 << SMALL_P,), 0),
    "week": (np.uint16, (WEEK_HOURS,), 0),
    "topics": (np.uint16, (TOPICS,), 0),
    "out_hist": (np.uint16, (OUT_BINS,), 0),
    "timeline": (np.uint16, (TIMELINE,), 0),
    "models": (np.uint16, (MODELS,), 0),
    "model_first_s": (np.uint32, (MODELS,), EMPTY_ID),
    "window_id": (np.uint32, (N_WINDOWS,), EMPTY_ID),
    "window_mask": (np.uint64, (N_WINDOWS,), 0),
    "window_count": (np.uint16, (N_WINDOWS,), 0),
    "slot_key": (np.uint64, (SLOTS,), 0),
    "slot_rank": (np.uint32, (SLOTS,), EMPTY_ID),
    "slot_count": (np.uint32, (SLOTS,), 0),
    "slot_first_s": (np.uint32, (SLOTS,), EMPTY_ID),
    "slot_last_s": (np.uint32, (SLOTS,), 0),
    "slot_topics": (np.uint16, (SLOTS * SLOT_TOPICS,), 0),
    "code": (np.uint32, (N_CODES,), 0),
    "code_rank": (np.uint32, (N_CODES,), EMPTY_ID),
}

_LINE: Final = 64


def _places() -> tuple[dict[str, int], int]:
    """Give where each field begins inside a record, and the length of a record, whole cache lines."""
    places, at = {}, 0
    for name, (kind, shape, _) in _SPECS.items():
        size = np.dtype(kind).itemsize
        at = -(-at // size) * size
        places[name] = at
        at += size * int(np.prod(shape, dtype=np.int64))
    return places, -(-at // _LINE) * _LINE


_PLACES: Final = _places()[0]
BYTES_PER_ACCOUNT: Final = _places()[1]
"""Bytes an account takes in the arrays, the index of keys apart."""


def _view(cells: NDArray[np.uint8]) -> Arrays:
    """See records, shape (n, BYTES_PER_ACCOUNT), as the columns they are made of."""
    made = {
        name: np.ndarray(
            (cells.shape[0], *shape),
            kind,
            cells,
            _PLACES[name],
            (BYTES_PER_ACCOUNT, *(np.dtype(kind).itemsize for _ in shape)),
        )
        for name, (kind, shape, _) in _SPECS.items()
    }
    return Arrays._make(made[name] for name in Arrays._fields)


def reserve(capacity: int) -> Arrays:
    """Make room for ``capacity`` accounts that :func:`open_rows` has yet to open.

    An account's fields stand side by side in one record: an event touches most of them, and two dozen
    arrays cost two dozen address translations an event where a record costs one. Pages stay unmapped
    until an account is opened in them, so spare capacity costs no memory.
    """
    return _view(np.zeros((capacity, BYTES_PER_ACCOUNT), np.uint8))


def open_rows(arrays: Arrays, first: int, last: int) -> None:
    """Make rows first..last-1 empty accounts; the key is left as it is."""
    for name, (_, _, fill) in _SPECS.items():
        if fill:
            getattr(arrays, name)[first:last] = fill


def allocate(capacity: int) -> Arrays:
    """Make ``capacity`` empty accounts."""
    arrays = reserve(capacity)
    open_rows(arrays, 0, capacity)
    return arrays


def grow(arrays: Arrays, used: int, capacity: int) -> Arrays:
    """Copy the first ``used`` rows into room for more; the new rows have yet to be opened."""
    grown = reserve(capacity)
    columns: Any = zip(arrays, grown, strict=True)
    for old, new in columns:
        new[:used] = old[:used]
    return grown


def first_rows(arrays: Arrays, n: int) -> Arrays:
    """See the first n rows without copying them."""
    return Arrays._make(column[:n] for column in arrays)


def take(arrays: Arrays, rows: NDArray[np.int64]) -> Arrays:
    """Copy some rows, in the order given, each column on its own."""
    return Arrays._make(column[rows] for column in arrays)
