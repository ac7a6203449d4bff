from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from evaluate.tiny_sources import write_sources
from stillwatch.detectors.content.shape_model import from_json

if TYPE_CHECKING:
    from pathlib import Path

    from verbs.small_logs import Shell


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny sources, with enough people that one may be left out."""
    return write_sources(tmp_path_factory.mktemp("sources"))


def learn(shell: Shell, prompts: Path, out: Path, *options: object) -> dict:
    code, *_ = shell.run("learn", "--prompts", prompts, "--out", out, "--accounts", 3, *options)
    assert code == 0
    return json.loads(out.read_text(encoding="utf-8"))


def test_the_same_seed_gives_the_same_bytes_but_for_the_date(shell: Shell, prompts: Path, tmp_path: Path) -> None:
    pages = [learn(shell, prompts, tmp_path / name, "--seed", 4) for name in ("one", "two")]
    dates = [page["origin"]["made"] for page in pages]
    texts = [(tmp_path / name).read_text().replace(date, "") for name, date in zip(("one", "two"), dates, strict=True)]

    assert texts[0] == texts[1]
    other = learn(shell, prompts, tmp_path / "three", "--seed", 5)
    assert other["mean"] != pages[0]["mean"]


def test_a_model_says_what_it_was_learnt_from(shell: Shell, prompts: Path, tmp_path: Path) -> None:
    page = learn(shell, prompts, tmp_path / "model.json")
    model = from_json((tmp_path / "model.json").read_text(encoding="utf-8"))

    assert page["origin"]["sources"] == {"A": ["a1", "a2", "a3", "a4"], "B": ["b1", "b2"], "C": ["c1", "c2", "c3"]}
    # Sizes 10, 30 and 100; people have no conversation of 100 prompts.
    assert page["origin"]["accounts"] == 3 * (3 * 7 + 2 * 2)
    assert len(page["origin"]["prompts_sha256"]) == 64
    assert "--seed 1 --accounts 3" in page["origin"]["command"]
    assert model.model_sd_bits > 0


def test_other_prompts_have_another_digest(shell: Shell, prompts: Path, tmp_path: Path) -> None:
    other = write_sources(tmp_path / "other", seed=1)
    one, two = (learn(shell, folder, tmp_path / "out.json") for folder in (prompts, other))

    assert one["origin"]["prompts_sha256"] != two["origin"]["prompts_sha256"]


def test_a_model_that_is_written_and_read_is_what_was_learnt(shell: Shell, prompts: Path, tmp_path: Path) -> None:
    page = learn(shell, prompts, tmp_path / "model.json")
    kinds = dict(zip(page["kinds"], page["mean"], strict=True))

    # Extraction draws more than machines, whose answers are short; people have several turns.
    assert kinds["extraction"][0] > kinds["machines"][0]
    assert kinds["people"][3] < kinds["machines"][3]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("a1", "a3", "b1", "b2"), "no source of machines"),
        (
            ("a1", "a2", "b1", "b2", "c1", "c2"),
            "no source of extraction shows draw once a source and its kin are left out",
        ),
        (("a1",), "fewer than two sources|no source of people"),
        ((), r"no \*\.parquet there"),
    ],
)
def test_too_few_sources_are_said_in_a_sentence(names: tuple[str, ...], why: str, shell: Shell, tmp_path: Path) -> None:
    folder = write_sources(tmp_path / "few", names)

    code, _, said = shell.run("learn", "--prompts", folder, "--out", tmp_path / "out.json", "--accounts", 2)

    assert code == 2
    assert re.search(why, said)
    assert not (tmp_path / "out.json").exists()


def test_a_place_that_cannot_be_written_is_said(shell: Shell, prompts: Path, tmp_path: Path) -> None:
    code, _, said = shell.run(
        "learn", "--prompts", prompts, "--out", tmp_path / "nowhere" / "out.json", "--accounts", 1
    )

    assert code == 2
    assert "nowhere" in said
