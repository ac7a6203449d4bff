"""Resources of TAXII 2.1 as bytes. Objects go into an envelope as they were received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from stillwatch.sharing.taxii.media import STIX, TAXII
from stillwatch.sharing.taxii.times import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.model.exchange import Found, Outcome


def _paged(name: bytes, items: Sequence[bytes], token: str) -> bytes:
    if not items:
        return b"{}"
    head = b'{"more":true,"next":"%s",' % token.encode() if token else b'{"more":false,'
    return head + b'"' + name + b'":[' + b",".join(items) + b"]}"


def envelope(found: Sequence[Found], token: str) -> bytes:
    """Write a page of objects (section 3.7); ``token`` "" where it is the last."""
    return _paged(b"objects", [one.body for one in found], token)


def manifest(found: Sequence[Found], token: str) -> bytes:
    """Write a page of the manifest (section 5.3); ``next`` is there for clients that page by it."""
    rows = [
        {"id": one.id, "date_added": moment(one.added_us), "version": moment(one.version_us), "media_type": STIX}
        for one in found
    ]
    return _paged(b"objects", [msgspec.json.encode(row) for row in rows], token)


def versions(found: Sequence[Found], token: str) -> bytes:
    """Write a page of the versions of an object (section 5.8)."""
    return _paged(b"versions", [msgspec.json.encode(moment(one.version_us)) for one in found], token)


def dates(found: Sequence[Found]) -> tuple[tuple[bytes, bytes], ...]:
    """Write the headers that say from when to when a page's objects were added (section 3.3)."""
    if not found:
        return ()
    return (
        (b"x-taxii-date-added-first", moment(found[0].added_us).encode()),
        (b"x-taxii-date-added-last", moment(found[-1].added_us).encode()),
    )


def status(identity: str, at_us: int, outcome: Outcome) -> bytes:
    """Write what became of a submission (section 4.3); it is pending while a part of it is held."""
    made = {"id": identity, "status": "", "request_timestamp": moment(at_us), "successes": [], "failures": []}
    waiting = [_taken(one) for one in outcome.pending]
    return _told({**made, "pendings": waiting}, outcome)


def settled(body: bytes, outcome: Outcome) -> bytes:
    """Write again what became of a submission, once what was held of it is released or dropped."""
    return _told({**msgspec.json.decode(body), "pendings": []}, outcome)


def _told(made: dict[str, Any], outcome: Outcome) -> bytes:
    failures = [
        {"id": one.id, "message": one.message, **({"version": one.version} if one.version else {})}
        for one in outcome.failures
    ]
    made["successes"] = [*made["successes"], *map(_taken, outcome.successes)]
    made["failures"] = [*made["failures"], *failures]
    counts = [len(made[part]) for part in ("successes", "failures", "pendings")]
    made |= {"success_count": counts[0], "failure_count": counts[1], "pending_count": counts[2]}
    made |= {"total_count": sum(counts), "status": "pending" if counts[2] else "complete"}
    if not counts[2]:
        del made["pendings"]
    return msgspec.json.encode(made)


def _taken(one: tuple[str, int]) -> dict[str, str]:
    return {"id": one[0], "version": moment(one[1])}


def discovery(title: str, contact: str, root: str) -> dict[str, Any]:
    """Lay out the discovery resource (section 4.1); ``root`` is absolute: some clients take no other."""
    more = {"contact": contact} if contact else {}
    return {"title": title, "description": "An exchange of providers", **more, "default": root, "api_roots": [root]}


def api_root(title: str, most_bytes: int) -> dict[str, Any]:
    """Lay out the API root resource (section 4.2)."""
    return {"title": title, "versions": [TAXII], "max_content_length": most_bytes}
