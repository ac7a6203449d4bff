"""Every detector says of each written case what the case expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import stillwatch.detectors
from stillwatch.config import DEFAULT
from stillwatch.detectors import DETECTORS, combine
from stillwatch.features import profile_of
from stillwatch.model.finding import Finding, NotEnoughEvidence

CASES = Path(stillwatch.detectors.__file__).parent / "cases"
BY_NAME = {detector.name: detector for detector in DETECTORS}


def written(*kinds: str) -> list[Any]:
    found = []
    for detector in DETECTORS:
        page = yaml.safe_load((CASES / f"{detector.name}.yaml").read_text(encoding="utf-8"))
        found += [
            pytest.param(detector.name, case, id=f"{detector.name}-{kind}-{case['name']}")
            for kind in kinds
            for case in page[kind]
        ]
    return found


def answer(detector: str, features: dict[str, float]) -> Finding | NotEnoughEvidence:
    given = {name: np.array([float(value)]) for name, value in features.items()}
    return BY_NAME[detector].examine(profile_of(np.array([7]), given), DEFAULT).at(0)


@pytest.mark.parametrize(("detector", "case"), written("positive", "benign"))
def test_weight_and_sentence(detector: str, case: dict[str, Any]) -> None:
    found = answer(detector, case["features"])

    assert isinstance(found, Finding), found
    assert case["bits"]["least"] <= found.weight_bits <= case["bits"]["most"], found
    assert found.low_bits <= found.weight_bits <= found.high_bits
    assert case["says"] in found.evidence, found.evidence


@pytest.mark.parametrize(("detector", "case"), written("untold"))
def test_what_cannot_be_told_is_said_with_its_reason(detector: str, case: dict[str, Any]) -> None:
    found = answer(detector, case["features"])

    assert isinstance(found, NotEnoughEvidence), found
    assert case["reason"] in found.reason


@pytest.mark.parametrize(("detector", "case"), written("benign"))
def test_no_benign_case_is_reported_by_its_detector(detector: str, case: dict[str, Any]) -> None:
    given = {name: np.array([float(value)]) for name, value in case["features"].items()}
    profile = profile_of(np.array([7]), given)

    ranking = combine([BY_NAME[detector].examine(profile, DEFAULT)], DEFAULT)

    assert not ranking.flagged[0]
