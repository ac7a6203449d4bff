"""A world with some of every persona: nobody honest is reported, every replay is found, no victim is blamed.

Floors and ceilings by persona. The seeds were not looked at while a weight was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.evaluate.worlds import START_MS, Judged, carried_foreign, judge_world
from stillwatch.simulate import WIDE, build_world

SEEDS: Final = (411, 512)
QUIET: Final = (
    "orchestrator",
    "ci_bot",
    "developer",
    "own_model_tuner",
    "retry_storm",
    "router",
    "monitor",
    "classroom",
)
"""Personas behind the published complaints: these must stay far from the threshold, not only under it."""
FAR_BITS: Final = 5.0


@cache
def world(seed: int) -> Judged:
    return judge_world(build_world(WIDE, seed, START_MS), DEFAULT)


@dataclass(frozen=True)
class Of:
    """Accounts of one persona that sent something."""

    rows: np.ndarray
    flagged: np.ndarray
    totals: np.ndarray


def of(judged: Judged, persona: str) -> Of:
    at = np.flatnonzero((np.array(judged.persona) == persona) & (judged.row >= 0))
    rows = judged.row[at]
    return Of(rows, judged.result.ranking.flagged[rows], judged.result.ranking.total_bits[rows])


def weights(judged: Judged, detector: str, rows: np.ndarray) -> np.ndarray:
    return next(one for one in judged.result.examined if one.detector == detector).weight_bits[rows]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_honest_account_is_reported(seed: int) -> None:
    judged = world(seed)
    honest = ~judged.extracting & (judged.row >= 0)

    wrong = [judged.persona[at] for at in np.flatnonzero(honest & judged.flagged())]

    assert honest.sum() > 350
    assert wrong == []


@pytest.mark.parametrize("persona", QUIET)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_personas_behind_published_complaints_stay_far_from_the_threshold(seed: int, persona: str) -> None:
    found = of(world(seed), persona)

    assert found.totals.size
    assert found.totals.max() < DEFAULT.threshold_bits - FAR_BITS


@pytest.mark.parametrize("seed", SEEDS)
def test_relays_that_replay_and_sweeps_of_techniques_are_reported(seed: int) -> None:
    judged = world(seed)

    assert of(judged, "live_relay").flagged.mean() >= 0.7
    assert of(judged, "technique_sweeper").flagged.mean() >= 0.8


@pytest.mark.parametrize("seed", SEEDS)
def test_every_replay_is_found_and_nobody_else_is_accused_of_one(seed: int) -> None:
    judged = world(seed)
    truth = carried_foreign(judged.world.events, judged.world.accounts)
    names = judged.world.truth["account_id"].to_pylist()
    counted = judged.result.profile.column("foreign_distinct")

    found = {name: int(np.nan_to_num(counted[row])) for name, row in zip(names, judged.row, strict=True) if row >= 0}

    assert len(truth) >= 15
    assert {name: many for name, many in found.items() if many} == truth


@pytest.mark.parametrize("persona", ["router", "orchestrator", "developer", "own_model_tuner"])
@pytest.mark.parametrize("seed", SEEDS)
def test_migration_compaction_and_routers_of_one_owner_are_no_replay(seed: int, persona: str) -> None:
    judged = world(seed)
    rows = of(judged, persona).rows
    carried = judged.result.profile.column("artefacts_distinct")[rows]

    assert (carried > 0).any(), "nobody of this persona carried reasoning: the test would show nothing"
    assert (weights(judged, "artefact_replay", rows) <= 0).all()
    assert not np.nan_to_num(judged.result.profile.column("foreign_distinct")[rows]).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stolen_key_is_told_from_its_owner(seed: int) -> None:
    judged = world(seed)
    stolen = of(judged, "stolen_key")
    others = np.setdiff1d(judged.row[(judged.row >= 0) & ~judged.extracting], stolen.rows)
    answer = next(one for one in judged.result.examined if one.detector == "key_theft")

    assert (answer.weight_bits[stolen.rows] < -1).mean() >= 0.5
    assert (answer.weight_bits[others] < -1).mean() <= 0.03
    seen = [answer.sentence(int(row)) for row in stolen.rows if answer.weight_bits[row] < -1]
    assert all("other hands" in sentence for sentence in seen)
    assert not stolen.flagged.any()
