"""One event's texts into the account state: templates, samples, lengths, families of phrases, public sets."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from stillwatch.model.event import FINISH_REASONS
from stillwatch.sketches.cells import add16, hll_add, log2_256, sample_add, sample_open
from stillwatch.sketches.corpus import in_corpus
from stillwatch.sketches.hashing import inlined, mix64, siphash
from stillwatch.sketches.layout import (
    COUNTS,
    EMPTY_HASH,
    HLL_P,
    MODELS,
    PHRASES,
    SLOT_TOPICS,
    SLOTS,
    SMALL_P,
    SUMS,
    TOPICS,
)
from stillwatch.sketches.phrases import find_families
from stillwatch.sketches.text import head_key, read_text, topic_of

_AT: Final = {name: i for i, name in enumerate(COUNTS)}
_SUM_AT: Final = {name: i for i, name in enumerate(SUMS)}
# numba reads module constants at compile time; tuples and ints only.
_PROMPT_KNOWN, _TOPIC_UNKNOWN, _SYSTEM = _AT["prompt_known"], _AT["topic_unknown"], _AT["system_present"]
_LENGTHS, _REFUSED_PROMPTS, _CORPUS = _AT["lengths_known"], _AT["refused_prompts"], _AT["corpus_found"]
_PHRASE_0, _N_PHRASES = _AT[f"phrase_{PHRASES[0]}"], len(PHRASES)
_IN, _OUT, _IN_SQ = _SUM_AT["in_log2"], _SUM_AT["out_log2"], _SUM_AT["in_log2_sq"]
_OUT_SQ, _IN_OUT, _PROMPT_BYTES = _SUM_AT["out_log2_sq"], _SUM_AT["in_out_log2"], _SUM_AT["prompt_bytes"]
_F_REFUSAL, _F_FILTER = FINISH_REASONS.index("refusal"), FINISH_REASONS.index("content_filter")
_NONE = np.uint64(EMPTY_HASH)
_32 = np.uint64(32)
_SLOT_MASK = np.uint64(SLOTS - 1)
_COARSE = TOPICS // SLOT_TOPICS
_MODEL_MASK = np.uint64(MODELS - 1)


@inlined
def slot_add(state: Any, row: int, key: np.uint64, event: np.uint64, ts_s: int, topic: int) -> None:  # noqa: ANN401
    """Count one occurrence of a template key."""
    slot = int(key & _SLOT_MASK)
    rank = np.uint32(mix64(key ^ event) >> _32)
    if rank < state.slot_rank[row, slot] or (rank == state.slot_rank[row, slot] and key < state.slot_key[row, slot]):
        state.slot_rank[row, slot] = rank
        state.slot_key[row, slot] = key
    state.slot_count[row, slot] += 1
    state.slot_first_s[row, slot] = min(state.slot_first_s[row, slot], np.uint32(ts_s))
    state.slot_last_s[row, slot] = max(state.slot_last_s[row, slot], np.uint32(ts_s))
    if topic >= 0:
        add16(state.slot_topics, row, slot * SLOT_TOPICS + topic // _COARSE, 1)


@inlined
def refused(batch: Any, i: int) -> bool:  # noqa: ANN401
    """Say whether the provider refused an event."""
    return batch.refusal[i] >= 0 or batch.finish[i] in (_F_REFUSAL, _F_FILTER)


@inlined
def fold_lengths(state: Any, row: int, batch: Any, i: int, size: int) -> None:  # noqa: ANN401
    """Add up how long prompt and visible answer are, where both are known and not empty."""
    visible = batch.numbers[1, i] - max(batch.numbers[2, i], 0)
    if size > 0 and visible > 0:
        sums = state.sums
        fed, drawn = log2_256(size), log2_256(visible)
        state.counts[row, _LENGTHS] += 1
        sums[row, _IN] += fed
        sums[row, _OUT] += drawn
        sums[row, _IN_SQ] += fed * fed
        sums[row, _OUT_SQ] += drawn * drawn
        sums[row, _IN_OUT] += fed * drawn


@inlined
def piece(key: np.uint64) -> np.uint32:
    """Cut a template key to what is kept of it beside a sampled prompt; EMPTY_ID for none."""
    return np.uint32(key >> _32)


@inlined
def fold_sample(
    state: Any,  # noqa: ANN401
    row: int,
    batch: Any,  # noqa: ANN401
    i: int,
    digest: np.uint64,
    pieces: tuple[np.uint64, np.uint64, np.uint64],
    n: int,
    tables: Any,  # noqa: ANN401  a Tables
    room: Any,  # noqa: ANN401
) -> None:
    """Count one event of a prompt among the sampled prompts, and of a refused one among the refused."""
    moment = np.uint32(batch.ts_ms[i] // 1000)
    at, fresh = sample_add(
        state.sample, state.sample_count, state.sample_first_s, state.sample_last_s, row, digest, 1, moment, moment
    )
    if fresh:
        sample_open(state, row, at)
        for half in range(2):
            topic = topic_of(room.words, half * (n // 2), n // 2 + half * (n - n // 2), tables.words, room.votes)
            if topic >= 0:
                state.sample_topic[row, 2 * at + half] = topic
    if at >= 0:
        model = np.uint64(batch.model[i])
        if model != np.uint64(0):
            state.sample_models[row, at] |= np.uint8(1) << np.uint8(model & _MODEL_MASK)
        state.sample_system[row, at] = min(state.sample_system[row, at], piece(pieces[0]))
        state.sample_head[row, at] = min(state.sample_head[row, at], piece(pieces[1]))
        state.sample_tail[row, at] = min(state.sample_tail[row, at], piece(pieces[2]))
    if refused(batch, i):
        state.counts[row, _REFUSED_PROMPTS] += 1
        hll_add(state.refused, row, 0, SMALL_P, digest)


@inlined
def fold_families(counts: np.ndarray, row: int, found: np.uint32) -> None:
    """Count the families of phrases that one event asks in."""
    if found:
        for f in range(_N_PHRASES):
            counts[row, _PHRASE_0 + f] += (found >> np.uint32(f)) & np.uint32(1)


@inlined
def fold_words(
    state: Any,  # noqa: ANN401
    row: int,
    batch: Any,  # noqa: ANN401
    i: int,
    event: np.uint64,
    framed: np.uint32,
    tables: Any,  # noqa: ANN401  a Tables
    key0: np.uint64,
    limit: int,
    room: Any,  # noqa: ANN401
) -> tuple[np.uint64, np.uint64, int]:
    """Sketch the words of one event's prompt: topic, template, families, public sets; returns (head, tail, words)."""
    ts_s = batch.ts_ms[i] // 1000
    head, tail, topic, n = read_text(
        batch.prompt, batch.prompt_at[i], batch.prompt_at[i + 1], limit, key0, tables.words, room
    )
    if topic >= 0:
        add16(state.topics, row, topic, 1)
    else:
        state.counts[row, _TOPIC_UNKNOWN] += 1
    if head != _NONE:
        slot_add(state, row, head, event, ts_s, topic)
    if tail not in (_NONE, head):
        slot_add(state, row, tail, event, ts_s, topic)
    fold_families(state.counts, row, framed | find_families(room.words, n, tables.phrases, room.seen))
    if tables.corpus.shape[0]:
        state.counts[row, _CORPUS] += in_corpus(room.words, n, tables.corpus)
    return head, tail, n


@inlined
def fold_text(
    state: Any,  # noqa: ANN401
    row: int,
    batch: Any,  # noqa: ANN401
    i: int,
    event: np.uint64,
    tables: Any,  # noqa: ANN401  a Tables
    key0: np.uint64,
    key1: np.uint64,
    limit: int,
    room: Any,  # noqa: ANN401
) -> None:
    """Sketch one event's prompt and system text."""
    counts = state.counts
    ts_s = batch.ts_ms[i] // 1000
    framed = np.uint32(0)
    system = _NONE
    s0, s1 = batch.system_at[i], batch.system_at[i + 1] if batch.system.shape[0] else batch.system_at[i]
    if s1 > s0:
        counts[row, _SYSTEM] += 1
        system, n = head_key(batch.system, s0, s1, key0, room)
        framed = find_families(room.words, n, tables.phrases, room.seen) & tables.phrases.systems
        if system != _NONE:
            slot_add(state, row, system, event, ts_s, -1)
            hll_add(state.systems, row, 0, SMALL_P, system)
    if not batch.prompt_seen[i]:
        return
    counts[row, _PROMPT_KNOWN] += 1
    p0, p1 = batch.prompt_at[i], batch.prompt_at[i + 1]
    state.sums[row, _PROMPT_BYTES] += p1 - p0
    digest = siphash(batch.prompt, p0, p1, key0, key1)
    hll_add(state.hll, row, 0, HLL_P, digest)
    fold_lengths(state, row, batch, i, p1 - p0)
    head, tail, n = fold_words(state, row, batch, i, event, framed, tables, key0, limit, room)
    fold_sample(state, row, batch, i, digest, (system, head, tail), n, tables, room)
