"""Persons at work: what is shown, answered, undone, stopped. Strangers' strings reach no terminal raw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stillwatch.cli import main
from stillwatch.ingest.keys import create_key
from stillwatch.model.decision import Action, Waiting
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.store.appeals import lodge
from stillwatch.store.database import Database
from stillwatch.store.decisions import record
from stillwatch.store.standing import StandingTable
from stillwatch.verbs import appeals as appeals_verbs
from stillwatch.verbs import decisions as decisions_verbs
from stillwatch.verbs.appeals import appeal_keys
from store.stored import A_VERDICT, HOUR, NOW, decision

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "\x1b[2J\x1b]0;x\x07[bold]rm[/bold] \u202eevil"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (decisions_verbs, appeals_verbs):
        monkeypatch.setattr(module, "now_ms", lambda: NOW + HOUR)
    file = tmp_path / "s.db"
    database = Database(file)
    record(
        database,
        [
            decision("d-1"),
            decision("d-2", account=8, campaign="C", clause="no-resale"),
            decision("d-3", account=9, campaign="C", evidence=(EVIL,), shadow=True),
        ],
        NOW,
        verdicts={"d-1": A_VERDICT},
        waiting=[Waiting(decision("d-4", account=10, action=Action.HOLD, notice="Until {until}."), f"a hold {EVIL}")],
    )
    database.close()
    return file


def run(path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([*words, "--store", str(path)])
    said = capsys.readouterr()
    return code, said.out, said.err


BY = ("--by", "ada", "--why", "a class of students")


def test_list_and_show_name_clause_span_evidence_appeal(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said, _ = run(path, capsys, "decisions", "list", "--json")
    listed = json.loads(said)["decisions"]
    assert [(one["id"], one["state"]) for one in listed] == [
        ("d-3", "shadow"),
        ("d-2", "in force"),
        ("d-1", "in force"),
    ]

    _, said, _ = run(path, capsys, "decisions", "show", "d-1")
    for words in ("THROTTLE, in force", "no-model-copying", "640 prompts", "+6.5 bits, probing", "/appeals/d-1"):
        assert words in said

    _, said, _ = run(path, capsys, "decisions", "list", "--in-force", "--account", pseudonym_text(8), "--json")
    assert [one["id"] for one in json.loads(said)["decisions"]] == ["d-2"]


def test_what_is_typed_again_stands_on_one_line_and_a_reason_stands_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ids = [f"d-{at:024x}" for at in (1, 2)]
    long = {"clause": "no-coordinated-harvest-of-answers", "campaign": "c-0123456789"}
    database = Database(tmp_path / "s.db")
    waiting = [Waiting(decision(one, account=at, action=Action.HOLD, **long), "too many") for at, one in enumerate(ids)]
    record(database, [decision(f"d-{9:024x}", by="ada", **long)], NOW, waiting=waiting)
    database.close()

    _, listed, _ = run(tmp_path / "s.db", capsys, "decisions", "list")
    _, waits, _ = run(tmp_path / "s.db", capsys, "decisions", "waiting")

    assert f"d-{9:024x} {pseudonym_text(7)}" in " ".join(listed.split())
    assert all(one in waits for one in ids)
    assert (waits.count("too many"), "2 decisions: too many" in waits) == (1, True)
    assert max(map(len, (listed + waits).splitlines())) <= 80
    assert ("by ada" in " ".join(listed.split()), "policy" in waits) == (True, False)


@pytest.mark.parametrize(
    "words",
    [("decisions", "list"), ("decisions", "show", "d-3"), ("decisions", "waiting"), ("ledger", "show")],
)
def test_strangers_strings_are_cleaned(path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    _, said, _ = run(path, capsys, *words)

    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_what_waits_is_approved_in_a_persons_name_or_declined(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = run(path, capsys, "decisions", "waiting", "--json")
    assert (code, json.loads(said)["waiting"][0]["id"]) == (1, "d-4")

    assert run(path, capsys, "decisions", "approve", "d-4", *BY)[0] == 0

    _, said, _ = run(path, capsys, "decisions", "show", "d-4", "--json")
    shown = json.loads(said)
    assert (shown["by"], shown["state"], shown["notice"]) == ("ada", "in force", "Until 2026-09-22 15:13 UTC.")
    code, _, error = run(path, capsys, "decisions", "decline", "d-4", *BY)
    assert (code, "approved before" in error) == (2, True)


@pytest.mark.parametrize("act", [("undo", "d-1"), ("approve", "d-4"), ("decline", "d-4"), ("stop",), ("resume",)])
@pytest.mark.parametrize("who", ["policy", " ", "a\nb"])
def test_no_act_without_a_person(
    path: Path, capsys: pytest.CaptureFixture[str], act: tuple[str, ...], who: str
) -> None:
    code, _, error = run(path, capsys, "decisions", *act, "--by", who, "--why", "x")

    assert code == 2
    assert "--by" in error


def test_stop_and_release_and_resume(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = StandingTable(path)
    run(path, capsys, "decisions", "stop", "--release", *BY)
    table.refresh()
    assert table.get(7, NOW).action == Action.OBSERVE

    run(path, capsys, "decisions", "resume", *BY)
    table.refresh()
    assert table.get(7, NOW).action == Action.THROTTLE
    table.close()


def test_what_is_not_there_is_bad_input(path: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for words in (("show", "d-404"), ("undo", "d-404", *BY), ("undo", *BY), ("undo", "d-1", "--campaign", "C", *BY)):
        assert run(path, capsys, "decisions", *words)[0] == 2
    assert run(tmp_path / "none.db", capsys, "decisions", "list")[0] == 2
    assert not (tmp_path / "none.db").exists()


def test_a_persons_answer_to_an_appeal(path: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    key = tmp_path / "appeals.key"
    create_key(key)
    database = Database(path)
    first = lodge(database, appeal_keys(key), "d-1", f"It was ours.\n{EVIL}", NOW)
    second = lodge(database, appeal_keys(key), "d-2", "Not us.", NOW)
    database.close()

    code, said, _ = run(path, capsys, "appeals", "list")
    assert (code, first.id in said, "It was ours" in said) == (1, True, False)
    _, said, _ = run(path, capsys, "appeals", "show", first.id, "--key", str(key))
    assert "It was ours." in said
    assert "640 prompts" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)

    assert run(path, capsys, "appeals", "uphold", first.id, *BY)[0] == 0
    _, said, _ = run(path, capsys, "appeals", "overturn", second.id, *BY, "--json")
    assert json.loads(said)["lifted"] == ["d-2", "d-3"]
    code, said, _ = run(path, capsys, "appeals", "list", "--all", "--json")
    assert (code, {one["outcome"] for one in json.loads(said)["appeals"]}) == (0, {"upheld", "overturned"})
    _, said, _ = run(path, capsys, "decisions", "calibration")
    learnt = [json.loads(line) for line in said.splitlines()]
    assert {(one["decision"], one["outcome"]) for one in learnt} == {
        ("d-1", "upheld"),
        ("d-2", "overturned"),
        ("d-3", "overturned"),
    }
    assert run(path, capsys, "appeals", "overturn", second.id, *BY)[0] == 2


def test_the_link_opens_its_own_decision(path: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    key = tmp_path / "appeals.key"
    create_key(key)

    _, said, _ = run(
        path, capsys, "appeals", "link", "d-1", "d-2", "--key", str(key), "--base", "https://lab.example/", "--json"
    )

    links = json.loads(said)
    assert links["d-1"].startswith("https://lab.example/appeals/d-1/")
    assert links["d-1"].rpartition("/")[2] != links["d-2"].rpartition("/")[2]
    assert run(path, capsys, "appeals", "link", "d-404", "--key", str(key))[0] == 2
