"""Joined p-values: exact where they can be, never smaller than they may be under dependence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stillwatch.statistics.joining import cauchy, fisher, without_strongest

NAN = math.nan
SHARES = st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=6)


@given(SHARES)
def test_fisher_is_scipys(p: list[float]) -> None:
    wanted = stats.combine_pvalues(p, "fisher").pvalue
    if wanted > 1e-250:
        assert fisher(np.log([p]))[0] == pytest.approx(math.log(wanted), rel=1e-6, abs=1e-9)


@given(SHARES)
def test_cauchy_is_the_published_sum(p: list[float]) -> None:
    t = sum(math.tan((0.5 - min(max(x, 1e-15), 1 - 1e-15)) * math.pi) for x in p) / len(p)
    wanted = 0.5 - math.atan(t) / math.pi
    assert cauchy(np.log([p]))[0] == pytest.approx(math.log(max(wanted, 1e-300)), rel=1e-3, abs=1e-6)


def test_both_go_beyond_the_smallest_float_and_pass_over_unknown_layers() -> None:
    logs = np.array([[-2000.0, NAN, math.log(0.5)], [NAN, NAN, NAN], [-math.inf, NAN, 0.0]])
    assert fisher(logs)[0] == pytest.approx(-2000 + math.log(0.5) + math.log1p(2000.693147), rel=1e-3)
    assert cauchy(logs)[0] == pytest.approx(-2000 + math.log(2), rel=1e-6)
    for joined in (fisher(logs), cauchy(logs)):
        assert math.isnan(joined[1])
        assert joined[2] == -math.inf


def test_cauchy_holds_its_level_where_fisher_breaks() -> None:
    rng = np.random.default_rng(1)
    z = rng.standard_normal((40_000, 1)) * math.sqrt(0.9) + rng.standard_normal((40_000, 5)) * math.sqrt(0.1)
    logs = stats.norm.logsf(z)
    level = 0.01
    assert (cauchy(logs) <= math.log(level)).mean() <= 1.25 * level
    assert (fisher(logs) <= math.log(level)).mean() > 3 * level


def test_without_the_strongest_leaves_the_others() -> None:
    left = without_strongest(np.array([[-5.0, -9.0, NAN], [NAN, NAN, NAN], [-1.0, NAN, NAN]]))
    np.testing.assert_array_equal(left, [[-5.0, NAN, NAN], [NAN, NAN, NAN], [NAN, NAN, NAN]])
