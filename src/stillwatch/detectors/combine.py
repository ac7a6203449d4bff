"""Bits of all detectors to one total an account, with caps for detectors that depend on each other."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
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
    of_sweeps: bool = False
    """Whether only harvests of a prompt sweep show it: relayed and agentic sessions look like honest ones here."""


GROUPS: Final[tuple[Group, ...]] = (
    Group(
        "provenance",
        low_bits=-2.0,
        high_bits=18.0,
        weak_alone=False,
        why=(
            "Replayed artefacts and the provider's own binding checks see the same act. Exact joins are the "
            "most precise evidence there is, so together they may cross the threshold alone: 18 is what the honest "
            "rates behind blocks of many owners amount to. That none was seen says little, since most campaigns "
            "replay nothing."
        ),
    ),
    Group(
        "content",
        low_bits=-8.0,
        high_bits=8.0,
        weak_alone=True,
        why=(
            "All shapes of prompts and answers, fixed texts, public seeds, batches of generated prompts, grading, "
            "short answers and fed documents describe one workload. From content a benchmark run or permitted "
            "synthetic data cannot be told from a harvest, so +8 stays below the 13 bits between prior and threshold; "
            "the same distance may speak for an account."
        ),
        of_sweeps=True,
    ),
    Group(
        "manner",
        low_bits=-5.0,
        high_bits=0.0,
        weak_alone=True,
        why=(
            "A person's days, an agent's tools and a steady history describe how sessions look. They speak for an "
            "account, but sessions that are relayed or harvested from agents look the same."
        ),
        of_sweeps=True,
    ),
    Group(
        "asked",
        low_bits=-1.0,
        high_bits=8.0,
        weak_alone=True,
        why=(
            "What the provider refused is what was asked: refusals, sweeps of techniques, elicitation of reasoning, "
            "safety rewrites and false identities see the same prompts. Red teams, tutors and audit trails send some "
            "of them, so they never report an account alone; that none was seen says next to nothing."
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

SWEEPS: Final = 0.7
"""Share of extracting accounts that harvest a prompt sweep. The others relay or replay people's and agents' own
sessions, whose content and manner are those of honest accounts: 4 of the 12 campaigns with a published technique."""

WEAK_MARGIN_BITS: Final = 1.0
"""How far below the threshold weak-alone evidence must stay by itself, whatever prior and threshold are set."""
_TINY: Final = 1e-9


def group_caps(group: Group, config: Config) -> tuple[float, float]:
    """Give the caps of a group under some prior and threshold."""
    if not group.weak_alone:
        return group.low_bits, group.high_bits
    room = max(config.threshold_bits - config.prior_bits - WEAK_MARGIN_BITS, 0.0)
    # What bounds a workload's shape is how many honest accounts share it; where that was measured, it is used.
    measured = -log2(config.permitted_share) if group.name == "content" else 0.0
    return group.low_bits, min(max(group.high_bits, measured), room)


def _capped(weights: Mapping[str, NDArray[np.float64]], low: float, high: float) -> dict[str, NDArray[np.float64]]:
    """Scale the weights of one group so that their sum stays within its caps."""
    total = np.sum(list(weights.values()), axis=0)
    kept = np.clip(total, low, high)
    scaled = kept != total
    factor = np.where(scaled, kept / np.where(scaled, total, 1.0), 1.0)
    return {name: weight * factor for name, weight in weights.items()}


def _soft(weights: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Mix in the extracting accounts that look honest here: log2(SWEEPS 2^sum + 1 - SWEEPS), shared out.

    However honest content and manner look, they speak for an account by 1.7 bits at most: a relay's do as well.
    """
    total = np.sum(list(weights.values()), axis=0)
    kept = np.log2(SWEEPS * np.exp2(total) + 1.0 - SWEEPS)
    small = np.abs(total) < _TINY
    factor = np.where(small, SWEEPS, kept / np.where(small, 1.0, total))
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
    cap every detector counts for the same fraction of its weight. Extraction is a mixture: what only a harvest
    of a prompt sweep shows (``Group.of_sweeps``) neither accuses nor clears a relay of other people's sessions.

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
    of_sweeps: dict[str, NDArray[np.float64]] = {}
    for group in groups:
        weights = {
            one.detector: np.where(one.reason == 0, one.weight_bits, 0.0)
            for one in examined
            if belongs[one.detector] == group.name
        }
        if weights:
            capped = _capped(weights, *group_caps(group, config))
            (of_sweeps if group.of_sweeps else counted).update(capped)
    if of_sweeps:
        counted |= _soft(of_sweeps)
    contributions = {one.detector: counted[one.detector] for one in examined}
    total = config.prior_bits + np.sum(list(contributions.values()), axis=0)
    order = np.argsort(-total, kind="stable").astype(np.int64)
    return Ranking(total, contributions, config.prior_bits, config.threshold_bits, order)
