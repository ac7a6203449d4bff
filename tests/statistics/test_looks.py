from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.errors import InputError
from stillwatch.statistics.looks import (
    at_look,
    e_values,
    enough_bits,
    last_useful_look,
    running_average,
    running_product,
    spent,
)

ALPHA = 0.05
DAYS = 90
REFERENCE = 5000


def daily_p(seed: int, *, accounts: int = 4000, alike: float = 0.0) -> np.ndarray:
    """Honest accounts against one reference, day after day; ``alike`` is how much of an account stays the same."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=accounts) * np.sqrt(alike)
    bits = own + rng.normal(size=(DAYS, accounts)) * np.sqrt(1 - alike)
    reference = np.sort(rng.normal(size=REFERENCE))
    return (1 + REFERENCE - np.searchsorted(reference, bits)) / (REFERENCE + 1)


def promised(accounts: int) -> float:
    """Give the largest share of false findings that chance explains: three standard errors over ALPHA."""
    return ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / accounts)


def ever_over(running: np.ndarray) -> float:
    return float((running.max(axis=0) >= enough_bits(ALPHA)).mean())


def ever_spent(p: np.ndarray) -> float:
    levels = np.array([spent(ALPHA, day + 1) for day in range(DAYS)])
    return float((p <= levels[:, None]).any(axis=0).mean())


def test_ninety_looks_without_spending_report_nearly_every_honest_account() -> None:
    assert (daily_p(1) <= ALPHA).any(axis=0).mean() > 0.9


@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
def test_ninety_looks_with_spending_keep_the_promise_however_alike_the_days_are(alike: float) -> None:
    assert ever_spent(daily_p(2, alike=alike)) <= promised(4000)


def test_spending_still_finds_who_stands_out() -> None:
    p = daily_p(3, accounts=100)
    p[10] = 1 / (REFERENCE + 1)

    assert ever_spent(p) == 1.0


def test_all_looks_together_spend_the_error_and_no_more() -> None:
    total = sum(spent(ALPHA, look) for look in range(1, 100_001))

    assert ALPHA * 0.9999 < total < ALPHA


@given(st.floats(1e-9, 1), st.integers(1, 500), st.floats(0.001, 0.5))
def test_a_raised_p_crosses_alpha_where_p_crosses_what_is_spent(p: float, look: int, alpha: float) -> None:
    if abs(p - spent(alpha, look)) > 1e-12:
        assert (at_look(np.array([p]), look)[0] <= alpha) == (p <= spent(alpha, look))


def test_a_raised_p_stays_a_p_and_unknown_stays_unknown() -> None:
    raised = at_look(np.array([0.9, np.nan]), 5)

    assert raised[0] == 1.0
    assert np.isnan(raised[1])


def test_after_the_last_useful_look_nothing_can_be_reported() -> None:
    smallest = 1 / (REFERENCE + 1)
    last = last_useful_look(ALPHA, smallest)

    assert smallest <= spent(ALPHA, last)
    assert smallest > spent(ALPHA, last + 1)
    assert last_useful_look(ALPHA, 0.5) == 0


@pytest.mark.parametrize("p", [1 - 1e-8, 0.9999, 0.999, 0.99, 0.5, 1e-3, 1e-9, 1e-100])
def test_the_calibrator_is_the_mean_over_all_powers(p: float) -> None:
    node, weight = np.polynomial.legendre.leggauss(200)
    kappa = (node + 1) / 2
    mean = float((weight / 2 * kappa * p ** (kappa - 1)).sum())

    assert e_values(np.array([p]))[0] == pytest.approx(mean, rel=1e-9)


def test_the_calibrator_falls_as_p_rises_without_a_step_where_its_forms_meet() -> None:
    p = np.exp(-np.linspace(0.0009, 0.0011, 2001))

    e = e_values(p)

    assert (np.diff(e) > 0).all()
    assert np.diff(e).max() < 1.001 * np.diff(e).min()


def test_ends_and_gaps_of_the_calibrator() -> None:
    assert e_values(np.array([0.0, 5e-324, 1.0, np.nan])).tolist()[2:] == [0.5, 1.0]
    assert np.isinf(e_values(np.array([0.0, 5e-324]))[0])


@pytest.mark.parametrize("m", [99, 4999])
def test_an_honest_account_wins_nothing_on_average(m: int) -> None:
    every_p = np.arange(1, m + 2) / (m + 1)

    assert e_values(every_p).mean() <= 1.0
    assert e_values(np.append(every_p, np.full(m, every_p[0]))).mean() > 1.0


def test_a_product_over_independent_looks_keeps_the_promise() -> None:
    assert ever_over(running_product(e_values(daily_p(4)))) <= promised(4000)


def test_a_product_over_days_that_are_alike_breaks_it() -> None:
    assert ever_over(running_product(e_values(daily_p(5, alike=0.3)))) > 1.5 * ALPHA
    assert ever_over(running_product(e_values(daily_p(5, alike=1.0)))) > 2 * ALPHA


@pytest.mark.parametrize("alike", [0.0, 0.3, 1.0])
def test_the_weighted_sum_keeps_it_however_alike_they_are(alike: float) -> None:
    assert ever_over(running_average(e_values(daily_p(6, alike=alike)))) <= promised(4000)


def test_a_product_finds_a_campaign_that_no_single_day_shows() -> None:
    rng = np.random.default_rng(7)
    p = rng.beta(0.35, 1, size=(DAYS, 200))

    found = (running_product(e_values(p)).max(axis=0) >= enough_bits(0.001)).mean()

    assert found > 0.9


def test_running_forms_by_hand() -> None:
    e = np.array([[4.0, 0.0], [0.5, 8.0]])

    assert running_product(e).tolist() == [[2.0, -np.inf], [1.0, -np.inf]]
    share = 6 / np.pi**2
    assert np.exp2(running_average(e)) == pytest.approx(share * np.array([[4.0, 0.0], [4.125, 2.0]]))
    assert enough_bits(1 / 32) == pytest.approx(5)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, float("nan")])
def test_what_is_no_error_rate_is_refused(alpha: float) -> None:
    with pytest.raises(InputError, match="error rate"):
        spent(alpha, 1)
    with pytest.raises(InputError, match="error rate"):
        enough_bits(alpha)


def test_looks_are_counted_from_one_and_p_values_are_shares() -> None:
    with pytest.raises(InputError, match="counted from 1"):
        at_look(np.array([0.1]), 0)
    with pytest.raises(InputError, match="between 0 and 1"):
        e_values(np.array([1.2]))
    with pytest.raises(InputError, match="above 0"):
        last_useful_look(ALPHA, 0.0)
