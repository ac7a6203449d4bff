"""Agreements as a provider writes them down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stillwatch.ingest.agreements import read_agreements
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key
from stillwatch.model.dossier import Agreement
from stillwatch.model.errors import FormatError, InputError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "account_id,organisation,kind,reference,from,until,requests_per_day\n"
YEAR = (1_767_225_600_000, 1_798_761_600_000)


def written(tmp_path: Path, text: str) -> tuple[Path, Door]:
    (tmp_path / "a.csv").write_text(text)
    key = tmp_path / "k"
    key.unlink(missing_ok=True)
    return tmp_path / "a.csv", Door(create_key(key))


def test_accounts_and_organisations_have_theirs(tmp_path: Path) -> None:
    year = "2026-01-01,2027-01-01"
    rows = (f"t-1,,research,R-1,{year},500", f"t-1,,red_team,R-2,{year},", f",acme,reseller,C,{year},")
    path, door = written(tmp_path, HEAD + "\n".join(rows) + "\n")
    found = read_agreements(path, door)
    assert found == {
        door.account("t-1"): (
            Agreement("research", "R-1", *YEAR, 500.0),
            Agreement("red_team", "R-2", *YEAR),
        ),
        door.organisation("acme"): (Agreement("reseller", "C", *YEAR),),
    }
    assert found[door.account("t-1")][0].covers(YEAR[0])
    assert not found[door.account("t-1")][0].covers(YEAR[1])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("t,acme,research,R,2026-01-01,2027-01-01,", "not both"),
        (",,research,R,2026-01-01,2027-01-01,", "name an account_id"),
        ("t,,friend,R,2026-01-01,2027-01-01,", "kind is none of research"),
        ("t,,research,R,2026-01-01,,", "row 2: until is no date"),
        ("t,,research,R,2027-01-01,2026-01-01,", "ends before"),
        ("t,,research,R,2026-01-01,2027-01-01,-3", "no number above 0"),
        ("t,,research,R,2026-01-01,2027-01-01,nan", "no number above 0"),
        ("t", "kind is none of"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_row(tmp_path: Path, row: str, says: str) -> None:
    path, door = written(tmp_path, HEAD + row + "\n")
    with pytest.raises(FormatError, match=says):
        read_agreements(path, door)


def test_a_file_without_its_columns_or_none_at_all_is_told(tmp_path: Path) -> None:
    path, door = written(tmp_path, "account_id,kind\n")
    with pytest.raises(FormatError, match="no column organisation"):
        read_agreements(path, door)
    with pytest.raises(InputError, match="No such file"):
        read_agreements(tmp_path / "none.csv", door)
