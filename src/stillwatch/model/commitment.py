"""What the transparency log holds of a record: a salted commitment. Without its salt it tells nothing of the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KINDS: Final = (
    "submission",
    "retraction",
    "epoch-key",
    "epoch-close",
    "membership",
    "group",
    "policy",
    "unmask",
    "government-request",
    "appeal",
)
"""What may be recorded."""
OPEN_KINDS: Final = frozenset({"epoch-key", "epoch-close", "policy"})
"""Kinds whose records anybody may read: keys and closings that all must see alike, and the rules of the exchange."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """A record bound to one digest; the digest is the entry of the log."""

    kind: str
    """One of ``KINDS``."""
    digest: bytes
    """SHA-256 over salt and record (32 bytes)."""
    salt: bytes | None
    """Random (32 bytes); None once erased."""
    record: bytes | None
    """The record in the one form of RFC 8785; None once erased."""
