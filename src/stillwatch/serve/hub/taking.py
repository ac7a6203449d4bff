"""What happens when objects go into a collection: they are written, counted as opinions, shown plain, and logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.model.exchange import UNVERSIONED, Failure, Record
from stillwatch.sharing.detector import claimed_sha256
from stillwatch.sharing.membership.handling import handling_of
from stillwatch.sharing.opinions import MOST_ABOUT, read_opinion
from stillwatch.sharing.taxii.incoming import read_entries
from stillwatch.sharing.taxii.times import moment
from stillwatch.store.exchange.detectors import checking, registered
from stillwatch.store.exchange.objects import plain_place, submit
from stillwatch.store.exchange.opinions import hold, room, submitted, withdraw
from stillwatch.store.exchange.subjects import listed, nobody, places_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from stillwatch.model.exchange import Entry, Outcome
    from stillwatch.model.membership import Member
    from stillwatch.sharing.taxii.incoming import Handles
    from stillwatch.store.exchange.objects import Place

    Appended = Callable[[sqlite3.Connection, Sequence[Record]], object]
    Plain = Callable[[bytes], Sequence[bytes]]

MOST_HEARD: Final = 5_000
"""Subjects that the opinions of one envelope may be about."""
LOGGED: Final = 100
"""Objects that one record of the log names: a record is bounded."""


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


class Taking:
    """Takes objects in, inside a writing transaction.

    Parameters
    ----------
    handling
        Reads how an object is to be handled from its marking references.
    plain
        Makes what the plain view of a collection shows of an object.
    appended
        Writes records to the transparency log, in the transaction of what they tell.
    """

    def __init__(self, handling: Handles = handling_of, plain: Plain = no_plain, appended: Appended = no_log) -> None:
        self.handling, self.appended = handling, appended
        self._plain = plain

    def fit(
        self, connection: sqlite3.Connection, owner: Member, entries: Sequence[Entry]
    ) -> tuple[list[Entry], list[Failure]]:
        """Part what may go in from what may not, for reasons that only the store knows; writes nothing.

        A group of accounts that names a detector must name one that the exchange knows, once it knows any; what names
        none claims nothing. Opinions are bounded in what they are about.
        """
        fitting: list[Entry] = []
        failures: list[Failure] = []
        asked, left = checking(connection), -1
        for entry in entries:
            why = ""
            if entry.type == "grouping" and asked:
                claimed = claimed_sha256(entry.body)
                if claimed and not registered(connection, claimed):
                    why = "detector_sha256 is of no detector that the exchange knows; GET /v1/detectors lists them"
            elif entry.type == "opinion" and not entry.revoked:
                about = len(read_opinion(entry.body)[1])
                left = left if left >= 0 else min(MOST_HEARD, room(connection, owner.number))
                if about > MOST_ABOUT:
                    why = f"an opinion is about at most {MOST_ABOUT} objects"
                elif about > left:
                    why = f"too many opinions: {MOST_HEARD:,} at once, and what the hub keeps of a member"
                else:
                    left -= about
            if why:
                failures.append(Failure(entry.id, _version(entry), why))
            else:
                fitting.append(entry)
        return fitting, failures

    def take(
        self,
        connection: sqlite3.Connection,
        at: Place,
        owner: Member,
        entries: Sequence[Entry],
        now_us: int,
        status: str,
    ) -> Outcome:
        """Write objects, with all that follows from them.

        Parameters
        ----------
        connection
            Inside a writing transaction.
        at, owner
            Where, and for whom; that the member may write there is checked by the caller.
        entries
            What was read, and fits.
        now_us
            Now (us since 1970).
        status
            UUID of the submission, for the log.
        """
        took = submit(connection, at.number, at.group_version, owner.number, entries, now_us)
        view = plain_place(connection, at.number)
        if view is not None:
            made, _ = read_entries(
                [one for entry in took.added for one in self._plain(entry.body)], self.handling, right
            )
            submit(connection, view, at.group_version, owner.number, made, now_us)
        for entry in took.added:
            known = listed(connection, entry.id)
            if (known or entry.type == "opinion") and _is_latest(connection, at.number, entry):
                if known:
                    submitted(connection, owner.number, at.number, entry.id, now_us, revoked=entry.revoked)
                if entry.type == "opinion":
                    _hear(connection, owner, entry, now_us)
        if took.added:
            self.appended(connection, list(_records(status, owner, at, now_us, took.added)))
        return took


def _is_latest(connection: sqlite3.Connection, collection: int, entry: Entry) -> bool:
    if entry.version_us == UNVERSIONED:
        return True
    row = connection.execute(
        "SELECT latest FROM objects WHERE collection = ? AND id = ? AND version = ?",
        (collection, entry.id, entry.version_us),
    ).fetchone()
    return bool(row and row[0])


def _hear(connection: sqlite3.Connection, owner: Member, entry: Entry, now_us: int) -> None:
    """Count a STIX opinion for its owner at the hub, whatever identity it names."""
    stance, about = read_opinion(entry.body)
    if entry.revoked or stance is None:
        about = ()
    withdraw(connection, owner.number, entry.id, now_us, but=about)
    for subject in about:
        places = places_of(connection, owner, subject, nobody)
        if places and stance:
            hold(connection, owner.number, subject, stance, places, now_us, origin=entry.id)


def _version(entry: Entry) -> str:
    return "" if entry.version_us == UNVERSIONED else moment(entry.version_us)


def _records(identity: str, owner: Member, at: Place, now_us: int, added: Sequence[Entry]) -> Iterator[Record]:
    """Tell of one submission: what was added, by its hash."""
    for start in range(0, len(added), LOGGED):
        yield Record(
            "submission",
            {
                "status": identity,
                "member": owner.id,
                "collection": at.id,
                "group_version": at.group_version,
                "at_us": now_us,
                "objects": [[one.id, one.digest.hex()] for one in added[start : start + LOGGED]],
            },
        )
