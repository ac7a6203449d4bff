"""``stillwatch simulate``: hydra worlds from the command line."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from stillwatch.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_campaigns_of_ones_own_stand_beside_as_many_honest_accounts_as_asked(tmp_path):
    campaigns = ["--campaign", "accounts=8,per_day=13,technique=store_replay,benign_mix=0.5", "--campaign"]
    campaigns += ["preset=gtg-16002,accounts=6", "--background", "30", "--days", "1"]

    assert main(["simulate", "--out", str(tmp_path), *campaigns]) == 0
    truth = rows(tmp_path / "truth.csv")
    named = [row["campaign"] for row in truth if row["campaign"].startswith(("campaign-1", "gtg"))]
    assert sorted(named) == ["campaign-1"] * 8 + ["gtg-16002"] * 6
    assert sum(row["extracting"] == "false" for row in truth) == 30 * 14


def test_the_hydra_world_is_written_with_all_account_columns(tmp_path):
    assert main(["simulate", "--out", str(tmp_path), "--world", "hydra", "--scale", "0.05", "--days", "2"]) == 0
    accounts = rows(tmp_path / "accounts.csv")
    assert {"card_bin", "email_domain", "email_class", "referral", "closed"} <= set(accounts[0])
    assert all(row["closed"] == "" or row["closed"].endswith("Z") for row in accounts)
    assert len(list((tmp_path / "logs").iterdir())) == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--campaign", "accounts=3"], "write 4 or more"),
        (["--campaign", "technique=magic,accounts=9"], "write one of template"),
        (["--background", "3"], "--world hydra or --campaign"),
        (["--world", "hydra", "--background", "-1"], "number above 0"),
    ],
)
def test_what_cannot_be_played_says_what_to_write(options, says, tmp_path, capsys):
    assert main(["simulate", "--out", str(tmp_path), *options]) == 2
    assert says in capsys.readouterr().err
