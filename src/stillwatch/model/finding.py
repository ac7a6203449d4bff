"""What a detector saw in one account: evidence in bits, or why it cannot tell.

A finding is an observation. Whether it breaks a term of use is a verdict, what is done about it a
decision; both are other records in other rooms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Finding:
    """One detector's evidence about one account."""

    detector: str
    """Name of the detector."""
    weight_bits: float
    """log2 likelihood ratio, extraction against honest use; negative speaks for the account."""
    low_bits: float
    """Lower end of the 90 % interval of the weight."""
    high_bits: float
    """Upper end of the 90 % interval of the weight."""
    evidence: str
    """One sentence with numbers, no content and no raw identifier."""
    facts: Mapping[str, float]
    """The numbers of the sentence, by feature name."""


@dataclass(frozen=True, slots=True)
class NotEnoughEvidence:
    """A detector that cannot tell, and why. Never scored, never a block."""

    detector: str
    """Name of the detector."""
    reason: str
    """What is missing, in words a reader can act on."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One detector's answer for every account at once, in columns.

    Row i of every array speaks of row i of the profile. Where ``reason[i] > 0`` the detector could
    not tell, its weights are 0 and ``reasons[reason[i]]`` says why.
    """

    detector: str
    """Name of the detector."""
    weight_bits: NDArray[np.float64]
    """Shape (n,)."""
    low_bits: NDArray[np.float64]
    """Shape (n,)."""
    high_bits: NDArray[np.float64]
    """Shape (n,)."""
    reason: NDArray[np.uint8]
    """Shape (n,); 0 where the detector could tell."""
    reasons: tuple[str, ...]
    """Texts for ``reason``; index 0 is empty."""
    sentence: Callable[[int], str]
    """Row -> evidence sentence; called only for the accounts that are shown."""
    facts: Mapping[str, NDArray[np.float64]]
    """Numbers behind the sentence, each of shape (n,)."""

    def at(self, row: int) -> Finding | NotEnoughEvidence:
        """Give the answer for one account as a value."""
        if self.reason[row]:
            return NotEnoughEvidence(self.detector, self.reasons[int(self.reason[row])])
        return Finding(
            detector=self.detector,
            weight_bits=float(self.weight_bits[row]),
            low_bits=float(self.low_bits[row]),
            high_bits=float(self.high_bits[row]),
            evidence=self.sentence(row),
            facts={name: float(column[row]) for name, column in self.facts.items()},
        )


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every account's combined evidence, in columns; row i is row i of the profile."""

    total_bits: NDArray[np.float64]
    """Prior plus capped weights, shape (n,)."""
    contributions: Mapping[str, NDArray[np.float64]]
    """Detector -> bits that counted after the caps, each shape (n,). They add up to total minus prior."""
    prior_bits: float
    """log2 odds before any evidence."""
    threshold_bits: float
    """At or above this total an account is reported as a finding."""
    order: NDArray[np.int64]
    """Rows from most to least evidence; ties by account."""

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Rows at or above the threshold."""
        return self.total_bits >= self.threshold_bits


@dataclass(frozen=True, slots=True)
class Assurance:
    """How far a ranking can be believed, in columns; row i is row i of the profile."""

    base_rate: float
    """Share of accounts taken to extract before any evidence, 0 to 1; stated, not measured."""
    probability: NDArray[np.float64]
    """Chance of extraction under the base rate, shape (n,), 0 to 1."""
    p_value: NDArray[np.float64]
    """Share of the cohort with as much evidence, at this look, shape (n,); NaN where nothing could tell."""
    q_value: NDArray[np.float64]
    """Share of false accusations if everybody up to this account were reported, shape (n,); NaN as above."""
    smallest_p: NDArray[np.float64]
    """Smallest p-value the cohort can give, shape (n,)."""
    did_more: NDArray[np.int64]
    """Unreported accounts of the same plan that made more requests, shape (n,); -1 where unknown."""
    ordinary: Callable[[str, int], float]
    """(detector, row) -> share of the cohort's accounts that show as much; NaN where nobody could be told."""
    cohort: Callable[[int], str]
    """Row -> which accounts it is compared with, in words."""
    reference: str
    """What the cohorts were made of, in words."""
    look: int
    """Which look at these accounts it is, from 1; the level is shared out over looks."""
