"""Tails against scipy's, and that they go where a float cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stillwatch.statistics.tails import log_beta_binomial_tail, log_binomial_tail, log_poisson_tail

SMALLEST = 1e-250
"""Below it scipy's own tails lose digits or end."""


@given(st.integers(0, 300), st.integers(1, 300), st.floats(1e-6, 0.999))
def test_binomial_tail_is_scipys(count: int, n: int, rate: float) -> None:
    wanted = stats.binom.sf(count - 1, n, rate)
    found = log_binomial_tail(count, n, rate)
    if wanted > SMALLEST:
        assert found == pytest.approx(math.log(wanted), rel=1e-6, abs=1e-9)
    elif wanted == 0.0 and count > n:
        assert found == -math.inf


@given(st.integers(0, 300), st.floats(1e-4, 200.0))
def test_poisson_tail_is_scipys(count: int, mean: float) -> None:
    wanted = stats.poisson.sf(count - 1, mean)
    if wanted > SMALLEST:
        assert log_poisson_tail(count, mean) == pytest.approx(math.log(wanted), rel=1e-6, abs=1e-9)


@given(st.integers(0, 200), st.integers(1, 200), st.floats(1e-4, 0.99), st.floats(1e-3, 0.9))
def test_beta_binomial_tail_is_scipys(count: int, n: int, rate: float, spread: float) -> None:
    a, b = rate * (1 - spread) / spread, (1 - rate) * (1 - spread) / spread
    wanted = float(np.sum(stats.betabinom.pmf(np.arange(min(count, n + 1), n + 1), n, a, b)))
    if wanted > 1e-200:
        found = log_beta_binomial_tail(count, n, rate, spread, 0.0)
        assert found == pytest.approx(math.log(min(wanted, 1.0)), rel=1e-5, abs=1e-7)


def test_a_campaign_is_told_beyond_the_smallest_float() -> None:
    assert log_binomial_tail(1000, 1000, 1e-3) == pytest.approx(1000 * math.log(1e-3))


def test_unequal_rates_are_bounded_by_their_mean() -> None:
    rates = np.array([0.01] * 30 + [0.6] * 10)
    sums = np.zeros(41)
    sums[0] = 1.0
    for rate in rates:
        sums[1:] = sums[1:] * (1 - rate) + sums[:-1] * rate
        sums[0] *= 1 - rate
    for count in range(math.ceil(rates.sum() + 1), 41):
        if sums[count:].sum() > 1e-12:
            assert log_binomial_tail(count, 40, float(rates.mean())) >= math.log(sums[count:].sum())


def test_spread_makes_a_shared_value_less_surprising() -> None:
    tails = [log_beta_binomial_tail(30, 100, 0.05, spread, 0.0) for spread in (0.0, 0.01, 0.1, 0.3)]
    assert tails == sorted(tails)
    assert tails[0] < tails[-1] - 10


@given(st.integers(1, 150), st.integers(1, 200), st.floats(1e-3, 0.9), st.floats(0.0, 0.5), st.floats(-60, -0.1))
def test_a_limit_only_hides_what_lies_above_it(count: int, n: int, rate: float, spread: float, limit: float) -> None:
    whole = log_beta_binomial_tail(count, n, rate, spread, 0.0)
    limited = log_beta_binomial_tail(count, n, rate, spread, limit)
    assert limited == pytest.approx(whole) or (limited == 0.0 and whole >= limit - 1e-9)
