"""Entities as campaigns: evidence on every layer, what was counted, both chances, and never a nan where one is read."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coordination.made import MEMBERS, NO_ARTEFACTS, ring, world
from coordination.seen import heard_of
from stillwatch.coordination.coordinate import ALPHA, Coordination, coordinate
from stillwatch.coordination.describe import Read, campaigns, entity_name, probability, significant, whole
from stillwatch.coordination.extraction import PRIOR_BITS
from stillwatch.coordination.groups import LAYERS
from stillwatch.coordination.tested import examine

if TYPE_CHECKING:
    from stillwatch.model.campaign import Campaign

QUIET = Read(heard_of(), 400.0, (("rubric_grading", 0.4),))


def described(found: Coordination, *read: Read) -> tuple[Campaign, ...]:
    belonging = found.memberships()
    assert belonging
    return campaigns(found, belonging, read or (QUIET,) * len(belonging), concentration=100.0, seed=0)


@cache
def planted() -> tuple[Coordination, Campaign]:
    found = coordinate(*world(), NO_ARTEFACTS)
    (one,) = described(found)
    return found, one


def test_a_campaign_has_its_members_in_columns_by_ascending_account() -> None:
    found, one = planted()
    outline, registered = found.roster.outline, found.roster.registered
    rows = list(MEMBERS)
    assert one.members.account.tolist() == outline.key[rows].tolist()
    assert one.events == outline.events[rows].sum()
    assert one.members.signup_ms.tolist() == registered.signup_ms[rows].tolist()
    assert (one.members.layer_bits.shape, len(one.members)) == ((40, 5), 40)
    assert one.name == entity_name(outline.key[rows])


def test_every_layer_is_shown_over_the_final_members_in_a_sentence() -> None:
    found, one = planted()
    assert tuple(layer.layer for layer in one.layers) == LAYERS
    tested = whole(found, found.memberships())
    assert [layer.log_p for layer in one.layers] == pytest.approx(tested.log_p[0].tolist(), nan_ok=True)
    assert all("nan" not in layer.sentence for layer in one.layers)
    by = {layer.layer: layer.sentence for layer in one.layers}
    assert by["money"].startswith("7 of 40 accounts share one means of payment where 0.")
    assert by["place"].startswith("10 of 40 accounts share one network where 0.")
    assert "members were at work in one slot of 22 minutes" in by["rhythm"]


def test_a_layer_counts_where_one_of_its_groups_was_tested_on_it() -> None:
    found, one = planted()
    counted = [not np.isnan(found.tested.log_p[found.validated, at]).all() for at in range(len(LAYERS))]
    assert [layer.tested for layer in one.layers] == counted
    assert {True, False} == set(counted)


def test_chances_are_those_of_its_best_group() -> None:
    found, one = planted()
    mine = found.validated
    assert one.log_p == np.nanmin(found.tested.joined[mine])
    assert one.log_p_rest == np.nanmin(found.tested.rest[mine])
    assert one.q == found.q[mine].min() <= ALPHA
    assert one.groups == mine.shape[0]


def test_lines_add_up_to_the_chance_of_extraction() -> None:
    _, one = planted()
    assert one.extraction_bits == pytest.approx(PRIOR_BITS + sum(line.bits for line in one.lines))
    assert one.extraction == probability(one.extraction_bits)
    assert one.one_operator > 0.9
    assert (one.prompts_distinct, one.capabilities) == (400.0, (("rubric_grading", 0.4),))
    assert len(one.explanations) == 6


def test_what_its_members_ask_is_heard() -> None:
    found, quiet = planted()
    (loud,) = described(found, Read(heard_of(content=8.0, asked=8.0), 400.0, ()))
    assert loud.extracting
    assert loud.extraction_bits - quiet.extraction_bits == pytest.approx(10.0)


def test_a_class_that_asks_the_same_is_one_entity_and_extracts_nothing() -> None:
    outline, registered = world()
    rows = list(MEMBERS)
    for name in ("sample", "sample_topic"):
        getattr(outline, name)[rows] = getattr(outline, name)[0]
    (one,) = described(coordinate(outline, registered, NO_ARTEFACTS))
    assert len(one.members) == 40
    assert not one.extracting
    assert [why.name for why in one.explanations if why.fits] == ["a class or a benchmark"]


def test_where_only_one_kind_of_evidence_could_tell_the_rest_is_no_evidence() -> None:
    """Four accounts with an artefact and a client in common, and nothing else known."""
    found = coordinate(*ring())
    assert np.isnan(found.tested.rest[found.validated]).all()
    (one,) = described(found)
    assert one.log_p_rest == 0.0
    assert 0.0 < one.one_operator < 1.0
    assert not any(math.isnan(value) for value in (one.log_p, one.q, one.extraction, one.extraction_bits))
    assert all("nan" not in layer.sentence for layer in one.layers)


def test_campaigns_come_with_most_evidence_of_extraction_first() -> None:
    outline, registered = world()
    # A second group of twenty like the first, with prompts, cards and networks of its own.
    for row in range(200, 220):
        outline.sample_piece[row] = np.where(outline.sample_piece[row - 200] == 71, 72, 0xFFFFFFFF)
        outline.sample_topic[row] = outline.sample_topic[row - 200]
        outline.day_mask[row], outline.week[row] = outline.day_mask[row - 200] >> np.uint64(4), outline.week[row - 200]
        outline.events[row], outline.nets[row, 0] = outline.events[row - 200], 300 + row % 2
        registered.payment[row] = 400 + row % 3
    found = coordinate(outline, registered, NO_ARTEFACTS)
    belonging = found.memberships()
    assert [one.rows.shape[0] for one in belonging] == [40, 20]
    loud = Read(heard_of(content=8.0), 1.0, ())
    for read in ((QUIET, loud), (loud, QUIET)):
        made = described(found, *read)
        assert made[0].extraction_bits > made[1].extraction_bits
        assert made[0].prompts_distinct == 1.0


def test_no_entities_are_no_campaigns() -> None:
    found, _ = planted()
    assert campaigns(found, (), (), concentration=100.0, seed=0) == ()


def test_members_are_tested_on_every_layer_for_what_is_shown() -> None:
    found, _ = planted()
    tested = whole(found, found.memberships())
    assert tested.groups.made_by.tolist() == [0]
    plain = examine(tested.groups, found.roster, found.tested.spreads)
    assert np.array_equal(plain.log_p, tested.log_p, equal_nan=True)


def test_a_layer_is_significant_from_one_in_a_thousand() -> None:
    assert [significant(math.log(p)) for p in (1.1e-3, 0.9e-3)] == [False, True]
    assert not significant(math.nan)
