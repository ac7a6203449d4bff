"""Bits of all detectors to one total an account, with caps for detectors that depend on each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.registry import DETECTORS
from stillwatch.model.finding import Ranking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined


@dataclass(frozen=True, slots=True)
class Group:
    """Detectors whose evidence is not independent, and how much they may count for together."""

    name: str
    """Name, as in ``Detector.group``."""
    low_bits: float
    """Most they may speak for an account."""
    high_bits: float
    """Most they may speak against it."""
    weak_alone: bool
    """Whether they may never carry an account over the threshold by themselves."""
    why: str
    """Why these belong together and why the caps are what they are."""


GROUPS: Final[tuple[Group, ...]] = (
    Group(
        "provenance",
        low_bits=-2.0,
        high_bits=14.0,
        weak_alone=False,
        why=(
            "Replayed artefacts and the provider's own refusals and bindings see the same act. Exact joins are the "
            "most precise evidence there is, so together they may cross the threshold alone; that none was seen says "
            "little, since most campaigns replay nothing."
        ),
    ),
    Group(
        "content",
        low_bits=-8.0,
        high_bits=8.0,
        weak_alone=True,
        why=(
            "All shapes of prompts and answers, fixed texts, public seeds, batches of generated prompts and grading "
            "describe one workload. From content a benchmark run or permitted synthetic data cannot be told from a "
            "harvest, so +8 stays below the 13 bits between prior and threshold; the same distance may speak for an "
            "account."
        ),
    ),
    Group(
        "asked",
        low_bits=-1.0,
        high_bits=8.0,
        weak_alone=True,
        why=(
            "Elicitation of reasoning, arguing with filters, safety rewrites and false identities are read from "
            "families of phrases. Red teams, tutors and audit trails use some of them, so they never report an account "
            "alone; that none was seen says next to nothing."
        ),
    ),
    Group(
        "probing",
        low_bits=-1.0,
        high_bits=8.0,
        weak_alone=True,
        why=(
            "Requests that read the model's numbers. Calibration work and classifiers by log-probability do some of "
            "it; together with any other evidence it tells."
        ),
    ),
    Group(
        "habits",
        low_bits=-2.0,
        high_bits=3.0,
        weak_alone=True,
        why=(
            "Rhythm, fan-out, relays, ramps, plans, bare headers, pivots and repeated canaries are what automation and "
            "resale look like. Honest machines outnumber dishonest ones by far, so together they only tip what other "
            "evidence has brought near the threshold."
        ),
    ),
    Group(
        "purpose",
        low_bits=-10.0,
        high_bits=0.0,
        weak_alone=True,
        why=(
            "Evidence of an honest purpose speaks for an account and never against it. A copier can imitate a purpose "
            "at a cost, so -10 leaves room for exact evidence of replay to stand against it."
        ),
    ),
)
"""Dependence groups. A detector's ``group`` names one of them."""

WEAK_MARGIN_BITS: Final = 1.0
"""How far below the threshold weak-alone evidence must stay by itself, whatever prior and threshold are set."""


def group_caps(group: Group, config: Config) -> tuple[float, float]:
    """Give the caps of a group under some prior and threshold."""
    if not group.weak_alone:
        return group.low_bits, group.high_bits
    room = max(config.threshold_bits - config.prior_bits - WEAK_MARGIN_BITS, 0.0)
    return group.low_bits, min(group.high_bits, room)


def _capped(weights: Mapping[str, NDArray[np.float64]], low: float, high: float) -> dict[str, NDArray[np.float64]]:
    """Scale the weights of one group so that their sum stays within its caps."""
    total = np.sum(list(weights.values()), axis=0)
    kept = np.clip(total, low, high)
    scaled = kept != total
    factor = np.where(scaled, kept / np.where(scaled, total, 1.0), 1.0)
    return {name: weight * factor for name, weight in weights.items()}


def combine(
    examined: Sequence[Examined],
    config: Config,
    *,
    groups: Sequence[Group] = GROUPS,
    member_of: Mapping[str, str] | None = None,
) -> Ranking:
    """Add the evidence up: prior plus the capped weights of every group.

    A detector that could not tell contributes nothing, neither for nor against. In a group over its
    cap every detector counts for the same fraction of its weight.

    Parameters
    ----------
    examined
        Every detector's answers for the same accounts.
    config
        Prior and threshold.
    groups
        Dependence groups with their caps.
    member_of
        Detector name -> group name; by default what each of DETECTORS says.

    Returns
    -------
    Ranking
        Totals, contributions that add up to total minus prior, and the order.

    Raises
    ------
    KeyError
        A detector belongs to no group.

    Notes
    -----
    O(n) time a detector. Blind spot: groups are taken to be independent of each other.

    References
    ----------
    Good (1950), Probability and the weighing of evidence: weights of independent evidence add.
    """
    belongs = {d.name: d.group for d in DETECTORS} if member_of is None else member_of
    names = {group.name for group in groups}
    for one in examined:
        if belongs[one.detector] not in names:
            raise KeyError(f"detector {one.detector} names the group {belongs[one.detector]}, which does not exist")
    counted: dict[str, NDArray[np.float64]] = {}
    for group in groups:
        weights = {
            one.detector: np.where(one.reason == 0, one.weight_bits, 0.0)
            for one in examined
            if belongs[one.detector] == group.name
        }
        if weights:
            counted |= _capped(weights, *group_caps(group, config))
    contributions = {one.detector: counted[one.detector] for one in examined}
    total = config.prior_bits + np.sum(list(contributions.values()), axis=0)
    order = np.argsort(-total, kind="stable").astype(np.int64)
    return Ranking(total, contributions, config.prior_bits, config.threshold_bits, order)
