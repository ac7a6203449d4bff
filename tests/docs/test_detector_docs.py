"""No feature and no detector without its place in the reference."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from stillwatch.detectors import DETECTORS, GROUPS, Detector
from stillwatch.detectors.content.shape_model import KINDS, shipped
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

    said = (detector.weight_model, detector.blind_spot, detector.benign_twins, detector.would_change)
    for text in (*said, *detector.references):
        assert text in section
    for field in detector.needs:
        assert f"`{field}`" in section


def test_every_group_has_its_caps_and_reason(pages: dict[str, str]) -> None:
    for group in GROUPS:
        assert f"| `{group.name}` | {group.low_bits:+g} to {group.high_bits:+g} |" in pages["detectors.md"]
        assert group.why in pages["detectors.md"]


def test_feature_groups_are_all_of_the_features_in_order(evidence: ModuleType) -> None:
    assert [f.name for _, group in evidence.FEATURE_GROUPS for f in group] == [f.name for f in FEATURES]


def test_the_shape_model_is_shown_with_every_number(pages: dict[str, str]) -> None:
    section = pages["detectors.md"].split("## Shape model\n")[1]
    model = shipped()

    for kind, means, scales in zip(KINDS, model.mean, model.scale, strict=True):
        cells = [f"{middle:.2f} ± {spread:.2f}" for middle, spread in zip(means, scales, strict=True)]
        assert f"| {kind} | {' | '.join(cells)} |" in section
    assert f"{model.model_sd_bits:.1f} bits apart" in section
