"""How many requests name the customer of a reseller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.policy.conditions.base import Bounded
from stillwatch.policy.language.fields import RecordOf, Word, bounds, limits
from stillwatch.policy.language.kinds import Number
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier

VARIABLE: Final = Variable("attributed_share", low=0.0, high=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributedShare(Bounded):
    """Share of requests that name the reseller's own customer."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.attributed_share

    def missing(self, dossier: Dossier) -> str:  # noqa: ARG002
        """Say why it is unknown."""
        return "the log does not say which requests name a reseller's customer"

    def named(self) -> str:
        """Name it."""
        return "the share of requests that name the reseller's customer"

    def written(self) -> tuple[str, str]:
        """Give the key."""
        return "attributed_share", ""

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLE


_KIND: Final = RecordOf("attributed_share", bounds(Number(0, 1), "share"), ("at_least", "at_most"))
WORD: Final = Word(
    "attributed_share",
    _KIND,
    "Share of requests that name the reseller's own customer (0 to 1).",
    "The log does not say which requests name a customer.",
    lambda read: AttributedShare(**limits(read)),
    ("attributed_share: {at_least: 0.95}",),
)
