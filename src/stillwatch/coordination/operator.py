"""Does one operator stand behind an entity? A probability for that alone: it raises no suspicion and lifts none.

A validated group works together beyond chance; that may still be an event (people at one hackathon, readers of one
tutorial). What speaks for one hand: one payer or a ring of cards, one organisation, jobs in step, work dealt evenly,
artefacts that pass between members, successors after closings.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from stillwatch.coordination.extraction import OPEN, dealt_out

if TYPE_CHECKING:
    from stillwatch.coordination.extraction import Steps
    from stillwatch.coordination.facts import Facts

PRIOR_BITS: Final = -2.0
"""log2 odds that a validated group has one operator, before what follows: 1 in 5. Stated, not measured."""
_MOST: Final = 4.0


def beyond_chance(log_p: float) -> float:
    """Say how much evidence that a group is no chance speaks for one operator (bits).

    Examples
    --------
    >>> beyond_chance(0.0), beyond_chance(-1000.0)
    (0.0, 4.0)
    """
    return min(abs(log_p) / math.log(2.0) / 15.0, _MOST)


def operator_bits(steps: Steps, facts: Facts, log_p_rest: float, log_p_artefacts: float) -> float:
    """Weigh whether an entity has one operator.

    Parameters
    ----------
    steps
        What the group tests say.
    facts
        The entity in numbers.
    log_p_rest
        ln p of all kinds of evidence without the strongest.
    log_p_artefacts
        ln p of artefacts that members share; NaN where it was not tested.

    Returns
    -------
    float
        log2 odds.
    """
    bits = PRIOR_BITS + beyond_chance(log_p_rest)
    if facts.one_organisation >= OPEN or facts.one_payer >= OPEN:
        bits += 5.0
    elif not math.isnan(facts.on_shared_cards):
        bits += min(math.log2(1 + facts.shared_cards), 4.0) if facts.shared_cards >= 2 else -3.0
    if not math.isnan(steps.succession_log_p):
        bits += min(-steps.succession_log_p / math.log(2.0) / 2.0, _MOST)
    if not math.isnan(steps.in_step_log_p) and steps.in_step_log_p < math.log(1e-6):
        bits += 2.0
    # One hand deals evenly; people's own volumes are anything but even.
    bits += dealt_out(facts).bits
    if not math.isnan(log_p_artefacts):
        bits += min(-log_p_artefacts / math.log(2.0) / 4.0, _MOST)
    return bits
