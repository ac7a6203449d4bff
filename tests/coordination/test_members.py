"""Who belongs: what an account shares with the entity, against how common that is elsewhere, on two layers at least."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.made import blank, code_of, enrolled, groups_of, unknown
from stillwatch.coordination.groups import MONEY, PLACE, PRODUCT
from stillwatch.coordination.members import (
    _COLUMN,
    CAP_BITS,
    FEWEST_MEMBERS,
    FLOOR_BITS,
    LAYERS_WEIGHED,
    LEAST_BITS,
    Holders,
    Membership,
    united,
    weigh,
)
from stillwatch.coordination.roster import AT
from stillwatch.sketches.layout import EMPTY_HASH

if TYPE_CHECKING:
    from stillwatch.coordination.outline import Outline
    from stillwatch.model.registered import Registered

ALL = 500
SEED = np.arange(12)


def people() -> tuple[Outline, Registered]:
    """Accounts with a card and a network of their own; the first twelve share one of each."""
    outline, registered = blank(ALL), unknown(ALL)
    outline.nets[:, 0] = np.arange(1000, 1000 + ALL)
    registered.payment[:] = np.arange(1, ALL + 1)
    put(outline, registered, SEED.tolist())
    return outline, registered


def put(outline: Outline, registered: Registered, rows: list[int], *, network: bool = True, card: bool = True) -> None:
    if network:
        outline.nets[rows, 0] = 77
    if card:
        registered.payment[rows] = 7777


def belonging(
    outline: Outline, registered: Registered, template: list[int], *, layers: int = 2, seed: np.ndarray = SEED
) -> Membership:
    """Who belongs, where some share a rare template and most others have one of theirs."""
    roster = enrolled(outline, registered, groups_of(template, range(100, ALL)) if template else None)
    return weigh(Holders(roster), seed, layers)


def test_holders_are_the_fields_turned_round() -> None:
    outline, registered = people()
    roster = enrolled(outline, registered)
    holders = Holders(roster)
    assert holders.of(AT["network"], code_of(roster, "network", 0)).tolist() == SEED.tolist()
    assert holders.of(AT["payment"], code_of(roster, "payment", 40)).tolist() == [40]


def test_all_who_share_card_and_network_belong_and_nobody_else() -> None:
    found = belonging(*people(), [])
    assert found.rows.tolist() == SEED.tolist()
    assert found.bits.shape == (12, len(LAYERS_WEIGHED))
    assert (found.total_bits >= LEAST_BITS).all()


def test_a_bystander_among_the_seed_is_left_out() -> None:
    """Row 50 has the template and nothing else."""
    found = belonging(*people(), [*range(12), 50], seed=np.array([*range(12), 50]))
    assert found.rows.tolist() == SEED.tolist()


def test_a_missing_member_is_taken_in() -> None:
    outline, registered = people()
    put(outline, registered, [60])
    assert belonging(outline, registered, []).rows.tolist() == [*range(12), 60]


@pytest.mark.parametrize("shared", ["network", "card", "template"])
def test_an_account_that_shares_one_layer_alone_is_not_taken_in(shared: str) -> None:
    outline, registered = people()
    if shared != "template":
        put(outline, registered, [60], **{"network": False, "card": False} | {shared: True})
    template = [*range(12), 60] if shared == "template" else list(range(12))
    assert belonging(outline, registered, template).rows.tolist() == SEED.tolist()


def test_one_layer_is_not_enough_even_where_nothing_else_is_known_of_an_account() -> None:
    outline, registered = people()
    outline.nets[60], registered.payment[60] = EMPTY_HASH, 0
    template = [*range(12), 60]
    assert 60 in belonging(outline, registered, template, layers=1).rows
    assert belonging(outline, registered, template).rows.tolist() == SEED.tolist()


def test_the_weight_of_a_value_is_the_ratio_worked_by_hand() -> None:
    """Of the others two hold the card and three the network."""
    outline, registered = people()
    put(outline, registered, [60, 61], network=False)
    put(outline, registered, [70, 71, 72], card=False)
    found = belonging(outline, registered, [])
    for layer, others in ((MONEY, 2), (PLACE, 3)):
        outside = ALL - 12
        rate = (others + 0.5) / (outside + 1.0)
        share = 12 / 13
        weight = math.log2(share / ((others + 20 * rate) / (outside + 20)))
        assert found.bits[:, _COLUMN[layer]] == pytest.approx(min(weight, CAP_BITS))
    prior = math.log2(13 / (ALL + 1))
    assert found.total_bits == pytest.approx(found.bits.sum(axis=1) + prior)


def test_an_account_with_a_card_of_its_own_has_it_counted_against_it() -> None:
    outline, registered = people()
    registered.payment[11] = 5555
    found = belonging(outline, registered, list(range(12)))
    assert found.rows.tolist() == SEED.tolist()
    assert found.bits[11, _COLUMN[MONEY]] < 0 < found.bits[10, _COLUMN[MONEY]]
    assert found.bits.min() >= FLOOR_BITS
    assert found.bits.max() <= CAP_BITS


def test_what_is_not_known_of_an_account_speaks_neither_for_nor_against_it() -> None:
    outline, registered = people()
    registered.payment[11] = 0
    found = belonging(outline, registered, list(range(12)))
    assert found.bits[11, _COLUMN[MONEY]] == 0


def test_a_value_usual_in_an_accounts_stratum_weighs_less() -> None:
    outline, registered = people()
    registered.plan[:12], registered.plan[100:200] = [*[1] * 6, *[2] * 6], 1
    outline.ja4[:] = 500 + np.arange(ALL)
    outline.ja4[:12], outline.ja4[100:150] = 3, 3
    found = belonging(outline, registered, [])
    at = _COLUMN[PRODUCT]
    assert found.bits[:6, at].max() < found.bits[6:, at].min() - 2


def organised(size: int) -> list[int]:
    """Members where so many of the twelve are one organisation with a network of its own that row 60 is on too."""
    outline, registered = people()
    registered.organisation[:size] = 5
    outline.nets[:size, 0] = 99
    outline.nets[60, 0] = 99
    return belonging(outline, registered, [*range(12), 60]).rows.tolist()


def test_what_only_one_organisation_shares_is_not_the_entitys() -> None:
    assert 60 not in organised(5)
    outline, registered = people()
    outline.nets[:5, 0] = outline.nets[60, 0] = 99
    assert 60 in belonging(outline, registered, [*range(12), 60]).rows


def test_unless_the_organisation_is_most_of_the_entity() -> None:
    assert 60 in organised(7)


def test_an_entity_that_stands_on_division_alone_needs_the_product_alone() -> None:
    outline, registered = blank(ALL), unknown(ALL)
    outline.nets[:, 0], registered.payment[:] = np.arange(1000, 1000 + ALL), np.arange(1, ALL + 1)
    registered.payment[:2] = 7777
    template = [*range(12), 60]
    assert belonging(outline, registered, template).rows.tolist() == [0, 1]
    alone = belonging(outline, registered, template, layers=1)
    assert alone.rows.tolist() == template
    assert not np.delete(alone.bits, _COLUMN[PRODUCT], axis=1).any()


def test_fields_of_one_layer_count_once_by_their_best() -> None:
    outline, registered = people()
    one = belonging(outline, registered, []).bits[:, _COLUMN[MONEY]].copy()
    registered.card_bin[:] = 1 + np.arange(ALL) % 9
    registered.card_bin[:12] = 9
    two = belonging(outline, registered, []).bits[:, _COLUMN[MONEY]]
    assert two == pytest.approx(one)


def test_a_value_that_very_many_hold_brings_in_no_candidates_but_still_weighs() -> None:
    outline, registered = people()
    outline.ja4[:] = 500 + np.arange(ALL)
    outline.ja4[:300] = 3
    found = belonging(outline, registered, [])
    assert found.rows.tolist() == SEED.tolist()
    assert (found.bits[:, _COLUMN[PRODUCT]] > 0).all()


def weighed(rows: list[int], total: float, seeds: tuple[int, ...] = ()) -> Membership:
    n = len(rows)
    return Membership(np.array(rows, np.int64), np.full((n, 5), total), np.full(n, total), seeds)


def test_entities_with_half_of_the_smaller_in_common_are_one() -> None:
    (one,) = united([weighed([1, 2, 3, 4], 5.0, (0,)), weighed([3, 4, 5, 6, 7], 9.0, (1,))])
    assert one.rows.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert one.total_bits.tolist() == [5, 5, 9, 9, 9, 9, 9]
    assert sorted(one.seeds) == [0, 1]


def test_entities_whose_common_accounts_fall_into_two_camps_are_two() -> None:
    rows = np.arange(20)
    mine = np.where(rows < 10, 30.0, 8.0)

    def entity(total: np.ndarray, seeds: tuple[int, ...]) -> Membership:
        return Membership(rows, np.zeros((20, len(LAYERS_WEIGHED))), total, seeds)

    found = united([entity(mine, (0,)), entity(mine[::-1].copy(), (1,))])
    assert [one.rows.tolist() for one in found] == [list(range(10)), list(range(10, 20))]
    (one,) = united([entity(mine, (0,)), entity(mine - 3.0, (1,))])
    assert one.rows.tolist() == rows.tolist()


def test_networks_that_most_members_do_without_are_not_missed_in_others() -> None:
    """Eight values shared by two or three members each add up to more than one, though most members hold none."""
    outline, registered = blank(ALL), unknown(ALL)
    outline.nets[:, 0] = np.arange(1000, 1000 + ALL)
    registered.payment[:] = np.arange(1, ALL + 1)
    seed = np.arange(40)
    registered.payment[seed] = 7777
    outline.nets[:4] = np.arange(500, 508)
    found = belonging(outline, registered, seed.tolist(), seed=seed)
    place = found.bits[:, _COLUMN[PLACE]]
    assert found.rows.tolist() == seed.tolist()
    assert (place[:4] > 5).all()
    assert (place[4:] > -0.5).all()


def test_an_account_of_two_entities_stays_with_the_one_it_shares_most_with() -> None:
    found = united([weighed([1, 2, 3, 4, 5], 5.0, (0,)), weighed([5, 6, 7, 8], 9.0, (1,))])
    assert [one.rows.tolist() for one in found] == [[1, 2, 3, 4], [5, 6, 7, 8]]
    equal = united([weighed([1, 2, 3, 4, 5], 5.0, (0,)), weighed([5, 6, 7, 8], 5.0, (1,))])
    assert [one.rows.tolist() for one in equal] == [[1, 2, 3, 4, 5], [6, 7, 8]]


def test_what_is_left_of_an_entity_must_be_three_accounts() -> None:
    found = united([weighed([1, 2, 3, 4], 9.0, (0,)), weighed([4, 5, 6], 5.0, (1,))])
    assert [one.rows.tolist() for one in found] == [[1, 2, 3, 4]]
    assert united([]) == ()


rows = st.sets(st.integers(0, 25), min_size=3, max_size=12).map(sorted)


@given(st.lists(st.tuples(rows, st.floats(3, 30)), max_size=7), st.data())
def test_every_account_is_in_one_entity_at_most_whatever_the_order(
    some: list[tuple[list[int], float]], data: st.DataObject
) -> None:
    made = [weighed(one, round(total, 3), (at,)) for at, (one, total) in enumerate(some)]
    found = united(made)
    every = [row for one in found for row in one.rows.tolist()]
    assert len(every) == len(set(every))
    assert set(every) <= {row for one, _ in some for row in one}
    assert all(one.rows.shape[0] >= FEWEST_MEMBERS for one in found)
    assert all((np.diff(one.rows) > 0).all() for one in found)
    again = united(data.draw(st.permutations(made)))
    assert [one.rows.tolist() for one in again] == [one.rows.tolist() for one in found]
