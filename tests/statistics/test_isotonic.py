from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.errors import InputError
from stillwatch.statistics.isotonic import fit_isotonic, probability, rebase

ROWS = st.lists(
    st.tuples(st.integers(-4, 4), st.booleans(), st.sampled_from([0.5, 1.0, 3.0])), min_size=2, max_size=25
).filter(lambda rows: len({label for _, label, _ in rows}) == 2)


@given(ROWS)
def test_pools_equal_the_min_max_formula(rows: list[tuple[int, bool, float]]) -> None:
    x, y, w = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    places = np.unique(x)
    total = np.array([(w * y)[x == place].sum() for place in places])
    mass = np.array([w[x == place].sum() for place in places])
    k = len(places)
    plain = [
        max(min(total[a:b].sum() / mass[a:b].sum() for b in range(i + 1, k + 1)) for a in range(i + 1))
        for i in range(k)
    ]

    learnt = fit_isotonic(x, y.astype(np.bool_), w, anchored=False)

    assert learnt(places) == pytest.approx(plain)
    assert (np.diff(learnt(np.linspace(-6, 6, 200))) >= -1e-12).all()


@given(ROWS)
def test_anchored_it_never_claims_certainty(rows: list[tuple[int, bool, float]]) -> None:
    x, y, _ = (np.array(column) for column in zip(*rows, strict=True))

    learnt = fit_isotonic(x.astype(np.float64), y.astype(np.bool_))

    assert learnt.probability.min() > 0
    assert learnt.probability.max() < 1


def test_three_accounts_without_an_anchor_would_prove_certainty() -> None:
    bits, label = np.array([0.0, 1.0, 9.0]), np.array([False, False, True])

    assert fit_isotonic(bits, label, anchored=False)(np.array([9.0]))[0] == 1.0
    assert fit_isotonic(bits, label)(np.array([9.0]))[0] == pytest.approx(0.5)


def test_it_finds_the_probability_that_bits_were_drawn_with() -> None:
    rng = np.random.default_rng(3)
    extracting = rng.random(40_000) < 0.2
    bits = rng.normal(np.where(extracting, 2.0, -2.0), 2.0)
    true = probability(bits / np.log(2.0), 0.2)

    learnt = fit_isotonic(bits, extracting)

    assert learnt.base_rate == pytest.approx(0.2, abs=0.01)
    assert np.abs(learnt(bits) - true).mean() < 0.01


def test_not_enough_evidence_is_left_out_and_stays_unknown() -> None:
    bits, label = np.array([np.nan, 0.0, 1.0]), np.array([True, False, True])

    learnt = fit_isotonic(bits, label, anchored=False)

    assert learnt.base_rate == 0.5
    assert np.isnan(learnt(bits)[0])


@pytest.mark.parametrize("bits", [[], [np.nan, np.nan], [1.0, 2.0]])
def test_one_kind_of_account_teaches_nothing(bits: list[float]) -> None:
    with pytest.raises(InputError, match="both kinds"):
        fit_isotonic(np.array(bits), np.ones(len(bits), np.bool_))


@given(st.floats(-40, 40), st.floats(1e-4, 0.5), st.floats(1e-4, 0.5))
def test_rebasing_equals_starting_from_the_other_rate(bits: float, learnt: float, stated: float) -> None:
    one = np.array([bits])

    moved = rebase(probability(one, learnt), learnt, stated)

    assert moved[0] == pytest.approx(probability(one, stated)[0], rel=1e-3, abs=1e-9)


def test_a_probability_learnt_on_balanced_accounts_is_far_too_high_in_the_wild() -> None:
    rng = np.random.default_rng(5)
    bits = rng.normal(np.repeat([2.0, -2.0], 4000), 2.0)
    learnt = fit_isotonic(bits, np.repeat([True, False], 4000))
    extracting = rng.random(200_000) < 0.01
    seen = learnt(rng.normal(np.where(extracting, 2.0, -2.0), 2.0))

    assert seen.mean() > 0.1
    assert rebase(seen, learnt.base_rate, 0.01).mean() == pytest.approx(0.01, abs=0.002)


def test_bits_without_end_stay_probabilities() -> None:
    assert probability(np.array([-1e9, 1e9, np.nan]), 0.5)[:2].tolist() == [pytest.approx(0, abs=1e-300), 1.0]


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_what_is_no_base_rate_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match="base rate"):
        probability(np.array([0.0]), rate)
    with pytest.raises(InputError, match="base rate"):
        rebase(np.array([0.5]), 0.5, rate)
