"""Does the operator extract? Lines of evidence for and against, given that one operator stands behind an entity.

Coordination itself is no evidence here: a class, an office, customers of one product, a licensed reseller work together
too. What counts is what is asked (read from all members as if they were one account), how the work is divided, whether
the operator hides being one, and every honest explanation. Hiding alone is never extraction: an entity is reported only
with evidence of harvest beside it (``model.campaign.HARVEST_BITS``).

Each line is a log2 likelihood ratio under stated, not measured, rates; totals are calibrated on simulated worlds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.campaign import Line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.coordination.facts import Facts
    from stillwatch.model.campaign import Says

PRIOR_BITS: Final = -7.0
"""log2 odds that a coordinated group extracts, before any of this: about 1 in 130. Stated, not measured."""
LINES: Final[Mapping[str, Says]] = {
    **dict.fromkeys(("workload", "artefacts", "shards", "dealt out"), "harvest"),
    **dict.fromkeys(("card ring", "throw-away addresses", "succession"), "hides"),
    **dict.fromkeys(("size", "jobs"), "scale"),
    **dict.fromkeys(("manner", "one organisation", "one payer", "contract", "declared"), "in favour"),
}
"""Every line there is, and what it speaks of."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the account detectors say of an entity, in bits."""

    content: float
    """Shape of the workload of all members as one account."""
    asked: float
    """What all members together asked for: elicitation, refused techniques, identities."""
    probing: float
    """Requests that read the model's numbers, all members together."""
    provenance: float
    """Replay of reasoning artefacts of other owners, mean over the members."""
    manner: float
    """A person's days, an agent's tools, a steady history, a known set, a declared purpose: mean over the members."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What the group tests say of an entity."""

    in_step: float
    """Share of members at work in the most surprising slot of a day."""
    in_step_log_p: float
    """ln p of that; NaN where it was not tested."""
    successors: int
    """Members that began within two days of another's closing."""
    succession_log_p: float
    """ln p of that; NaN where no member was closed."""


def _clipped(value: float, low: float, high: float) -> float:
    return 0.0 if math.isnan(value) else max(low, min(high, value))


def _normal_bits(value: float, one: tuple[float, float], other: tuple[float, float]) -> float:
    """Give log2 of the density of N(one) over that of N(other) at a value."""
    z1, z0 = (value - one[0]) / one[1], (value - other[0]) / other[1]
    return (0.5 * (z0 * z0 - z1 * z1) + math.log(other[1] / one[1])) / math.log(2.0)


def asked_lines(heard: Heard) -> list[Line]:
    """Weigh what members ask for; how the work is divided among them is another matter."""
    asked = _clipped(heard.content, -2.0, 8.0) + _clipped(heard.asked, -1.0, 8.0) + _clipped(heard.probing, -1.0, 8.0)
    text = "all members read as one account: {bits} of content"
    lines = [_line("workload", _clipped(asked, -1.0, 10.0), text)]
    if heard.provenance > 0.0:
        text = "members send back reasoning that other accounts received"
        lines.append(_line("artefacts", min(heard.provenance, 12.0), text))
    return lines


def harvested(heard: Heard) -> float:
    """Add up the evidence of harvest in what is asked alone (bits)."""
    return math.fsum(line.bits for line in asked_lines(heard))


def _harvest(heard: Heard, facts: Facts) -> list[Line]:
    lines = asked_lines(heard)
    if math.isnan(facts.dispersion) or math.isnan(facts.log_p_shards) or math.isnan(facts.common):
        return lines
    if facts.common >= COMMON:
        text = f"{facts.common:.0%} of the sampled prompts come from several members: common tasks, not shards"
        return [*lines, _line("shards", -3.0, text)]
    text = (
        f"topics lie among members with dispersion {facts.dispersion:.2f} (shards 1, customers about"
        f" {facts.customers:.2f}), and {1 - facts.common:.0%} of the sampled prompts come from one member alone"
    )
    weight = _clipped(-facts.log_p_shards / math.log(2.0) - 1.0, -2.0, 3.0)
    if facts.breadth_nats < NARROW_NATS:
        weight = min(weight, 0.0)
    return [*lines, _line("shards", weight, text)]


COMMON: Final = 0.1
"""Share of sampled prompts sent by several members from which they do common tasks."""
NARROW_NATS: Final = 1.0
"""Entropy of topics below which sameness of topics says nothing: everybody works on one subject."""
EVEN: Final = (0.40, 0.15)
"""Mean and deviation, over groups, of the spread of ln requests a day where a scheduler deals out the work."""
GROWN: Final = (1.0, 0.30)
"""The same where each account has a life of its own."""


def _hides(steps: Steps, facts: Facts) -> list[Line]:
    lines = []
    together = facts.one_organisation >= OPEN or facts.one_payer >= OPEN
    if not math.isnan(facts.on_shared_cards) and not together:
        ring = min(math.log2(1 + facts.shared_cards), 4.0) if facts.shared_cards >= 2 else -1.0
        text = f"{facts.shared_cards} means of payment have several users each, {facts.on_shared_cards:.0%} of members"
        lines.append(_line("card ring", ring, text))
    if not math.isnan(facts.disposable) and not math.isnan(facts.disposable_elsewhere):
        usual = max(facts.disposable_elsewhere, 0.01)
        weight = _clipped(math.log2((facts.disposable + 0.02) / (usual + 0.02)), -0.5, 3.0)
        text = (
            f"{facts.disposable:.0%} of members have throw-away addresses, {facts.disposable_elsewhere:.1%} elsewhere"
        )
        lines.append(_line("throw-away addresses", weight, text))
    if not math.isnan(steps.succession_log_p):
        weight = _clipped(-steps.succession_log_p / math.log(2.0) / 2.0, 0.0, 4.0)
        text = f"{steps.successors} members began within two days of another member's closing"
        lines.append(_line("succession", weight, text))
    return lines


OPEN: Final = 0.6
"""Share of members of one organisation, or on one means of payment, from which the operator does not hide."""


def dealt_out(facts: Facts) -> Line:
    """Weigh how evenly work is dealt: a scheduler gives each account its share, accounts of their own grow apart."""
    # The spread of a small group is itself uncertain, by its own size over the root of twice its members.
    root = math.sqrt(2.0 * max(facts.members, 2))
    even = (EVEN[0], math.hypot(EVEN[1], EVEN[0] / root))
    grown = (GROWN[0], math.hypot(GROWN[1], GROWN[0] / root))
    level = min(max(facts.quota_spread, EVEN[0]), GROWN[0])
    weight = _clipped(_normal_bits(level, even, grown), -3.0, 3.0)
    text = f"requests a day spread by a factor of {math.exp(facts.quota_spread):.1f} over members"
    if facts.common >= COMMON or facts.repeated >= COMMON:
        # Common or returning tasks are no list that is worked off once.
        return _line("dealt out", min(weight, 0.0), f"{text}, but tasks return or are common")
    return _line("dealt out", weight, f"{text}, and hardly any prompt comes twice")


def _scale(steps: Steps, facts: Facts) -> list[Line]:
    text = f"{facts.members} accounts; few customers who do not say so need more than twenty"
    lines = [_line("size", _clipped(math.log2(facts.members / 20.0), 0.0, 3.0), text)]
    if not math.isnan(steps.in_step_log_p):
        jobs = steps.in_step >= 0.15 and steps.in_step_log_p < math.log(1e-6)
        text = f"{steps.in_step:.0%} of the members at work in one slot of 22 minutes"
        lines.append(_line("jobs", 1.5 if jobs else 0.0, text))
    return lines


def _in_favour(heard: Heard, facts: Facts) -> list[Line]:
    lines = [_line("manner", _clipped(heard.manner, -4.0, 0.0), "how members work, mean of their own evidence")]
    if facts.one_organisation >= OPEN:
        text = f"{facts.one_organisation:.0%} of the members say they belong to one organisation"
        lines.append(_line("one organisation", -5.0, text))
    if facts.one_payer >= OPEN:
        text = f"one means of payment pays for {facts.one_payer:.0%} of the members: nothing is hidden"
        lines.append(_line("one payer", -3.0, text))
    if facts.resellers >= OPEN:
        lines.append(_line("contract", -6.0, f"{facts.resellers:.0%} of the members resell under a contract"))
    elif facts.declared >= OPEN:
        lines.append(_line("declared", -4.0, f"{facts.declared:.0%} of the members declared their purpose"))
    return lines


def _line(name: str, weight: float, sentence: str) -> Line:
    return Line(name, LINES[name], weight, sentence.replace("{bits}", f"{weight:+.1f} bits"))


def extraction_lines(heard: Heard, steps: Steps, facts: Facts) -> tuple[Line, ...]:
    """Weigh an entity.

    Parameters
    ----------
    heard
        What the account detectors say.
    steps
        What the group tests say.
    facts
        The entity in numbers.

    Returns
    -------
    tuple of Line
        Evidence for and against; the total is PRIOR_BITS plus their bits.

    Notes
    -----
    Blind spot: relayed or replayed sessions of real people under cards and networks of their own show neither harvest
    nor hiding.
    """
    found = [
        *_harvest(heard, facts),
        dealt_out(facts),
        *_hides(steps, facts),
        *_scale(steps, facts),
        *_in_favour(heard, facts),
    ]
    return tuple(found)
