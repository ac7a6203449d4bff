"""The plain view: objects as importers keep them that drop what they do not know (MISP, OpenCTI).

A group of accounts becomes an indicator with a STIX pattern over their tags; what such importers know passes as it is;
the rest is left out. Each object is looked at alone.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec

from stillwatch.sharing.stix.extension import EXTENSION_ID
from stillwatch.sharing.stix.ids import derived

PASSED: Final = frozenset(
    {"attack-pattern", "campaign", "identity", "intrusion-set", "marking-definition", "report", "user-account"}
)
"""Types that pass as they are."""
_KEPT: Final = ("spec_version", "created_by_ref", "created", "modified", "revoked", "object_marking_refs", "labels")


def plain(content: bytes) -> list[bytes]:
    """Give what the plain view shows of an object that the exchange took; nothing of what is left out."""
    found: dict[str, Any] = msgspec.json.decode(content)
    if found["type"] in PASSED:
        return [content]
    if found["type"] == "grouping":
        tags = found.get("extensions", {}).get(EXTENSION_ID, {}).get("tags")
        return [_indicator(found, tags)] if tags else []
    if found["type"] == "relationship":
        return _related(found, content)
    return []


def _indicator(grouping: dict[str, Any], tags: list[str]) -> bytes:
    made: dict[str, Any] = {"type": "indicator", "id": _own(grouping["id"])}
    made |= {name: grouping[name] for name in _KEPT if name in grouping}
    made |= {
        "name": grouping.get("name", "Accounts that belong together"),
        "description": grouping.get("description", "Accounts by their tags."),
        "pattern": "[" + " OR ".join(f"user-account:user_id = '{tag}'" for tag in tags) + "]",
        "pattern_type": "stix",
        "indicator_types": ["malicious-activity"],
        "valid_from": grouping["created"],
    }
    return msgspec.json.encode(made)


def _related(found: dict[str, Any], content: bytes) -> list[bytes]:
    """Pass what relates passed objects; a group that is related to a campaign indicates it."""
    source, target = (found[end].partition("--")[0] for end in ("source_ref", "target_ref"))
    if {source, target} <= PASSED:
        return [content]
    if (source, target) != ("grouping", "campaign"):
        return []
    own = derived(uuid.UUID(found["id"].partition("--")[2]), "relationship", "plain")
    shown = {"id": own, "source_ref": _own(found["source_ref"]), "relationship_type": "indicates"}
    return [msgspec.json.encode(found | shown)]


def _own(grouping: str) -> str:
    return derived(uuid.UUID(grouping.partition("--")[2]), "indicator", "plain")
