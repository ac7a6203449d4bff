"""Tags small enough to write as numbers."""

from __future__ import annotations

KIND = "email:v1"
TEMPLATES = "tmpl:v1"


def b16(n: int) -> bytes:
    """Write a number as a tag or a handle."""
    return n.to_bytes(16)
