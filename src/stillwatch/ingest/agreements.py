"""The file of agreements: what a provider and a customer agreed on, keyed as it is read.

CSV, one row an agreement::

    account_id,organisation,kind,reference,from,until,requests_per_day
    team-17,,research,R-2026-031,2026-01-01,2027-01-01,5000
    ,acme,reseller,C-88,2026-03-01,2027-03-01,

A row names an account or an organisation; one of an organisation holds for all its accounts.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, get_args

from stillwatch.model.dossier import Agreement, AgreementKind
from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stillwatch.ingest.door import Door

COLUMNS: Final = ("account_id", "organisation", "kind", "reference", "from", "until", "requests_per_day")
"""Columns, of which ``requests_per_day`` may be empty."""
KINDS: Final[tuple[AgreementKind, ...]] = get_args(AgreementKind)
MOST_ROWS: Final = 1_000_000
"""Longest file (rows)."""


def read_agreements(path: Path, door: Door) -> dict[int, tuple[Agreement, ...]]:
    """Read a file of agreements.

    Parameters
    ----------
    path
        The file.
    door
        Keys accounts and organisations.

    Returns
    -------
    dict
        Account or organisation -> its agreements.

    Raises
    ------
    InputError
        It cannot be opened.
    FormatError
        A column is missing or a value makes no sense; the row is named.
    """
    found: dict[int, tuple[Agreement, ...]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS[:-1] if name not in (rows.fieldnames or ())]
            if missing:
                raise FormatError(f"{path}: no column {missing[0]}; columns are: {', '.join(COLUMNS)}")
            for number, row in enumerate(rows, start=2):
                if number > MOST_ROWS:
                    raise FormatError(f"{path}: more than {MOST_ROWS:,} rows")
                who = _who(row, door, f"{path}: row {number}")
                found[who] = (*found.get(who, ()), _agreement(row, f"{path}: row {number}"))
    except OSError as error:
        raise InputError(f"{path}: no readable file of agreements: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{path}: no CSV in UTF-8") from error
    return found


def _who(row: Mapping[str, str | None], door: Door, where: str) -> int:
    account, organisation = row["account_id"] or "", row["organisation"] or ""
    if bool(account) == bool(organisation):
        raise FormatError(f"{where}: name an account_id or an organisation, and not both")
    return door.account(account) if account else door.organisation(organisation)


def _agreement(row: Mapping[str, str | None], where: str) -> Agreement:
    kind = next((one for one in KINDS if one == row["kind"]), None)
    if kind is None:
        raise FormatError(f"{where}: kind is none of {', '.join(KINDS)}")
    from_ms, until_ms = (_day(row[name] or "", f"{where}: {name}") for name in ("from", "until"))
    if from_ms >= until_ms:
        raise FormatError(f"{where}: it ends before it begins")
    per_day = row.get("requests_per_day") or "inf"
    try:
        bound = float(per_day)
    except ValueError:
        bound = -1.0
    if not bound > 0:
        raise FormatError(f"{where}: requests_per_day is no number above 0")
    return Agreement(kind, row["reference"] or "", from_ms, until_ms, bound)


def _day(text: str, where: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise FormatError(f"{where} is no date such as 2026-11-27; an agreement has a beginning and an end") from error
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
