"""Quantities of a dossier as variables: what a condition asks about, and which values there are at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from stillwatch.policy.reasoning.sets import ANY_NAME, Spans, Values

Quantity: TypeAlias = Literal[
    "total_bits",
    "chance",
    "q_value",
    "class_bits",
    "detector_bits",
    "campaign",
    "campaign_reported",
    "requests",
    "requests_per_day",
    "tokens_out",
    "plan",
    "account_age_d",
    "agreement_d",
    "attributed_share",
]


@dataclass(frozen=True, slots=True)
class Variable:
    """One quantity of a dossier."""

    quantity: Quantity
    """Which."""
    about: str = ""
    """Class of evidence, ``class:detector``, number of the campaign or kind of agreement."""
    low: float = -float("inf")
    """Least value there is."""
    high: float = float("inf")
    """Largest value there is."""
    whole: bool = False
    """Whether it counts something."""
    may_miss: bool = True
    """Whether it can be unknown."""

    @property
    def all(self) -> Values:
        """Every value there is."""
        if self.quantity == "plan":
            return ANY_NAME
        return Spans(((self.low, self.high),))


@dataclass(frozen=True, slots=True)
class Domain:
    """What a variable may still be."""

    values: Values
    """Known values."""
    unknown: bool
    """Whether it may be unknown."""

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return self.unknown or bool(self.values)
