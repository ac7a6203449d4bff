"""Values held together are held against accounts of the same kind outside the group."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from coordination.made import blank, code_of, enrolled, groups_of, held_of, unknown
from stillwatch.coordination.layers.values import (
    BORROWED,
    DEFAULT_SPREAD,
    FEWEST_NATURAL,
    LEAST_SPREAD,
    MOST_SPREAD,
    hold,
    natural_spread,
)
from stillwatch.coordination.rates import rates
from stillwatch.coordination.roster import AT, Roster
from stillwatch.model.errors import InputError

JA4 = AT["ja4"]
SMALL = math.log(1e-3)


def clients(*counts: tuple[int, int], plans: list[int] | None = None) -> Roster:
    """Accounts with (TLS fingerprint, how many in a row have it), 0 unknown."""
    ja4 = [value for value, count in counts for _ in range(count)]
    outline, registered = blank(len(ja4)), unknown(len(ja4))
    outline.ja4[:] = ja4
    registered.plan[:] = plans or 0
    return enrolled(outline, registered)


def test_the_expected_count_and_the_chance_are_those_worked_by_hand() -> None:
    roster = clients((1, 10), (2, 20))
    found = hold(groups_of(range(5)), roster, JA4)
    # Outside 5 of 25 hold it. Each member's rate: (5 + 20 * 5.5 / 26) / (25 + 20).
    expected = 5 * (5 + BORROWED * 5.5 / 26) / (25 + BORROWED)
    assert (found.value[0], found.count[0], found.known[0]) == (code_of(roster, "ja4", 0), 5, 5)
    assert found.expected[0] == pytest.approx(expected)
    # Two values are held twice anywhere, so twice the tail.
    assert found.log_p[0] == pytest.approx(math.log(2 * stats.binom.sf(4, 5, expected / 5)))


def test_each_stratum_has_its_own_rate_and_borrows_from_all() -> None:
    """Ten of plan 1 with six holders, twenty of plan 2 with two; members are two of each plan, all of them holders."""
    roster = clients((1, 6), (2, 4), (1, 2), (2, 18), plans=[1] * 10 + [2] * 20)
    found = hold(groups_of([0, 1, 10, 11]), roster, JA4)
    rate = (8 - 4 + 0.5) / (30 - 4 + 1.0)
    expected = 2 * (4 + BORROWED * rate) / (8 + BORROWED) + 2 * (0 + BORROWED * rate) / (18 + BORROWED)
    assert found.expected[0] == pytest.approx(expected)


def plainly(roster: Roster, group: list[int]) -> float:
    """ln p of the most surprising value, slowly."""
    value = {row: code_of(roster, "ja4", row) for row in range(len(roster)) if roster.outline.ja4[row]}
    inside = [row for row in group if row in value]
    outside = [row for row in value if row not in group]
    twice = sum(list(value.values()).count(code) >= 2 for code in set(value.values()))
    best = 0.0
    for code in {value[row] for row in inside}:
        count = sum(value[row] == code for row in inside)
        if count < 2:
            continue
        rate = (sum(value[row] == code for row in outside) + 0.5) / (len(outside) + 1.0)
        expected = 0.0
        for row in inside:
            alike = [other for other in outside if roster.stratum[other] == roster.stratum[row]]
            mine = sum(value[other] == code for other in alike)
            expected += (mine + BORROWED * rate) / (len(alike) + BORROWED)
        if count > expected + 1.0:
            best = min(best, float(stats.binom.logsf(count - 1, len(inside), min(expected / len(inside), 1.0))))
    return min(best + math.log(max(twice, 1)), 0.0)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=6, max_size=40),
    st.sets(st.integers(0, 39), min_size=2, max_size=15),
)
def test_the_chance_is_the_binomial_one_of_a_plain_count(some: list[tuple[int, int]], rows: set[int]) -> None:
    roster = clients(*((value, 1) for value, _ in some), plans=[plan for _, plan in some])
    group = sorted(row for row in rows if row < len(some))
    found = hold(groups_of(group, group[::2]), roster, JA4)
    for at, members in enumerate((group, group[::2])):
        if (roster.outline.ja4[members] != 0).sum() >= 2:
            assert found.log_p[at] == pytest.approx(plainly(roster, members), abs=1e-9)
        else:
            assert np.isnan(found.log_p[at])


def test_a_value_usual_among_accounts_of_its_kind_surprises_only_without_strata() -> None:
    roster = clients((1, 900), (2, 100), (3, 9000), plans=[1] * 1000 + [2] * 9000)
    group = groups_of(range(12))
    assert hold(group, roster, JA4).log_p[0] > math.log(0.3)
    assert hold(group, roster, JA4, stratified=False).log_p[0] < math.log(1e-6)


def test_a_group_does_not_make_its_own_value_usual() -> None:
    """Fifty of sixty accounts hold what none of the other ten does: only with the fifty in the rate is it usual."""
    roster = clients((1, 50), (2, 10))
    found = hold(groups_of(range(50)), roster, JA4)
    assert found.expected[0] < 2
    assert found.log_p[0] < -100


def test_every_value_held_twice_anywhere_is_allowed_for() -> None:
    alone = [(value, 1) for value in range(100, 120)]
    twice = [(value, 2) for value in range(100, 110)]
    one, ten = (hold(groups_of(range(4)), clients((1, 4), *rest), JA4) for rest in (alone, twice))
    assert one.expected[0] == ten.expected[0]
    assert ten.log_p[0] - one.log_p[0] == pytest.approx(math.log(11))


def test_of_several_values_the_most_surprising_is_told() -> None:
    roster = clients((1, 4), (2, 5), (1, 40), (3, 40))
    assert hold(groups_of(range(9)), roster, JA4).value[0] == code_of(roster, "ja4", 4)


def test_ordinary_groups_that_vary_make_a_value_less_surprising() -> None:
    roster, group = clients((1, 10), (2, 90)), groups_of(range(8))
    tails = [float(hold(group, roster, JA4, spread=spread).log_p[0]) for spread in (0.0, 0.01, 0.1, 0.3)]
    assert tails == sorted(tails)
    assert tails[-1] > tails[0] + 4


def test_one_member_with_the_field_tells_nothing_and_no_value_held_twice_is_no_surprise() -> None:
    roster = clients((0, 3), (5, 1), (6, 1), (7, 1))
    found = hold(groups_of([0, 1, 2], [0, 1, 3], [3, 4, 5]), roster, JA4)
    assert np.isnan(found.log_p[:2]).all()
    assert np.isnan(found.alike[:2]).all()
    assert (found.log_p[2], found.value[2], found.known.tolist()) == (0.0, -1, [0, 1, 3])


def test_an_account_with_several_networks_counts_once_for_each() -> None:
    outline = blank(40)
    outline.nets[:, 0] = np.arange(100, 140)
    outline.nets[:4, 1] = 7
    found = hold(groups_of(range(4)), roster := enrolled(outline), AT["network"])
    assert roster.fields[AT["network"]].token[found.value[0]] == 7
    assert (found.count[0], found.known[0]) == (4, 4)
    assert found.log_p[0] < SMALL


def test_members_all_alike_have_correlation_one_and_strangers_about_none() -> None:
    rng = np.random.default_rng(3)
    roster = clients(*((int(value), 1) for value in rng.integers(1, 6, 2000)))
    first = np.flatnonzero(roster.outline.ja4 == 1)[:20]
    strangers = [np.sort(rng.choice(2000, 20, replace=False)) for _ in range(100)]
    alike = hold(groups_of(first, *strangers), roster, JA4).alike
    assert alike[0] == pytest.approx(1.0)
    # 190 pairs of each of a hundred groups agree with chance 1/5: standard error of the mean 0.004.
    assert abs(alike[1:].mean()) < 0.016


def test_no_groups_have_no_values() -> None:
    assert hold(groups_of(), clients((1, 3)), JA4).log_p.shape == (0,)


def test_more_strata_than_fit_are_refused() -> None:
    roster, stratum = clients((1, 4097)), np.arange(4097, dtype=np.int32)
    roster = replace(roster, stratum=stratum, rates=tuple(rates(field, stratum) for field in roster.fields))
    with pytest.raises(InputError, match="too many strata"):
        hold(groups_of(range(3)), roster, JA4)


def test_the_natural_spread_is_the_upper_quartile_of_enough_groups() -> None:
    alike = np.linspace(0.0, 0.2, 41).tolist()
    assert natural_spread(held_of(alike=alike, known=[4] * 41)) == pytest.approx(0.15)
    few = FEWEST_NATURAL - 1
    assert natural_spread(held_of(alike=[0.2] * few, known=[9] * few)) == DEFAULT_SPREAD
    # Small groups, and groups that cannot tell, count for nothing.
    small = held_of(alike=[0.2] * few + [0.2, math.nan], known=[9] * few + [3, 9])
    assert natural_spread(small) == DEFAULT_SPREAD


@pytest.mark.parametrize(("alike", "wanted"), [(-0.1, LEAST_SPREAD), (0.9, MOST_SPREAD), (0.2, 0.2)])
def test_the_natural_spread_is_believed_within_bounds(alike: float, wanted: float) -> None:
    assert natural_spread(held_of(alike=[alike] * 20, known=[4] * 20)) == pytest.approx(wanted)
