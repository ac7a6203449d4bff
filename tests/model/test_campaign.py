"""A campaign is called extraction only with one operator, extraction and evidence of harvest together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.campaigns_made import campaign, members
from stillwatch.model.campaign import HARVEST_BITS, LIKELY, Line

SURE = campaign("c-0123456789", members(20), extracts=9.0, harvest=HARVEST_BITS)


def test_all_three_together_are_extraction() -> None:
    assert SURE.extracting
    assert replace(SURE, one_operator=LIKELY, extraction=LIKELY).extracting


@pytest.mark.parametrize("missing", ["one_operator", "extraction"])
def test_without_one_chance_it_is_not(missing: str) -> None:
    assert not replace(SURE, **{missing: LIKELY - 0.01}).extracting
    assert not replace(SURE, **{missing: float("nan")}).extracting


def test_harvest_is_the_sum_of_its_lines_and_of_no_others() -> None:
    others = (Line("card ring", "hides", 9.0, ""), Line("size", "scale", 9.0, ""), Line("x", "in favour", 9.0, ""))
    assert not replace(SURE, lines=others).extracting
    half = Line("workload", "harvest", HARVEST_BITS / 2, "")
    assert not replace(SURE, lines=(*others, half)).extracting
    assert replace(SURE, lines=(*others, half, half)).extracting
    assert not replace(SURE, lines=(*others, half, half, Line("shards", "harvest", -0.1, ""))).extracting


def test_requests_are_those_of_all_members() -> None:
    assert SURE.events == SURE.members.events.sum() > 0
    assert len(SURE.members) == 20
