"""Read and write the collections of an exchange: TAXII 2.1, as any client does, and what objects warn of."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode

import msgspec

from stillwatch.model.errors import PeerError
from stillwatch.serve.hub.settings import API
from stillwatch.serve.member.membership import HUB
from stillwatch.sharing.stix.extension import EXTENSION_ID
from stillwatch.sharing.stix.ids import TAG, TIMESTAMP, micros
from stillwatch.sharing.taxii.media import TAXII
from stillwatch.store.member import objects
from stillwatch.store.member.file import keep, setting
from stillwatch.store.member.inbox import VALID_MS
from stillwatch.store.member.journal import noted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stillwatch.serve.member.membership import Membership
    from stillwatch.store.member.file import MemberFile

PAGE: Final = 1_000
"""Objects of a page."""
MOST_PAGES: Final = 200
"""Pages of a collection that one look takes; the next look goes on."""
_NO_TAXII: Final = "the hub answers in a form that is not TAXII 2.1"
LAST: Final = "x-taxii-date-added-last"
_ID: Final = re.compile(r"[a-z][a-z0-9-]{1,63}--[0-9a-f-]{36}")
_TAG: Final = re.compile(TAG)
_TIME: Final = re.compile(TIMESTAMP)
_PASSED_OVER: Final = ("marking-definition", "extension-definition")
_OF_A_CAMPAIGN: Final = ("campaign", "grouping", "indicator", "relationship", "sighting")
"""Types that belong to one campaign alone, and go when it is taken back."""
_Text = Annotated[str, msgspec.Meta(max_length=512)]


class _Collection(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f-]{36}\Z")]
    title: _Text = ""
    can_read: bool = False
    can_write: bool = False


class _Collections(msgspec.Struct):
    collections: Annotated[list[_Collection], msgspec.Meta(max_length=1_000)] = []


class _Envelope(msgspec.Struct):
    more: bool = False
    next: _Text = ""
    objects: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=PAGE)] = []


class _Group(msgspec.Struct):
    tags: Annotated[list[str], msgspec.Meta(max_length=2_000)] = []


class _Head(msgspec.Struct):
    id: _Text
    type: _Text
    modified: _Text = ""
    created: _Text = ""
    valid_until: _Text = ""
    revoked: bool = False
    extensions: dict[str, msgspec.Raw] = {}


_HEAD: Final = msgspec.json.Decoder(_Head)
_GROUP: Final = msgspec.json.Decoder(_Group)


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection."""

    id: str
    """UUID."""
    title: str
    """Title."""
    writes: bool
    """Whether this member may add to it."""


def collections(member: Membership) -> list[Collection]:
    """List the collections that a member may read."""
    answer = member.hub.ask("GET", f"{API}collections/", accept=TAXII)
    try:
        found = msgspec.json.decode(answer.content, type=_Collections)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PeerError(_NO_TAXII) from error
    return [Collection(one.id, one.title, one.can_write) for one in found.collections if one.can_read]


def receive_objects(file: MemberFile, member: Membership) -> tuple[int, int]:
    """Fetch what was added to every collection since the last look; gives new objects, and new warnings.

    Notes
    -----
    Where the last look ended is kept with the objects of each page, so that a crash neither skips nor repeats one.
    """
    new = warned = 0
    for one in collections(member):
        for page, cursor in _pages(file, member, one.id):
            found = [made for raw in page if (made := _received(one.id, bytes(raw), member.now_ms)) is not None]
            with file.writing() as connection:
                new += objects.put(connection, found, member.now_ms)
                for each in found:
                    tags, told_ms = _told(each.body)
                    if tags and not each.revoked:
                        warned += objects.warn(connection, each.id, tags, told_ms, member.now_ms)
                keep(connection, f"cursor {one.id}", cursor.encode())
    return new, warned


def _pages(file: MemberFile, member: Membership, collection: str) -> Iterator[tuple[Sequence[msgspec.Raw], str]]:
    with file.reading() as connection:
        cursor = (setting(connection, f"cursor {collection}") or b"").decode()
    for _ in range(MOST_PAGES):
        query = {"limit": str(PAGE), **({"added_after": cursor} if cursor else {})}
        path = f"{API}collections/{collection}/objects/?{urlencode(query)}"
        answer = member.hub.ask("GET", path, accept=TAXII)
        try:
            page, last = msgspec.json.decode(answer.content, type=_Envelope), answer.headers.get(LAST, "")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise PeerError(_NO_TAXII) from error
        if not page.objects:
            return
        if not _TIME.fullmatch(last) or last <= cursor:
            raise PeerError("the hub does not say when the last object of a page was added")
        cursor = last
        with file.writing() as connection:
            noted(connection, "in", HUB, f"{len(page.objects)} objects of a collection", answer.content, member.now_ms)
        yield page.objects, cursor
        if not page.more:
            return


def _received(collection: str, body: bytes, now_ms: int) -> objects.Received | None:
    """Take an object in; None where it is none, or one that means nothing by itself."""
    try:
        head = _HEAD.decode(body)
        until_ms = micros(head.valid_until) // 1_000 if _TIME.fullmatch(head.valid_until) else now_ms + VALID_MS
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    if not _ID.fullmatch(head.id) or not head.id.startswith(head.type + "--") or head.type in _PASSED_OVER:
        return None
    version = head.modified or head.created
    return objects.Received(collection, head.id, version, head.type, until_ms, head.revoked, body)


def _told(body: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """Read the tags that a grouping tells of, and when it was made (ms since 1970)."""
    head = _HEAD.decode(body)
    raw = head.extensions.get(EXTENSION_ID)
    if head.type != "grouping" or raw is None:
        return [], 0
    try:
        texts = _GROUP.decode(raw).tags
        told_ms = micros(head.modified) // 1_000 if _TIME.fullmatch(head.modified) else 0
    except (msgspec.DecodeError, RecursionError, ValueError):
        return [], 0
    cut = (text.split(":") for text in texts if _TAG.fullmatch(text))
    return [(int(one[1]), bytes.fromhex(one[4])) for one in cut], told_ms


def submit(file: MemberFile, member: Membership, collection: str, made: Sequence[bytes], about: str) -> None:
    """Add objects about a subject to a collection.

    Raises
    ------
    PeerError
        The hub took not all of them; it says which and why.
    """
    body = b'{"objects":[' + b",".join(made) + b"]}"
    answer = member.hub.ask("POST", f"{API}collections/{collection}/objects/", body, TAXII, accept=TAXII)
    told = answer.told()
    with file.writing() as connection:
        noted(connection, "out", HUB, f"{len(made)} objects about {about}", body, member.now_ms)
        own = [one for raw in made if (one := _received(collection, raw, member.now_ms)) is not None]
        objects.put(connection, own, member.now_ms)
        objects.mine(connection, collection, [one.id for one in own if one.type in _OF_A_CAMPAIGN], about)
    if told.get("failure_count"):
        first = (told.get("failures") or [{}])[0]
        raise PeerError(f"the hub did not take {told['failure_count']} objects: {str(first.get('message'))[:300]}")


def pseudonym(member: Membership) -> str:
    """Name the identity that this member tells things under: its own at every hub, and nobody can tell whose."""
    drawn = uuid.uuid5(uuid.UUID(bytes=member.handles[:16]), member.hub.base)
    return f"identity--{uuid.UUID(bytes=drawn.bytes, version=4)}"
