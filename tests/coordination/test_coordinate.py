"""A small world end to end: the planted group is found, honest ones are not, and no order of anything matters."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from coordination.made import MEMBERS, NO_ARTEFACTS, blank, ring, unknown, world
from stillwatch.coordination.coordinate import ALPHA, Coordination, coordinate
from stillwatch.coordination.groups import ARTEFACTS
from stillwatch.coordination.outline import Outline
from stillwatch.model.registered import Registered
from stillwatch.sketches.layout import EMPTY_HASH, EMPTY_ID

PLANTED = [list(MEMBERS)]


def found(outline: Outline, registered: Registered, **given: object) -> Coordination:
    return coordinate(outline, registered, NO_ARTEFACTS, **given)  # type: ignore[arg-type]


def members(made: Coordination) -> list[list[int]]:
    return [one.rows.tolist() for one in made.memberships()]


@cache
def planted() -> Coordination:
    return found(*world())


def test_the_planted_group_is_found_whole_and_alone() -> None:
    made = planted()
    assert members(made) == PLANTED
    assert (made.q[made.validated] <= ALPHA).all()
    assert made.entity.shape == made.validated.shape == (len(made.core),)


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_other_worlds_have_theirs_found_too(seed: int) -> None:
    assert members(found(*world(seed=seed))) == PLANTED


def without_members(seed: int) -> tuple[Outline, Registered]:
    outline, registered = world(seed=seed)
    rest = np.arange(len(MEMBERS), outline.key.shape[0])
    return (
        Outline._make(column[rest] for column in outline),
        Registered(*(getattr(registered, name)[rest] for name in Registered.__slots__)),
    )


@pytest.mark.parametrize("seed", range(1, 9))
def test_honest_accounts_alone_are_no_entity(seed: int) -> None:
    outline, registered = without_members(seed)
    # Customers of one product share its client and its referral as well: that is one kind of evidence.
    for product in range(10):
        rows = slice(10 * product, 10 * product + 10)
        outline.ja4[rows], outline.user_agent[rows], registered.referral[rows] = 900, 800 + product, 7 + product
    made = found(outline, registered)
    assert len(made.tested.groups) > 20
    assert members(made) == []


def test_who_holds_only_what_made_a_validated_group_is_no_part_of_its_core() -> None:
    """The one TLS fingerprint is that of the forty and of a twentieth of all others."""
    made = planted()
    assert made.tested.groups.take(made.validated).members.max() not in MEMBERS
    assert set(made.core.members.tolist()) == set(MEMBERS)


def test_bystanders_who_send_the_template_are_left_out() -> None:
    outline, registered = world()
    outline.sample_piece[200:206, 24:44] = 71
    made = found(outline, registered)
    whole = [g for g in range(len(made.tested.groups)) if {0, 39, 200, 205} <= set(made.tested.groups.of(g).tolist())]
    assert whole
    assert members(made) == PLANTED


def test_the_same_seed_gives_the_same_result() -> None:
    again = found(*world())
    for name in ("q", "validated", "entity", "template"):
        assert np.array_equal(getattr(again, name), getattr(planted(), name), equal_nan=True)
    assert np.array_equal(again.tested.log_p, planted().tested.log_p, equal_nan=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_names_for_the_accounts_give_the_same_entities(seed: int) -> None:
    """Rows come by ascending account, so other names are another order of everything."""
    outline, registered = world()
    order = np.random.default_rng(seed).permutation(outline.key.shape[0])
    moved = Outline._make(column[order] for column in outline)._replace(key=outline.key)
    made = found(moved, Registered(*(getattr(registered, name)[order] for name in Registered.__slots__)))
    assert [sorted(order[one].tolist()) for one in members(made)] == PLANTED
    assert len(made.tested.groups) == len(planted().tested.groups)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_hardly_any_accounts_are_no_crash_and_no_entity(n: int) -> None:
    made = found(blank(n), unknown(n))
    assert (members(made), made.left, len(made.tested.groups)) == ([], (), 0)


def test_without_an_account_file_what_is_left_may_be_enough() -> None:
    outline, _ = world()
    assert members(found(outline, unknown(outline.key.shape[0]))) == PLANTED


def test_without_prompts_the_others_fields_are_joined() -> None:
    outline, registered = world()
    outline.sample[:], outline.sample_piece[:], outline.sample_topic[:] = EMPTY_HASH, EMPTY_ID, 0xFF
    assert [set(one) <= set(MEMBERS) for one in members(found(outline, registered))] == [True]


def test_accounts_of_which_nothing_is_known_are_no_entity() -> None:
    made = found(blank(300), unknown(300))
    assert (members(made), len(made.tested.groups)) == ([], 0)


def test_a_stricter_rate_and_later_looks_find_less() -> None:
    assert members(found(*world(), alpha=1e-300)) == []
    later = found(*world(), look=50)
    known = ~np.isnan(later.q)
    assert (later.q[known] >= planted().q[known]).all()
    assert (later.q[known] > planted().q[known]).any()


def passed_on(*, organisation: int = 0, artefacts: bool = True, same_client: bool = True) -> list[list[int]]:
    return members(coordinate(*ring(organisation=organisation, artefacts=artefacts, same_client=same_client)))


def test_reasoning_that_passes_between_owners_needs_one_other_kind_of_evidence() -> None:
    made = coordinate(*ring())
    assert members(made) == [[0, 1, 2, 3]]
    assert (made.tested.groups.made_by[made.validated] == ARTEFACTS).all()
    assert np.isnan(made.tested.rest[made.validated]).all()


def test_it_does_not_stand_without_the_artefacts_without_the_other_kind_or_inside_one_organisation() -> None:
    assert passed_on(artefacts=False) == []
    assert passed_on(same_client=False) == []
    assert passed_on(organisation=6) == []


def test_artefacts_of_accounts_that_are_not_there_are_left_out() -> None:
    outline, registered = blank(5), unknown(5)
    made = coordinate(outline, registered, (np.array([1, 1, 1, 1]), np.array([-3, 2, 4, 99])))
    assert len(made.tested.groups) == 0
    made = coordinate(outline, registered, (np.array([1, 1, 1, 1]), np.array([1, 2, 4, 99])))
    assert made.tested.groups.of(0).tolist() == [0, 1, 3]


def test_what_caps_left_out_is_told() -> None:
    outline = blank(5200)
    outline.ja4[:] = 3
    made = found(outline, unknown(5200))
    assert [(one.name, one.values, one.accounts) for one in made.left] == [("ja4", 1, 5200)]
