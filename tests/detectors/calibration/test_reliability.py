from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detectors.calibration.reliability import (
    brier,
    brier_parts,
    reliability_by_cohort,
    reliability_curve,
)
from stillwatch.model.errors import InputError


def drawn(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probability = rng.beta(0.5, 2, n)
    return probability, rng.random(n) < probability


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40), st.integers(1, 12))
def test_the_parts_add_up_to_the_loss(rows: list[tuple[float, bool]], bins: int) -> None:
    p, y = (np.array(column) for column in zip(*rows, strict=True))

    parts = brier_parts(p, y, bins=bins)

    assert parts.loss == pytest.approx(brier(p, y))
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert parts.loss == pytest.approx(total, abs=1e-12)
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.9]), st.booleans()), min_size=1, max_size=40))
def test_nothing_is_left_over_where_a_bin_holds_one_probability(rows: list[tuple[float, bool]]) -> None:
    p, y = (np.array(column) for column in zip(*rows, strict=True))

    assert brier_parts(p, y, bins=40).within == pytest.approx(0, abs=1e-12)


def test_what_is_calibrated_has_a_small_error_and_what_exaggerates_a_large_one() -> None:
    p, y = drawn(1, 20_000)
    loud = np.clip(1.8 * p, 0, 1)

    assert reliability_curve(p, y).calibration_error < 0.01
    assert reliability_curve(loud, y).calibration_error > 0.1
    assert brier_parts(loud, y).reliability > 20 * brier_parts(p, y).reliability


def test_bins_hold_equally_many_and_none_is_empty() -> None:
    p, y = drawn(2, 1000)

    curve = reliability_curve(p, y, bins=10)

    assert curve.accounts.sum() == 1000
    assert curve.accounts.min() >= 90
    assert (np.diff(curve.promised) > 0).all()
    assert reliability_curve(np.full(9, 0.3), np.arange(9) < 3).accounts.tolist() == [9]


def covered(*, clustered: bool) -> float:
    """Give how often the interval holds the true share when each of 30 sources leans its own way."""
    held = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        source = np.repeat(np.arange(30), 40)
        label = rng.random(1200) < np.repeat(rng.beta(1.5, 3.5, 30), 40)
        curve = reliability_curve(np.full(1200, 0.3), label, source=source if clustered else None)
        held.append(bool(curve.low[0] <= 0.3 <= curve.high[0]))
    return float(np.mean(held))


def test_intervals_over_sources_hold_what_intervals_over_accounts_miss() -> None:
    assert covered(clustered=True) > 0.83
    assert covered(clustered=False) < 0.5


def test_intervals_over_independent_accounts_hold_nine_times_in_ten() -> None:
    held = []
    for seed in range(400):
        label = np.random.default_rng(seed).random(300) < 0.2
        curve = reliability_curve(np.full(300, 0.2), label)
        held.append(bool(curve.low[0] <= 0.2 <= curve.high[0]))

    assert 0.86 < np.mean(held) < 0.95


def test_one_source_knows_nothing_about_others() -> None:
    p, y = np.repeat([0.1, 0.9], 50), np.repeat([False, True], 50)

    curve = reliability_curve(p, y, source=np.where(p < 0.5, 0, np.arange(100)))

    assert (curve.low[0], curve.high[0]) == (0.0, 1.0)
    assert curve.low[1] > 0.9


def test_sources_that_all_agree_do_not_prove_certainty() -> None:
    curve = reliability_curve(np.full(60, 0.1), np.zeros(60, np.bool_), source=np.arange(60) % 20)

    assert curve.low[0] == 0.0
    assert curve.high[0] > 0.03


def test_each_cohort_is_judged_by_its_own_sources() -> None:
    p, y = drawn(7, 400)
    pro = np.arange(400) >= 200
    source = np.where(pro, np.arange(400) % 20, 99)

    judged = reliability_by_cohort(p, y, np.where(pro, "pro", "free").tolist(), bins=4, source=source)

    assert judged["free"].curve.low.tolist() == [0.0] * 4
    assert judged["free"].curve.high.tolist() == [1.0] * 4
    alone = reliability_curve(p[pro], y[pro], bins=4, source=source[pro])
    assert judged["pro"].curve.low.tolist() == alone.low.tolist()
    assert judged["pro"].curve.low.max() > 0


def test_the_same_seed_draws_the_same_interval() -> None:
    p, y = drawn(3, 500)
    source = np.arange(500) % 20

    first, again = (reliability_curve(p, y, source=source, seed=4) for _ in range(2))

    assert first.low.tolist() == again.low.tolist()
    assert first.low.tolist() != reliability_curve(p, y, source=source, seed=5).low.tolist()


def test_right_on_the_whole_may_be_wrong_for_each_cohort() -> None:
    rng = np.random.default_rng(6)
    pro = np.arange(8000) % 2 == 0
    p = np.full(8000, 0.3)
    y = rng.random(8000) < np.where(pro, 0.1, 0.5)
    cohort = np.where(pro, "pro", "free").tolist()

    judged = reliability_by_cohort(p, y, cohort)

    assert reliability_curve(p, y).calibration_error < 0.02
    assert judged["pro"].curve.calibration_error > 0.15
    assert judged["free"].curve.calibration_error > 0.15
    assert sum(one.extracting for one in judged.values()) == y.sum()


def test_not_enough_evidence_is_left_out() -> None:
    p = np.array([0.2, np.nan, np.nan])

    judged = reliability_by_cohort(p, np.array([False, True, True]), ["a", "a", "b"], source=np.array([0, 1, 2]))

    assert list(judged) == ["a"]
    assert (judged["a"].accounts, judged["a"].extracting) == (1, 0)


@pytest.mark.parametrize("wrong", [-0.1, 1.1])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        reliability_by_cohort(np.array([wrong]), np.array([True]), ["a"])
