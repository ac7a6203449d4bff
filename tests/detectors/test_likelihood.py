from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detectors.asked.provider_refusals import REFUSALS
from stillwatch.detectors.cohort import SMALLEST, cohort_ratio
from stillwatch.detectors.provenance.artefact_replay import OWNERS
from stillwatch.detectors.provenance.provider_bindings import MISMATCHES
from stillwatch.detectors.weights.likelihood import Beta, log_beta_binomial, log_gamma, mix, wilson
from stillwatch.detectors.weights.trait import Trait
from stillwatch.detectors.weights.words import percent, rounded, whole
from stillwatch.features import profile_of
from stillwatch.model.profile import AccountFacts

TRAIT = Trait(0.3, Beta(1, 1), 0.01, Beta(1, 1), 0.01, Beta(0.05, 50))


@given(st.floats(0.01, 1e9))
def test_log_gamma_equals_the_standard_library(x: float) -> None:
    assert float(log_gamma(x)) == pytest.approx(math.lgamma(x), rel=1e-10, abs=1e-9)


@pytest.mark.parametrize("rate", [Beta(1, 1), Beta(0.05, 50), Beta(9, 1)])
def test_beta_binomial_sums_to_one(rate: Beta) -> None:
    n = 40
    k = np.arange(n + 1.0)

    assert np.exp(log_beta_binomial(k, np.full(n + 1, float(n)), rate)).sum() == pytest.approx(1)


def test_mix_weighs_densities() -> None:
    assert np.exp(mix((0.25, np.log([0.4])), (0.75, np.log([0.8]))))[0] == pytest.approx(0.7)


def test_wilson_holds_the_share_and_stays_in_range() -> None:
    low, high = wilson(np.array([0.0, 0.5, 1.0]), np.array([30.0, 30.0, 30.0]))

    assert (low >= 0).all()
    assert (high <= 1).all()
    assert low[1] < 0.5 < high[1]
    assert high[0] > 0


@given(st.integers(1, 5000), st.floats(0, 1))
def test_a_trait_never_weighs_more_than_its_honest_causes_allow(n: int, share: float) -> None:
    bits = TRAIT.bits(np.array([round(share * n)], np.float64), np.array([float(n)]))[0]

    assert math.log2(0.7) - 1e-6 <= bits <= math.log2(0.3 / 0.02) + 1e-6


@pytest.mark.parametrize(
    ("trait", "most"),
    [
        (OWNERS.unknown, 4),
        (REFUSALS["refusal_reasoning_extraction_share"], 7),
        (REFUSALS["refusal_frontier_llm_share"], 4),
        (MISMATCHES["mismatch_organization_share"], 8.5),
        (MISMATCHES["mismatch_end_user_share"], 4),
    ],
)
@pytest.mark.parametrize("n", [1, 30, 1000, 100_000])
def test_no_rate_of_a_trait_weighs_more_than_its_page_says(trait: Trait, most: float, n: int) -> None:
    k = np.unique(np.rint(np.linspace(0, n, 200)))

    assert trait.bits(k, np.full(k.shape, float(n))).max() < most


@given(st.integers(1, 400), st.integers(1, 40))
def test_more_owners_never_weigh_less_once_most_artefacts_are_foreign(carried: int, owners: int) -> None:
    all_of_them = np.array([float(carried)] * 2)
    count = np.array([float(min(owners, carried)), float(min(owners + 1, carried))])

    fewer, more = OWNERS.known.bits(all_of_them, all_of_them, OWNERS.seen(all_of_them, count))

    assert more >= fewer - 1e-9


def test_cohort_is_the_plan_where_it_is_large_and_everybody_else_where_not() -> None:
    n = SMALLEST + 2
    values = np.array([10.0] * SMALLEST + [100.0, 200.0])
    plans = ("pro",) * SMALLEST + ("rare", "")
    blank = ("",) * n
    facts = AccountFacts(blank, plans, np.full(n, -1), blank, np.full(n, -1, np.int8))
    profile = profile_of(np.arange(n), {"tokens_out": values}, facts)

    ratio = cohort_ratio(profile, "tokens_out")

    assert ratio[0] == 1
    assert ratio[-2:].tolist() == [10, 20]
    assert np.isnan(cohort_ratio(profile, "tokens_in")).all()


def test_numbers_are_written_for_people() -> None:
    nan = float("nan")
    assert [whole(4812.3), percent(0.931), percent(0.0123), percent(0.0), rounded(0.9312), rounded(340.4)] == [
        *("4,812", "93 %", "1.2 %", "0 %", "0.93", "340"),
    ]
    assert [whole(nan), percent(nan), rounded(nan)] == ["unknown"] * 3
