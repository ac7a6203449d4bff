"""Conditions: questions about a dossier, one idea a file. The words of the language, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.policy.conditions.account import age, pace, plan, requests, tokens
from stillwatch.policy.conditions.agreed import agreement, attribution
from stillwatch.policy.conditions.campaign import numbers, reported
from stillwatch.policy.conditions.evidence import chance, classes, detector, q_value, total
from stillwatch.policy.conditions.logic import ALL, ANY, NOT

if TYPE_CHECKING:
    from stillwatch.policy.language.fields import Word

CONDITIONS: Final[tuple[Word, ...]] = (
    total.WORD,
    chance.WORD,
    q_value.WORD,
    classes.WORD,
    detector.WORD,
    reported.WORD,
    numbers.WORD,
    requests.WORD,
    pace.WORD,
    tokens.WORD,
    plan.WORD,
    age.WORD,
    agreement.WORD,
    attribution.WORD,
    ALL,
    ANY,
    NOT,
)
"""Words of the language, in the order of the reference page."""
