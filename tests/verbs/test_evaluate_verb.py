from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from evaluate.tiny_sources import write_sources
from stillwatch.evaluate import drift, study
from stillwatch.evaluate.study import Scale
from stillwatch.evaluate.tables import Table

if TYPE_CHECKING:
    from pathlib import Path

    from verbs.small_logs import Shell

TINY = Scale(per=3, training_per=3, windows=1, peer_size=30, peer_sizes=(30,), seeds=1, world_scale=0.1)
WORLDS = (Table("personas", "Simulated personas", ("persona",), (("person",),), "Simulated."),)
KEYS = {"headline", "by_size", "matrix", "operating", "error_rates", "languages", "reliability", "fractions"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run less; the worlds are tested by themselves."""
    monkeypatch.setattr(study, "SMALL", TINY)
    monkeypatch.setattr(study, "SIZES", (10, 30))
    monkeypatch.setattr(drift, "POOL", 5)
    monkeypatch.setattr(study, "persona_rates", lambda *_, **__: WORLDS)


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny sources."""
    return write_sources(tmp_path_factory.mktemp("sources"))


def test_the_tables_are_printed_as_json_and_written_as_a_page(shell: Shell, prompts: Path, tmp_path: Path) -> None:
    page = tmp_path / "evaluation.md"

    code, out, told = shell.run("evaluate", "--prompts", prompts, "--small", "--no-peers", "--json", "--out", page)

    found = json.loads(out)
    assert code == 0
    assert found["accounts"] == 2 * 3 * 9
    assert {table["key"] for table in found["tables"]} >= KEYS
    text = page.read_text(encoding="utf-8")
    assert all(f"### {table['title']}\n" in text for table in found["tables"])
    assert "stillwatch evaluate --prompts PROMPTS --seed 1 --small" in text
    assert str(prompts) not in text
    assert "building accounts" in told


def test_the_tables_are_shown_in_the_terminal(shell: Shell, prompts: Path) -> None:
    code, out, _ = shell.run("evaluate", "--prompts", prompts, "--small", "--no-peers", "--seed", 2)

    assert code == 0
    words = " ".join(out.split())
    assert "Unseen sources" in words
    assert "Simulated personas" in words


def test_a_folder_without_sources_is_refused(shell: Shell, tmp_path: Path) -> None:
    code, out, said = shell.run("evaluate", "--prompts", tmp_path, "--small", "--no-peers")

    assert (code, out) == (2, "")
    assert "give the folder of prompt sources" in said
