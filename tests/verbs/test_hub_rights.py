"""What members and the public are owed, as the operator of a hub gives it."""

from __future__ import annotations

import datetime as dt
import json
import re
import signal
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import requests

from serve.hub.hubs import indicator
from stillwatch.cli import main
from stillwatch.parsers.hub_rights import AUTHORITIES
from stillwatch.reports.account_page import account_page, text
from stillwatch.serve.hub.oblivious import tags_file
from stillwatch.sharing.taxii.media import TAXII
from stillwatch.store.exchange.erasing import AUTHORITIES as STORED
from stillwatch.store.exchange.erasing import TABLES
from stillwatch.store.exchange.matching import Rule
from stillwatch.store.exchange.matching import close as close_epoch
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.store.exchange.tags import submit
from verbs.operating import Operator, operating

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
IDS = [f"indicator--0c1f0000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3)]


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    with operating(tmp_path, capsys) as made:
        for name in ("Lab A", "Lab B"):
            made.do("member", "invite", name, "--roles", "reader,contributor")
            made.do("member", "admit", name)
        made.do("group", "set", "labs", "--members", "Lab A,Lab B")
        yield made


def filled(operator: Operator) -> tuple[str, dict[str, dict[str, str]]]:
    """Serve, and let Lab A submit three objects."""
    head = {}
    for name in ("Lab A", "Lab B"):
        secret = operator.do("member", "rotate", name)["bearer"]
        head[name] = {"Authorization": f"Bearer {secret}", "Accept": TAXII, "Content-Type": TAXII}
    [made] = operator.do("collection", "add", "Campaigns", "--group", "labs")
    operator.serve()
    url = f"{operator.base}/api/collections/{made['id']}/objects/"
    sent = [{**indicator(number), "id": one} for number, one in enumerate(IDS)]
    assert requests.post(url, json={"objects": sent}, headers=head["Lab A"], timeout=9).json()["success_count"] == 3
    return url, head


def answer_for_it(operator: Operator, root: Path, page: str) -> list[Any]:
    """Run the commands of a page, one after the other, on this hub."""
    shown = re.findall(r"^\$ stillwatch hub (.*)$", (root / page).read_text(encoding="utf-8"), re.MULTILINE)
    words = [re.findall(r'"([^"]*)"|(\S+)', line) for line in shown]
    return [operator.do(*("".join(pair) for pair in one)) for one in words]


def test_the_page_on_answering_for_a_hub_runs_from_top_to_bottom(
    operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    url, head = filled(operator)
    monkeypatch.chdir(tmp_path)
    record, erased, ordered, _, listed, _ = answer_for_it(operator, root, "docs/how-to/answer-for-a-hub.md")

    lines = [json.loads(line) for line in (tmp_path / "account" / "record.jsonl").read_text().splitlines()]
    assert [row["id"] for row in lines if row["section"] == "sent"] == IDS
    assert record["sent"] == 3
    assert "Lab B" not in (tmp_path / "account" / "record.jsonl").read_text()
    page = (tmp_path / "account" / "record.md").read_text()
    assert all(one in page.replace("\\", "") for one in IDS)
    assert "Lab B" not in page
    assert (erased["versions"], ordered["versions"], len(listed)) == (1, 1, 2)
    got = requests.get(url, headers=head["Lab B"], timeout=9).json()["objects"]
    assert {one["id"]: one.get("revoked", False) for one in got} == {IDS[0]: True, IDS[1]: True, IDS[2]: False}
    public = requests.get(operator.base + "/v1/statistics", timeout=9).json()
    assert public["years"] == [{"year": dt.datetime.now(tz=dt.UTC).year, "authority_requests": 2, "objects_erased": 2}]
    assert requests.get(operator.base + "/v1/record", timeout=9).status_code == 401
    mine = requests.get(operator.base + "/v1/record?section=sent", headers=head["Lab A"], timeout=9).json()["rows"]
    assert [row["id"] for row in mine] == [*IDS, IDS[0], IDS[1]]
    assert [row["revoked"] for row in mine] == [True, True, False, True, True]
    assert requests.get(operator.base + "/v1/openapi.json", timeout=9).json()["openapi"] == "3.1.0"


def test_statistics_are_drawn_once(operator: Operator) -> None:
    operator.do("epochs", "set", "--starts", "2026-01-05", "--days", "7")
    assert operator.do("statistics") == {"epochs": [], "years": []}
    tags = TagBase(tags_file(operator.store))
    for name in ("a", "b"):
        submit(tags, name, 1, "email:v1", {b"g" * 16: [b"t" * 16]}, 0)
    close_epoch(tags, 1, Rule(), 1_768_000_000_000)
    tags.close()
    first = operator.do("statistics", "--epsilon", "0.5")
    assert [one["epoch"] for one in first["epochs"]] == [1]
    assert first["epochs"][0]["epsilon"] == 0.5
    assert operator.do("statistics", "--epsilon", "1") == first
    assert main(["hub", "statistics", "--store", str(operator.store)]) == 0
    assert "epsilon: 0.5" in operator.capsys.readouterr().out


def test_a_reader_that_holds_the_old_pages_is_told_of_and_a_second_run_cuts_them_off(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stillwatch.store.database.BUSY_MS", 50)
    url, head = filled(operator)
    sent = {**indicator(4), "id": IDS[0].replace("0c1f", "0c2f"), "description": "very particular words"}
    assert requests.post(url, json={"objects": [sent]}, headers=head["Lab A"], timeout=9).status_code == 202
    words = ["hub", "erase", sent["id"], "--order", "x", "--store", str(operator.store)]
    other = sqlite3.connect(operator.store)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM objects").fetchone()
    assert main(words) == 2
    assert "run it again" in operator.capsys.readouterr().err
    other.close()
    assert main(words) == 2
    assert "erased already" in operator.capsys.readouterr().err
    operator.end(signal.SIGKILL)
    for file in operator.store.parent.glob("hub.db*"):
        assert not file.is_file() or b"very particular words" not in file.read_bytes()


def test_kinds_of_authorities_are_the_same_everywhere() -> None:
    assert tuple(AUTHORITIES) == tuple(STORED)
    assert ", ".join(f"'{one}'" for one in STORED) in TABLES


@pytest.mark.parametrize(
    "words",
    [
        ("record", "nobody", "--out", "x"),
        ("erase", "x", "--order", "y"),
        ("erase", IDS[0], "--order", " "),
        ("erase", IDS[0], "--order", "y"),
        ("erase", IDS[0], "--order", "a\nb"),
        ("request", "add", "--authority", "court", "--reference", "x" * 501),
        ("statistics", "--epsilon", "0"),
        ("statistics", "--epsilon", "2"),
        ("statistics", "--epsilon", "nan"),
    ],
)
def test_what_is_wrong_with_what_is_owed_is_said(
    operator: Operator, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["hub", *words, "--store", str(operator.store)]) == 2
    assert "stillwatch: " in operator.capsys.readouterr().err


def test_nothing_that_a_member_wrote_is_read_as_markdown_or_html() -> None:
    hostile = "<script>|`[x](y)\n\n# head\u202e&amp;"
    [_, _, header, row, _] = account_page(hostile, "now", [("sent", "Sent.", [{"at": 1, "id": hostile}])])
    assert header.count("\n") == 2
    assert row.count("\n") == 1
    assert not re.search(r"(?<!\\)[<>\[\]`#&]", row)
    assert len(re.findall(r"(?<!\\)\|", row)) == 2
    assert len(text("a" * 1_000)) <= 160
