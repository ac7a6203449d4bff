"""What the operator does with the objects of a flood: release them to those they were shared with, or drop them."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError, NotNow
from stillwatch.model.exchange import Failure, Outcome, Record
from stillwatch.model.membership import State
from stillwatch.serve.hub.reading import writable
from stillwatch.serve.hub.taking import right
from stillwatch.sharing.taxii import resources
from stillwatch.sharing.taxii.incoming import read_entries
from stillwatch.store.exchange.held import held_of, let_go
from stillwatch.store.exchange.objects import change_status, places

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from stillwatch.model.membership import Member
    from stillwatch.serve.hub.taking import Taking
    from stillwatch.store.exchange.held import Held
    from stillwatch.store.exchange.objects import Place

_DROPPED = "the hub's operator dropped it: this member added more in a day than its measure"
_NOT_HERE = "this member may not submit here any more"


def release(connection: sqlite3.Connection, taking: Taking, owner: Member, now_us: int) -> tuple[int, int]:
    """Let what is held of a member go into its collections, dated now.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    taking
        Takes objects in, as for a submission.
    owner
        Whose.
    now_us
        Now (us since 1970).

    Returns
    -------
    tuple
        How many went in, and how many were not taken; the status of their submission says why.

    Raises
    ------
    InputError
        Nothing is held of this member.
    NotNow
        It is not active.
    """
    rows = _rows(connection, owner)
    if owner.state is not State.ACTIVE:
        raise NotNow(f"the member is {owner.state}; resume it, or drop what is held")
    every = {one.number: one for one in places(connection, owner)}
    went = 0
    for status, some in groupby(rows, key=lambda one: one.status):
        held = list(some)
        at = replace(every[held[0].collection], group_version=held[0].group_version)
        took = _taken(connection, taking, owner, at, held, now_us)
        went += len(took.successes)
        _settle(connection, status, took)
    _told(connection, taking, owner, "released", len(rows), now_us)
    return went, len(rows) - went


def drop(connection: sqlite3.Connection, taking: Taking, owner: Member, now_us: int) -> int:
    """Delete what is held of a member; gives how many objects.

    Raises
    ------
    InputError
        Nothing is held of this member.
    """
    rows = _rows(connection, owner)
    for status, some in groupby(rows, key=lambda one: one.status):
        failures = tuple(Failure(one.id, "", _DROPPED) for one in some)
        _settle(connection, status, Outcome((), failures, ()))
    _told(connection, taking, owner, "dropped", len(rows), now_us)
    return len(rows)


def _rows(connection: sqlite3.Connection, owner: Member) -> list[Held]:
    rows = held_of(connection, owner.number)
    if not rows:
        raise InputError("nothing is held of this member; `stillwatch hub held list` shows all")
    let_go(connection, [one.number for one in rows])
    return rows


def _taken(
    connection: sqlite3.Connection, taking: Taking, owner: Member, at: Place, held: Sequence[Held], now_us: int
) -> Outcome:
    if not writable(owner, at):
        return Outcome((), tuple(Failure(one.id, "", _NOT_HERE) for one in held), ())
    entries, failures = read_entries([one.body for one in held], taking.handling, right)
    fitting, unfit = taking.fit(connection, owner, entries)
    took = taking.take(connection, at, owner, fitting, now_us, held[0].status)
    return replace(took, failures=(*failures, *unfit, *took.failures))


def _settle(connection: sqlite3.Connection, status: str, outcome: Outcome) -> None:
    change_status(connection, status, lambda body: resources.settled(body, outcome))


def _told(connection: sqlite3.Connection, taking: Taking, owner: Member, event: str, count: int, now_us: int) -> None:
    told = {"member": owner.id, "event": event, "objects": count, "at_us": now_us}
    taking.appended(connection, [Record("membership", told)])
