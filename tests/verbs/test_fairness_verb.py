from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stillwatch.cli import main
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key, read_key
from stillwatch.model.decision import Action
from stillwatch.store.database import Database
from stillwatch.store.decisions import record
from store.stored import NOW, decision

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_key(tmp_path / "key")
    door = Door(read_key(tmp_path / "key"))
    database = Database(tmp_path / "s.db")
    acted = [decision(f"d-{n}", account=door.account(f"a{n}"), action=Action.RESTRICT) for n in range(30)]
    acted += [decision("d-x", account=door.account("a150"), shadow=True)]
    record(database, acted, NOW)
    database.close()
    plans = [f"a{n},{'free' if n < 60 else 'team'},{'small' if n % 2 else 'large'}" for n in range(COUNT)]
    (tmp_path / "accounts.csv").write_text("account_id,plan,size\n" + "\n".join(plans) + "\n")
    truth = [f"a{n},{'thief' if n < 25 else 'developer'},{'true' if n < 25 else 'false'}," for n in range(COUNT)]
    (tmp_path / "truth.csv").write_text("account_id,persona,extracting,operator\n" + "\n".join(truth) + "\n")
    return tmp_path


def run(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    capsys.readouterr()
    given = ["--store", str(folder / "s.db"), "--accounts", str(folder / "accounts.csv"), "--key", str(folder / "key")]
    code = main(["fairness", "store", *given, *more])
    return code, capsys.readouterr().out


def test_a_plan_acted_on_out_of_proportion_is_named_and_ends_with_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(folder, capsys, "--json")

    found = json.loads(said)["store"]
    free = next(row for row in found["groups"] if row["name"] == "free")
    assert code == 1
    assert (free["restricted"]["count"], free["accounts"]) == (30, 60)
    assert free["unlike"] == ["noticed", "throttled", "restricted"]
    assert {row["name"] for row in found["groups"] if row["kind"] == "size"} == {"small", "large"}


def test_with_the_truth_extractors_are_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = run(folder, capsys, "--json", "--truth", str(folder / "truth.csv"))

    found = json.loads(said)["store"]
    assert found["everybody"]["noticed"] | {"share": 0, "low": 0, "high": 0} == {
        "count": 5,
        "of": 175,
        "share": 0,
        "low": 0,
        "high": 0,
    }
    assert found["extracting"]["restricted"]["count"] == 25


def test_shadow_decisions_are_looked_at_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(folder, capsys, "--json", "--shadow")

    assert code == 0
    assert json.loads(said)["store"]["everybody"]["noticed"]["count"] == 1


def test_the_table_holds_every_group_and_says_what_the_intervals_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said = run(folder, capsys, "--out", str(folder / "page.html"))

    for words in ("plan free", "plan team", "size small", "50.0 (", "hold at once with 95%", "persona"):
        assert words in said
    assert "out of proportion: noticed, throttled, restricted" in (folder / "page.html").read_text()


@pytest.mark.parametrize("missing", ["accounts.csv", "key", "s.db"])
def test_what_is_missing_is_bad_input(folder: Path, capsys: pytest.CaptureFixture[str], missing: str) -> None:
    (folder / missing).unlink()

    assert run(folder, capsys)[0] == 2
