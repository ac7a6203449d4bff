"""Objects that come in: cut out of the envelope byte for byte, their heads read, everything bounded.

The received bytes are kept as they are: what a member signed and what the log commits to is what readers get.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec

from stillwatch.model.exchange import UNVERSIONED, Entry, Failure
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.sharing.taxii.times import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stillwatch.model.membership import Handling

    Check = Callable[[bytes], Sequence[str]]
    Handles = Callable[[Sequence[str]], Handling]

MOST_OBJECTS: Final = 5_000
"""Objects of one envelope."""
MOST_OBJECT_BYTES: Final = 256 << 10
"""Bytes of one object."""
MOST_DEPTH: Final = 32
"""Arrays and objects inside each other."""
MOST_MARKINGS: Final = 32
"""Markings of one object."""
_ID: Final = re.compile(
    r"([a-z][a-z0-9-]{1,248}[a-z0-9])--[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')


class _Envelope(msgspec.Struct):
    objects: list[msgspec.Raw]


class _Head(msgspec.Struct):
    id: str
    type: str
    spec_version: str = ""
    created: str = ""
    modified: str = ""
    revoked: bool = False
    object_marking_refs: list[str] = []


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_HEAD: Final = msgspec.json.Decoder(_Head)
_WHOLE: Final = msgspec.json.Decoder()


def cut(content: bytes) -> list[bytes]:
    """Cut an envelope into its objects.

    Raises
    ------
    TaxiiError
        400: it is no envelope. 413: it holds too many objects.
    """
    try:
        content.decode()
        objects = _ENVELOPE.decode(content).objects
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
        raise TaxiiError(400, 'the body is no envelope: {"objects": [...]} in UTF-8') from error
    if len(objects) > MOST_OBJECTS:
        raise TaxiiError(413, f"an envelope holds at most {MOST_OBJECTS:,} objects; send several")
    return [bytes(one) for one in objects]


def read_entries(objects: Sequence[bytes], handling: Handles, check: Check) -> tuple[list[Entry], list[Failure]]:
    """Read what comes in.

    Parameters
    ----------
    objects
        As :func:`cut` gives them.
    handling
        Reads how an object is to be handled from its marking references.
    check
        Says what is wrong with an object as STIX; nothing where it is right.

    Returns
    -------
    tuple
        What may be stored, and what may not with its reason.
    """
    entries: list[Entry] = []
    failures: list[Failure] = []
    for place, body in enumerate(objects, 1):
        read = _entry(body, f"object {place}", handling, check)
        (entries if isinstance(read, Entry) else failures).append(read)  # type: ignore[arg-type]  # one of the two
    return entries, failures


def _entry(body: bytes, place: str, handling: Handles, check: Check) -> Entry | Failure:
    if len(body) > MOST_OBJECT_BYTES:
        return Failure(place, "", f"an object has at most {MOST_OBJECT_BYTES:,} bytes")
    try:
        head = _HEAD.decode(body)
        _WHOLE.decode(body)  # what the head skips must be JSON for every reader, too
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Failure(place, "", "it is no STIX object: id, type, and times as text")
    named = _ID.fullmatch(head.id)
    if not named:
        return Failure(place, "", "id is type--UUID in small letters")
    try:
        created = micros(head.created) if head.created else UNVERSIONED
        version = micros(head.modified) if head.modified not in ("", head.created) else created
    except ValueError as error:
        return Failure(head.id, "", f"created, modified: {error}")
    wrong = _wrong(head, named[1], created, version) or ("; ".join(check(body)[:5])[:500])
    if not wrong and _too_deep(body):
        wrong = f"an object has at most {MOST_DEPTH} arrays and objects inside each other"
    if wrong:
        return Failure(head.id, head.modified or head.created, wrong)
    handled = handling(head.object_marking_refs)
    digest = hashlib.sha256(body).digest()
    return Entry(head.id, head.type, version, head.revoked, handled.tlp, handled.purposes, body, digest)


def _wrong(head: _Head, kind: str, created: int, version: int) -> str:
    if kind != head.type:
        return "id and type do not agree"
    if head.spec_version != "2.1" and (head.spec_version or head.created):
        return "this collection takes STIX 2.1: spec_version is 2.1"
    if (head.created and created < 0) or version < created or (head.modified and not head.created):
        return "created lies after 1970, and modified is not before it"
    if len(head.object_marking_refs) > MOST_MARKINGS:
        return f"an object has at most {MOST_MARKINGS} markings"
    return ""


def _too_deep(body: bytes) -> bool:
    if body.count(b"{") + body.count(b"[") <= MOST_DEPTH:
        return False
    depth = 0
    for byte in _STRING.sub(b"", body):
        if byte in b"{[":
            depth += 1
            if depth > MOST_DEPTH:
                return True
        elif byte in b"}]":
            depth -= 1
    return False
