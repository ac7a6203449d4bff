"""A person answers an appeal: upholds the decision, or overturns it with everything linked to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError
from stillwatch.store import past
from stillwatch.store.appeals import by_id, settle
from stillwatch.store.calibration import learn
from stillwatch.store.cases import close_case
from stillwatch.store.persons import person, reason
from stillwatch.store.undo import Scope, lift

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.store.appeals import Appeal
    from stillwatch.store.database import Database
    from stillwatch.store.undo import Undone


def uphold(database: Database, appeal: str, *, by: str, why: str, now_ms: int) -> Appeal:
    """Let a decision stand.

    Raises
    ------
    InputError
        ``by`` names no person, no reason is given, or there is no such open appeal.
    """
    who, because = person(by), reason(why)
    with database.writing() as connection:
        one = _open(connection, appeal)
        settle(connection, one, "upheld", who, because, now_ms)
        close_case(connection, one.case, "upheld", who, because, now_ms)
        found = past.by_id(connection, one.decision)
        assert found is not None
        learn(connection, found, "upheld", now_ms)
        return one


def overturn(database: Database, appeal: str, *, by: str, why: str, now_ms: int, only_account: bool = False) -> Undone:
    """Undo a decision and all that is linked to it, its campaign's decisions included.

    Parameters
    ----------
    database
        The store.
    appeal
        The appeal.
    by, why
        The person and the reason, which the customer reads.
    now_ms
        What the clock says (ms since 1970).
    only_account
        Lift what was decided about this account and leave the others of its campaign as they are.

    Raises
    ------
    InputError
        ``by`` names no person, no reason is given, or there is no such open appeal.
    """
    who, because = person(by), reason(why)
    with database.writing() as connection:
        one = _open(connection, appeal)
        return lift(connection, Scope(decision=one.decision, only_account=only_account), who, because, now_ms)


def _open(connection: sqlite3.Connection, id_: str) -> Appeal:
    one = by_id(connection, id_)
    if one is None:
        raise InputError(f"there is no appeal {id_[:80]}")
    if one.outcome:
        raise InputError(f"appeal {id_}: {one.by} answered it before: {one.outcome}")
    return one
