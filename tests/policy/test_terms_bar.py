"""The bar of terms never leaves out an account that a clause could speak of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.drawn import NOW_MS, dossiers, terms
from policy.written_terms import loaded
from stillwatch.model.verdict import Met
from stillwatch.policy.bar import Bar, Need, clauses_could_speak
from stillwatch.policy.conditions.evidence.detector import DetectorBits
from stillwatch.policy.conditions.logic import AnyOf
from stillwatch.policy.judge import judge
from stillwatch.policy.shipped import SHIPPED, shipped

INF = np.inf


def columns(dossiers):
    reported = [bool(one.campaign and one.campaign.extracting) for one in dossiers]
    return (
        np.array([one.total_bits for one in dossiers]),
        np.array([one.probability for one in dossiers]),
        np.array([one.q_value for one in dossiers]),
        np.array([one.events for one in dossiers], np.int64),
        np.array(reported, np.bool_),
    )


@given(terms, st.lists(dossiers(), min_size=1, max_size=4))
def test_whoever_is_left_out_breaks_nothing_and_is_not_exempted_either(terms, some) -> None:
    bar = clauses_could_speak(terms, NOW_MS)

    for dossier, admitted in zip(some, bar.admits(*columns(some)).tolist(), strict=True):
        held = [all(isinstance(one, Met) for one in verdict.answers) for verdict in judge(dossier, terms, NOW_MS)]
        assert admitted or not any(held)


def test_the_bar_of_a_file_is_its_weakest_conditions() -> None:
    assert clauses_could_speak(loaded().terms, NOW_MS) == Bar((Need(3.0, -INF, 0.05, -INF, reported=False),))


def test_ordinary_accounts_stay_below_the_bar_of_every_shipped_file() -> None:
    n = 1_000
    rng = np.random.default_rng(7)
    ordinary = (rng.uniform(-12, -2, n), np.full(n, 0.01), np.full(n, 0.9), np.full(n, 500), np.zeros(n, np.bool_))

    for name in SHIPPED:
        assert not clauses_could_speak(shipped(name).terms, NOW_MS).admits(*ordinary).any(), name


def test_where_no_clause_is_in_force_nobody_is_admitted_and_where_nothing_is_asked_everybody() -> None:
    some = (np.array([99.0]), np.array([1.0]), np.array([0.0]), np.array([9]), np.array([True]))

    assert not clauses_could_speak(loaded().terms, 0).admits(*some).any()
    assert Bar((), everybody=True).admits(*some).all()


def test_what_does_not_matter_may_be_unknown() -> None:
    need = Bar((Need(3.0, -INF, INF, -INF, reported=False),))
    nan = np.array([np.nan])

    assert need.admits(np.array([3.0]), nan, nan, np.array([0]), np.array([False])).all()
    assert not need.admits(nan, nan, nan, np.array([0]), np.array([False])).any()


@pytest.mark.parametrize("most", [1, 40])
def test_too_many_alternatives_admit_everybody(most: int) -> None:
    [clause] = loaded().terms.clauses
    parts = tuple(
        AnyOf(tuple(DetectorBits(detector=f"d_{at}_{n}", evidence_class="content", least=1.0) for n in range(5)))
        for at in range(most)
    )
    wide = type(clause)(**{name: getattr(clause, name) for name in clause.__slots__} | {"conditions": parts})

    assert clauses_could_speak(type(loaded().terms)("t", 1, (wide,)), NOW_MS).everybody == (most > 1)
