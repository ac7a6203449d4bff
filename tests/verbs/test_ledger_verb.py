"""``stillwatch ledger verify`` against somebody who owns the machine, with and without a head kept elsewhere."""

from __future__ import annotations

import json
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from stillwatch.cli import main
from stillwatch.store.database import Database
from stillwatch.store.decisions import record
from stillwatch.store.undo import Scope, undo
from store.stored import A_VERDICT, HOUR, NOW, decision
from store.test_ledger_chain import broken_into

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "s.db"
    database = Database(file)
    record(database, [decision("d-1"), decision("d-2", account=8), decision("d-3", account=9)], NOW)
    database.close()
    return file


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["ledger", *map(str, words)])
    return code, capsys.readouterr().out


def kept_head(path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    out = path.with_name("head.json")
    assert run(capsys, "head", "--store", path, "--out", out)[0] == 0
    return out


def go_on(path: Path) -> None:
    database = Database(path)
    undo(database, Scope(decision="d-2"), by="ada", why="wrong", now_ms=NOW + HOUR)
    record(database, [decision("d-4", account=10)], NOW + HOUR, verdicts={"d-4": A_VERDICT})
    database.close()


def test_what_goes_on_from_a_head_verifies_with_it(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = kept_head(path, capsys)
    go_on(path)

    assert run(capsys, "verify", "--store", path, "--head", head)[0] == 0
    code, said = run(capsys, "verify", "--store", path)
    assert code == 0
    assert "a cut-off end cannot be seen" in said


def test_an_older_copy_put_back_is_found_by_a_head_and_only_by_it(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = path.with_name("older.db")
    shutil.copy(path, older)
    go_on(path)
    head = kept_head(path, capsys)
    for name in (path, *path.parent.glob("s.db-*")):
        name.unlink()
    shutil.move(older, path)

    assert run(capsys, "verify", "--store", path)[0] == 0
    code, said = run(capsys, "verify", "--store", path, "--head", head, "--json")
    assert code == 1
    assert "it was cut" in json.loads(said)["troubles"][0]["what"]


def test_an_older_copy_that_went_on_otherwise_is_found_too(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    older = path.with_name("older.db")
    shutil.copy(path, older)
    go_on(path)
    head = kept_head(path, capsys)
    database = Database(older)
    record(database, [decision(f"d-o{n}", account=20 + n) for n in range(8)], NOW + HOUR)
    database.close()

    code, said = run(capsys, "verify", "--store", older, "--head", head)

    assert code == 1
    assert "written anew" in said


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (["UPDATE ledger SET body = replace(body, '640', '64') WHERE seq = 2"], "was changed"),
        (["DELETE FROM ledger WHERE seq = 2", "DELETE FROM decisions WHERE seq = 2"], "are missing"),
        (
            [
                "UPDATE ledger SET seq = -1 WHERE seq = 1",
                "UPDATE ledger SET seq = 1 WHERE seq = 2",
                "UPDATE ledger SET seq = 2 WHERE seq = -1",
            ],
            "was changed",
        ),
        (["UPDATE decisions SET until_ms = until_ms + 1 WHERE id = 'd-3'"], "decision d-3 was changed"),
    ],
)
def test_edits_deletions_and_exchanges_need_no_head(
    path: Path, capsys: pytest.CaptureFixture[str], sql: list[str], words: str
) -> None:
    broken_into(path, "PRAGMA ignore_check_constraints = ON", *sql)

    code, said = run(capsys, "verify", "--store", path)

    assert code == 1
    assert words in said


def test_a_torn_file_is_told_and_not_repaired(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = bytes(4096 * 3)
    path.write_bytes(content)

    assert run(capsys, "verify", "--store", path)[0] == 1
    assert path.read_bytes()[4096 * 3 : 4096 * 6] == bytes(4096 * 3)


def test_show_pages_through_the_entries(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = run(capsys, "show", "--store", path, "--after", 1, "--most", 1, "--json")

    (entry,) = [json.loads(line) for line in said.splitlines()]
    assert (entry["seq"], entry["kind"], entry["subject"]) == (2, "decision", "d-2")


@pytest.mark.parametrize("text", ["", "{}", '{"seq": "x", "hash": "00"}', '{"seq": 1, "hash": "zz"}'])
def test_a_head_that_is_none_is_bad_input(path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    head = path.with_name("head.json")
    head.write_text(text)

    assert run(capsys, "verify", "--store", path, "--head", head)[0] == 2


def test_the_file_itself_refuses_a_rewrite(path: Path) -> None:
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="only added to"):
        connection.execute("UPDATE ledger SET body = '{}'")
