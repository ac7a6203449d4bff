"""Verifying: whether the ledger's chain holds, and whether the tables say what the ledger says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import StoreTorn
from stillwatch.store.agree import disagreements, of_entry
from stillwatch.store.ledger import START, Head, chained, entries
from stillwatch.store.schema import TRIGGERS, statements

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from stillwatch.store.database import Database
    from stillwatch.store.ledger import Entry

MOST: Final = 50
"""Troubles told; past it the rest is only said to exist."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that does not hold."""

    seq: int
    """Entry it is about, 0 where it is about the store as a whole."""
    what: str
    """What was found, one sentence."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying found."""

    entries: int
    """Entries read."""
    head: Head
    """End of the chain."""
    troubles: tuple[Trouble, ...]
    """What does not hold, in order; empty where all does."""


def verify(database: Database, heads: Sequence[Head] = ()) -> Verified:
    """Verify the ledger and the tables beside it.

    Parameters
    ----------
    database
        The store.
    heads
        Ends of the ledger exported earlier and kept elsewhere.

    Returns
    -------
    Verified
        Empty ``troubles`` where everything holds.

    Notes
    -----
    Reads everything, some 20 microseconds an entry. Finds any change, removal, reordering or insertion of an entry,
    and any row of a decision, an undo, an answer or the switch that says something else than its entry.
    Blind spot: without a head kept elsewhere, a whole ledger written anew with matching tables, or one whose end was
    cut off together with its rows, verifies. Export heads to a place that this machine cannot write to.
    """
    found: list[Trouble] = []
    last, count = Head(0, START), 0
    wanted = {one.seq: one for one in heads}
    with database.reading() as connection:
        for trouble in _walk_whole(connection):
            _add(found, trouble)
        before_ms = -(1 << 63)
        for entry in entries(connection):
            count += 1
            for trouble in (*_of_chain(entry, last, before_ms), *_of_head(entry, wanted)):
                _add(found, trouble)
            for what in of_entry(connection, entry):
                _add(found, Trouble(entry.seq, what))
            last, before_ms = Head(entry.seq, entry.hash), entry.at_ms
        for what in disagreements(connection):
            _add(found, Trouble(0, what))
    for head in heads:
        if head.seq > last.seq:
            _add(
                found, Trouble(head.seq, f"the ledger ends at {last.seq}, the exported head is {head.seq}: it was cut")
            )
    return Verified(count, last, tuple(sorted(found, key=lambda one: one.seq)))


def _add(found: list[Trouble], trouble: Trouble) -> None:
    if len(found) < MOST:
        found.append(trouble)
    elif len(found) == MOST:
        found.append(Trouble(trouble.seq, "and more"))


def _of_chain(entry: Entry, last: Head, before_ms: int) -> Iterator[Trouble]:
    if entry.seq != last.seq + 1:
        yield Trouble(entry.seq, f"entries {last.seq + 1} to {entry.seq - 1} are missing")
    made = chained(last.hash, entry.seq, entry.at_ms, entry.clock_ms, entry.kind, entry.subject, entry.body)
    if made != entry.hash:
        yield Trouble(entry.seq, f"the entry ({entry.kind} {entry.subject}) or the one before it was changed")
    if entry.at_ms < before_ms:
        yield Trouble(entry.seq, "its time is before that of the entry before it")


def _of_head(entry: Entry, wanted: dict[int, Head]) -> Iterator[Trouble]:
    if entry.seq in wanted and wanted[entry.seq].hash != entry.hash:
        yield Trouble(entry.seq, "the exported head of this entry is another: the ledger was written anew up to here")


def _walk_whole(connection: sqlite3.Connection) -> Iterator[Trouble]:
    for (line,) in connection.execute("PRAGMA integrity_check(5)"):
        if line != "ok":
            yield Trouble(0, f"the file is damaged: {line}")
    have = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    for wanted in statements(TRIGGERS):
        text = wanted.strip().rstrip(";")
        name = text.split()[2]
        if have.pop(name, "") != text:
            yield Trouble(0, f"the rule {name} that keeps rows from being changed is gone or another")
    for name in sorted(have):
        yield Trouble(0, f"there is a rule {name} that this program did not make")


def readable(database: Database, heads: Sequence[Head] = ()) -> Verified:
    """Verify a file that may be torn: what SQLite itself cannot read becomes a trouble as well."""
    try:
        return verify(database, heads)
    except StoreTorn as error:
        return Verified(0, Head(0, START), (Trouble(0, str(error)),))


def head_text(head: Head) -> str:
    """Write a head for export."""
    return json.dumps({"seq": head.seq, "hash": head.hash.hex()})
