"""One column of a CSV by account: labels that only a report reads."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.ingest.door import Door

LONGEST: Final = 60
"""Characters kept of a label."""


def column(path: Path, name: str, door: Door) -> dict[int, str]:
    """Read one column of a CSV by account; empty where there is no such column, or the file is no CSV but Parquet.

    Raises
    ------
    InputError
        There is no such file.
    FormatError
        It names no accounts, or is no CSV.
    """
    if path.suffix == ".parquet":
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if "account_id" not in (rows.fieldnames or ()):
                raise FormatError(f"{path}: no column account_id")
            if name not in (rows.fieldnames or ()):
                return {}
            return {door.account(row["account_id"]): (row[name] or "")[:LONGEST] for row in rows if row["account_id"]}
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{path}: not a readable CSV") from error
