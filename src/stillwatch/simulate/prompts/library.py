"""Real prompts from a folder of Parquet files, laid out so that one unit is one account's text.

A unit is a whole source for class A (an operator draws from one source), a whole conversation or a whole
person for class B, a whole task for class C. Rows of a unit keep their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.simulate.stage import Bools, Ints

_COLUMNS: Final = ("cls", "source", "subtype", "account_id", "conv_id", "turn", "role", "extra", "system", "prompt")
CLASSES: Final = ("A", "B", "C")
"""Classes of prompts: distillation, organic, benign automation."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The prompts of one class, unit after unit."""

    prompt: pa.Array
    """Text of every row."""
    system: pa.Array
    """System text of every row, or null."""
    start: Ints
    """First row of each unit; shape (units,)."""
    count: Ints
    """Rows of each unit; shape (units,)."""
    subtype: tuple[str, ...]
    """What each unit is, such as ``benchmark_eval``; shape (units,)."""

    def about(self, word: str) -> Bools:
        """Find units by a word of their subtype.

        Parameters
        ----------
        word
            Part of a subtype.

        Returns
        -------
        Bools
            Which units; shape (units,).
        """
        return np.array([word in kind for kind in self.subtype], dtype=np.bool_)

    def deal(self, rng: np.random.Generator, n: int, preferred: Bools, *, only: bool = False) -> Ints:
        """Give each of n accounts a unit, no unit twice before all were given.

        Parameters
        ----------
        rng
            Source of randomness.
        n
            Accounts.
        preferred
            Units that are given first; shape (units,).
        only
            Whether no other unit is given, as long as there is a preferred one.

        Returns
        -------
        Ints
            Number of the unit of each account; shape (n,).
        """
        order = rng.permutation(len(self.start))
        wanted = order[preferred[order]]
        order = wanted if only and len(wanted) else np.concatenate([wanted, order[~preferred[order]]])
        return np.resize(order, n).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Library:
    """Real prompts by class; a class may be absent."""

    shelves: dict[str, Shelf]
    """Class -> its prompts."""

    def shelf(self, cls: str) -> Shelf | None:
        """Find the prompts of a class.

        Parameters
        ----------
        cls
            One of CLASSES.

        Returns
        -------
        Shelf or None
            The prompts, or nothing where the folder has none of that class.
        """
        return self.shelves.get(cls)


def _read(file: Path) -> pa.Table:
    try:
        names = set(pq.read_schema(file).names)
        missing = {"cls", "source", "prompt"} - names
        if missing:
            raise FormatError(f"{file}: a prompt file needs the columns {sorted(missing)}")
        table = pq.read_table(file, columns=[c for c in _COLUMNS if c in names])
    except pa.ArrowInvalid as error:
        raise FormatError(f"{file}: not a Parquet file ({error})") from error
    for column in _COLUMNS:
        if column not in table.column_names:
            table = table.append_column(column, pa.nulls(table.num_rows, pa.string()))
    kinds = [pa.int32() if c == "turn" else pa.large_string() for c in _COLUMNS]
    return table.select(list(_COLUMNS)).cast(pa.schema(zip(_COLUMNS, kinds, strict=True)))


def _shelved(table: pa.Table, cls: str) -> Shelf | None:
    table = table.filter(pc.equal(table["cls"], cls))
    if table.num_rows == 0:
        return None
    whole = pa.scalar("", pa.large_string())
    columns = {"A": (), "B": ("account_id", "conv_id", "prompt")}.get(cls, ("account_id", "extra"))
    part = pc.coalesce(*(table[column] for column in columns), whole) if columns else whole
    keys = pc.binary_join_element_wise(table["source"], part, pa.scalar(" / ", pa.large_string()))
    table = table.append_column("unit", keys).sort_by([(c, "ascending") for c in ("unit", "conv_id", "turn", "prompt")])
    encoded = table["unit"].combine_chunks().dictionary_encode().indices.to_numpy()
    start = np.flatnonzero(np.diff(encoded, prepend=-1)).astype(np.int64)
    subtype = tuple(kind or "" for kind in table["subtype"].take(pa.array(start)).to_pylist())
    prompt, system = (table[c].combine_chunks() for c in ("prompt", "system"))
    return Shelf(prompt, system, start, np.diff(start, append=len(encoded)), subtype)


def read_library(folder: Path) -> Library:
    """Read real prompts from a folder.

    Parameters
    ----------
    folder
        Holds Parquet files with at least the columns ``cls``, ``source`` and ``prompt``.

    Returns
    -------
    Library
        The prompts by class; only requests of users are kept.

    Raises
    ------
    InputError
        The folder has no Parquet file, or one of them is no prompt file.
    """
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise InputError(f"{folder}: no *.parquet in this folder of prompts")
    table = pa.concat_tables([_read(file) for file in files])
    spoken = pc.and_(pc.is_valid(table["prompt"]), pc.fill_null(pc.equal(table["role"], "user"), fill_value=True))
    table = table.filter(spoken)
    shelves = {cls: _shelved(table, cls) for cls in CLASSES}
    return Library({cls: shelf for cls, shelf in shelves.items() if shelf is not None})
