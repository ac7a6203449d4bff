"""A whole world through the very path of a watch: who is acted on, and what terms that are too sharp would do."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from stillwatch.cli import main
from stillwatch.evaluate.treated import lively
from stillwatch.policy.shipped import shipped, shipped_text
from stillwatch.simulate import SMALL, build_world, write_world

if TYPE_CHECKING:
    from pathlib import Path

START_MS = 1_793_577_600_000


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fair") / "world"
    write_world(build_world(dataclasses.replace(SMALL, days=4), 303, START_MS), folder, suffix=".parquet")
    return folder


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, dict[str, object]]]:
    capsys.readouterr()
    code = main(["fairness", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_shipped_terms_reach_extractors_and_no_honest_persona(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "fair.html"

    code, found = told(capsys, "world", str(world), "--terms", "starter", "--out", str(page))

    assert code == 0
    worst = found["approved"]
    assert worst["extracting"]["noticed"]["count"] > 0, "else nothing was shown"  # type: ignore[index]
    assert worst["extracting"]["throttled"]["count"] > 0  # type: ignore[index]
    for part in ("alone", "approved"):
        assert found[part]["everybody"]["noticed"]["count"] == 0  # type: ignore[index]
        kinds = {row["kind"] for row in found[part]["groups"]}  # type: ignore[attr-defined]
        assert kinds == {"persona", "plan", "size"}
    assert "somebody approves everything" in page.read_text()


def test_terms_that_are_too_sharp_are_shown_to_fall_on_the_honest(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sharp = tmp_path / "sharp.yaml"
    text = shipped_text("starter").decode()
    start = text.index("  - id: model-copying")
    clause = text[start : text.index("  - id:", start + 10)]
    blunt = (
        clause.replace("total_bits: {at_least: 3}", "total_bits: {at_least: -60}")
        .replace("chance: {at_least: 0.8}", "chance: {at_least: 0.0}")
        .replace("q_value: {at_most: 0.05}", "q_value: {at_most: 1.0}")
        .replace("requests: {at_least: 200}", "requests: {at_least: 1}")
        .replace("evidence: {classes: 2, strength: substantial}", "evidence: {classes: 1, strength: substantial}")
    )
    assert blunt != clause
    sharp.write_text(text[:start] + blunt + text[text.index("  - id:", start + 10) :])

    _, found = told(capsys, "world", str(world), "--terms", str(sharp))

    assert found["approved"]["everybody"]["noticed"]["count"] > 0  # type: ignore[index]


def test_every_clause_is_taken_as_live_at_any_time() -> None:
    terms = shipped("starter").terms

    for clause in lively(terms).clauses:
        assert clause.mode == "live"
        assert clause.in_force(0)
        assert clause.in_force(START_MS * 2)


def test_a_folder_that_is_no_world_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fairness", "world", str(tmp_path), "--terms", "starter"]) == 2
    assert "simulate" in capsys.readouterr().err
