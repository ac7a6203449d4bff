"""Every honest explanation is considered, fits where it should, and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from coordination.seen import facts_of, layers_of
from stillwatch.coordination.explanations import explanations
from stillwatch.coordination.extraction import COMMON, OPEN

if TYPE_CHECKING:
    from stillwatch.coordination.facts import Facts

SURE = -20.0
"""ln p of a layer that speaks."""


def fitting(seen: Facts, **layers: float) -> set[str]:
    found = explanations(seen, layers_of(**layers), 0)
    assert len(found) == 6
    assert all("nan" not in one.sentence for one in found)
    return {one.name for one in found if one.fits}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("one open customer", {"one_organisation": OPEN}),
        ("one open customer", {"one_payer": OPEN}),
        ("a class or a benchmark", {"common": COMMON}),
        ("a licensed reseller", {"resellers": OPEN}),
        ("declared work", {"declared": OPEN}),
    ],
)
def test_what_the_provider_knows_explains(name: str, known: dict[str, Any]) -> None:
    assert fitting(facts_of(**known)) == {name}
    less = {key: value - 0.01 for key, value in known.items()}
    assert fitting(facts_of(**less)) == set()


def test_customers_of_one_product_share_nothing_but_the_product() -> None:
    assert fitting(facts_of(), product=SURE) == {"customers of one product"}
    for other in ("money", "place", "rhythm"):
        assert "customers of one product" not in fitting(facts_of(), product=SURE, **{other: SURE})
    assert fitting(facts_of(), product=-5.0) == set()


def test_people_in_one_place_have_cards_and_volumes_of_their_own() -> None:
    event = "people in one place, or at one event"
    assert event in fitting(facts_of(quota_spread=1.0), place=SURE)
    assert event not in fitting(facts_of(quota_spread=0.5), place=SURE)
    assert event not in fitting(facts_of(quota_spread=1.0, shared_cards=3), place=SURE)
    assert event not in fitting(facts_of(quota_spread=1.0, one_payer=OPEN), place=SURE)
    assert event not in fitting(facts_of(quota_spread=1.0))


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    said = {one.name: one.sentence for one in explanations(facts_of(), layers_of(), 0)}
    assert said["one open customer"] == "organisations and payers are not known"
    assert said["a class or a benchmark"] == "no prompts were sampled"
    known = {one.name: one.sentence for one in explanations(facts_of(one_payer=0.1), layers_of(), 0)}
    assert known["one open customer"].startswith("no organisation")
