"""How many answer tokens there were."""

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

VARIABLE: Final = Variable("tokens_out", low=0.0, whole=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensOut(Bounded):
    """Answer tokens."""

    def value(self, dossier: Dossier) -> float:
        """Read it; NaN where it is unknown."""
        return float(dossier.tokens_out) if dossier.tokens_out >= 0 else math.nan

    def missing(self, dossier: Dossier) -> str:  # noqa: ARG002
        """Say why it is unknown."""
        return "the log does not count answer tokens"

    def named(self) -> str:
        """Name it."""
        return "the number of answer tokens"

    def written(self) -> tuple[str, str]:
        """Give the key."""
        return "tokens_out", ""

    def variable(self) -> Variable:
        """Name the quantity."""
        return VARIABLE


_KIND: Final = RecordOf("tokens_out", bounds(Number(0, 1e15, "tokens", whole=True), "number"), ("at_least", "at_most"))
WORD: Final = Word(
    "tokens_out",
    _KIND,
    "Answer tokens of the account. Volume alone is no evidence.",
    "The log does not count answer tokens (below 0 in a dossier).",
    lambda read: TokensOut(**limits(read)),
    ("tokens_out: {at_least: 1000000}",),
)
