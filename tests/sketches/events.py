"""Made-up events: every field null now and then, texts of many scripts and lengths, times of many years."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa

from sketches.oracle_text import mix64
from stillwatch.model.event import CODES, EVENT_SCHEMA, Clock, EventBatch, Identity, Provenance
from stillwatch.sketches.columns import columns
from stillwatch.sketches.layout import Arrays
from stillwatch.sketches.state import AccountState, Keys
from stillwatch.sketches.tables import tables

Event = dict[str, Any]
KEYS = Keys(0x0706050403020100, 0x0F0E0D0C0B0A0908)
PLACE = Provenance("test", Identity.KEY, Clock.LOG)
EARLIEST_MS, LATEST_MS = 1_420_070_400_000, 4_102_444_800_000
SOME_DAY_MS = 1_793_577_600_000
WORDS = (
    "the guitar and the river", "write a short story about", "history of the roman church", "Größe über Straße",
    "música y ciudad", "история города", "水着を着て川へ行く", "한국어 문장을 쓰다", "请写一篇文章", "x1y22z333 4,5;6",
    "naïve café\x00\x01", "🙂🙃 emoji", "العربية كلمات", "\n\n\t  -- ", "A B C D E F G", "def f(x): return x ** 2",
)  # fmt: skip
FIXED = "You are a careful assistant. Answer the following question in one sentence and give your reasons. "


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def pseudonym(number: int, field: str = "") -> int:
    """A signed 64-bit id that is never 0, as the door gives it."""
    value = mix64(number + 1 + (hash_of(field) << 32))
    return (value - (1 << 64) if value >> 63 else value) or 1


def hash_of(field: str) -> int:
    return sum((k + 1) * byte for k, byte in enumerate(field.encode())) & 0xFFFF


def prose(rng: random.Random, size: int) -> bytes:
    """Exactly ``size`` bytes of text; characters are cut where the size says."""
    made = bytearray()
    while len(made) < size:
        made += rng.choice(WORDS).encode() + rng.choice((b" ", b"", b". ", b"\n"))
    return bytes(made[:size])


def prompt(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.05:
        return b""
    if kind < 0.1:
        return f"{rng.choice(WORDS)} again".encode()
    if kind < 0.35:
        return prose(rng, rng.randrange(1, 40))
    if kind < 0.6:
        return FIXED.encode() + prose(rng, rng.randrange(0, 400))
    if kind < 0.8:
        return prose(rng, 120) + b" " + FIXED.encode() * 2
    if kind < 0.9:
        return prose(rng, rng.choice((2047, 2048, 2049, 4095, 4096, 4097, 4098, 4099, 4200)))
    if kind < 0.95:
        return "水".encode() * rng.choice((682, 683, 1365, 1366, 1400))
    return rng.randbytes(rng.randrange(0, 300))


def moment(rng: random.Random) -> int:
    """A time in ms: close to others, or hours, or years away from them."""
    since = rng.choice((SOME_DAY_MS, EARLIEST_MS, LATEST_MS - 10**12))
    return since + rng.choice((1, 1000, 10**7, 10**10)) * rng.randrange(99)


def event(rng: random.Random, number: int, nulls: float = 0.3, **given: Any) -> Event:
    """Event ``number``, its fields drawn at random and null with probability ``nulls``; ``given`` are as given."""
    made: Event = {
        "ts_ms": moment(rng),
        "binding_mismatch": rng.choice((0, 0, rng.randrange(32))),
        "model_requested": rng.choice(("m-large", "m-small", "ünï")),
        "model_served": rng.choice(("m-large-1", "m-small-2", "other")),
        "client_lib": rng.choice(("openai-python", "anthropic-python", "curl")),
        "status": rng.choice((200, 200, 404, 429, 500, 0)),
        "temperature": rng.choice((0.0, 0.7, 1.0)),
        "seed": rng.randrange(-5, 5),
        "prompt": prompt(rng),
        "system": rng.choice((b"", FIXED.encode(), prose(rng, 2000), b"be kind")),
        "completion": rng.choice((b"", FIXED.encode() * 3, prose(rng, rng.choice((60, 400, 2047, 2049, 3000))))),
    }  # fmt: skip
    for field in ("n_choices", "logprobs_requested", "logit_bias_n", "n_tools", "n_messages", "n_turns"):
        made[field] = rng.choice((0, 1, 1, 2, 9))
    for field in ("tokens_in", "tokens_out", "tokens_reasoning", "tokens_cached_in", "completion_chars", "max_tokens"):
        made[field] = rng.choice((0, 1, 2, 3, 4, 5, 255, 256, 40_000, rng.randrange(1 << 31)))
    for field, words in CODES.items():
        made[field] = rng.randrange(len(words))
    for field in ("stream", "store", "batch"):
        made[field] = rng.random() < 0.5
    for field in (
        "credential_id",
        "client_ip",
        "client_net",
        "user_agent",
        "ja4",
        "org_id",
        "end_user_id",
        "session_id",
    ):
        made[field] = pseudonym(rng.choice((1, 2, 3, rng.randrange(1000))), field)
    for field in ("artefacts_carried", "artefacts_born"):
        made[field] = [pseudonym(rng.randrange(40), "artefact") for _ in range(rng.choice((0, 0, 1, 3)))]
    made = {field: None if rng.random() < nulls and field != "ts_ms" else value for field, value in made.items()}
    return {field.name: None for field in EVENT_SCHEMA} | made | {"event_id": pseudonym(number, "event")} | given


def events(seed: int, n: int, accounts: int = 3, nulls: float = 0.3) -> list[Event]:
    """``n`` different events of some accounts; one in twenty has no account."""
    rng = seeded(seed)
    some = [pseudonym(k, "account") for k in range(accounts)]
    made = []
    for k in range(n):
        account = rng.choice(some) if rng.random() < 0.95 else None
        made.append(event(rng, (seed << 20) + k, nulls, account_id=account))
    return made


def batch(rows: list[Event]) -> EventBatch:
    """Put events into one batch of the event schema."""
    made = [pa.array([row[field.name] for row in rows], field.type) for field in EVENT_SCHEMA]
    return EventBatch(pa.RecordBatch.from_arrays(made, schema=EVENT_SCHEMA), PLACE)


def folded(parts: list[list[Event]], keys: Keys = KEYS, limit: int = 2048) -> AccountState:
    """State of some batches of events, folded one after the other."""
    state = AccountState(keys, text_limit_bytes=limit)
    for rows in parts:
        cols = columns(batch(rows))
        state.fold(cols, np.flatnonzero(cols.account), tables())
    return state


def unequal(mine: Arrays, other: Arrays) -> list[str]:
    """Name the columns in which two states differ."""
    pairs = zip(Arrays._fields, mine, other, strict=True)
    return [name for name, a, b in pairs if a.shape != b.shape or not np.array_equal(a, b)]
