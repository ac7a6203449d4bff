"""Erase an object by order of law: its content and what its entries of the log tell, the plain view's included."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stillwatch.model.errors import InputError, NotNow
from stillwatch.model.exchange import Record
from stillwatch.sharing.stix.erased import tombstone
from stillwatch.store.exchange import log
from stillwatch.store.exchange.erasing import erase, keep_request, stored
from stillwatch.store.exchange.members import members
from stillwatch.store.exchange.sent import entry_of, move_entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from stillwatch.serve.hub.taking import Appended, Plain
    from stillwatch.store.exchange.erasing import Stored


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased."""

    versions: int
    """Versions whose content is gone, in all collections and views."""
    entries: tuple[int, ...]
    """Entries of the log whose salt and record are gone."""


def erase_object(
    connection: sqlite3.Connection,
    identity: str,
    order: str,
    authority: str,
    parts: tuple[Plain, Appended],
    now_us: int,
) -> Erased:
    """Erase an object.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    identity
        STIX identifier.
    order
        Reference of the order.
    authority
        Which kind of authority ordered it, "" where none did.
    parts
        What makes the plain view of an object; what writes to the transparency log.
    now_us
        Now (us since 1970).

    Raises
    ------
    InputError
        There is no such object, it is a marking, or the order has no reference.
    NotNow
        It is erased already.
    """
    plain, appended = parts
    own = stored(connection, identity)
    if not own or identity.startswith("marking-definition--"):
        raise InputError("no object has this id, or it is a marking: these mark other objects and are not erased")
    if not order.strip():
        raise InputError("--order takes the reference of the order")
    if all(one.erased for one in own):
        raise NotNow("this object is erased already")
    rows = [*own, *_views(connection, own, plain)]
    entries = sorted({at for one in own if not one.erased and (at := entry_of(connection, one.added_us)) is not None})
    if authority:
        keep_request(connection, authority, order, now_us)
    kind = "government-request" if authority else "retraction"
    told = {"event": "erased", "object": identity, "order": order, "entries": entries, "at_us": now_us}
    first = appended(connection, [Record(kind, told | ({"authority": authority} if authority else {}))])
    _tell_owners(connection, own, identity, kind, appended, now_us)
    for entry in entries:
        _restate(connection, entry, {one.id for one in rows}, appended, first)
    erase(connection, rows, order, lambda one, at: tombstone(one.body, one.type, one.id, at), now_us)
    return Erased(len(rows), tuple(entries))


def _views(connection: sqlite3.Connection, own: Iterable[Stored], plain: Plain) -> list[Stored]:
    """Give what the plain view shows under other ids."""
    made = {json.loads(body)["id"] for one in own if not one.erased for body in plain(one.body)}
    return [row for identity in sorted(made - {one.id for one in own}) for row in stored(connection, identity)]


def _tell_owners(
    connection: sqlite3.Connection,
    own: Iterable[Stored],
    identity: str,
    kind: str,
    appended: Appended,
    now_us: int,
) -> None:
    """Tell each member that submitted it, in a record of its own; the order's reference is the hub's to keep."""
    names = {one.number: one.id for one in members(connection)}
    told = {"event": "erased", "object": identity, "at_us": now_us}
    owners = sorted({names[one.owner] for one in own})
    appended(connection, [Record(kind, {**told, "member": owner}) for owner in owners])


def _restate(
    connection: sqlite3.Connection, entry: int, gone: set[str], appended: Appended, otherwise: int | None
) -> None:
    """Erase what an entry tells, and log anew what it told of other objects, so that their members can show it."""
    kept = log.entry(connection, entry)
    if kept is None or kept.record is None:
        return
    body: dict[str, Any] = json.loads(kept.record)["body"]
    log.erase(connection, entry)
    left = [one for one in body["objects"] if one[0] not in gone]
    at = appended(connection, [Record(kept.kind, {**body, "objects": left, "restates": entry})]) if left else otherwise
    move_entry(connection, entry, at if at is not None else entry)
