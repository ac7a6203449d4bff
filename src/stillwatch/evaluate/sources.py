"""Prompt sources on disk as units that accounts are drawn from.

A source is one Parquet file of real prompts of one class: A distillation, B organic people, C benign
automation. A unit is what one account's text may come from: of A the whole source, of B one conversation or
one person, of C one task, one evaluation or one application. Rows of a unit keep their order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CLASSES: Final = ("A", "B", "C")
"""Distillation, organic people, benign automation."""
NOT_TRAFFIC: Final = ("prompt_library",)
"""Subtypes that are collections of prompts and no account's requests; left out of every account."""
_COLUMNS: Final = (
    *("source", "cls", "subtype", "conv_id", "turn", "account_id", "lang", "system", "prompt", "response"),
    *("response_chars", "extra"),
)
_TASK: Final = ("task", "mode", "template", "run")
_LOOSE_ROWS: Final = 60


@dataclass(frozen=True, slots=True)
class Source:
    """One source of prompts."""

    name: str
    """Name, as in the manifest."""
    cls: str
    """One of CLASSES."""
    subtype: str
    """Kind of source; sources of one kind are left out together."""
    prompt: pa.LargeBinaryArray
    """(rows,) text of the last user turn."""
    system: pa.LargeBinaryArray
    """(rows,) system text, null where none."""
    tokens_out: NDArray[np.int32]
    """(rows,) tokens of the recorded answer, estimated from its characters; -1 where none was recorded."""
    turn: NDArray[np.int16]
    """(rows,) user turns of the request, from 1."""
    lang: tuple[str, ...]
    """(rows,) language; for tables only, never a feature."""
    units: tuple[NDArray[np.int64], ...]
    """Rows of each unit."""


def answer_tokens(text: pa.Array, chars: NDArray[np.float64]) -> NDArray[np.int32]:
    """Estimate tokens of answers: a quarter of a token a narrow character, 0.9 a wide one.

    Parameters
    ----------
    text
        Answers as far as they were kept.
    chars
        Full length of each, characters; 0 or NaN where none was recorded.
    """
    kept = np.maximum(np.nan_to_num(pc.utf8_length(text).to_numpy(zero_copy_only=False).astype(np.float64)), 1.0)
    written = np.nan_to_num(pc.binary_length(text).to_numpy(zero_copy_only=False).astype(np.float64))
    wide = np.clip((written - kept) / (2.0 * kept), 0.0, 1.0)
    tokens = np.maximum(np.rint(np.nan_to_num(chars) * (0.25 * (1 - wide) + 0.9 * wide)), 1.0)
    return np.where(np.nan_to_num(chars) > 0, tokens, -1.0).astype(np.int32)


def _unit_names(table: pa.Table, cls: str) -> list[str]:
    if cls == "A":
        return ["all"] * table.num_rows
    account, conversation = table.column("account_id").to_pylist(), table.column("conv_id").to_pylist()
    if cls == "B":
        whole = bool(account) and all(account) and len(set(account)) == 1
        loose = [f"rows {row // _LOOSE_ROWS}" for row in range(table.num_rows)]
        pairs = zip(account, conversation, loose, strict=True)
        return [a if whole else (a or c or r) for a, c, r in pairs]
    extra = [_tags(text) for text in table.column("extra").to_pylist()]
    tasks = [" ".join(str(e[key]) for key in _TASK if key in e) for e in extra]
    return [a or task or "all" for a, task in zip(account, tasks, strict=True)]


def _tags(text: str | None) -> dict[str, object]:
    made = json.loads(text) if text else {}
    return made if isinstance(made, dict) else {}


def _units(names: list[str]) -> tuple[NDArray[np.int64], ...]:
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    return tuple(np.array(found, np.int64) for found in rows.values())


def read_source(path: Path) -> Source:
    """Read one source.

    Raises
    ------
    FormatError
        A column is missing, or the class is none of A, B and C.
    """
    try:
        table = pq.read_table(path, columns=list(_COLUMNS))
    except (OSError, pa.ArrowException, KeyError) as error:
        raise FormatError(f"{path}: no prompt source: {str(error).splitlines()[0][:120]}") from error
    cls = str(table.column("cls")[0]) if table.num_rows else ""
    if cls not in CLASSES:
        raise FormatError(f"{path}: class {cls or '(empty)'!r} is none of A, B and C")
    flat = table.combine_chunks()
    try:
        units = _units(_unit_names(flat, cls))
    except ValueError as error:
        raise FormatError(f"{path}: a value of the column extra is no JSON") from error
    turn = np.nan_to_num(flat.column("turn").to_numpy(zero_copy_only=False).astype(np.float64))
    return Source(
        name=str(flat.column("source")[0]),
        cls=cls,
        subtype=str(flat.column("subtype")[0]),
        prompt=_binary(flat.column("prompt")),
        system=_binary(flat.column("system")),
        tokens_out=answer_tokens(
            _one(flat.column("response")),
            flat.column("response_chars").to_numpy(zero_copy_only=False).astype(np.float64),
        ),
        turn=np.clip(turn + 1, 1, 30_000).astype(np.int16),
        lang=tuple(str(text or "") for text in flat.column("lang").to_pylist()),
        units=units,
    )


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _binary(column: pa.ChunkedArray) -> pa.LargeBinaryArray:
    return _one(column).cast(pa.large_string()).cast(pa.large_binary())


def read_sources(folder: Path) -> tuple[Source, ...]:
    """Read every source of a folder, by name.

    Raises
    ------
    InputError
        The folder holds no Parquet file.
    """
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise InputError(f"{folder}: no *.parquet there; give the folder of prompt sources")
    return tuple(source for path in paths if (source := read_source(path)).subtype not in NOT_TRAFFIC)
