"""What a member submits: read outside the writer, written in its turn, rights looked at again in between."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from stillwatch.model.exchange import Outcome, Record
from stillwatch.serve.hub.reading import opened, writable
from stillwatch.sharing.membership.handling import handling_of
from stillwatch.sharing.taxii import resources
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.sharing.taxii.incoming import cut, read_entries
from stillwatch.store.exchange.members import member_named
from stillwatch.store.exchange.objects import keep_status, plain_place, submit

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from stillwatch.model.exchange import Entry
    from stillwatch.model.membership import Member
    from stillwatch.serve.hub.reading import Route
    from stillwatch.sharing.taxii.incoming import Check, Handles
    from stillwatch.store.exchange.objects import Place

    Appended = Callable[[sqlite3.Connection, Sequence[Record]], object]
    Plain = Callable[[bytes], Sequence[bytes]]
    Job = Callable[[sqlite3.Connection, int], bytes]


LOGGED: Final = 40
"""Objects of one record of the log: so many, with the longest identifiers, are within what a record may have."""


def right(body: bytes) -> Sequence[str]:
    """Find nothing wrong with an object."""
    del body
    return ()


def no_plain(body: bytes) -> Sequence[bytes]:
    """Make no plain objects."""
    del body
    return ()


def no_log(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Log nothing."""
    del connection, records


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
    """

    def __init__(
        self,
        check: Check = right,
        handling: Handles = handling_of,
        plain: Plain = no_plain,
        appended: Appended = no_log,
    ) -> None:
        self._check, self._handling, self._plain, self._appended = check, handling, plain, appended

    def job(self, member: Member, route: Route, content: bytes) -> Job:
        """Read what was sent; what is left is to write it.

        Raises
        ------
        TaxiiError
            400: it is no envelope. 413: it holds too many objects.
        """
        entries, failures = read_entries(cut(content), self._handling, self._check)

        def write(connection: sqlite3.Connection, now_us: int) -> bytes:
            """Write it, where the member still may."""
            owner = member_named(connection, member.id)
            at = opened(connection, owner, route)
            if not writable(owner, at):
                raise TaxiiError(403, "this member may not submit here")
            took = submit(connection, at.number, at.group_version, owner.number, entries, now_us)
            outcome = Outcome(took.successes, (*failures, *took.failures), took.added)
            view = plain_place(connection, at.number)
            if view is not None:
                made, _ = read_entries(
                    [one for entry in took.added for one in self._plain(entry.body)], self._handling, right
                )
                submit(connection, view, at.group_version, owner.number, made, now_us)
            identity = str(uuid.uuid4())
            body = resources.status(identity, now_us, outcome)
            keep_status(connection, identity, owner.number, now_us, body)
            if took.added:
                self._appended(connection, _records(identity, owner, at, now_us, took.added))
            return body

        return write


def _records(identity: str, owner: Member, at: Place, now_us: int, added: Sequence[Entry]) -> list[Record]:
    """Tell of one submission: what was added, by its hash; in several records where there is much of it."""
    told = {
        "status": identity,
        "member": owner.id,
        "collection": at.id,
        "group_version": at.group_version,
        "at_us": now_us,
    }
    return [
        Record("submission", {**told, "objects": [[one.id, one.digest.hex()] for one in added[first : first + LOGGED]]})
        for first in range(0, len(added), LOGGED)
    ]
