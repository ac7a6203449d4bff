"""Conditions: questions about a dossier, one idea a file. The words of the language, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.policy.conditions.account import plan
from stillwatch.policy.conditions.account.numbers import AGE, ATTRIBUTION, PACE, REQUESTS, TOKENS
from stillwatch.policy.conditions.agreed import agreement
from stillwatch.policy.conditions.campaign import numbers, reported
from stillwatch.policy.conditions.evidence import classes, detector
from stillwatch.policy.conditions.evidence.numbers import CHANCE, Q_VALUE, TOTAL
from stillwatch.policy.conditions.logic import ALL, ANY, NOT

if TYPE_CHECKING:
    from stillwatch.policy.language.fields import Word

CONDITIONS: Final[tuple[Word, ...]] = (
    TOTAL,
    CHANCE,
    Q_VALUE,
    classes.WORD,
    detector.WORD,
    reported.WORD,
    numbers.WORD,
    REQUESTS,
    PACE,
    TOKENS,
    plan.WORD,
    AGE,
    agreement.WORD,
    ATTRIBUTION,
    ALL,
    ANY,
    NOT,
)
"""Words of the language, in the order of the reference page."""
