from __future__ import annotations

import math

import pytest
from scipy.stats import binom

from stillwatch.statistics.shares import clopper_pearson


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 150])
@pytest.mark.parametrize("of", [1, 7, 40])
def test_whatever_the_true_share_it_is_missed_no_oftener_than_promised(of: int, alpha: float) -> None:
    ends = [clopper_pearson(count, of, alpha) for count in range(of + 1)]
    for step in range(1, 200):
        true = step / 200
        missed = sum(
            float(binom.pmf(count, of, true)) for count, (low, high) in enumerate(ends) if not low <= true <= high
        )
        assert missed <= alpha * (1 + 1e-9)


def test_none_of_many_is_the_closed_form() -> None:
    low, high = clopper_pearson(0, 378, 0.05 / 149)

    assert low == 0.0
    assert high == pytest.approx(1 - (0.05 / 149 / 2) ** (1 / 378))
    assert clopper_pearson(378, 378, 0.05 / 149) == pytest.approx((1 - high, 1.0))


def test_of_nobody_nothing_is_said() -> None:
    assert all(math.isnan(end) for end in clopper_pearson(0, 0))
