"""Edited contexts and swept techniques: heavy only where their honest twins are ruled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.written import cases, profile_of_case
from stillwatch.config import DEFAULT
from stillwatch.detectors.asked import provider_refusals, technique_sweep
from stillwatch.detectors.provenance import context_edit

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARE = st.floats(0, 1)


def one(*values: float) -> list[NDArray[np.float64]]:
    return [np.array([value]) for value in values]


def sweep(events: float, refused: float, distinct: float, lead: float, *, known: bool = True) -> float:
    return float(
        technique_sweep.sweep_bits(
            np.array([events]), np.array([refused]), np.array([distinct]), np.array([lead]), np.array([known])
        )[0]
    )


@given(SHARE, st.integers(10, 10_000))
def test_edits_in_few_sessions_weigh_nothing_however_frequent(edited: float, carried: int) -> None:
    assert -0.2 < context_edit.fresh_bits(*one(edited, carried, 0.05))[0] < 0.1


@given(SHARE, SHARE, st.integers(10, 10_000))
def test_more_sessions_never_weigh_less_once_all_requests_are_edited(few: float, many: float, carried: int) -> None:
    first, second = sorted((few, many))

    bits = [context_edit.fresh_bits(*one(1.0, carried, fresh))[0] for fresh in (first, second)]

    assert bits[1] >= bits[0] - 1e-9
    assert bits[1] <= 3.001


@pytest.mark.parametrize("edited", [0.0, 0.2, 0.4])
def test_fresh_sessions_need_most_requests_edited(edited: float) -> None:
    assert context_edit.fresh_bits(*one(edited, 500, 0.95))[0] < 0.5
    assert context_edit.fresh_bits(*one(0.8, 500, 0.95))[0] > 2.5


@given(SHARE, st.integers(10, 5000), st.integers(0, 500), st.integers(1, 500))
def test_foreign_blocks_add_at_most_a_bit_and_never_excuse(edited: float, carried: int, foreign: int, n: int) -> None:
    assert 0 <= context_edit.foreign_bits(*one(edited, carried, foreign, n))[0] <= 1.001


def test_one_shot_requests_are_not_taken_for_sessions_of_carried_ones() -> None:
    shared = {
        "events": 5000,
        "carried_events": 400,
        "carried_share": 0.08,
        "mismatch_prefix_share": 0.07,
        "mismatch_turn_boundary_share": 0.0,
    }
    bits = [
        context_edit.examine(profile_of_case({"features": shared | {"sessions": sessions}}), DEFAULT).weight_bits[0]
        for sessions in (4600, 5000)
    ]

    assert bits[0] < 0.1
    assert bits[1] > 2


@given(st.integers(30, 100_000), SHARE, SHARE, st.floats(-1, 1))
def test_a_sweep_never_weighs_more_than_its_honest_causes_allow(
    events: int, share: float, distinct: float, lead: float
) -> None:
    refused = max(5.0, share * events)

    assert -1.5 <= sweep(events, refused, distinct, lead) <= 3.91
    assert -1.1 <= sweep(events, refused, distinct, lead, known=False) <= 0.59


@given(st.floats(0, 1), st.floats(0, 1))
def test_earlier_refusals_never_weigh_less_in_a_sweep(some: float, other: float) -> None:
    later, earlier = sorted((some, other))

    assert sweep(5000, 400, 0.97, earlier) >= sweep(5000, 400, 0.97, later) - 1e-9


def test_order_variety_and_number_each_matter() -> None:
    assert sweep(5000, 400, 0.97, 0.4) > 3.5
    assert sweep(5000, 400, 0.97, 0.0) < 1
    assert sweep(5000, 400, 0.05, 0.4) < -1
    assert sweep(5000, 6, 0.97, 0.4) < 0.6
    assert sweep(5000, 400, 0.97, 0.4, known=False) < 0.6


def test_causes_are_whole() -> None:
    causes = technique_sweep.CAUSES.values()

    for side in ("extraction", "honest", "uncategorised"):
        assert sum(getattr(cause, side) for cause in causes) == pytest.approx(1)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
def test_a_red_team_that_sweeps_then_scales_stays_below_the_threshold_on_refusals_alone(share: float) -> None:
    features = {
        "events": 20_000,
        "refused_share": share,
        "refused_distinct_share": 1.0,
        "refused_lead": 0.5,
        "refusal_reasoning_extraction_share": share,
        "refusal_frontier_llm_share": 0.0,
    }
    profile = profile_of_case({"features": features})

    total = sum(
        float(module.examine(profile, DEFAULT).weight_bits[0]) for module in (provider_refusals, technique_sweep)
    )

    assert total < DEFAULT.threshold_bits - DEFAULT.prior_bits - 1


def test_a_retry_storm_takes_back_part_of_what_its_refusals_weigh() -> None:
    storm = profile_of_case(cases("technique_sweep")["benign"][0])

    rate = provider_refusals.examine(storm, DEFAULT).weight_bits[0]

    assert rate + technique_sweep.examine(storm, DEFAULT).weight_bits[0] < min(rate, 0) - 1
