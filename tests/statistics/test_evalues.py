"""Evidence of several parties: a mean of one under the null, whoever is silent; a false-discovery rate that holds."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.errors import InputError
from stillwatch.statistics.evalues import calibrated, discovered, joined, without_each

BAR = 0.05


def reported(rng: np.random.Generator, tests: int, parties: int) -> np.ndarray:
    """ln e of parties that report p-values below the bar and are silent otherwise; nothing is there to be found."""
    return calibrated(np.log(rng.random((tests, parties))), BAR)


@pytest.mark.parametrize("kappa", [0.1, 0.5])
def test_the_calibrator_integrates_to_one_and_all_of_it_below_the_bar(kappa: float) -> None:
    # The substitution p = bar * u^(1/kappa) makes the integrand constant.
    u = np.linspace(0.05, 1.0, 101)
    log_p = math.log(BAR) + np.log(u) / kappa
    log_dp = math.log(BAR / kappa) + (1.0 / kappa - 1.0) * np.log(u)
    # Rounding may put the last one past the bar.
    assert np.exp(calibrated(log_p, BAR, kappa) + log_dp)[:-1] == pytest.approx(1.0)
    assert calibrated(np.array([math.log(BAR) + 1e-9, np.nan]), BAR).tolist() == [-math.inf, -math.inf]


@pytest.mark.parametrize(("bar", "kappa"), [(0.0, 0.1), (1.5, 0.1), (0.05, 1.0), (0.05, 0.0)])
def test_what_is_no_share_is_refused(bar: float, kappa: float) -> None:
    with pytest.raises(InputError):
        calibrated(np.zeros(1), bar, kappa)


@given(st.lists(st.floats(-5, 5) | st.just(-math.inf), max_size=7), st.integers(1, 3))
def test_joined_is_the_mean_of_mean_products(log_e: list[float], least: int) -> None:
    m, e = len(log_e), np.exp(log_e)
    means = [
        np.mean([np.prod(some) for some in itertools.combinations(e, k)]) for k in range(least, m + 1)
    ]  # fmt: skip
    wanted = float(np.mean(means)) if means else 0.0
    found = math.exp(joined(log_e, least))
    assert found == pytest.approx(wanted, rel=1e-9)


def test_more_evidence_never_makes_less_and_order_does_not_count() -> None:
    base = joined([2.0, 5.0, -math.inf, 1.0])
    assert joined([2.5, 5.0, -math.inf, 1.0]) > base
    assert joined([1.0, -math.inf, 5.0, 2.0]) == pytest.approx(base)


def test_one_party_alone_is_no_joint_evidence() -> None:
    assert joined([50.0, -math.inf, -math.inf]) == -math.inf
    assert joined([50.0]) == -math.inf


def test_levels_hold_though_only_small_p_values_are_reported() -> None:
    rng = np.random.default_rng(7)
    log_e = np.array([joined(one) for one in reported(rng, 40_000, 4)])
    for level in (0.05, 0.01):
        assert (log_e >= -math.log(level)).mean() <= level
    # Silence taken for "no opinion" would break it: the product of those who speak.
    rows = reported(np.random.default_rng(8), 400_000, 4)
    naive = np.where(np.isinf(rows), 0.0, rows).sum(axis=1)
    naive = np.where(np.isfinite(rows).sum(axis=1) >= 2, naive, -np.inf)
    spoke = np.isfinite(naive)
    assert np.exp(naive[spoke]).mean() > 1.5


def test_without_each_leaves_out_one_party_at_a_time() -> None:
    log_e = [4.0, 1.0, -math.inf]
    assert without_each(log_e).tolist() == [
        joined([1.0, -math.inf], 1),
        joined([4.0, -math.inf], 1),
        joined([4.0, 1.0], 1),
    ]


def test_the_false_discovery_rate_holds_under_any_dependence() -> None:
    rng, alpha, rates = np.random.default_rng(3), 0.1, []
    for _ in range(2_000):
        # All nulls are one and the same draw: as dependent as can be.
        null = np.repeat(calibrated(np.log(rng.random(1)), 1.0, 0.5), 40)
        true = np.full(10, math.log(3_000.0))
        found = discovered(np.concatenate([null, true]), alpha)
        rates.append(found[:40].sum() / max(found.sum(), 1))
    assert np.mean(rates) <= alpha
    assert discovered(np.zeros(0), 0.1).shape == (0,)
