"""The evidence of the account alone, all of it: as bits, as a chance, as a share of false accusations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from stillwatch.policy.conditions.base import Single, word_of
from stillwatch.policy.language.kinds import Number
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalBits(Single):
    """Prior and all evidence of the account alone, log2 odds of extraction."""

    VARIABLE: ClassVar = Variable("total_bits")
    SAID: ClassVar = "the total of all evidence in bits"
    ABSENT: ClassVar = "the evidence of the account was not added up"

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.total_bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance(Single):
    """Chance of extraction under the stated base rate."""

    VARIABLE: ClassVar = Variable("chance", low=0.0, high=1.0)
    SAID: ClassVar = "the chance of extraction"
    ABSENT: ClassVar = "no chance was worked out"

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.probability


@dataclass(frozen=True, slots=True, kw_only=True)
class QValue(Single):
    """Share of false accusations if everybody up to this account were reported."""

    VARIABLE: ClassVar = Variable("q_value", low=0.0, high=1.0)
    SAID: ClassVar = "the q-value (share of false accusations)"
    ABSENT: ClassVar = "no detector could tell, or there are no accounts to compare with"

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.q_value


TOTAL: Final = word_of(
    TotalBits,
    Number(-200, 200, "bits"),
    "total",
    "Prior and all evidence of the account alone: log2 of the odds of extraction (bits).",
    "The evidence was not added up.",
    "total_bits: {at_least: 3}",
)
CHANCE: Final = word_of(
    Chance,
    Number(0, 1),
    "chance",
    "Chance of extraction under the stated base rate (0 to 1).",
    "No chance was worked out.",
    "chance: {at_least: 0.9}",
)
Q_VALUE: Final = word_of(
    QValue,
    Number(0, 1),
    "share",
    "Share of false accusations if everybody up to this account were reported (0 to 1).",
    "No detector could tell, or the account has nobody to be compared with.",
    "q_value: {at_most: 0.05}",
)
