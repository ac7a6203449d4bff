"""Honest explanations of a coordinated group, each held against what was seen. All are shown, fitting or not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stillwatch.coordination.extraction import COMMON, GROWN, OPEN
from stillwatch.coordination.groups import MONEY, PLACE, PRODUCT, RHYTHM
from stillwatch.coordination.tested import LAYER_AT
from stillwatch.model.campaign import Explanation

if TYPE_CHECKING:
    from stillwatch.coordination.facts import Facts
    from stillwatch.coordination.tested import Tested


def explanations(facts: Facts, tested: Tested, entity: int) -> tuple[Explanation, ...]:
    """Hold honest explanations against an entity.

    Parameters
    ----------
    facts
        Its numbers.
    tested
        The entities' tests.
    entity
        Which entity.

    Returns
    -------
    tuple of Explanation
        One each: an organisation, a class or benchmark, customers of one product, one place, an event, a reseller.
    """

    def speaks(layer: int) -> bool:
        log_p = float(tested.log_p[entity, LAYER_AT[layer]])
        return not math.isnan(log_p) and log_p <= math.log(1e-6)

    open_hand = facts.one_organisation >= OPEN or facts.one_payer >= OPEN
    common = not math.isnan(facts.common) and facts.common >= COMMON
    lived = facts.quota_spread >= (GROWN[0] + 0.4) / 2
    event = speaks(PLACE) and not open_hand and facts.shared_cards < 3 and lived
    known = not (math.isnan(facts.one_organisation) and math.isnan(facts.one_payer))
    who = "one organisation or one payer" if open_hand else "no organisation and no payer of most members"
    return (
        Explanation("one open customer", open_hand, who if known else "organisations and payers are not known"),
        Explanation(
            "a class or a benchmark",
            common,
            f"{facts.common:.0%} of the sampled prompts come from several members"
            if not math.isnan(facts.common)
            else "no prompts were sampled",
        ),
        Explanation(
            "customers of one product",
            speaks(PRODUCT) and not speaks(MONEY) and not speaks(PLACE) and not speaks(RHYTHM),
            "fits only where template and client are all that is shared",
        ),
        Explanation(
            "people in one place, or at one event",
            event,
            "one place, cards of their own and volumes that differ as people's do"
            if event
            else "place, cards or volumes say otherwise",
        ),
        Explanation(
            "a licensed reseller", facts.resellers >= OPEN, f"{facts.resellers:.0%} of the members have a contract"
        ),
        Explanation("declared work", facts.declared >= OPEN, f"{facts.declared:.0%} of the members declared a purpose"),
    )
