"""The false-discovery rate holds where nothing is coordinated, and each guard is what makes it hold."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from coordination.ordinary import START_MS, run, world
from stillwatch.coordination.tested import Guards
from stillwatch.statistics.fdr import q_values
from stillwatch.statistics.joining import fisher
from stillwatch.statistics.looks import log_at_look

SEEDS = range(20)
BARE = Guards(spread=False)
"""Strata and left-out layers alone: what they hold is seen without the spread of ordinary groups."""


@cache
def validated(seed: int, guards: Guards, alpha: float) -> int:
    return len(run(*world(seed), guards=guards, alpha=alpha).validated)


@pytest.mark.parametrize("alpha", [1e-3, 0.05])
def test_no_more_runs_find_something_than_the_rate_allows(alpha: float) -> None:
    # Where all is null, the false-discovery rate is the chance of finding anything at all.
    wrong = sum(validated(seed, Guards(), alpha) > 0 for seed in SEEDS)
    assert wrong <= np.ceil(alpha * len(SEEDS))


def test_without_strata_the_habits_of_a_plan_look_like_coordination() -> None:
    with_strata = [validated(seed, BARE, 1e-3) for seed in range(5)]
    without = [validated(seed, Guards(stratified=False, spread=False), 1e-3) for seed in range(5)]
    assert sum(with_strata) == 0
    assert min(without) >= 1
    assert sum(without) >= 20


def test_a_layer_tested_on_itself_finds_whatever_it_was_given() -> None:
    """Counted on one kind of evidence, since a layer can only ever make its own kind."""
    kept, broken = 0, 0
    for seed in range(5):
        outline, known = world(seed)
        for guards in (Guards(), Guards(left_out=False)):
            tested = run(outline, known, guards).tested
            found = int((q_values(np.exp(tested.joined)) <= 1e-3).sum())
            kept, broken = (kept + found, broken) if guards.left_out else (kept, broken + found)
    assert broken > 200
    assert kept < broken / 20


def test_one_kind_of_evidence_is_not_enough() -> None:
    """Two hundred people sign up at one hour and use one tutorial: alike by one kind, and not by two."""
    outline, known = world(3)
    crowd = np.arange(200)
    known.signup_ms[crowd] = START_MS - 40 * 86_400_000 + np.arange(200) * 1000
    outline.sample_piece[crowd, 30] = 424_242
    found = run(outline, known)
    ours = [g for g in range(len(found.tested.groups)) if np.isin(crowd, found.tested.groups.of(g)).sum() >= 150]
    assert ours
    assert min(found.tested.joined[ours]) < -100
    assert len(found.validated) == 0


def test_ninety_days_of_hourly_looks_cost_the_rate_and_not_the_promise() -> None:
    """The same null looked at again and again: every look spends less, and together they spend the rate."""
    rng = np.random.default_rng(7)
    looks, accounts, alpha = 90 * 24, 4_000, 0.05
    # Evidence that grows: each look adds to what was seen before, so looks depend on each other.
    walk = np.zeros(accounts)
    ever, naive = np.zeros(accounts, bool), np.zeros(accounts, bool)
    for look in range(1, looks + 1):
        walk += rng.standard_normal(accounts)
        z = walk / np.sqrt(look)
        log_p = np.log(np.clip(0.5 * np.exp(-0.717 * z - 0.416 * z * z), 1e-300, 1.0))
        log_p = np.where(z > 0, log_p, 0.0)
        ever |= log_at_look(log_p, look) <= np.log(alpha)
        naive |= log_p <= np.log(alpha)
    assert naive.mean() > 5 * alpha
    assert ever.mean() <= alpha


def test_fisher_over_layers_is_what_joins_them() -> None:
    found = run(*world(1))
    row = int(np.nanargmin(found.tested.joined))
    log_p = found.tested.log_p[row]
    known = log_p[~np.isnan(log_p)]
    assert found.tested.joined[row] == pytest.approx(float(fisher(known[None, :])[0]), rel=0.3)
