"""Numbers as evidence sentences write them."""

from __future__ import annotations

from math import isnan


def whole(value: float) -> str:
    """Write a count: ``4,812``."""
    return "unknown" if isnan(value) else f"{value:,.0f}"


def counted(value: float, noun: str) -> str:
    """Write a count with its noun: ``1 key``, ``3 keys``."""
    return f"{whole(value)} {noun}" if value == 1 else f"{whole(value)} {noun}s"


def percent(share: float) -> str:
    """Write a share: ``98 %``, with a digit below 10 %."""
    if isnan(share):
        return "unknown"
    return f"{100 * share:.0f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.2g} %"


def rounded(value: float) -> str:
    """Write a measure with two digits: ``0.93``, ``12``, ``340``."""
    if isnan(value):
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2f}"
