"""How old the account is."""

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

_DAY_MS: Final = 86_400_000
VARIABLE: Final = Variable("account_age_d", low=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAge(Bounded):
    """Days since sign-up."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return (dossier.at_ms - dossier.signup_ms) / _DAY_MS if 0 <= dossier.signup_ms <= dossier.at_ms else math.nan

    def missing(self, dossier: Dossier) -> str:  # noqa: ARG002
        """Say why it is unknown."""
        return "the sign-up is not known"

    def named(self) -> str:
        """Name it."""
        return "the age of the account in days"

    def written(self) -> tuple[str, str]:
        """Give the key."""
        return "account_age_d", ""

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLE


_KIND: Final = RecordOf("account_age_d", bounds(Number(0, 100_000, "days"), "age"), ("at_least", "at_most"))
WORD: Final = Word(
    "account_age_d",
    _KIND,
    "Days since sign-up.",
    "The account file has no sign-up.",
    lambda read: AccountAge(**limits(read)),
    ("account_age_d: {at_most: 30}",),
)
