"""Whether one operator stands behind an entity: no word on whether that is bad."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coordination.seen import NAN, UNTESTED, facts_of, steps_of
from stillwatch.coordination.describe import entity_name, probability
from stillwatch.coordination.extraction import COMMON, EVEN, GROWN, OPEN, dealt_out
from stillwatch.coordination.operator import PRIOR_BITS, operator_bits


def bits_of(steps: object = UNTESTED, rest: float = 0.0, artefacts: float = NAN, **facts: float) -> float:
    """What is added to the prior and to how work is dealt."""
    seen = facts_of(**facts)
    return operator_bits(steps, seen, rest, artefacts) - PRIOR_BITS - dealt_out(seen).bits  # type: ignore[arg-type]


def test_where_nothing_is_known_the_prior_stands() -> None:
    assert bits_of() == pytest.approx(0.0)
    assert probability(PRIOR_BITS) == pytest.approx(0.2)


def test_the_evidence_without_its_strongest_kind_speaks_within_bounds() -> None:
    assert bits_of(rest=math.log(2.0**-30)) == pytest.approx(2.0)
    assert bits_of(rest=-9000.0) == 4.0


@pytest.mark.parametrize("who", ["one_organisation", "one_payer"])
def test_one_owner_speaks_for_one_hand_whatever_the_cards(who: str) -> None:
    assert bits_of(**{who: OPEN}) == 5.0
    assert bits_of(**{who: OPEN}, on_shared_cards=0.0) == 5.0
    assert bits_of(**{who: OPEN - 0.01}) == pytest.approx(0.0)


def test_a_ring_of_cards_speaks_for_one_hand_and_cards_of_their_own_against() -> None:
    assert bits_of(shared_cards=7, on_shared_cards=0.9) == pytest.approx(3.0)
    assert bits_of(shared_cards=900, on_shared_cards=0.9) == pytest.approx(4.0)
    assert bits_of(shared_cards=1, on_shared_cards=0.1) == pytest.approx(-3.0)


def test_successors_steps_and_artefacts_speak_within_bounds() -> None:
    assert bits_of(steps_of(succession_log_p=math.log(2.0**-4))) == pytest.approx(2.0)
    assert bits_of(steps_of(succession_log_p=-900.0)) == pytest.approx(4.0)
    assert bits_of(steps_of(in_step_log_p=-20.0)) == pytest.approx(2.0)
    assert bits_of(steps_of(in_step_log_p=-10.0)) == pytest.approx(0.0)
    assert bits_of(artefacts=math.log(2.0**-8)) == pytest.approx(2.0)
    assert bits_of(artefacts=-900.0) == pytest.approx(4.0)


def test_work_dealt_evenly_speaks_for_one_hand_and_grown_volumes_against() -> None:
    even, grown, returning = (
        operator_bits(UNTESTED, facts_of(quota_spread=spread, common=common), 0.0, NAN)
        for spread, common in ((EVEN[0], 0.0), (GROWN[0], 0.0), (EVEN[0], COMMON))
    )
    assert grown < PRIOR_BITS < even
    assert returning == PRIOR_BITS


@pytest.mark.parametrize("bits", [-5000.0, -3.0, 0.0, 3.0, 5000.0])
def test_odds_become_a_probability_without_overflow(bits: float) -> None:
    assert 0.0 < probability(bits) <= 1.0
    assert probability(bits) + probability(-bits) == pytest.approx(1.0)


def test_a_name_is_of_the_members_and_of_nothing_else() -> None:
    assert entity_name(np.array([1, 2, 3])) != entity_name(np.array([1, 2, 4]))
    assert entity_name(np.array([-3, 1])) == entity_name(np.array([1, -3]))
