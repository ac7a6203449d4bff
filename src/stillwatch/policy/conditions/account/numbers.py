"""Numbers of the account itself: how old, how much, how fast, and for how many of its own users."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from stillwatch.policy.conditions.base import Single, word_of
from stillwatch.policy.language.kinds import Number
from stillwatch.policy.reasoning.variables import Variable

if TYPE_CHECKING:
    from stillwatch.model.dossier import Dossier

_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAge(Single):
    """Days since sign-up."""

    VARIABLE: ClassVar = Variable("account_age_d", low=0.0)
    SAID: ClassVar = "the age of the account in days"
    ABSENT: ClassVar = "the sign-up is not known"

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return (dossier.at_ms - dossier.signup_ms) / _DAY_MS if 0 <= dossier.signup_ms <= dossier.at_ms else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests(Single):
    """Requests seen."""

    VARIABLE: ClassVar = Variable("requests", low=0.0, whole=True, may_miss=False)
    SAID: ClassVar = "the number of requests"
    ABSENT: ClassVar = "requests were not counted"

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return float(dossier.events) if dossier.events >= 0 else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsPerDay(Single):
    """Requests a day, from the first to the last."""

    VARIABLE: ClassVar = Variable("requests_per_day", low=0.0, may_miss=False)
    SAID: ClassVar = "the number of requests a day"
    ABSENT: ClassVar = "requests were not counted"

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.events / dossier.days if dossier.events >= 0 else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensOut(Single):
    """Answer tokens."""

    VARIABLE: ClassVar = Variable("tokens_out", low=0.0, whole=True)
    SAID: ClassVar = "the number of answer tokens"
    ABSENT: ClassVar = "the log does not count answer tokens"

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return float(dossier.tokens_out) if dossier.tokens_out >= 0 else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributedShare(Single):
    """Share of requests that name the reseller's own customer."""

    VARIABLE: ClassVar = Variable("attributed_share", low=0.0, high=1.0)
    SAID: ClassVar = "the share of requests that name the reseller's customer"
    ABSENT: ClassVar = "the log does not say which requests name a reseller's customer"

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return dossier.attributed_share


AGE: Final = word_of(
    AccountAge,
    Number(0, 100_000, "days"),
    "age",
    "Days since sign-up.",
    "The account file has no sign-up.",
    "account_age_d: {at_most: 30}",
)
REQUESTS: Final = word_of(
    Requests,
    Number(0, 1e15, "requests", whole=True),
    "number",
    "Requests seen of the account. Volume alone is no evidence: use it to spare small accounts.",
    "Never: requests are counted.",
    "requests: {at_least: 500}",
)
PACE: Final = word_of(
    RequestsPerDay,
    Number(0, 1e12, "requests a day"),
    "number",
    "Requests a day from first to last request, over one day at least. Volume alone is no evidence.",
    "Never: requests are counted.",
    "requests_per_day: {at_least: 100}",
)
TOKENS: Final = word_of(
    TokensOut,
    Number(0, 1e15, "tokens", whole=True),
    "number",
    "Answer tokens of the account. Volume alone is no evidence.",
    "The log does not count answer tokens (below 0 in a dossier).",
    "tokens_out: {at_least: 1000000}",
)
ATTRIBUTION: Final = word_of(
    AttributedShare,
    Number(0, 1),
    "share",
    "Share of requests that name the reseller's own customer (0 to 1).",
    "The log does not say which requests name a customer.",
    "attributed_share: {at_least: 0.95}",
)
