"""Ranking and false accusations on real prompts have not become worse than was written down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from evaluate.record import COMMAND, RECORDED
from evaluate.regression import AGAINST, SEED, WEIGHERS, Figures, measure

if TYPE_CHECKING:
    from pathlib import Path

MOST_REPORTED = 0.01
"""Share of the accounts of any honest source."""


@pytest.fixture(scope="module")
def measured(shared_data: Path) -> Figures:
    """Run it once."""
    return measure(shared_data / "dev" / "prompts")


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    """What was written down."""
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def test_the_record_says_how_it_was_made(recorded: dict[str, Any]) -> None:
    assert recorded["command"] == COMMAND
    assert recorded["seed"] == SEED
    assert {(weigher, pair) for weigher, pairs in recorded["auc"].items() for pair in pairs} == {
        (weigher, pair) for weigher in WEIGHERS for pair in AGAINST
    }
    for pairs in recorded["auc"].values():
        for value, low, high in pairs.values():
            assert 0.5 < low <= value <= high < 1


@pytest.mark.parametrize("weigher", WEIGHERS)
@pytest.mark.parametrize("pair", AGAINST)
def test_unseen_sources_are_ranked_no_worse(
    weigher: str, pair: str, measured: Figures, recorded: dict[str, Any]
) -> None:
    value, low, high = measured.auc[weigher][pair]
    once_low = recorded["auc"][weigher][pair][1]

    assert value >= once_low - (high - low) / 2


def test_no_honest_source_is_accused(measured: Figures, recorded: dict[str, Any]) -> None:
    assert {name: share for name, (share, _) in measured.reported.items() if share > MOST_REPORTED} == {}
    assert set(measured.reported) == set(recorded["reported"])
    assert sum(accounts for _, accounts in measured.reported.values()) >= 200
