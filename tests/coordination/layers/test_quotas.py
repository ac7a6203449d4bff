"""Volumes that lie too close together, and that small groups and loose ones say nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from coordination.made import DAY_MS, START_MS, blank, enrolled, groups_of
from stillwatch.coordination.layers.quotas import (
    DEFAULT_SPREAD,
    FEWEST,
    LEAST_SPREAD,
    MOST_SPREAD,
    ln_rates,
    natural_volumes,
    quotas,
    volume_spread,
)


@given(st.integers(FEWEST, 300), st.floats(0.05, 3.0), st.floats(0.5, 0.8))
def test_the_chance_is_the_lower_tail_of_scipys_chi_square(n: int, spread: float, usual: float) -> None:
    wanted = stats.chi2.logcdf((n - 1) * (spread / usual) ** 2, n - 1)
    found = quotas(groups_of(range(n)), np.array([spread]), usual)[0]
    if wanted > -600:
        assert found == pytest.approx(float(wanted), rel=1e-6, abs=1e-9)


def test_the_deepest_tail_is_finite_and_joins_the_plain_one() -> None:
    n = 400
    spreads = np.geomspace(1e-3, 0.2, 40)
    found = np.array([quotas(groups_of(range(n)), np.array([one]), 0.7)[0] for one in spreads])
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
    assert found[0] < -1500
    # ln p falls by n - 1 for every e-fold of the spread far down in the tail.
    assert np.diff(found)[:5] / np.diff(np.log(spreads))[:5] == pytest.approx(np.full(5, n - 1.0), rel=1e-3)
    assert np.diff(found).max() < 2 * np.median(np.diff(found))


def test_volumes_that_are_all_the_same_are_no_error() -> None:
    found = quotas(groups_of(range(6)), np.zeros(1), 0.7)[0]
    assert np.isfinite(found)
    assert found < -100


def test_small_groups_tell_nothing() -> None:
    sizes = range(1, FEWEST + 1)
    found = quotas(groups_of(*(range(n) for n in sizes)), np.full(FEWEST, 0.1), 0.7)
    assert np.isnan(found).tolist() == [n < FEWEST for n in sizes]


def test_rates_are_of_a_day_and_of_one_day_at_least() -> None:
    outline = blank(3)
    outline.events[:] = 100, 100, 100
    outline.last_ms[:] = START_MS, START_MS + DAY_MS // 2, START_MS + 4 * DAY_MS
    assert np.exp(ln_rates(enrolled(outline))) == pytest.approx([100, 100, 25])


def test_the_spread_is_the_deviation_of_ln_rates() -> None:
    outline = blank(8)
    outline.events[:] = 1, 10, 100, 7, 7, 7, 7, 7
    found = volume_spread(groups_of([0, 1, 2], [3, 4], [5]), enrolled(outline))
    assert found[0] == pytest.approx(math.log(10))
    assert found[1] == pytest.approx(0.0)
    assert np.isnan(found[2])


def test_what_is_ordinary_is_the_lower_tenth_of_enough_groups_within_bounds() -> None:
    large = np.full(21, 8)
    assert natural_volumes(np.linspace(0.6, 0.8, 21), large) == pytest.approx(0.62)
    assert natural_volumes(np.full(21, 0.1), large) == LEAST_SPREAD
    assert natural_volumes(np.full(21, 1.6), large) == MOST_SPREAD
    assert natural_volumes(np.full(19, 0.6), large[:19]) == DEFAULT_SPREAD
    # Groups of fewer than eight do not count.
    assert natural_volumes(np.full(40, 0.6), np.repeat([8, 7], [19, 21])) == DEFAULT_SPREAD
