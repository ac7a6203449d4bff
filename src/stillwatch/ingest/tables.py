"""Tables that a provider gives of its accounts, CSV or Parquet, read as texts. An error never quotes a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_QUOTED: Final = re.compile(r"(.*\bgot \d+):")


def read_table(path: Path, names: Iterable[str], what: str) -> pa.Table:
    """Read a table; the columns named are texts.

    Raises
    ------
    InputError
        There is no such file; ``what`` says which is meant.
    FormatError
        It cannot be read.
    """
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path)
        options = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
        return pacsv.read_csv(path, convert_options=options)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such {what}") from error
    except (OSError, pa.ArrowException) as error:
        raise FormatError(f"{path}: not a readable {what}: {_without_values(str(error))}") from error


def _without_values(message: str) -> str:
    """Leave out what a CSV error quotes of the file, which may be an account."""
    first = message.splitlines()[0]
    found = _QUOTED.match(first)
    return found.group(1) if found else first


def texts_of(table: pa.Table, name: str, path: Path) -> list[str]:
    """Read a column as texts, "" where it is null or the column is missing."""
    count = table.column_names.count(name)
    if count > 1:
        raise FormatError(f"{path}: two columns are called {name}")
    if not count:
        return [""] * table.num_rows
    try:
        texts: list[str] = pc.fill_null(table.column(name).cast(pa.string()), "").to_pylist()
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: column {name} is no text") from error
    return texts
