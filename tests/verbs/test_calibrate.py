"""``calibrate`` writes what is ordinary, ``scan --reference`` holds accounts against it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stillwatch.detectors.calibration.assure import THEMSELVES
from stillwatch.detectors.calibration.own import permitted_share
from stillwatch.detectors.calibration.reference import from_json

if TYPE_CHECKING:
    from pathlib import Path

    from verbs.small_logs import Shell


@pytest.fixture
def reference(shell: Shell, tmp_path: Path) -> Path:
    """A reference of the world's own traffic."""
    code, *_ = shell.over_logs("calibrate", "--out", tmp_path / "reference.json")
    assert code == 0
    return tmp_path / "reference.json"


def p_values(page: dict) -> dict[str, float | None]:
    return {one["account"]: one["p_value"] for one in page["accounts"]}


def test_calibrate_writes_a_reference_and_says_what_it_holds(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "reference.json"

    code, said, _ = shell.over_logs("calibrate", "--out", out, "--json")

    made, page = from_json(out.read_bytes()), json.loads(said)
    assert code == 0
    assert page["accounts"] == made.whole.accounts > 0
    assert page["cohorts"] == len(made.cohorts)
    assert page["in_small_cohorts"] == made.rest.accounts
    assert page["permitted_share"] == permitted_share(made)
    assert page["smallest_p"] == pytest.approx(1 / (made.vouching(made.whole) + 1))
    assert page["written"] == str(out)


def test_in_words_it_says_how_to_use_it(shell: Shell, tmp_path: Path) -> None:
    _, said, _ = shell.over_logs("calibrate", "--out", tmp_path / "reference.json")

    assert f"--reference {tmp_path / 'reference.json'}" in said


def test_no_account_and_no_prompt_stands_in_the_reference(shell: Shell, reference: Path) -> None:
    text = reference.read_text(encoding="utf-8")

    assert not [one["account"] for one in shell.scan()["accounts"] if one["account"] in text]
    names = [line.split(",")[0] for line in (shell.folder / "world" / "accounts.csv").read_text().splitlines()[1:]]
    assert names
    assert not [name for name in names if name in text]


def test_a_scan_says_what_it_held_the_accounts_against(shell: Shell, reference: Path) -> None:
    plain, held = shell.scan(), shell.scan("--reference", reference)
    made = from_json(reference.read_bytes())

    assert plain["ranking"]["reference"] == THEMSELVES
    assert held["ranking"]["reference"] == (
        f"{made.whole.accounts:,} accounts of reference.json, made {made.made.isoformat()}"
    )
    assert plain["ranking"]["look"] == held["ranking"]["look"] == 1


def test_the_share_of_the_reference_bounds_the_shape_of_a_harvest(shell: Shell, reference: Path) -> None:
    """So few accounts show no rare share, so the shape weighs less than by default."""

    def heaviest(page: dict) -> float:
        steps = [step for one in page["accounts"] for step in one["findings"] if step["detector"] == "harvest_shape"]
        return max(step["weight_bits"] for step in steps if step["weight_bits"] is not None)

    assert permitted_share(from_json(reference.read_bytes())) == 0.05
    assert heaviest(shell.scan("--reference", reference)) < heaviest(shell.scan())


def test_a_second_look_raises_every_p(shell: Shell, reference: Path) -> None:
    first, second = (shell.scan("--reference", reference, "--look", look) for look in (1, 2))

    assert second["ranking"]["look"] == 2
    one, other = p_values(first), p_values(second)
    known = [account for account, p in one.items() if p is not None]
    assert known
    for account in known:
        assert other[account] == pytest.approx(min(4 * one[account], 1.0))
    assert any(other[account] > one[account] for account in known)


def test_a_base_rate_moves_the_prior(shell: Shell) -> None:
    assert shell.scan("--base-rate", 0.25)["ranking"]["base_rate"] == pytest.approx(0.25)
    assert shell.scan()["ranking"]["base_rate"] == pytest.approx(1 / 1025)


@pytest.mark.parametrize("verb", ["scan", "calibrate"])
@pytest.mark.parametrize("rate", ["0", "1", "-0.1", "2", "nan"])
def test_a_base_rate_out_of_range_is_said_in_a_sentence(verb: str, rate: str, shell: Shell, tmp_path: Path) -> None:
    more = ("--out", tmp_path / "out.json") if verb == "calibrate" else ()

    code, out, said = shell.over_logs(verb, f"--base-rate={rate}", *more)

    assert (code, out) == (2, "")
    assert "--base-rate" in said
    assert "write a share of accounts, such as 0.001" in said
    assert not (tmp_path / "out.json").exists()


def test_looks_are_counted_from_one(shell: Shell) -> None:
    code, _, said = shell.over_logs("scan", "--look", 0)

    assert code == 2
    assert "counted from 1" in said


def test_a_missing_reference_says_how_to_make_one(shell: Shell, tmp_path: Path) -> None:
    code, out, said = shell.over_logs("scan", "--reference", tmp_path / "nowhere.json")

    assert (code, out) == (2, "")
    assert f"{tmp_path / 'nowhere.json'}: no such reference" in said
    assert "stillwatch calibrate" in said


@pytest.mark.parametrize("damage", ["cut", "edited", "empty", "bytes", "other"])
def test_a_damaged_reference_says_which_and_what_to_do(damage: str, shell: Shell, reference: Path) -> None:
    text = reference.read_text(encoding="utf-8")
    damaged = {
        "cut": text[: len(text) // 2].encode(),
        "edited": text.replace('"accounts": ', '"accounts": 1', 1).encode(),
        "empty": b"",
        "bytes": b"\xff\xfe\x00",
        "other": b'{"version": 9}',
    }
    reference.write_bytes(damaged[damage])

    code, out, said = shell.over_logs("scan", "--reference", reference)

    assert (code, out) == (2, "")
    assert str(reference) in said
    assert "stillwatch calibrate" in said
    assert said.count("\n") == 1


def test_a_folder_is_no_reference(shell: Shell, tmp_path: Path) -> None:
    code, _, said = shell.over_logs("scan", "--reference", tmp_path)

    assert code == 2
    assert f"{tmp_path}: no readable reference" in said
    assert "stillwatch calibrate" in said


def test_logs_in_which_nobody_can_be_judged_make_no_reference(shell: Shell, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    records = [{"event_id": str(k), "ts_ms": 1_793_577_600_000 + k, "prompt": "hello there"} for k in range(5)]
    log.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    words = (log, "--format", "native", "--key", shell.folder / "key")

    code, _, said = shell.run("calibrate", *words, "--out", tmp_path / "reference.json")

    assert code == 2
    assert "nothing to call ordinary" in said
    assert not (tmp_path / "reference.json").exists()
    # A scan of the same log ranks nobody and says so.
    code, out, _ = shell.run("scan", *words, "--json")
    assert code in (0, 3)
    assert json.loads(out)["accounts"] == []


def test_a_reference_that_cannot_be_written_is_said(shell: Shell, tmp_path: Path) -> None:
    code, _, said = shell.over_logs("calibrate", "--out", tmp_path / "nowhere" / "reference.json")

    assert code == 2
    assert "nowhere" in said
    assert "folder" in said


def test_a_missing_folder_is_said_before_anything_is_read(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("the logs were read for nothing")

    monkeypatch.setattr("stillwatch.verbs.scan.scanned", read)

    code, _, told = shell.over_logs("calibrate", "--out", tmp_path / "none" / "reference.json")

    assert code == 2
    assert "the folder does not exist" in told
