"""What the operator of a hub sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stillwatch.sharing.taxii.queries import PAGE

API: Final = "/api/"
"""Path of the API root."""


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Settings of one hub."""

    base: str
    """Public address, such as ``https://hub.example``; every URL in an answer begins with it."""
    title: str = "Exchange"
    """Title of the discovery and of the API root."""
    contact: str = ""
    """How to reach the operator."""
    most_bytes: int = 8 << 20
    """Longest body (bytes)."""
    page: int = PAGE
    """Most objects of a page (at most 1000)."""
    rate_per_s: float = 50.0
    """Requests of one member, in the long run (per second)."""
    burst: int = 200
    """Requests of one member at once."""
    window_s: int = 300
    """How far the time of a signature may lie from the hub's clock (s)."""
