"""The evidence of the account alone, all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.policy.conditions.base import Bounded
from stillwatch.policy.language.fields import RecordOf, Word, bounds, limits
from stillwatch.policy.language.kinds import Number
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier

VARIABLE: Final = Variable("total_bits")


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalBits(Bounded):
    """Prior and all evidence of the account alone, log2 odds of extraction."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.total_bits

    def missing(self, dossier: Dossier) -> str:  # noqa: ARG002
        """Say why it is unknown."""
        return "the evidence of the account was not added up"

    def named(self) -> str:
        """Name it."""
        return "the total of all evidence in bits"

    def written(self) -> tuple[str, str]:
        """Give the key."""
        return "total_bits", ""

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLE


_KIND: Final = RecordOf("total_bits", bounds(Number(-200, 200, "bits"), "total"), ("at_least", "at_most"))
WORD: Final = Word(
    "total_bits",
    _KIND,
    "Prior and all evidence of the account alone: log2 of the odds of extraction (bits).",
    "The evidence was not added up.",
    lambda read: TotalBits(**limits(read)),
    ("total_bits: {at_least: 3}",),
)
