from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.detectors.calibration.conformal import bits_at, conformal_p, smallest_p
from stillwatch.detectors.calibration.reference import MOST_POINTS, REST, WHOLE, Reference, build_reference
from stillwatch.model.errors import InputError
from stillwatch.statistics.fdr import q_values

MADE = date(2026, 1, 31)
BITS = st.lists(st.one_of(st.integers(-5, 5).map(float), st.floats(-20, 20)), max_size=60)


def reference_of(bits: np.ndarray, *, trim: float = 0.0) -> Reference:
    n = bits.shape[0]
    return build_reference(bits, {}, [""] * n, np.full(n, 50.0), made=MADE, trim=trim)


@given(BITS, BITS)
def test_p_is_one_plus_the_accounts_with_as_much_over_all_plus_one(ordinary: list[float], asked: list[float]) -> None:
    known = np.round(ordinary, 6)

    p = conformal_p(reference_of(np.array(ordinary)), np.array(asked))

    plain = [(1 + (known >= round(x, 6)).sum()) / (len(ordinary) + 1) for x in asked]
    assert p == pytest.approx(plain)


@pytest.mark.parametrize("step", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("m", [19, 199])
def test_an_honest_account_is_rare_no_more_often_than_its_p_says(m: int, step: float) -> None:
    rng, rounds, asked = np.random.default_rng(2), 300, 50
    p = np.empty((rounds, asked))
    for at in range(rounds):
        bits = rng.standard_t(3, size=m + asked)
        if step:
            bits = np.round(bits / step) * step
        p[at] = conformal_p(reference_of(bits[:m]), bits[m:])

    for level in (0.05, 0.1, 0.2, 0.5, 0.9):
        share = (p <= level).mean(axis=1)
        assert share.mean() <= level + 3 * share.std() / np.sqrt(rounds)
    if not step:
        assert (p <= 0.2).mean() > 0.17


def test_counting_only_who_has_more_would_break_with_ties() -> None:
    bits = np.repeat([0.0, 3.0], [90, 10])
    kind = conformal_p(reference_of(bits), np.array([3.0]))[0]
    harsh = (1 + (bits > 3.0).sum()) / 101

    assert kind == pytest.approx(11 / 101)
    assert harsh < 0.1 * kind


@pytest.mark.parametrize("prior", [-10.0, -7.3, -1e-3])
def test_another_prior_breaks_no_ties(prior: float) -> None:
    bits = np.repeat([0.1, 0.7], 50)

    p = conformal_p(reference_of(bits), (prior + bits) - prior)

    assert p.tolist() == conformal_p(reference_of(bits), bits).tolist()


def two_plans(seed: int) -> tuple[np.ndarray, list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    plans = ["free"] * 900 + ["bulk"] * 100
    return rng.normal(np.repeat([-3.0, 3.0], [900, 100]), 1.0), plans, np.full(1000, 50.0)


def test_an_honest_account_is_wronged_where_its_own_cohort_is_ignored() -> None:
    own, ignored = [], []
    for seed in range(60):
        bits, plans, events = two_plans(seed)
        reference = build_reference(bits, {}, plans, events, made=MADE, trim=0.0)
        bits, plans, events = two_plans(1000 + seed)
        bulk = slice(900, 1000)
        place = reference.place(plans, events)
        own.append((conformal_p(reference, bits, place)[bulk] <= 0.05).mean())
        ignored.append((conformal_p(reference, bits)[bulk] <= 0.05).mean())

    assert np.mean(own) <= 0.05 + 3 * np.std(own) / np.sqrt(60)
    assert np.mean(ignored) > 0.4


def small_plans(seed: int) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Nine small plans whose accounts show more than those of the one large plan."""
    rng = np.random.default_rng(seed)
    plans = ["free"] * 1000 + [f"contract {at % 9}" for at in range(180)]
    return rng.normal(np.repeat([-3.0, 2.0], [1000, 180]), 1.5), plans, np.full(1180, 50.0)


def test_an_honest_account_of_a_small_plan_is_compared_with_small_plans_not_with_all() -> None:
    rest, whole = [], []
    for seed in range(60):
        bits, plans, events = small_plans(seed)
        reference = build_reference(bits, {}, plans, events, made=MADE, trim=0.0)
        bits, plans, events = small_plans(1000 + seed)
        place = reference.place(plans, events)
        small = place == REST
        rest.append((conformal_p(reference, bits, place)[small] <= 0.05).mean())
        whole.append((conformal_p(reference, bits)[small] <= 0.05).mean())

    assert small.sum() == 180
    assert np.mean(rest) <= 0.05 + 3 * np.std(rest) / np.sqrt(60)
    assert np.mean(whole) > 0.2


def test_a_plan_never_seen_where_every_plan_is_large_accuses_nobody() -> None:
    bits, plans, events = two_plans(1)
    reference = build_reference(bits, {}, plans, events, made=MADE)

    place = reference.place(["new"], np.array([50.0]))

    assert conformal_p(reference, np.array([99.0]), place).tolist() == [1.0]
    assert smallest_p(reference, place).tolist() == [1.0]


def test_each_account_is_compared_with_its_own_cohort() -> None:
    bits, plans, events = two_plans(1)
    reference = build_reference(bits, {}, plans, events, made=MADE, trim=0.0)
    asked, place = np.array([3.0, 3.0, 3.0, np.nan]), np.array([1, 0, WHOLE, 0])

    p = conformal_p(reference, asked, place)

    assert p[:3].tolist() == [
        (1 + (bits[:900] >= 3).sum()) / 901,
        (1 + (bits[900:] >= 3).sum()) / 101,
        (1 + (bits >= 3).sum()) / 1001,
    ]
    assert np.isnan(p[3])
    assert smallest_p(reference, place).tolist() == [1 / 901, 1 / 101, 1 / 1001, 1 / 101]


@given(BITS.filter(len), st.sets(st.integers(0, 59)), st.floats(-20, 20), st.floats(0, 0.49))
def test_campaigns_in_the_reference_never_make_p_smaller(
    bits: list[float], extracting: set[int], asked: float, trim: float
) -> None:
    n = len(bits)
    most = int(np.ceil(trim * n))
    campaign = [at for at in sorted(extracting) if at < n][:most]
    honest = np.delete(np.array(bits), campaign)

    with_them = conformal_p(reference_of(np.array(bits), trim=trim), np.array([asked]))
    without = conformal_p(reference_of(honest), np.array([asked]))

    assert with_them[0] >= without[0]


def test_without_the_guard_quiet_campaigns_would_make_p_smaller() -> None:
    honest = np.linspace(0.0, 5.0, 900)
    both = np.concatenate([honest, np.full(100, -5.0)])
    asked = np.array([4.9])

    clean = conformal_p(reference_of(honest), asked)[0]

    assert conformal_p(reference_of(both), asked)[0] < clean
    assert conformal_p(reference_of(both, trim=0.1), asked)[0] >= clean


def test_what_contamination_costs_is_recall() -> None:
    rng = np.random.default_rng(8)
    honest, campaign = rng.normal(size=4000), rng.normal(6, 1, size=300)
    asked = np.concatenate([rng.normal(size=400), rng.normal(6, 1, size=100)])
    found = []
    for hidden in (0, 20, 80, 300):
        p = conformal_p(reference_of(np.concatenate([honest, campaign[:hidden]]), trim=0.08), asked)
        reported = q_values(p) <= 0.1
        assert reported[:400].mean() < 0.05
        found.append(float(reported[400:].mean()))

    assert found == sorted(found, reverse=True)
    assert found[0] > 0.95
    assert found[-1] < 0.1


def test_a_thinned_reference_only_raises_p_and_keeps_the_rare_end_exact() -> None:
    bits = np.random.default_rng(4).normal(size=50_000)
    reference = reference_of(bits)
    asked = np.linspace(-5, 5, 4001)
    exact = (1 + bits.shape[0] - np.searchsorted(np.sort(np.round(bits, 6)), np.round(asked, 6))) / 50_001

    p = conformal_p(reference, asked)

    assert reference.whole.points.shape[0] <= MOST_POINTS
    assert (p >= exact).all()
    assert (p - exact).max() < 1 / 1500
    assert p[exact < 0.04].tolist() == exact[exact < 0.04].tolist()


@given(BITS.filter(len), st.floats(0.01, 0.9), st.floats(-20, 20), st.floats(0, 0.3))
def test_a_threshold_is_crossed_exactly_where_p_is_at_most_the_rate(
    bits: list[float], rate: float, asked: float, trim: float
) -> None:
    reference = reference_of(np.array(bits), trim=trim)
    p = conformal_p(reference, np.array([asked]))[0]

    if abs(p - rate) > 1e-9:
        assert (p <= rate) == (round(asked, 6) > bits_at(reference, reference.whole, rate))


def test_a_cold_start_accuses_nobody() -> None:
    nothing = reference_of(np.array([]))

    assert conformal_p(nothing, np.array([-3.0, 99.0])).tolist() == [1.0, 1.0]
    assert bits_at(nothing, nothing.whole, 0.01) == np.inf
    assert conformal_p(reference_of(np.zeros(30)), np.array([99.0]))[0] > 0.03


@pytest.mark.parametrize("rate", [0.0, 1.0, float("nan")])
def test_what_is_no_rate_is_refused(rate: float) -> None:
    reference = reference_of(np.zeros(3))
    with pytest.raises(InputError, match="error rate"):
        bits_at(reference, reference.whole, rate)
