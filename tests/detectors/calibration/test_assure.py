"""What is said of a ranking: shapes, looks, cohorts, and accounts nobody could judge."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from stillwatch.detectors.calibration.assure import THEMSELVES, assure, refer
from stillwatch.detectors.calibration.reference import FEWEST, Reference
from stillwatch.features import profile_of
from stillwatch.model.finding import Assurance, Examined, Ranking
from stillwatch.model.profile import AccountFacts, Profile
from stillwatch.statistics.looks import FIRST_SHARE

MADE = date(2026, 1, 31)
N = 4 * FEWEST
UNJUDGED = 5
"""Row that no detector could tell about."""


def accounts(n: int = N, plans: tuple[str, ...] | None = None, events: float = 50.0) -> Profile:
    facts = AccountFacts(("",) * n, plans or ("pro",) * n, np.full(n, -1), ("",) * n, np.full(n, -1, np.int8))
    return profile_of(np.arange(1, n + 1), {"events": events + np.arange(n) / n}, facts)


def examined(name: str, weight: np.ndarray, untold: tuple[int, ...] = (UNJUDGED,)) -> Examined:
    reason = np.zeros(weight.shape[0], np.uint8)
    reason[list(untold)] = 1
    shown = np.where(reason == 0, weight, 0.0)
    return Examined(name, shown, shown, shown, reason, ("", "too few"), lambda _: "seen", {})


def ranked(answers: tuple[Examined, ...], prior: float = -10.0, threshold: float = 3.0) -> Ranking:
    contributions = {one.detector: one.weight_bits for one in answers}
    total = prior + np.sum(list(contributions.values()), axis=0)
    return Ranking(total, contributions, prior, threshold, np.argsort(-total, kind="stable"))


def world(seed: int = 1, n: int = N) -> tuple[tuple[Examined, ...], Ranking, Profile]:
    rng = np.random.default_rng(seed)
    answers = (examined("one", rng.normal(size=n)), examined("two", rng.normal(size=n), (UNJUDGED, 6)))
    return answers, ranked(answers), accounts(n)


def told(look: int = 1, seed: int = 1) -> Assurance:
    answers, ranking, profile = world(seed)
    return assure(answers, ranking, profile, refer(answers, ranking, profile, MADE), origin=THEMSELVES, look=look)


def test_every_column_speaks_of_every_account() -> None:
    made = told()

    for column in (made.probability, made.p_value, made.q_value, made.smallest_p, made.did_more):
        assert column.shape == (N,)
    known = np.arange(N) != UNJUDGED
    assert ((made.p_value[known] > 0) & (made.p_value[known] <= 1)).all()
    assert (made.q_value[known] >= made.p_value[known] - 1e-12).all()
    assert (made.p_value[known] >= made.smallest_p[known]).all()
    assert (made.reference, made.look) == (THEMSELVES, 1)


def test_an_account_nobody_could_judge_has_no_p_and_does_not_count() -> None:
    made = told()

    assert np.isnan(made.p_value[UNJUDGED])
    assert np.isnan(made.q_value[UNJUDGED])
    assert not np.isnan(made.p_value[6])
    answers, ranking, profile = world()
    assert refer(answers, ranking, profile, MADE).whole.accounts == N - 1


def test_more_bits_are_rarer() -> None:
    made, (_, ranking, _) = told(), world()
    known = np.flatnonzero(np.arange(N) != UNJUDGED)
    order = known[np.argsort(ranking.total_bits[known])]

    assert (np.diff(made.p_value[order]) <= 0).all()
    assert (np.diff(made.q_value[order]) <= 1e-12).all()
    assert (np.diff(made.probability[order]) >= 0).all()


def test_a_later_look_raises_every_p_by_the_same_factor_up_to_one() -> None:
    first, third = told(1), told(3)
    known = np.arange(N) != UNJUDGED

    assert third.look == 3
    assert third.p_value[known] == pytest.approx(np.minimum(first.p_value[known] * 9, 1.0))
    assert (third.p_value[known] >= first.p_value[known]).all()
    assert third.p_value[known].min() > first.p_value[known].min()
    assert np.isnan(third.p_value[UNJUDGED])


def test_the_first_look_already_spends_only_its_share() -> None:
    made = told()
    smallest = np.nanmin(made.p_value)

    assert smallest == pytest.approx(1 / FIRST_SHARE * 2 * made.smallest_p[0], rel=0.5)
    assert smallest > made.smallest_p[0]


def test_the_prior_is_the_base_rate_and_changes_no_p() -> None:
    answers, low, profile = world()
    high = ranked(answers, prior=-1.0)
    reference = refer(answers, low, profile, MADE)
    one, other = (assure(answers, r, profile, reference, origin="") for r in (low, high))

    assert one.base_rate == pytest.approx(1 / 1025)
    assert other.base_rate == pytest.approx(1 / 3)
    assert np.array_equal(one.p_value, other.p_value, equal_nan=True)
    assert (other.probability > one.probability).all()
    assert one.probability == pytest.approx(1 / (1 + 2.0**-low.total_bits))


def test_unreported_accounts_of_the_plan_that_sent_more_are_counted() -> None:
    n = 6
    answers = (examined("one", np.array([20.0, 0.0, 0.0, 0.0, 20.0, 0.0]), ()),)
    ranking = ranked(answers)
    profile = accounts(n, ("a", "a", "a", "b", "b", "a"))

    made = assure(answers, ranking, profile, refer(answers, ranking, profile, MADE), origin="")

    # Events rise with the row; rows 0 and 4 are reported.
    assert ranking.flagged.tolist() == [True, False, False, False, True, False]
    assert made.did_more.tolist() == [3, 2, 1, 0, 0, 0]


def test_how_ordinary_a_weight_is_comes_from_the_cohort() -> None:
    weight = np.zeros(N)
    weight[:20] = 5.0
    weight[:5] = 7.0
    answers = (examined("one", weight, ()),)
    ranking, profile = ranked(answers), accounts()

    made = assure(answers, ranking, profile, refer(answers, ranking, profile, MADE), origin="")

    assert made.ordinary("one", 0) == pytest.approx(5 / N)
    assert made.ordinary("one", 19) == pytest.approx(20 / N)
    assert made.ordinary("one", N - 1) == 1


def test_a_detector_the_reference_does_not_know_is_unknown() -> None:
    answers, ranking, profile = world()
    reference = refer(answers[:1], ranked(answers[:1]), profile, MADE)

    made = assure(answers, ranking, profile, reference, origin="")

    assert np.isnan(made.ordinary("two", 0))


def test_the_cohort_is_named_in_words() -> None:
    plans = ("pro",) * FEWEST + ("",) * FEWEST + ("tiny",) * 7
    n = len(plans)
    answers = (examined("one", np.random.default_rng(3).normal(size=n), ()),)
    ranking, profile = ranked(answers), accounts(n, plans)
    made = assure(answers, ranking, profile, refer(answers, ranking, profile, MADE), origin="")

    assert made.cohort(0) == "50 accounts, plan pro, 10^1 requests or more"
    assert made.cohort(FEWEST) == "50 accounts, no plan known, 10^1 requests or more"
    assert made.cohort(n - 1) == "7 accounts of small plans and sizes"


def test_accounts_without_known_events_are_of_any_size() -> None:
    answers = (examined("one", np.random.default_rng(3).normal(size=N), ()),)
    ranking, profile = ranked(answers), accounts(events=np.nan)
    made = assure(answers, ranking, profile, refer(answers, ranking, profile, MADE), origin="")

    assert made.cohort(0) == f"{N} accounts, plan pro, any size"
    assert (made.did_more == -1).all()


def test_a_reference_of_others_judges_new_accounts() -> None:
    answers, ranking, profile = world(1)
    reference: Reference = refer(answers, ranking, profile, MADE)
    strange = (examined("one", np.array([30.0, -30.0]), ()),)
    new = accounts(2)

    made = assure(strange, ranked(strange), new, reference, origin="last month")

    assert made.p_value[0] == pytest.approx(made.smallest_p[0] / FIRST_SHARE)
    assert made.p_value[1] == 1
    assert made.reference == "last month"


def test_no_account_at_all_is_no_error() -> None:
    answers, ranking, profile = world(1)
    reference = refer(answers, ranking, profile, MADE)
    nobody = (examined("one", np.zeros(0), ()),)

    made = assure(nobody, ranked(nobody), accounts(0, ()), reference, origin="")

    assert made.p_value.shape == made.q_value.shape == (0,)
