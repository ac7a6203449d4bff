"""The chance of extraction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.policy.conditions.base import Bounded
from stillwatch.policy.language.fields import RecordOf, Word, bounds, limits
from stillwatch.policy.language.kinds import Number
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier

VARIABLE: Final = Variable("chance", low=0.0, high=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance(Bounded):
    """Chance of extraction under the stated base rate."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.probability

    def missing(self, dossier: Dossier) -> str:  # noqa: ARG002
        """Say why it is unknown."""
        return "no chance was worked out"

    def named(self) -> str:
        """Name it."""
        return "the chance of extraction"

    def written(self) -> tuple[str, str]:
        """Give the key."""
        return "chance", ""

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLE


_KIND: Final = RecordOf("chance", bounds(Number(0, 1), "chance"), ("at_least", "at_most"))
WORD: Final = Word(
    "chance",
    _KIND,
    "Chance of extraction under the stated base rate (0 to 1).",
    "No chance was worked out.",
    lambda read: Chance(**limits(read)),
    ("chance: {at_least: 0.9}",),
)
