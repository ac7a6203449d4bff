"""What is left of an object that was erased by order of law: a revoked version with its essentials, and no content.

What STIX requires of a type is filled with words that say nothing. An account has no ``revoked`` in STIX; its tombstone
has it all the same, as a property of the hub's.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from stillwatch.sharing.taxii.times import moment

_WORD: Final = "erased"
_NOBODY: Final = "identity--d9fd5e27-0f9c-4c3a-8a34-3a1c5c1f6a11"
"""Stands where an object must refer to another."""
_REFS: Final[dict[str, Any]] = {"object_refs": [_NOBODY]}
_NEEDED: Final[dict[str, dict[str, Any]]] = {
    "grouping": {"context": "unspecified", **_REFS},
    "indicator": {"pattern": f"[software:name = '{_WORD}']", "pattern_type": "stix"},
    "note": {"content": _WORD, **_REFS},
    "opinion": {"opinion": "neutral", **_REFS},
    "relationship": {"relationship_type": "related-to", "source_ref": _NOBODY, "target_ref": _NOBODY},
    "report": {"name": _WORD, **_REFS},
    "sighting": {"sighting_of_ref": _NOBODY},
    "software": {"name": _WORD},
    "user-account": {"user_id": _WORD},
}
"""Type -> what it must have; every other has a name."""
_TIMES: Final = {"indicator": "valid_from", "report": "published"}


def tombstone(content: bytes, kind: str, identity: str, version_us: int) -> bytes:
    """Make what is left of a version.

    Parameters
    ----------
    content
        As it was received; nothing of it but the time it was created is kept.
    kind, identity
        Type and STIX identifier.
    version_us
        Its version (us since 1970).

    Examples
    --------
    >>> tombstone(b'{"value":"x"}', "software", "software--1", 0)
    b'{"type":"software","spec_version":"2.1","id":"software--1","revoked":true,"name":"erased"}'
    """
    made: dict[str, Any] = {"type": kind, "spec_version": "2.1", "id": identity}
    created = _CREATED.decode(content).created
    if created:
        made |= {"created": created, "modified": moment(version_us)}
    made |= {"revoked": True, **_NEEDED.get(kind, {"name": _WORD})}
    if kind in _TIMES and created:
        made[_TIMES[kind]] = created
    return msgspec.json.encode(made)


class _Created(msgspec.Struct):
    created: str = ""


_CREATED: Final = msgspec.json.Decoder(_Created)
