"""Media types of TAXII 2.1, and which of them a client takes or sends."""

from __future__ import annotations

from typing import Final

TAXII: Final = "application/taxii+json;version=2.1"
"""What every answer is."""
STIX: Final = "application/stix+json;version=2.1"
"""What every object of a collection is."""
_ANY: Final = frozenset(("*/*", "application/*"))


def _read(one: str) -> tuple[str, dict[str, str]]:
    kind, *rest = (part.strip().lower() for part in one.split(";"))
    pairs = (part.partition("=") for part in rest if part)
    return kind, {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def accepts(header: str) -> bool:
    """Say whether a client takes TAXII 2.1; no header at all takes everything.

    Notes
    -----
    Clients write the parameter with a space, without a version, or in a list with weights; a weight of 0 refuses.
    """
    if not header.strip():
        return True
    for one in header.split(","):
        kind, settings = _read(one)
        weight = settings.get("q", "1").rstrip("0").rstrip(".")
        if weight in ("", "0"):
            continue
        if kind in _ANY or (kind == "application/taxii+json" and settings.get("version", "2.1") == "2.1"):
            return True
    return False


def sends(header: str) -> bool:
    """Say whether a body is TAXII 2.1; unlike ``accepts`` it must say so."""
    kind, settings = _read(header)
    return (
        kind == "application/taxii+json"
        and settings.get("version", "2.1") == "2.1"
        and settings.get("charset", "utf-8") == "utf-8"
    )
