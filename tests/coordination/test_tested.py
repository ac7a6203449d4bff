"""Groups are tested on the layers that did not make them, and each guard holds something."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coordination.made import blank, enrolled, groups_of, unknown, works
from stillwatch.coordination import tested as room
from stillwatch.coordination.groups import MONEY, PLACE, PRODUCT, QUOTAS, RHYTHM, SHARDS, Groups
from stillwatch.coordination.layers.quotas import DEFAULT_SPREAD as USUAL_VOLUMES
from stillwatch.coordination.layers.values import DEFAULT_SPREAD, hold
from stillwatch.coordination.roster import AT, FIELDS, Roster
from stillwatch.coordination.tested import (
    LAYER_AT,
    SPREAD_FIELDS,
    VOLUMES,
    Guards,
    examine,
    holders,
    independent,
    kinds,
    spreads,
    undecided,
    with_shards,
)
from stillwatch.statistics.joining import cauchy, fisher

ALL = 400
GROUP = range(20)
AT_PLACE, AT_MONEY, AT_PRODUCT = LAYER_AT[PLACE], LAYER_AT[MONEY], LAYER_AT[PRODUCT]


def lived() -> np.ndarray:
    """Requests as accounts with a life of their own make them."""
    return np.exp(np.random.default_rng(8).normal(4, 1.2, ALL)).astype(np.int64) + 1


def people(card: range = range(0), network: range = range(0), client: range = range(0)) -> Roster:
    """Accounts with a card and a network of their own and one of twenty clients; some share one instead."""
    outline, registered = blank(ALL), unknown(ALL)
    outline.events[:] = lived()
    outline.nets[:, 0], registered.payment[:] = np.arange(1000, 1000 + ALL), np.arange(1, ALL + 1)
    outline.ja4[:] = 1 + np.arange(ALL) % 20
    outline.nets[list(network), 0], registered.payment[list(card)], outline.ja4[list(client)] = 7, 9999, 3
    return enrolled(outline, registered)


def test_members_of_many_organisations_are_independent_and_unknown_ones_count_as_one_each() -> None:
    registered = unknown(20)
    registered.organisation[:10] = [1, 1, 1, 2, 3, 4, 5, 6, 7, 8]
    roster = enrolled(blank(20), registered)
    # Eight organisations of ten members are enough, seven are not; four of one beside six unknown are not either.
    groups = groups_of(range(10), range(9), [0, 1, 2, 10, 11, 12, 13], range(10, 20))
    assert independent(groups, roster).tolist() == [True, False, False, True]


def test_a_layer_is_its_best_field_times_the_fields_that_could_tell() -> None:
    roster = people(card=GROUP, client=range(8))
    outline = roster.outline
    outline.user_agent[:] = 1 + np.arange(ALL) % 7
    roster = enrolled(outline, roster.registered)
    groups = groups_of(GROUP, range(100, 110))
    found = examine(groups, roster, {})
    ja4, agent = (hold(groups, roster, AT[name]).log_p for name in ("ja4", "user_agent"))
    wanted = np.minimum(np.minimum(ja4, agent) + math.log(2), 0.0)
    assert wanted[0] < math.log(0.1)
    assert found.log_p[:, AT_PRODUCT] == pytest.approx(wanted)
    assert found.log_p[0, AT_MONEY] == pytest.approx(hold(groups, roster, AT["payment"]).log_p[0])
    assert np.isnan(found.log_p[:, LAYER_AT[RHYTHM]]).all()


def test_no_layer_that_made_a_group_is_tested_and_the_guard_is_what_holds_that() -> None:
    roster = people(card=GROUP, network=GROUP)
    groups = groups_of(GROUP, GROUP, GROUP, made_by=[MONEY, PLACE, MONEY | PLACE])
    found = examine(groups, roster, {})
    assert np.isnan(found.log_p[:, AT_MONEY]).tolist() == [True, False, True]
    assert np.isnan(found.log_p[:, AT_PLACE]).tolist() == [False, True, True]
    without = examine(groups, roster, {}, Guards(left_out=False))
    assert not np.isnan(without.log_p[:, [AT_MONEY, AT_PLACE]]).any()
    assert (without.joined < found.joined - 20).all()


def test_without_strata_a_plans_usual_client_would_be_evidence() -> None:
    roster = people()
    roster.registered.plan[:200], roster.outline.ja4[:190] = 1, 30
    roster = enrolled(roster.outline, roster.registered)
    groups = groups_of(range(15))
    honest, naive = (examine(groups, roster, {}, Guards(stratified=on)).log_p[0, AT_PRODUCT] for on in (True, False))
    assert honest > math.log(0.3)
    assert naive < math.log(1e-2)


def test_without_the_spread_ordinary_likeness_would_be_evidence() -> None:
    groups, roster, usual = groups_of(GROUP), people(client=range(8)), {"ja4": 0.3}
    honest, naive = (examine(groups, roster, usual, Guards(spread=on)).log_p[0, AT_PRODUCT] for on in (True, False))
    assert honest > math.log(0.1)
    assert naive < math.log(1e-2)


def test_two_parts_with_different_evidence_are_no_group() -> None:
    """Ten with one card and ten others on one network: the weaker kind of evidence is forgotten."""
    halves = examine(groups_of(GROUP), people(card=range(10), network=range(10, 20)), {})
    both = examine(groups_of(GROUP), people(card=range(10), network=range(10)), {})
    assert (~np.isnan(halves.log_p[0, [AT_MONEY, AT_PLACE]])).sum() == 1
    assert np.isfinite(both.log_p[0, [AT_MONEY, AT_PLACE]]).all()
    assert both.rest[0] < math.log(1e-6)
    assert np.isnan(halves.rest[0]) or halves.rest[0] > math.log(0.1)


@pytest.mark.parametrize(("overlap", "kept"), [(2, False), (3, True), (5, True)])
def test_half_of_what_chance_would_have_in_common_is_enough(overlap: int, kept: bool) -> None:
    """Ten of twenty each have five in common by chance; half of that is 2.5."""
    begin = 10 - overlap
    found = examine(groups_of(GROUP), people(card=range(10), network=range(begin, begin + 10)), {})
    assert (~np.isnan(found.log_p[0, [AT_MONEY, AT_PLACE]])).all() == kept


def test_where_and_when_are_one_kind_and_the_rest_is_each_its_own() -> None:
    log_p = np.full((2, len(LAYER_AT)), np.nan)
    log_p[0, [AT_PLACE, LAYER_AT[RHYTHM], AT_MONEY]] = -30.0, -20.0, -5.0
    found = kinds(log_p)
    assert found.shape == (2, len(LAYER_AT) - 1)
    assert found[0, 0] == pytest.approx(cauchy(np.array([[-30.0, -20.0]]))[0])
    assert sorted(found[0][~np.isnan(found[0])]) == [pytest.approx(found[0, 0]), -5.0]
    assert np.isnan(found[1]).all()


def test_all_evidence_is_joined_and_what_is_left_without_the_strongest() -> None:
    found = examine(groups_of(GROUP), people(card=range(20), network=range(20)), {})
    known = np.sort(kinds(found.log_p)[0][~np.isnan(kinds(found.log_p)[0])])
    assert found.joined[0] == pytest.approx(fisher(known[None, :])[0])
    assert found.rest[0] == pytest.approx(fisher(known[None, 1:])[0])


def test_one_office_at_one_time_does_not_stand_without_its_strongest_kind() -> None:
    """Place and moments together: taking the strongest kind away takes both."""
    outline = blank(ALL)
    outline.nets[:, 0] = np.arange(1000, 1000 + ALL)
    outline.nets[:8, 0] = 7
    rng = np.random.default_rng(2)
    for row in range(ALL):
        works(outline, row, 1, [50, 51] if row < 8 else rng.integers(0, 64, 3).tolist())
    outline.events[:], outline.week[:] = lived(), 1
    found = examine(groups_of(range(8), made_by=PRODUCT), enrolled(outline), {})
    assert found.log_p[0, AT_PLACE] < math.log(1e-6)
    assert found.log_p[0, LAYER_AT[RHYTHM]] < math.log(1e-6)
    assert found.rest[0] > math.log(0.01)


def test_holders_of_the_most_surprising_value_of_each_layer() -> None:
    outline = people(card=range(6), network=range(3, 9)).outline
    for row in range(4):
        works(outline, row, 1, [5])
    roster = enrolled(outline, people(card=range(6)).registered)
    groups = groups_of(range(100, 120), range(12))
    found = examine(groups, roster, {})
    held = holders(groups, roster, found.held, found.in_step, np.array([1]))
    assert np.flatnonzero(held[:, AT_MONEY]).tolist() == list(range(6))
    assert np.flatnonzero(held[:, AT_PLACE]).tolist() == list(range(3, 9))
    assert np.flatnonzero(held[:, LAYER_AT[RHYTHM]]).tolist() == list(range(4))
    assert not held[:, LAYER_AT[QUOTAS]].any()


def test_spreads_are_measured_on_template_groups_of_many_owners() -> None:
    """Thirty such groups hold one client each; groups of one organisation and those made otherwise do not count."""
    outline, registered = blank(ALL), unknown(ALL)
    outline.ja4[:] = 1 + np.arange(ALL) // 5
    groups = groups_of(*(range(5 * g, 5 * g + 5) for g in range(30)), made_by=PRODUCT)
    measured = spreads(groups, enrolled(outline, registered))
    assert set(measured) == {*SPREAD_FIELDS, VOLUMES}
    assert measured["ja4"] == 0.3
    assert measured["network"] == DEFAULT_SPREAD
    others = Groups(groups.start, groups.members, groups.made_by * MONEY, groups.token, groups.kind, groups.names)
    assert spreads(others, enrolled(outline, registered))["ja4"] == DEFAULT_SPREAD
    registered.organisation[:] = 1 + np.arange(ALL) // 5
    assert spreads(groups, enrolled(outline, registered))["ja4"] == DEFAULT_SPREAD
    assert measured[VOLUMES] == USUAL_VOLUMES


def test_of_many_groups_those_with_the_smallest_tokens_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    outline = blank(ALL)
    outline.ja4[:200] = 1 + np.arange(200) // 5
    outline.ja4[200:] = 1000 + np.arange(200)
    monkeypatch.setattr(room, "MEASURED", 40)
    tokens = [*range(100, 140), *range(40)]
    groups = groups_of(*(range(5 * g, 5 * g + 5) for g in range(80)), made_by=PRODUCT, tokens=tokens)
    assert spreads(groups, enrolled(outline))["ja4"] == pytest.approx(0.01)


def test_shards_join_the_other_layers() -> None:
    before = examine(groups_of(GROUP, range(50, 70)), people(card=GROUP), {})
    after = with_shards(before, np.array([-30.0, np.nan]))
    assert after.log_p[0, LAYER_AT[SHARDS]] == -30.0
    assert after.joined[0] < before.joined[0] - 20
    assert (after.joined[1], after.rest[1]) == (before.joined[1], before.rest[1])
    assert np.isnan(before.log_p[0, LAYER_AT[SHARDS]])


def test_groups_with_another_kind_of_evidence_are_worth_a_null_of_shards() -> None:
    found = examine(groups_of(GROUP, range(50, 70), range(390, 393)), people(card=GROUP), {})
    assert undecided(found).tolist() == [True, False, False]


def test_nobody_and_no_groups() -> None:
    roster = enrolled(blank(0))
    assert spreads(groups_of(), roster)["ja4"] == DEFAULT_SPREAD
    found = examine(groups_of(), roster, {})
    assert (found.log_p.shape, found.joined.shape, len(found.held)) == ((0, 8), (0,), len(FIELDS))
