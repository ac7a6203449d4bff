"""The share of false accusations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.policy.conditions.base import Bounded
from stillwatch.policy.language.fields import RecordOf, Word, bounds, limits
from stillwatch.policy.language.kinds import Number
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier

VARIABLE: Final = Variable("q_value", low=0.0, high=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QValue(Bounded):
    """Share of false accusations if everybody up to this account were reported."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.q_value

    def missing(self, dossier: Dossier) -> str:  # noqa: ARG002
        """Say why it is unknown."""
        return "no detector could tell, or there are no accounts to compare with"

    def named(self) -> str:
        """Name it."""
        return "the q-value (share of false accusations)"

    def written(self) -> tuple[str, str]:
        """Give the key."""
        return "q_value", ""

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLE


_KIND: Final = RecordOf("q_value", bounds(Number(0, 1), "share"), ("at_least", "at_most"))
WORD: Final = Word(
    "q_value",
    _KIND,
    "Share of false accusations if everybody up to this account were reported (0 to 1).",
    "No detector could tell, or the account has nobody to be compared with.",
    lambda read: QValue(**limits(read)),
    ("q_value: {at_most: 0.05}",),
)
