"""The fitted tail: near the truth where it is known, and never a smaller promise than the draws allow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from stillwatch.statistics.pareto import log_sum_p, log_upper_p


def test_it_counts_while_there_is_something_to_count() -> None:
    draws = np.arange(1000.0)
    assert log_upper_p(900.0, draws) == pytest.approx(math.log(101 / 1001))


@pytest.mark.parametrize("true_p", [1e-4, 1e-5, 1e-6])
def test_beyond_the_draws_it_is_within_a_factor_of_the_truth(true_p: float) -> None:
    rng = np.random.default_rng(3)
    found = [log_upper_p(-math.log(true_p), rng.exponential(size=500)) for _ in range(60)]
    assert math.log(true_p) - 1.0 <= np.median(found) <= 0.8 * math.log(true_p)


def test_a_heavy_tail_is_believed() -> None:
    rng = np.random.default_rng(4)
    draws = rng.standard_cauchy(size=800)
    assert log_upper_p(1000.0, draws) > math.log(1e-5)


def test_a_few_draws_are_only_counted() -> None:
    assert log_upper_p(9.0, np.zeros(50)) == pytest.approx(math.log(1 / 51))


def test_equal_draws_cannot_be_fitted() -> None:
    assert log_upper_p(9.0, np.zeros(500)) == pytest.approx(math.log(1 / 501))


@pytest.mark.parametrize("z", [4.0, 6.0, 8.0, 12.0])
def test_a_normal_sum_is_told_far_out_and_not_overstated(z: float) -> None:
    rng = np.random.default_rng(5)
    found = [log_sum_p(z, rng.standard_normal(400)) for _ in range(60)]
    true = stats.norm.logsf(z)
    assert true * 1.02 <= np.median(found) <= true * 0.7


def test_a_sum_with_a_heavy_tail_is_not_taken_for_a_normal_one() -> None:
    rng = np.random.default_rng(6)
    found = [log_sum_p(8.0, rng.standard_t(3, 400)) for _ in range(60)]
    assert np.median(found) > stats.norm.logsf(8.0) / 2
