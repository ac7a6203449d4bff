"""How many requests were seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.policy.conditions.base import Bounded
from stillwatch.policy.language.fields import RecordOf, Word, bounds, limits
from stillwatch.policy.language.kinds import Number
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier

VARIABLE: Final = Variable("requests", low=0.0, whole=True, may_miss=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests(Bounded):
    """Requests seen."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return float(dossier.events) if dossier.events >= 0 else math.nan

    def missing(self, dossier: Dossier) -> str:  # noqa: ARG002
        """Say why it is unknown."""
        return "requests were not counted"

    def named(self) -> str:
        """Name it."""
        return "the number of requests"

    def written(self) -> tuple[str, str]:
        """Give the key."""
        return "requests", ""

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLE


_KIND: Final = RecordOf("requests", bounds(Number(0, 1e15, "requests", whole=True), "number"), ("at_least", "at_most"))
WORD: Final = Word(
    "requests",
    _KIND,
    "Requests seen of the account. Volume alone is no evidence: use it to spare small accounts.",
    "Never: requests are counted.",
    lambda read: Requests(**limits(read)),
    ("requests: {at_least: 500}",),
)
