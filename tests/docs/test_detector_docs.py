"""No feature and no detector without its place in the reference."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from stillwatch.detectors import DETECTORS, GROUPS, Detector
from stillwatch.features import FEATURES

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="module")
def evidence(root: Path) -> ModuleType:
    """docs/build_evidence.py, which is a script and no part of the package."""
    spec = importlib.util.spec_from_file_location("build_evidence", root / "docs" / "build_evidence.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(root: Path) -> dict[str, str]:
    folder = root / "docs" / "reference"
    return {name: (folder / name).read_text(encoding="utf-8") for name in ("features.md", "detectors.md")}


@pytest.mark.parametrize("page", ["features.md", "detectors.md"])
def test_page_is_what_the_code_renders(evidence: ModuleType, pages: dict[str, str], page: str) -> None:
    assert pages[page] == dict(evidence.PAGES)[page](), "out of date: run `make docs`"


def test_every_feature_has_a_row_with_unit_and_meaning(pages: dict[str, str]) -> None:
    for feature in FEATURES:
        assert f"| `{feature.name}` | {feature.unit} | {feature.meaning} |" in pages["features.md"], feature.name


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_every_detector_has_a_section_that_says_everything(pages: dict[str, str], detector: Detector) -> None:
    section = pages["detectors.md"].split(f"## {detector.name}\n")[1].split("\n## ")[0]

    for text in (detector.weight_model, detector.blind_spot, detector.benign_twins, *detector.references):
        assert text in section
    for field in detector.needs:
        assert f"`{field}`" in section


def test_every_group_has_its_caps_and_reason(pages: dict[str, str]) -> None:
    for group in GROUPS:
        assert f"| `{group.name}` | {group.low_bits:+g} to {group.high_bits:+g} |" in pages["detectors.md"]
        assert group.why in pages["detectors.md"]
