"""The demonstration is the whole exchange over loopback, in a world whose truth is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stillwatch.cli import main
from stillwatch.store.member.file import MemberFile
from stillwatch.store.member.journal import journal

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


def test_alone_nothing_is_found_and_together_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "shown"
    assert main(["demo", "--alliance", "--out", str(out), "--json"]) == 0
    labs = json.loads(capsys.readouterr().out)["labs"]
    assert [lab["alone"] for lab in labs] == [0, 0, 0]
    assert sum(lab["together"] for lab in labs) >= 0.8 * sum(lab["campaign"] for lab in labs) > 0
    assert sum(lab["wrong_together"] for lab in labs) <= 0.001 * sum(lab["accounts"] for lab in labs)
    assert all(lab["left_bytes"] < 30_000 for lab in labs)
    picture = (out / "alliance.svg").read_text()
    assert picture.startswith("<svg")
    assert "Lab C" in picture
    # Nothing that names an account or a network is in anything that left.
    names = {line.split(",")[0].strip('"') for line in (out / "lab-a" / "accounts.csv").read_text().splitlines()[1:]}
    file = MemberFile(out / "exchange" / "lab-a.db", create=False)
    with file.reading() as connection:
        bodies = b"".join(body for (body,) in connection.execute("SELECT body FROM groups WHERE offered = 1"))
        assert {line.peer for line in journal(connection)} == {"custodian", "hub"}
    file.close()
    assert bodies
    assert not [name for name in names if name.encode() in bodies]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["demo", "--alliance", "--out", str(tmp_path)]) == 2
    assert "another folder" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    assert main(["demo"]) == 2
    assert "stillwatch demo --alliance" in capsys.readouterr().err
