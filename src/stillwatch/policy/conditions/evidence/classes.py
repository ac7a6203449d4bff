"""The evidence of one class, all detectors of it together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from stillwatch.policy.conditions.base import Bounded
from stillwatch.policy.language.fields import Field, RecordOf, Word, bounds, limits
from stillwatch.policy.language.kinds import Number, OneOf
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier, EvidenceClass

WEIGHED: Final[tuple[EvidenceClass, ...]] = ("artefacts", "probing", "content", "asked", "habits")
"""Classes that detectors weigh. A campaign has conditions of its own, and coordination is no evidence of anything."""


@cache
def class_variable(evidence_class: EvidenceClass) -> Variable:
    """Name the bits of one class as a quantity."""
    return Variable("class_bits", evidence_class)


def bits_of(dossier: Dossier, evidence_class: EvidenceClass) -> float:
    """Add up the bits of one class; NaN where no detector of it could tell."""
    found = [one.bits for one in dossier.seen if one.evidence_class == evidence_class]
    return math.fsum(found) if found else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassBits(Bounded):
    """Bits of one class of evidence; what speaks for the account is counted, too."""

    evidence_class: EvidenceClass
    """Which."""

    def value(self, dossier: Dossier) -> float:
        """Add it up; NaN where no detector of the class could tell."""
        return bits_of(dossier, self.evidence_class) if self.evidence_class in WEIGHED else math.nan

    def missing(self, dossier: Dossier) -> str:
        """Say why it is unknown."""
        if self.evidence_class not in WEIGHED:
            return f"nothing may be asked of {self.evidence_class} here"
        why = "; ".join(f"{name}: {reason}" for name, reason in sorted(dossier.cannot_tell.items())[:3])
        return f"no detector of {self.evidence_class} could tell" + (f" (such as {why})" if why else "")

    def named(self) -> str:
        """Name it."""
        return f"the evidence from {self.evidence_class} in bits"

    def written(self) -> tuple[str, str]:
        """Give the key and the class."""
        return "class_bits", f"class: {self.evidence_class}"

    def variable(self) -> Variable:
        """Name the quantity."""
        return class_variable(self.evidence_class)


def _build(read: dict[str, Any]) -> ClassBits:
    return ClassBits(evidence_class=read["class"], **limits(read))


_KIND: Final = RecordOf(
    "class_bits",
    (
        Field("class", OneOf(WEIGHED), "Class of evidence.", required=True),
        *bounds(Number(-200, 200, "bits"), "sum"),
    ),
    ("at_least", "at_most"),
)
WORD: Final = Word(
    "class_bits",
    _KIND,
    "Evidence of one class, all its detectors together, those in favour counted (bits).",
    "No detector of the class could tell.",
    _build,
    ("class_bits: {class: artefacts, at_least: 6}",),
)
