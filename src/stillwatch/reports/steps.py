"""Each detector's part in one account's total, and what stands and falls with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.finding import Finding
from stillwatch.reports.words import clean

if TYPE_CHECKING:
    from stillwatch.model.finding import NotEnoughEvidence
    from stillwatch.model.scan import Capability, ScanResult

COUNTS: Final = 0.5
"""Fewest counted bits, either way, for which a step is shown by itself; smaller ones are folded together."""


@dataclass(frozen=True, slots=True)
class Step:
    """One detector's part in an account's total."""

    detector: str
    """Name of the detector."""
    counted_bits: float
    """Bits that counted after the caps; 0 where it could not tell."""
    weight_bits: float
    """Bits it gave before the caps."""
    low_bits: float
    """Lower end of the 90 % interval of the weight."""
    high_bits: float
    """Upper end of the 90 % interval of the weight."""
    evidence: str
    """What was seen, in one sentence; empty where it could not tell."""
    reason: str
    """Why it could not tell; empty where it could."""
    facts: tuple[tuple[str, float], ...]
    """The numbers behind the sentence."""
    group: str
    """Dependence group of the detector; empty for what the combination adds."""
    ordinary_share: float
    """Share of its cohort that shows as much, 0 to 1; NaN where it does not speak against the account."""
    without_bits: float
    """The account's total without the bits counted for this step."""
    blind_spot: str
    """What the detector cannot see."""
    would_change: str
    """What the account or its provider could show that would change the answer."""

    @property
    def counts(self) -> bool:
        """Whether enough of it counted to be shown by itself."""
        return not self.reason and abs(self.counted_bits) >= COUNTS


@dataclass(frozen=True, slots=True)
class StepGroup:
    """The steps of detectors that depend on each other."""

    name: str
    """Name of the group; empty for what the combination adds."""
    counted_bits: float
    """Bits that counted, all steps together."""
    counting: tuple[Step, ...]
    """Steps shown by themselves, in reading order."""
    small: tuple[Step, ...]
    """Steps that could tell and hardly count."""
    untold: tuple[Step, ...]
    """Steps of detectors that could not tell."""


def steps(result: ScanResult, row: int) -> tuple[Step, ...]:
    """Give every detector's part in one account's total, in reading order.

    Parameters
    ----------
    result
        The scan.
    row
        Row of the profile.

    Returns
    -------
    tuple of Step
        Largest counted weight first, then what speaks for the account, then what could not tell.

    Notes
    -----
    A total without a step is the total less what counted for it. Where a cap had cut its group, the others of
    the group would then count for more: with them the total would lie nearer to the one there is.
    """
    counted = {name: float(column[row]) for name, column in result.ranking.contributions.items()}
    known = {capability.detector: capability for capability in result.capabilities}
    made = [
        _step(result, row, examined.at(row), counted.pop(examined.detector, 0.0), known.get(examined.detector))
        for examined in result.examined
    ]
    # What the combination adds on its own still has to be drawn, or the bars would not add up.
    total = float(result.ranking.total_bits[row])
    said = "Added by the combination."
    made += [
        Step(name, part, part, part, part, said, "", (), "", math.nan, total - part, "", "")
        for name, part in counted.items()
    ]
    return tuple(sorted(made, key=lambda step: (bool(step.reason), -step.counted_bits, step.detector)))


def _step(
    result: ScanResult, row: int, answer: Finding | NotEnoughEvidence, part: float, about: Capability | None
) -> Step:
    weight, low, high, share = 0.0, 0.0, 0.0, math.nan
    evidence, reason = "", ""
    facts: tuple[tuple[str, float], ...] = ()
    if isinstance(answer, Finding):
        weight, low, high = answer.weight_bits, answer.low_bits, answer.high_bits
        evidence = clean(answer.evidence, 600) or "No sentence was given."
        facts = tuple((clean(name, 80), value) for name, value in answer.facts.items())
        # A reference counts who is spoken against; that nobody is, is ordinary and says nothing.
        share = result.assurance.ordinary(answer.detector, row) if weight > 0 else math.nan
    else:
        reason = clean(answer.reason) or "It gave no reason."
    return Step(
        detector=answer.detector,
        counted_bits=part,
        weight_bits=weight,
        low_bits=low,
        high_bits=high,
        evidence=evidence,
        reason=reason,
        facts=facts,
        group=clean(about.group, 80) if about else "",
        ordinary_share=share,
        without_bits=float(result.ranking.total_bits[row]) - part,
        blind_spot=clean(about.blind_spot, 1000) if about else "",
        would_change=clean(about.would_change, 600) if about else "",
    )


def grouped(steps: tuple[Step, ...]) -> tuple[StepGroup, ...]:
    """Put an account's steps into their dependence groups.

    Parameters
    ----------
    steps
        Steps in reading order.

    Returns
    -------
    tuple of StepGroup
        Groups in which something counts first, each kind by the largest sum either way.
    """
    made = []
    for name in dict.fromkeys(step.group for step in steps):
        mine = [step for step in steps if step.group == name]
        made.append(
            StepGroup(
                name,
                sum(step.counted_bits for step in mine),
                tuple(step for step in mine if step.counts),
                tuple(step for step in mine if not step.counts and not step.reason),
                tuple(step for step in mine if step.reason),
            )
        )
    return tuple(sorted(made, key=lambda group: (not group.counting, -abs(group.counted_bits), group.name)))
