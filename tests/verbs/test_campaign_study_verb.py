"""``stillwatch evaluate campaigns``: what it prints and writes. The study itself is tested by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stillwatch.evaluate.campaigns.study import Study
from stillwatch.evaluate.tables import Table

if TYPE_CHECKING:
    from pathlib import Path

    from verbs.small_logs import Shell

MADE = Study(
    (Table("campaigns_found", "Campaigns found", ("campaign",), (("mill",),), "Simulated."),),
    3,
    40,
)


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a study that was made beforehand."""
    monkeypatch.setattr("stillwatch.verbs.campaign_study.run", lambda *_, **__: MADE)


def test_tables_and_page_are_written(shell: Shell, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    code, out, told = shell.run("evaluate", "campaigns", "--small", "--json", "--out", page, "--seeds", 1)
    text = page.read_text(encoding="utf-8")

    assert code == 0
    assert [table["key"] for table in json.loads(out)["tables"]] == ["campaigns_found"]
    assert "`stillwatch evaluate campaigns --small --seeds 1`" in text
    assert "| mill |" in text
    assert f"writing {page}" in told


def test_the_tables_are_shown_in_the_terminal(shell: Shell) -> None:
    code, out, _ = shell.run("evaluate", "campaigns")

    assert code == 0
    assert "Campaigns found" in " ".join(out.split())


def test_accounts_need_prompts(shell: Shell) -> None:
    code, _, told = shell.run("evaluate", "--small")

    assert code == 2
    assert "--prompts FOLDER" in told
