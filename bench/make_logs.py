"""Write request logs for timing: native Parquet and JSON Lines (zstd), prompts of about 300 bytes.

    python bench/make_logs.py FOLDER [EVENTS] [ACCOUNTS] [HALVES]

Accounts are drawn with a heavy tail, prompts are made of half-sentences of a small vocabulary. With HALVES every
event also has an answer of that many half-sentences (10: about 1,500 bytes). Nothing
here is meant to look like an attack: it is for speed and memory only.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FILES = 10
START_MS = 1_793_577_600_000  # 2026-11-02
WEEK_MS = 7 * 86_400_000
WORDS = [
    "explain",
    "compare",
    "write",
    "summarise",
    "the",
    "difference",
    "between",
    "market",
    "theory",
    "engine",
    "protein",
    "history",
    "loop",
    "function",
    "matrix",
    "river",
    "contract",
    "climate",
    "novel",
    "cell",
    "voltage",
    "budget",
    "recipe",
    "stanza",
    "orbit",
    "vaccine",
    "parser",
    "treaty",
    "enzyme",
    "and",
    "of",
    "for",
    "with",
    "a",
    "an",
    "in",
    "to",
    "why",
    "how",
    "which",
    "step",
    "answer",
    "detail",
    "example",
    "please",
    "give",
    "short",
    "long",
    "first",
    "second",
]


def halves(rng: np.random.Generator, count: int) -> pa.Array:
    """Make half-prompts of about 150 bytes."""
    drawn = rng.integers(0, len(WORDS), (count, 24))
    words = np.array(WORDS)
    return pa.array([" ".join(words[row]) for row in drawn])


def piece(
    rng: np.random.Generator, n: int, accounts: int, texts: pa.Array, start: int, span: tuple[int, int]
) -> pa.Table:
    """Make n events."""
    # As many accounts as events: one event each.
    account = (
        np.arange(start, start + n) if accounts >= FILES * n else (accounts * rng.random(n) ** 1.6).astype(np.int64)
    )
    text = pc.binary_join_element_wise(
        texts.take(pa.array(rng.integers(0, len(texts), n))), texts.take(pa.array(rng.integers(0, len(texts), n))), " "
    )
    number = pa.array(account).cast(pa.string())

    def named(prefix: str, of: pa.Array) -> pa.Array:
        return pc.binary_join_element_wise(prefix, of, "")

    model = pa.array(np.array(["m-large-2026-09", "m-small-2026-06", "m-code-2026-10"]))
    agents = pa.array(np.array(["openai-python/3.54.0", "anthropic-python/2.12.0", "curl/8.7.1", "litellm/1.109.1"]))
    served = model.take(pa.array(rng.integers(0, 3, n)))
    return pa.table(
        {
            "event_id": named("req-", pa.array(np.arange(start, start + n)).cast(pa.string())),
            "ts_ms": np.sort(rng.integers(*span, n)),
            "account_id": named("acct-", number),
            "credential_id": named("key-", number),
            "org_id": named("org-", pa.array(account // 3).cast(pa.string())),
            "session_id": named("s-", pa.array(rng.integers(0, n * 4, n)).cast(pa.string())),
            "operation": pa.array(["chat"] * n),
            "model_requested": served,
            "model_served": served,
            "status": pa.array(np.where(rng.random(n) < 0.98, 200, 429).astype(np.int16)),
            "finish_reason": pa.array(np.array(["stop", "length"])[(rng.random(n) < 0.1).astype(int)]),
            "tokens_in": rng.integers(20, 400, n).astype(np.int32),
            "tokens_out": rng.integers(1, 2000, n).astype(np.int32),
            "temperature": rng.choice(np.array([0.0, 0.2, 0.7, 1.0], np.float32), n),
            "max_tokens": rng.choice(np.array([256, 1024, 4096], np.int32), n),
            "client_ip": pc.binary_join_element_wise(
                "10",
                *(
                    pa.array(part.astype(np.int64)).cast(pa.string())
                    for part in (account >> 8 & 255, account & 255, rng.integers(1, 4, n))
                ),
                ".",
            ),
            "user_agent": agents.take(pa.array(account % 4)),
            "n_messages": rng.integers(1, 6, n).astype(np.int16),
            "n_turns": rng.integers(1, 3, n).astype(np.int16),
            "latency_ms": rng.random(n).astype(np.float32) * 3000,
            "prompt": text,
            "completion_chars": rng.integers(1, 8000, n).astype(np.int32),
        }
    )


def with_answers(made: pa.Table, rng: np.random.Generator, texts: pa.Array, count: int) -> pa.Table:
    """Add answers of ``count`` half-sentences."""
    drawn = (texts.take(pa.array(rng.integers(0, len(texts), len(made)))) for _ in range(count))
    return made.append_column("completion", pc.binary_join_element_wise(*drawn, " "))


def main(folder: Path, events: int, accounts: int, halves_an_answer: int) -> None:
    """Write FILES Parquet files and as many JSON Lines files."""
    rng = np.random.default_rng(7)
    texts = halves(rng, 60_000)
    (folder / "parquet").mkdir(parents=True, exist_ok=True)
    (folder / "jsonl").mkdir(parents=True, exist_ok=True)
    each = events // FILES
    for number in range(FILES):
        span = (START_MS + WEEK_MS * number // FILES, START_MS + WEEK_MS * (number + 1) // FILES)
        made = piece(rng, each, accounts, texts, number * each, span)
        if halves_an_answer:
            made = with_answers(made, rng, texts, halves_an_answer)
        name = folder / "parquet" / f"part-{number}.parquet"
        pq.write_table(made, name, compression="zstd", row_group_size=1 << 16)
        duckdb.sql(
            f"COPY (SELECT * FROM '{name}') TO '{folder}/jsonl/part-{number}.jsonl.zst' (FORMAT json, COMPRESSION zstd)"
        )
        print(f"{name}: {each:,} events", flush=True)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000,
        int(sys.argv[3]) if len(sys.argv) > 3 else 50_000,
        int(sys.argv[4]) if len(sys.argv) > 4 else 0,
    )
