"""Moments of TAXII and STIX: text in UTC <-> microseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_TEXT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")


def micros(text: str) -> int:
    """Read a moment such as ``2026-01-31T08:15:00.000001Z``; digits past the microsecond are cut off.

    Raises
    ------
    ValueError
        It is no such moment.
    """
    if not _TEXT.fullmatch(text):
        raise ValueError("a moment is written as 2026-01-31T08:15:00.000001Z")
    return (datetime.fromisoformat(text) - _EPOCH) // _US


@lru_cache(maxsize=4096)  # versions of one submission are often alike
def moment(us: int) -> str:
    """Write a moment, always with six digits after the second."""
    at = _EPOCH + timedelta(microseconds=us)
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
