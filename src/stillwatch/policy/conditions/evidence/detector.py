"""The evidence of one detector, by name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stillwatch.policy.conditions.base import Bounded
from stillwatch.policy.conditions.evidence.classes import WEIGHED
from stillwatch.policy.language.fields import Field, RecordOf, Word, bounds, limits
from stillwatch.policy.language.kinds import Number, OneOf, Text
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier, EvidenceClass


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorBits(Bounded):
    """Bits of one detector, as they counted."""

    detector: str
    """Its name."""
    evidence_class: EvidenceClass
    """Its class; evidence of another class under the same name is not meant."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where the detector could not tell."""
        found = [
            one.bits
            for one in dossier.seen
            if one.detector == self.detector and one.evidence_class == self.evidence_class in WEIGHED
        ]
        return math.fsum(found) if found else math.nan

    def missing(self, dossier: Dossier) -> str:
        """Say why it is unknown."""
        why = dossier.cannot_tell.get(self.detector, "it saw nothing of this account")
        return f"{self.detector} could not tell: {why}"

    def named(self) -> str:
        """Name it."""
        return f"the evidence of {self.detector.replace('_', ' ')} in bits"

    def written(self) -> tuple[str, str]:
        """Give the key, the detector and its class."""
        return "detector_bits", f"detector: {self.detector}, class: {self.evidence_class}"

    def variable(self) -> Variable:
        """Name the quantity."""
        return Variable("detector_bits", f"{self.evidence_class}:{self.detector}")


def _build(read: dict[str, Any]) -> DetectorBits:
    return DetectorBits(detector=read["detector"], evidence_class=read["class"], **limits(read))


_KIND: Final = RecordOf(
    "detector_bits",
    (
        Field("detector", Text(64, r"[a-z][a-z0-9_]*", "a detector, such as artefact_replay"), "Name.", required=True),
        Field("class", OneOf(WEIGHED), "Class of evidence that it belongs to.", required=True),
        *bounds(Number(-200, 200, "bits"), "weight"),
    ),
    ("at_least", "at_most"),
)
WORD: Final = Word(
    "detector_bits",
    _KIND,
    "Evidence of one detector as it counted after the caps (bits).",
    "The detector could not tell.",
    _build,
    ("detector_bits: {detector: artefact_replay, class: artefacts, at_least: 6}",),
)
