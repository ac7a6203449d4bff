"""Dossiers kept by the day."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from policy.drawn import DAY_MS, NOW_MS, replaced
from policy.test_judge_terms import COPIER, campaign
from stillwatch.model.dossier_json import read_dossiers, to_json
from stillwatch.model.errors import StoreError
from stillwatch.store.dossier_days import HOUR_MS, DossierDays, day_files

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.model.dossier import Dossier


def some(at_ms: int, *accounts: int) -> list[Dossier]:
    return [replaced(COPIER, account=account, at_ms=at_ms, last_ms=at_ms, attributed_share=1.0) for account in accounts]


def kept(folder: Path) -> dict[str, list[Dossier]]:
    return {path.stem: list(read_dossiers(path.read_bytes().splitlines(), path.name)) for path in day_files(folder)}


def test_dossiers_are_read_back_as_they_were_by_the_day(tmp_path: Path) -> None:
    days = DossierDays(tmp_path / "d")
    first, second = some(NOW_MS, 1, 2), some(NOW_MS + DAY_MS, 1)

    assert (days.keep(first, NOW_MS), days.keep(second, NOW_MS + DAY_MS)) == (2, 1)

    assert kept(tmp_path / "d") == {"2026-12-01": first, "2026-12-02": second}


def test_of_one_account_at_most_one_an_hour_is_kept_whatever_the_clock_does(tmp_path: Path) -> None:
    days = DossierDays(tmp_path)
    at = [0, 5_000, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1, -HOUR_MS, 2 * HOUR_MS]

    written = [days.keep(some(NOW_MS + DAY_MS // 2 + shift, 1), NOW_MS + DAY_MS // 2 + shift) for shift in at]

    assert written == [1, 0, 0, 1, 0, 1, 1]
    assert days.keep(some(NOW_MS + DAY_MS // 2, 2), NOW_MS + DAY_MS // 2) == 1, "another account"


def test_a_dossier_that_names_another_campaign_is_kept_at_once(tmp_path: Path) -> None:
    days = DossierDays(tmp_path)
    [alone] = some(NOW_MS, 1)
    named = [replaced(alone, at_ms=NOW_MS + at, campaign=campaign(name=f"c-{at // 3}")) for at in range(1, 6)]

    written = [days.keep([one], NOW_MS + at) for at, one in enumerate((alone, *named, alone))]

    assert written == [1, 1, 0, 1, 0, 0, 1]
    assert [one.campaign and one.campaign.name for one in kept(tmp_path)["2026-12-01"]] == [None, "c-0", "c-1", None]


def test_old_days_go_and_other_files_stay(tmp_path: Path) -> None:
    days = DossierDays(tmp_path, kept_d=90)
    (tmp_path / "notes.txt").write_text("mine")
    for day in (0, 1, 90):
        days.keep(some(NOW_MS + day * DAY_MS, 1), NOW_MS + day * DAY_MS)
    assert list(kept(tmp_path)) == ["2026-12-01", "2026-12-02", "2027-03-01"]

    days.keep(some(NOW_MS + 91 * DAY_MS, 1), NOW_MS + 91 * DAY_MS)

    assert list(kept(tmp_path)) == ["2026-12-02", "2027-03-01", "2027-03-02"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_line_that_a_crash_has_torn_is_cut_off(tmp_path: Path) -> None:
    DossierDays(tmp_path).keep(some(NOW_MS, 1), NOW_MS)
    [path] = day_files(tmp_path)
    path.write_bytes(path.read_bytes() + to_json(COPIER).encode()[:200])

    DossierDays(tmp_path).keep(some(NOW_MS + 1, 2), NOW_MS + 1)

    assert [one.account for one in kept(tmp_path)["2026-12-01"]] == [1, 2]


def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    DossierDays(tmp_path / "d").keep(some(NOW_MS, 1), NOW_MS)

    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o700
    assert stat.S_IMODE(day_files(tmp_path / "d")[0].stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_an_error_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "d").write_text("a file")

    with pytest.raises(StoreError, match="dossiers cannot be kept"):
        DossierDays(tmp_path / "d").keep(some(NOW_MS, 1), NOW_MS)
