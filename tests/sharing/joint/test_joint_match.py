"""Offers matched by tags: who stays silent counts, nobody alone makes a campaign, and what is joined is one."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.offer import Offer, TagEvidence
from stillwatch.sharing.joint.match import MOST_GROUPS, SUPPORT_LOG_E, matched

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


def test_groups_that_are_joined_by_several_tags_are_one_campaign() -> None:
    found = matched([
        [offer("a", tag("x"), tag("y"))],
        [offer("b", tag("x")), offer("c", tag("z"))],
        [offer("d", tag("y"), tag("z"))],
    ])  # fmt: skip
    assert parts(found) == [[(0, "a"), (1, "b"), (1, "c"), (2, "d")]]
    assert found[0].tags == 3


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
    assert len(every) == len(set(every))
    assert {name for _, name in every} <= {one.name for groups in offered for one in groups}
    assert all(len({provider for provider, _ in one.parts}) >= 2 for one in found)
    again = matched([groups[::-1] for groups in offered], alpha=0.5)
    assert {one.name for one in again} == {one.name for one in found}
