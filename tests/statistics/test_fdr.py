from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.errors import InputError
from stillwatch.statistics.fdr import fewest_reported, q_values

P_VALUES = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.5, 1.0])), min_size=1, max_size=30)


def naive_q(p: list[float], price: float) -> list[float]:
    """Give q by its definition: the least of n * price * t / (how many p <= t) over all t >= p."""
    n = len(p)
    return [min([1.0, *(n * price * t / sum(other <= t for other in p) for t in p if t >= mine)]) for mine in p]


@given(P_VALUES, st.booleans())
def test_q_values_equal_their_definition(p: list[float], any_dependence: bool) -> None:
    price = sum(1 / k for k in range(1, len(p) + 1)) if any_dependence else 1.0

    assert q_values(np.array(p), any_dependence=any_dependence) == pytest.approx(naive_q(p, price))


@given(P_VALUES)
def test_a_smaller_p_never_has_a_larger_q_and_q_is_never_below_p(p: list[float]) -> None:
    q = q_values(np.array(p))

    assert (np.diff(q[np.argsort(p, kind="stable")]) >= 0).all()
    assert (q >= np.array(p) - 1e-12).all()
    assert (q_values(np.array(p), any_dependence=True) >= q).all()


def test_not_enough_evidence_counts_for_no_test() -> None:
    with_gaps = q_values(np.array([np.nan, 0.01, 0.4, np.nan, 0.02]))

    assert np.isnan(with_gaps[[0, 3]]).all()
    assert with_gaps[[1, 2, 4]].tolist() == q_values(np.array([0.01, 0.4, 0.02])).tolist()
    assert q_values(np.array([0.01, 0.4, 0.02, 1.0, 1.0]))[0] > with_gaps[1]


@pytest.mark.parametrize("p", [[-0.1], [1.1], [0.2, np.inf]])
def test_what_is_no_p_value_is_refused(p: list[float]) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        q_values(np.array(p))


def test_no_accounts_have_no_q_values() -> None:
    assert q_values(np.array([])).shape == (0,)


def false_share(reported: np.ndarray, extracting: int) -> float:
    return reported[extracting:].sum() / max(reported.sum(), 1)


def test_the_share_of_false_findings_keeps_its_promise_with_one_reference_for_all() -> None:
    rng, level, extracting, honest = np.random.default_rng(11), 0.2, 40, 160
    false, naive, found = [], [], []
    for _ in range(400):
        reference = np.sort(rng.normal(size=500))
        bits = np.concatenate([rng.normal(4, 1, extracting), rng.normal(size=honest)])
        p = (501 - np.searchsorted(reference, bits)) / 501
        reported = q_values(p) <= level
        false.append(false_share(reported, extracting))
        naive.append(false_share(p <= level, extracting))
        found.append(reported[:extracting].mean())

    error = np.std(false) / np.sqrt(len(false))
    assert np.mean(false) <= level * honest / (extracting + honest) + 3 * error
    assert np.mean(naive) > 2 * level
    assert np.mean(found) > 0.9


def test_a_small_reference_cannot_single_out_one_account_and_says_so() -> None:
    tests, smallest = 1000, 1 / 501
    need = fewest_reported(tests, smallest, 0.05)
    p = np.ones(tests)

    p[: need - 1] = smallest
    assert not (q_values(p) <= 0.05).any()
    p[need - 1] = smallest
    assert (q_values(p) <= 0.05).sum() == need == 40


@pytest.mark.parametrize(("smallest", "rate"), [(0.0, 0.1), (0.1, 0.0), (1.5, 0.1), (0.1, float("nan"))])
def test_shares_outside_their_range_are_refused(smallest: float, rate: float) -> None:
    with pytest.raises(InputError, match="shares above 0"):
        fewest_reported(10, smallest, rate)
