"""Every detector says of each written case what the case expects."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.written import cases, profile_of_case
from stillwatch.config import DEFAULT
from stillwatch.detectors import DETECTORS, combine
from stillwatch.model.finding import Finding, NotEnoughEvidence

BY_NAME = {detector.name: detector for detector in DETECTORS}


def written(*kinds: str) -> list[Any]:
    found = []
    for detector in DETECTORS:
        page = cases(detector.name)
        found += [
            pytest.param(detector.name, case, id=f"{detector.name}-{kind}-{case['name']}")
            for kind in kinds
            for case in page[kind]
        ]
    return found


def answer(detector: str, case: dict[str, Any]) -> Finding | NotEnoughEvidence:
    return BY_NAME[detector].examine(profile_of_case(case), DEFAULT).at(0)


@pytest.mark.parametrize(("detector", "case"), written("positive", "benign"))
def test_weight_and_sentence(detector: str, case: dict[str, Any]) -> None:
    found = answer(detector, case)

    assert isinstance(found, Finding), found
    assert case["bits"]["least"] <= found.weight_bits <= case["bits"]["most"], found
    assert found.low_bits <= found.weight_bits <= found.high_bits
    assert case["says"] in found.evidence, found.evidence
    assert "nan" not in found.evidence
    if BY_NAME[detector].group == "purpose":
        assert found.high_bits <= 0


@pytest.mark.parametrize(("detector", "case"), written("untold"))
def test_what_cannot_be_told_is_said_with_its_reason(detector: str, case: dict[str, Any]) -> None:
    found = answer(detector, case)

    assert isinstance(found, NotEnoughEvidence), found
    assert case["reason"] in found.reason


@pytest.mark.parametrize(("detector", "case"), written("benign"))
def test_no_benign_case_is_reported_by_its_detector(detector: str, case: dict[str, Any]) -> None:
    profile = profile_of_case(case)

    ranking = combine([BY_NAME[detector].examine(profile, DEFAULT)], DEFAULT)

    assert not ranking.flagged[0]
