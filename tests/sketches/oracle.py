"""The account state from the set of an account's events, written from the docstrings of the layout.

Nothing here is added up event by event: every cell is computed from all events at once, with Python's
integers and dictionaries. What the kernels hold must equal it, cell by cell.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from sketches import oracle_text as text
from stillwatch.model.event import BINDING_MISMATCHES, FINISH_REASONS, REASONING_EFFORTS, REFUSAL_CATEGORIES
from stillwatch.sketches.layout import CODES, COUNTS, PHRASES, REACH, SUMS, WINDOWS, Arrays, allocate

Event = dict[str, Any]
Cells = dict[str, Any]
M64 = text.M64
FULL16 = 65_535
EMPTY = 0xFFFFFFFF
HOUR_MS = 3_600_000


def unsigned(value: int) -> int:
    return value & M64


def tally(values: list[int], size: int) -> list[int]:
    """Count values 0..size-1; a count stays at 65,535."""
    return [min(values.count(k), FULL16) for k in range(size)]


def registers(hashes: set[int], p: int) -> list[int]:
    """HyperLogLog: the first p bits choose a register, which keeps the longest run of zeros after them, plus one."""
    kept = [0] * (1 << p)
    for value in hashes:
        bits = format(value, "064b")
        run = bits[p:].find("1")
        kept[int(bits[:p], 2)] = max(kept[int(bits[:p], 2)], (run if run >= 0 else 64 - p) + 1)
    return kept


def worded(name: str | None) -> int:
    return 0 if name is None else int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def model(event: Event) -> int:
    return worded(event["model_served"] if event["model_served"] is not None else event["model_requested"])


def refused(event: Event) -> bool:
    stopped = (FINISH_REASONS.index("refusal"), FINISH_REASONS.index("content_filter"))
    return event["refusal_category"] is not None or event["finish_reason"] in stopped


def visible(event: Event) -> int:
    """Answer tokens without reasoning; 0 where unknown or where there is no prompt to set against them."""
    if not event["prompt"] or event["tokens_out"] is None:
        return 0
    return max(event["tokens_out"] - (event["tokens_reasoning"] or 0), 0)


def log2_256(value: int) -> int:
    """Base-2 logarithm in 256ths, read from the first nine bits."""
    size = value.bit_length() - 1
    return 256 * size + round(256 * math.log2((value << 8 >> size) / 256))


def counts(events: list[Event], topics: list[int | None], families: list[int]) -> list[int]:
    def n(true: Any) -> int:
        return sum(bool(true(e)) for e in events)

    def known(name: str) -> int:
        return n(lambda e: e[name] is not None)

    def above(name: str, least: float) -> int:
        return n(lambda e: e[name] is not None and e[name] > least)

    def finish(word: str) -> int:
        return n(lambda e: e["finish_reason"] == FINISH_REASONS.index(word))

    params = ("temperature", "max_tokens", "n_choices", "logprobs_requested", "logit_bias_n", "n_tools")
    high = REASONING_EFFORTS.index("high")
    made = {
        "events": len(events),
        "status_known": known("status"),
        "errors": n(lambda e: (e["status"] or 0) >= 400 and e["status"] != 429),
        "throttled": n(lambda e: e["status"] == 429),
        "refused": n(refused),
        "lengths_known": n(visible),
        "logit_probe": n(
            lambda e: (
                (e["logit_bias_n"] or 0) > 0
                and (e["logprobs_requested"] is not None or (e["max_tokens"] is not None and e["max_tokens"] <= 4))
            )
        ),
        "user_agent_known": n(lambda e: e["user_agent"]),
        "network_known": n(lambda e: e["client_net"]),
        "end_user_known": n(lambda e: e["end_user_id"]),
        "refused_prompts": n(lambda e: refused(e) and e["prompt"] is not None),
        "corpus_found": 0,
        "mismatch_events": n(lambda e: e["binding_mismatch"]),
        "finish_known": known("finish_reason"),
        "finish_length": finish("length"),
        "finish_stop": finish("stop"),
        "finish_tool": finish("tool_use"),
        "prompt_known": known("prompt"),
        "topic_unknown": topics.count(-1),
        "system_present": n(lambda e: e["system"]),
        "turns_known": known("n_turns"),
        "single_turn": n(lambda e: e["n_turns"] is not None and e["n_turns"] <= 1),
        "params_known": n(lambda e: any(e[p] is not None for p in (*params, "reasoning_effort"))),
        "many_choices": above("n_choices", 1),
        "logprobs": known("logprobs_requested"),
        "logit_bias": above("logit_bias_n", 0),
        "temperature_zero": n(lambda e: e["temperature"] == 0),
        "seeded": known("seed"),
        "short_max_tokens": n(lambda e: e["max_tokens"] is not None and e["max_tokens"] <= 4),
        "tools_offered": above("n_tools", 0),
        "streamed": n(lambda e: e["stream"]),
        "batched": n(lambda e: e["batch"]),
        "effort_high": above("reasoning_effort", high - 1),
        "tokens_out_known": known("tokens_out"),
        "reasoning_known": known("tokens_reasoning"),
        "completion_known": known("completion_chars"),
        "carried_events": n(lambda e: e["artefacts_carried"]),
        "born_events": n(lambda e: e["artefacts_born"]),
        "session_known": known("session_id"),
    }
    for code, word in enumerate(REFUSAL_CATEGORIES):
        made[f"refusal_{word}"] = n(lambda e, code=code: e["refusal_category"] == code)
    for bit, word in enumerate(BINDING_MISMATCHES):
        made[f"mismatch_{word}"] = n(lambda e, bit=bit: (e["binding_mismatch"] or 0) >> bit & 1)
    for bit, name in enumerate(PHRASES):
        made[f"phrase_{name}"] = sum(found >> bit & 1 for found in families)
    return [made[name] for name in COUNTS]


def sums(events: list[Event]) -> list[int]:
    made = {
        name: sum(e[name] or 0 for e in events)
        for name in ("tokens_in", "tokens_out", "tokens_reasoning", "tokens_cached_in")
    }
    made["prompt_bytes"] = sum(len(e["prompt"] or b"") for e in events)
    made["completion_bytes"] = sum(e["completion_chars"] or 0 for e in events)
    made["choices"] = sum(max(e["n_choices"] or 1, 1) for e in events)
    logs = [(log2_256(len(e["prompt"])), log2_256(visible(e))) for e in events if visible(e)]
    made["in_log2"], made["out_log2"] = sum(a for a, _ in logs), sum(b for _, b in logs)
    made["in_log2_sq"], made["out_log2_sq"] = sum(a * a for a, _ in logs), sum(b * b for _, b in logs)
    made["in_out_log2"] = sum(a * b for a, b in logs)
    made["ts_s"] = sum(e["ts_ms"] // 1000 for e in events)
    made["refused_ts_s"] = sum(e["ts_ms"] // 1000 for e in events if refused(e))
    return [made[name] for name in SUMS]


def sample(seen: list[tuple[int, Event]], size: int, prefix: str) -> Cells:
    """The values of smallest hash: how often each was seen, when first and last, on which models."""
    kept = sorted({value for value, _ in seen})[:size]
    of = [[e for v, e in seen if v == value] for value in kept]
    times = [[e["ts_ms"] // 1000 for e in mine] for mine in of]
    empty = size - len(kept)
    models = [0] * len(kept)
    for at, mine in enumerate(of):
        for e in mine:
            models[at] |= 1 << model(e) % 8 if model(e) else 0
    return {
        prefix: kept + [M64] * empty,
        f"{prefix}_count": [min(len(mine), FULL16) for mine in of] + [0] * empty,
        f"{prefix}_first_s": [min(t) for t in times] + [EMPTY] * empty,
        f"{prefix}_last_s": [max(t) for t in times] + [0] * empty,
        f"{prefix}_models": models + [0] * empty,
    }


def pieces(digests: list[tuple[int, Event]], size: int, k0: int, limit: int) -> Cells:
    """Template keys, cut to 32 bits, and topic of the sampled prompts; the smallest where one came under several."""
    kept = sorted({value for value, _ in digests})[:size]
    made: Cells = {f"sample_{name}": [] for name in ("system", "head", "tail", "topic")}
    for value in kept:
        mine = [e for v, e in digests if v == value]
        hashes = text.read(mine[0]["prompt"], limit)
        systems = [key for e in mine for key in text.system_keys(e["system"] or b"", k0)]
        made["sample_system"].append(min((key >> 32 for key in systems), default=EMPTY))
        made["sample_head"].append(text.frame(hashes[:32], k0) >> 32)
        made["sample_tail"].append(text.frame(hashes[-32:], k0) >> 32 if len(hashes) > 32 else EMPTY)
        for half in (hashes[: len(hashes) // 2], hashes[len(hashes) // 2 :]):
            topic = text.topic(half)
            made["sample_topic"].append(0xFF if topic < 0 else topic)
    made["sample_topic"] += [0xFF] * (2 * size - len(made["sample_topic"]))
    return {name: column + [EMPTY] * (size - len(column)) for name, column in made.items()}


def clock(times: list[int]) -> Cells:
    """Week, time line and sampled windows of some arrival times."""
    hours = [t // HOUR_MS for t in times]
    first, last = min(hours), max(hours)
    level = 0
    while last // 2**level - first // 2**level >= 24:
        level += 1
    made: Cells = {
        "first_ms": min(times),
        "last_ms": max(times),
        # Hour 0 of 1970 was Thursday's first, 72 hours after Monday's.
        "week": tally([(hour + 72) % 168 for hour in hours], 168),
        "timeline": tally([hour // 2**level - first // 2**level for hour in hours], 24),
    }
    made["window_id"], made["window_mask"], made["window_count"] = [], [], []
    for scale, (width_s, size) in enumerate(WINDOWS):
        inside: dict[int, list[int]] = {}
        for t in times:
            inside.setdefault(t // (width_s * 1000), []).append(t % (width_s * 1000) * 64 // (width_s * 1000))
        ranked = sorted(inside, key=lambda w, scale=scale: text.mix64(w << 8 | scale + 1))[:size]
        empty = size - len(ranked)
        made["window_id"] += [*ranked, *[EMPTY] * empty]
        made["window_mask"] += [sum(1 << place for place in set(inside[w])) for w in ranked] + [0] * empty
        made["window_count"] += [min(len(inside[w]), FULL16) for w in ranked] + [0] * empty
    return made


def slots(found: list[tuple[int, Event, int]]) -> Cells:
    """Template slots of occurrences (key, event, topic or -1)."""
    made: Cells = {name: [] for name in ("key", "rank", "count", "first_s", "last_s", "topics")}
    for slot in range(8):
        mine = [(key, e, topic) for key, e, topic in found if key % 8 == slot]
        rank, key = min(
            ((text.mix64(k ^ unsigned(e["event_id"] or 0)) >> 32, k) for k, e, _ in mine), default=(EMPTY, 0)
        )
        made["rank"].append(rank)
        made["key"].append(key)
        made["count"].append(len(mine))
        made["first_s"].append(min((e["ts_ms"] // 1000 for _, e, _ in mine), default=EMPTY))
        made["last_s"].append(max((e["ts_ms"] // 1000 for _, e, _ in mine), default=0))
        made["topics"] += tally([topic // 8 for _, _, topic in mine if topic >= 0], 8)
    return {f"slot_{name}": column for name, column in made.items()}


def codes(events: list[Event]) -> Cells:
    drawn = []
    for name in CODES:
        words = {"model_served": model, "client_lib": lambda e: worded(e["client_lib"])}
        values = [(words[name](e) if name in words else unsigned(e[name] or 0), e) for e in events]
        ranks = [(text.mix64(v ^ unsigned(e["event_id"] or 0)) >> 32, v & EMPTY) for v, e in values if v]
        drawn.append(min(ranks, default=(EMPTY, 0)))
    return {"code": [code for _, code in drawn], "code_rank": [rank for rank, _ in drawn]}


def cells(events: list[Event], k0: int, k1: int, limit: int) -> Cells:
    """Every cell of the account that made ``events``."""
    prompts = [e for e in events if e["prompt"] is not None]
    digests = [(text.siphash(k0, k1, e["prompt"]), e) for e in prompts]
    exact = {digest for digest, _ in digests}
    families = [text.families(e["prompt"], e["system"] or b"", limit) for e in prompts]
    framed = {key for e in events if e["system"] for key in text.system_keys(e["system"], k0)}
    used: dict[int, list[int]] = {}
    for e in events:
        if model(e):
            used.setdefault(model(e) % 8, []).append(e["ts_ms"] // 1000)
    topics: list[int | None] = []
    found = [(key, e, -1) for e in events if e["system"] for key in text.system_keys(e["system"], k0)]
    for e in prompts:
        hashes = text.read(e["prompt"], limit)
        topics.append(text.topic(hashes))
        found += [(key, e, topics[-1]) for key in text.prompt_keys(hashes, k0)]
    return {
        "key": events[0]["account_id"],
        "counts": counts(events, topics, families),
        "sums": sums(events),
        "hll": registers(exact, 8),
        "reach": [r for name, p in REACH for r in registers({unsigned(e[name]) for e in events if e[name]}, p)],
        **sample(digests, 24, "sample"),
        **pieces(digests, 24, k0, limit),
        **sample([(unsigned(e["client_net"]), e) for e in events if e["client_net"]], 8, "nets"),
        "systems": registers(framed, 4),
        "refused": registers({digest for digest, e in digests if refused(e)}, 4),
        "model_first_s": [min(used.get(cell, [EMPTY])) for cell in range(8)],
        "topics": tally([topic for topic in topics if topic is not None], 64),
        "out_hist": tally(
            [min(max(e["tokens_out"], 1).bit_length() - 1, 15) for e in events if e["tokens_out"] is not None], 16
        ),
        "models": tally([model(e) % 8 for e in events if model(e)], 8),
        **clock([e["ts_ms"] for e in events]),
        **slots(found),
        **codes(events),
    }


def arrays(events: list[Event], k0: int, k1: int, limit: int = 2048) -> Arrays:
    """State of all accounts of ``events``, by ascending account; events without one are left out."""
    accounts = sorted({e["account_id"] for e in events if e["account_id"]})
    made = allocate(len(accounts))
    for row, account in enumerate(accounts):
        found = cells([e for e in events if e["account_id"] == account], k0, k1, limit)
        for name, column in zip(Arrays._fields, made, strict=True):
            column[row] = np.array(found[name], column.dtype)
    return made
