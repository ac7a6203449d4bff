"""Nine made-up prompt sources: 4 of extraction in 2 kinds, 2 of people, 3 of machines, 120 rows each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 120
NAMES = ("a1", "a2", "a3", "a4", "b1", "b2", "c1", "c2", "c3")
"""In the order in which a folder is read."""
SUBTYPES = {"a1": "instructions", "a2": "instructions", "a3": "code", "a4": "code"}
KINDS = {"cls": pa.string(), "turn": pa.int32(), "response_chars": pa.float64()}
_PROMPT = {"A": (80, 0.5), "B": (60, 1.2), "C": (400, 0.4)}
"""Middle and spread of prompt lengths, in characters."""
_ANSWER = {"A": (900, 1.0), "B": (700, 0.9), "C": (24, 0.3)}
"""The same of answers."""


def _text(rng: np.random.Generator, size: int) -> str:
    letters = rng.integers(0, 26, max(size, 1))
    return "".join(" " if k % 7 == 6 else chr(97 + c) for k, c in enumerate(letters.tolist()))


def rows(name: str, seed: int = 0) -> list[dict[str, Any]]:
    """Draw the rows of a source; lengths differ by class, and a little from source to source."""
    rng = np.random.default_rng([seed, *name.encode()])
    cls = name[0].upper()
    moved = rng.normal(0, 0.2, 2)
    made = []
    for k in range(ROWS):
        (fed, fed_sd), (drawn, drawn_sd) = _PROMPT[cls], _ANSWER[cls]
        chars = int(drawn * np.exp(moved[1] + rng.normal(0, drawn_sd))) + 4
        made.append(
            {
                "source": name,
                "cls": cls,
                "subtype": SUBTYPES.get(name, name),
                "conv_id": f"{name}-{k // 40}" if cls == "B" else None,
                "turn": k % 10 if cls == "B" else 0,
                "account_id": None,
                "lang": "en" if k % 3 else "zh",
                "system": "answer in one word" if cls == "C" else None,
                "prompt": _text(rng, int(fed * np.exp(moved[0] + rng.normal(0, fed_sd)))),
                "response": "x" * min(chars, 50),
                "response_chars": float(chars),
                "extra": json.dumps({"task": "sum"}) if cls == "C" else None,
            }
        )
    return made


def write_source(folder: Path, name: str, made: list[dict[str, Any]]) -> Path:
    """Write one source as Parquet."""
    schema = pa.schema([(column, KINDS.get(column, pa.string())) for column in made[0]])
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(made, schema=schema), path)
    return path


def write_sources(folder: Path, names: tuple[str, ...] = NAMES, seed: int = 0) -> Path:
    """Write a folder of sources."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write_source(folder, name, rows(name, seed))
    return folder
