"""How many requests a day there were."""

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

VARIABLE: Final = Variable("requests_per_day", low=0.0, may_miss=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsPerDay(Bounded):
    """Requests a day, from the first to the last."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.events / dossier.days if dossier.events >= 0 else math.nan

    def missing(self, dossier: Dossier) -> str:  # noqa: ARG002
        """Say why it is unknown."""
        return "requests were not counted"

    def named(self) -> str:
        """Name it."""
        return "the number of requests a day"

    def written(self) -> tuple[str, str]:
        """Give the key."""
        return "requests_per_day", ""

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLE


_KIND: Final = RecordOf(
    "requests_per_day", bounds(Number(0, 1e12, "requests a day"), "number"), ("at_least", "at_most")
)
WORD: Final = Word(
    "requests_per_day",
    _KIND,
    "Requests a day from first to last request, over one day at least. Volume alone is no evidence.",
    "Never: requests are counted.",
    lambda read: RequestsPerDay(**limits(read)),
    ("requests_per_day: {at_least: 100}",),
)
