"""Offers matched by tags: who stays silent counts, nobody alone makes a campaign, and what is joined is one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.campaign import Line
from stillwatch.model.offer import Offer, TagEvidence
from stillwatch.sharing.joint.match import MOST_GROUPS, MOST_TAGS, SUPPORT_LOG_E, matched

STRONG, WEAK = math.log(1e5), math.log(12.0)


def tag(value: str, log_e: float = STRONG, kind: str = "template") -> TagEvidence:
    return TagEvidence(kind, value.encode(), log_e, {"money": log_e})


def offer(name: str, *tags: TagEvidence) -> Offer:
    return Offer(name, 4, tags, (), 0.0, {})


def parts(found: tuple) -> list[list[tuple[int, str]]]:
    return [list(one.parts) for one in found]


def test_what_two_providers_share_is_joint_and_what_one_has_alone_is_not() -> None:
    found = matched([[offer("a", tag("x"))], [offer("b", tag("x")), offer("c", tag("y"))], []])
    assert parts(found) == [[(0, "a"), (1, "b")]]
    assert found[0].log_e > found[0].log_e_rest >= SUPPORT_LOG_E
    assert found[0].layers.keys() == {"money"}


def test_two_groups_of_one_provider_are_no_match() -> None:
    assert matched([[offer("a", tag("x")), offer("b", tag("x"))], []]) == ()


def test_the_same_value_of_another_kind_is_another_tag() -> None:
    assert matched([[offer("a", tag("x"))], [offer("b", tag("x", kind="payment"))]]) == ()


def test_tags_that_groups_of_two_providers_hold_together_are_one_campaign() -> None:
    found = matched([
        [offer("a", tag("x"), tag("y"))],
        [offer("b", tag("x"), tag("y"), tag("z"))],
        [offer("c", tag("z"))],
    ])  # fmt: skip
    assert parts(found) == [[(0, "a"), (1, "b")], [(1, "b"), (2, "c")]]
    assert [one.tags for one in found] == [2, 1]


def test_on_the_word_of_one_provider_only_what_looks_like_a_harvest_to_others_belongs_together() -> None:
    lines = (Line("workload", "harvest", 2.0, ""),)
    bridge = [offer("a", tag("x"), tag("y"))]
    others = [[offer("b", tag("x"))], [offer("c", tag("y"))]]
    assert len(matched([bridge, *others])) == 2
    harvests = [[replace(one, lines=lines) for one in offers] for offers in others]
    assert parts(matched([bridge, *harvests])) == [[(0, "a"), (1, "b"), (2, "c")]]
    assert len(matched([bridge, harvests[0], others[1]])) == 2


@pytest.mark.parametrize("many", [2, MOST_TAGS + 10])
def test_one_provider_joins_nothing_that_others_hold_apart(many: int) -> None:
    """A poisoned group has every tag there is; what others see stays what it was, one by one."""
    true = [[offer(f"{at}-{k}", tag(f"{k}")) for k in range(many)] for at in range(2)]
    poison = [offer("poison", *(tag(f"{k}", math.log(1e6)) for k in range(many)))]
    found = matched([*true, poison])
    assert len(found) == many
    assert all(len(one.parts) == 3 for one in found)
    twice = matched([*true, poison, [replace(poison[0], name="again")]])
    assert len(twice) == (1 if many <= MOST_TAGS else many), "two that lie together can, up to a bound"


def test_a_provider_that_shouts_makes_no_campaign_of_what_others_hardly_see() -> None:
    shouted = [[offer("a", tag("x", math.log(1e6)))], [offer("b", tag("x", WEAK))]]
    assert matched(shouted) == ()
    assert matched([*shouted, [offer("c", tag("x", WEAK))], [offer("d", tag("x", STRONG))]])


def test_more_silent_providers_make_the_same_evidence_weaker() -> None:
    two = [[offer("a", tag("x"))], [offer("b", tag("x"))]]
    log_e = [matched([*two, *([[]] * silent)])[0].log_e for silent in range(4)]
    assert log_e == sorted(log_e, reverse=True)
    assert log_e[0] > log_e[-1]


def test_many_small_groups_under_one_tag_buy_nothing_and_too_many_take_it_away() -> None:
    one, many = [offer("a", tag("x"))], [offer(f"a{k}", tag("x", WEAK)) for k in range(MOST_GROUPS - 1)]
    other = [offer("b", tag("x"))]
    assert matched([[*one, *many], other])[0].log_e < matched([one, other])[0].log_e
    assert matched([[*one, *many, offer("z", tag("x"))], other]) == ()


def test_chance_is_kept_at_the_rate() -> None:
    """A hundred tags at three providers, each group the accident of a low bar: hardly ever is any of it joint."""
    rng, false = np.random.default_rng(5), 0
    for _ in range(200):
        offered = []
        for provider in range(3):
            p = rng.random(100)
            log_e = math.log(0.1) - 0.9 * np.log(p) - 0.1 * math.log(0.05)
            reported = np.flatnonzero(p <= 0.05).tolist()
            capped = np.minimum(log_e, math.log(1e6))
            offered.append([offer(f"{provider}-{k}", tag(str(k), float(capped[k]))) for k in reported])
        false += bool(matched(offered, alpha=0.05))
    assert false <= 10


@given(
    st.lists(
        st.lists(st.lists(st.tuples(st.sampled_from("xyz"), st.floats(-3, 13)), max_size=3), max_size=4),
        min_size=1,
        max_size=5,
    )
)
def test_every_part_is_an_offer_once_and_names_do_not_depend_on_order(given_offers: list) -> None:
    offered = [
        [
            offer(f"{p}-{g}", *(tag(value, log_e) for value, log_e in dict(tags).items()))
            for g, tags in enumerate(groups)
        ]
        for p, groups in enumerate(given_offers)
    ]
    found = matched(offered, alpha=0.5)
    every = [part for one in found for part in one.parts]
    assert len({one.parts for one in found}) == len(found)
    assert {name for _, name in every} <= {one.name for groups in offered for one in groups}
    assert all(len({provider for provider, _ in one.parts}) >= 2 for one in found)
    again = matched([groups[::-1] for groups in offered], alpha=0.5)
    assert {one.name for one in again} == {one.name for one in found}
