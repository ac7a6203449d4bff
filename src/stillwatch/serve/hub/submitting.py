"""What a member submits: read outside the writer, written in its turn, rights looked at again in between."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import NotNow
from stillwatch.model.exchange import UNVERSIONED, Record
from stillwatch.serve.hub.reading import opened, writable
from stillwatch.serve.hub.taking import Taking, no_log, no_plain, right
from stillwatch.sharing.membership.handling import handling_of
from stillwatch.sharing.taxii import resources
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.sharing.taxii.incoming import cut, read_entries
from stillwatch.store.exchange.held import Flood, allowance, check_room, count_added, keep, surplus
from stillwatch.store.exchange.members import member_named
from stillwatch.store.exchange.objects import keep_status

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from stillwatch.model.exchange import Entry
    from stillwatch.model.membership import Member
    from stillwatch.serve.hub.reading import Route
    from stillwatch.serve.hub.taking import Appended, Plain
    from stillwatch.sharing.taxii.incoming import Check, Handles
    from stillwatch.store.exchange.objects import Place

    Job = Callable[[sqlite3.Connection, int], bytes]

_LATER: Final = (b"retry-after", b"3600")


class Submitting:
    """Answers POST of objects.

    Parameters
    ----------
    check
        Says what is wrong with an object as STIX.
    handling
        Reads how an object is to be handled from its marking references.
    plain
        Makes what the plain view of a collection shows of an object.
    appended
        Writes records to the transparency log, in the transaction of what they tell.
    flood
        How much a member may add in a day; what is above is held for the operator.
    """

    def __init__(
        self,
        check: Check = right,
        handling: Handles = handling_of,
        plain: Plain = no_plain,
        appended: Appended = no_log,
        flood: Flood | None = None,
    ) -> None:
        self._check, self._flood = check, flood or Flood()
        self.taking = Taking(handling, plain, appended)
        """Takes objects in, for whoever else does."""

    def job(self, member: Member, route: Route, content: bytes) -> Job:
        """Read what was sent; what is left is to write it.

        Raises
        ------
        TaxiiError
            400: it is no envelope. 413: it holds too many objects.
        """
        taking = self.taking
        entries, failures = read_entries(cut(content), taking.handling, self._check)

        def write(connection: sqlite3.Connection, now_us: int) -> bytes:
            """Write it, where the member still may."""
            owner = member_named(connection, member.id)
            at = opened(connection, owner, route)
            if not writable(owner, at):
                raise TaxiiError(403, "this member may not submit here")
            fitting, unfit = taking.fit(connection, owner, entries)
            going, waiting = self._parted(connection, owner, at, fitting, now_us)
            identity = str(uuid.uuid4())
            took = taking.take(connection, at, owner, going, now_us, identity)
            if took.added:
                count_added(connection, owner.number, len(took.added), now_us)
            if waiting:
                keep(connection, owner.number, (at.number, at.group_version), waiting, identity, now_us)
                told = {"member": owner.id, "event": "held", "objects": len(waiting), "status": identity}
                taking.appended(connection, [Record("membership", {**told, "at_us": now_us})])
            pending = tuple((one.id, now_us if one.version_us == UNVERSIONED else one.version_us) for one in waiting)
            outcome = replace(took, failures=(*failures, *unfit, *took.failures), pending=pending)
            body = resources.status(identity, now_us, outcome)
            keep_status(connection, identity, owner.number, now_us, body)
            return body

        return write

    def _parted(
        self, connection: sqlite3.Connection, owner: Member, at: Place, entries: Sequence[Entry], now_us: int
    ) -> tuple[Sequence[Entry], Sequence[Entry]]:
        """Part what goes in from what is held; writes nothing."""
        left = allowance(connection, owner.number, self._flood, now_us)
        if len(entries) <= left:
            return entries, ()
        going, waiting = surplus(connection, owner.number, at.number, entries, left)
        try:
            check_room(connection, owner.number, waiting, self._flood)
        except NotNow as error:
            raise TaxiiError(429, str(error), [_LATER]) from error
        return going, waiting
