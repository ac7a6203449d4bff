"""What a member reads: discovery, collections, pages of objects, manifests, versions, statuses."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stillwatch.model.exchange import Versions
from stillwatch.model.membership import Role
from stillwatch.serve.hub.settings import API
from stillwatch.sharing.taxii import resources
from stillwatch.sharing.taxii.errors import TaxiiError, not_found
from stillwatch.sharing.taxii.media import STIX
from stillwatch.sharing.taxii.queries import parameters, read_query
from stillwatch.sharing.taxii.tokens import next_token, position_of
from stillwatch.store.exchange.objects import page, place, places, status

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from stillwatch.model.exchange import Found
    from stillwatch.model.membership import Member
    from stillwatch.serve.hub.settings import HubSettings
    from stillwatch.store.exchange.objects import Place

    Pairs = Sequence[tuple[bytes, bytes]]

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_COLLECTION: Final = re.compile(
    rf"collections/({_UUID})/(?:(manifest/|objects/)(?:([a-z0-9-]{{1,300}})/(versions/)?)?)?"
)
_STATUS: Final = re.compile(rf"status/({_UUID})/")
DISCOVERY: Final = "/taxii2/"
"""Where a client starts (section 4.1)."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a path below the API root names."""

    collection: str
    """UUID."""
    part: str = ""
    """``objects/``, ``manifest/`` or "" for the collection itself."""
    object: str = ""
    """STIX identifier, "" where all are meant."""
    versions: bool = False
    """Whether its versions are meant."""


def route_of(path: str) -> Route | None:
    """Read a path below the API root, None where it is none of a collection."""
    found = _COLLECTION.fullmatch(path)
    if found is None:
        return None
    collection, part, identity, versions = found.groups("")
    if identity and part != "objects/":
        return None
    return Route(collection, part, identity, bool(versions))


class Reading:
    """Answers GET.

    Parameters
    ----------
    settings
        Public address, page cap.
    key
        Secret that ``next`` is made with (32 bytes).
    """

    def __init__(self, settings: HubSettings, key: bytes) -> None:
        self._settings, self._key = settings, key

    def answer(self, connection: sqlite3.Connection, member: Member, path: str, query: str) -> tuple[bytes, Pairs]:
        """Give body and headers.

        Parameters
        ----------
        connection
            A view of one moment.
        member
            Who asks.
        path, query
            Of the URL; the path ends with a slash.

        Raises
        ------
        TaxiiError
            400, 403, 404 or 405.
        """
        if path == DISCOVERY:
            made = resources.discovery(self._settings.title, self._settings.contact, self._settings.base + API)
            return msgspec.json.encode(made), ()
        if not path.startswith(API):
            raise not_found()
        below = path.removeprefix(API)
        if not below:
            return msgspec.json.encode(resources.api_root(self._settings.title, self._settings.most_bytes)), ()
        if below == "collections/":
            seen = [_shown(member, one) for one in places(connection, member) if one.inside]
            return msgspec.json.encode({"collections": seen} if seen else {}), ()
        if found := _STATUS.fullmatch(below):
            kept = status(connection, found[1], member.number)
            if kept is None:
                raise not_found()
            return kept, ()
        route = route_of(below)
        if route is None:
            raise not_found()
        at = opened(connection, member, route)
        if not route.part:
            return msgspec.json.encode(_shown(member, at)), ()
        if not member.may(Role.READER):
            raise TaxiiError(403, "this member may not read here")
        return self._page(connection, member, at, route, query)

    def _page(
        self, connection: sqlite3.Connection, member: Member, at: Place, route: Route, raw: str
    ) -> tuple[bytes, Pairs]:
        given = parameters(raw)
        query = read_query(given, self._settings.page)
        if route.object:
            query = replace(query, ids=(route.object,))
        if route.versions:
            query = replace(query, versions=Versions(every=True))
        context = f"{member.id} {at.id} {route.part} {route.versions}"
        started = query.after_us >= 0
        if "next" in given:
            # With both, the later one holds: clients send the two together.
            position = position_of(self._key, context, query, given["next"])
            query, started = replace(query, after_us=max(query.after_us, position)), True
        write: Callable[[Sequence[Found], str], bytes] = resources.envelope
        if route.part == "manifest/":
            write = resources.manifest
        elif route.versions:
            write = resources.versions
        found, more = page(connection, member, at, query, bodies=write is resources.envelope)
        if route.object and not found and not started:
            raise not_found()
        token = next_token(self._key, context, query, found[-1].added_us) if more else ""
        return write(found, token), resources.dates(found)


def opened(connection: sqlite3.Connection, member: Member, route: Route) -> Place:
    """Give the collection of a path.

    Raises
    ------
    TaxiiError
        404: there is none, or the member is not in its group; the two look the same.
    """
    at = place(connection, member, route.collection)
    if at is None or not at.inside:
        raise not_found()
    return at


def writable(member: Member, at: Place) -> bool:
    """Say whether a member may submit to a collection."""
    return at.inside and not at.plain and member.may(Role.CONTRIBUTOR)


def _shown(member: Member, at: Place) -> dict[str, Any]:
    return {
        "id": at.id,
        "title": at.title,
        "description": at.description,
        "can_read": member.may(Role.READER),
        "can_write": writable(member, at),
        "media_types": [STIX],
    }
