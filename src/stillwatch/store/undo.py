"""Undoing: every linked decision lifted, the case overturned, the evidence kept to calibrate with. One transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError
from stillwatch.store import past
from stillwatch.store.appeals import open_appeals, settle
from stillwatch.store.calibration import learn
from stillwatch.store.callbacks import tell_over
from stillwatch.store.cases import cases_of, close_case
from stillwatch.store.ledger import append
from stillwatch.store.persons import person, reason
from stillwatch.store.waiting import all_held, answer

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.model.decision import OnRecord
    from stillwatch.store.database import Database


@dataclass(frozen=True, slots=True)
class Scope:
    """What is undone. Exactly one of the first three is given."""

    decision: str = ""
    """A decision, with all of its case: of its campaign where it has one, else of its account."""
    campaign: str = ""
    """All of a campaign."""
    account: int | None = None
    """All of one account, in whatever campaign."""
    only_account: bool = False
    """With ``decision``: all of its account and nothing of the campaign's others."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone."""

    lifted: tuple[OnRecord, ...]
    """Decisions lifted now, as they stood before."""
    cases: tuple[str, ...]
    """Cases overturned now."""
    declined: tuple[str, ...]
    """Decisions that waited and were declined with it."""


def undo(database: Database, scope: Scope, *, by: str, why: str, now_ms: int) -> Undone:
    """Undo decisions completely.

    Parameters
    ----------
    database
        The store.
    scope
        What is undone.
    by, why
        Id of the person and the reason; both are kept in the ledger.
    now_ms
        What the clock says (ms since 1970).

    Returns
    -------
    Undone
        What was lifted. Empty where it had been undone before: nothing is written twice.

    Raises
    ------
    InputError
        There is no such decision, campaign or account on record; or ``by`` names no person.
    StoreError
        Nothing was written.

    Notes
    -----
    Afterwards every account's standing is what it would be had the lifted decisions never been taken. They stay
    on record, count as no step of the ladder, and their evidence is added to the calibration set.
    """
    who, because = person(by), reason(why)
    with database.writing() as connection:
        return lift(connection, scope, who, because, now_ms)


def lift(connection: sqlite3.Connection, scope: Scope, by: str, why: str, now_ms: int) -> Undone:
    """Undo inside a transaction, for a person and a reason that were checked."""
    found, closed = _reach(connection, scope)
    fresh = tuple(one for one in found if one.lifted_ms < 0)
    for one in found:
        for appeal in open_appeals(connection, one.decision.id):
            settle(connection, appeal, "overturned", by, why, now_ms)
    for one in fresh:
        seq, at_ms = append(connection, "undo", one.decision.id, {"by": by, "why": why}, now_ms)
        connection.execute("INSERT INTO lifts VALUES (?, ?, ?, ?, ?)", (seq, one.decision.id, by, why, at_ms))
        learn(connection, one, "overturned", now_ms)
        tell_over(connection, one.decision, "undone", why, now_ms)
    cases = tuple(case for case in closed if close_case(connection, case, "overturned", by, why, now_ms))
    accounts = {one.decision.account for one in found}
    campaigns = {one.decision.campaign for one in found} - {""} if not _narrow(scope) else set()
    waits = [
        one.waiting.decision
        for one in all_held(connection)
        if one.waiting.decision.account in accounts or one.waiting.decision.campaign in campaigns
    ]
    for waiting in waits:
        answer(connection, waiting.id, "declined", by, why, now_ms)
    return Undone(fresh, cases, tuple(waiting.id for waiting in waits))


def _narrow(scope: Scope) -> bool:
    return scope.only_account or scope.account is not None


def _reach(connection: sqlite3.Connection, scope: Scope) -> tuple[tuple[OnRecord, ...], list[str]]:
    """Find what is linked, and the cases that are overturned as a whole."""
    if sum((bool(scope.decision), bool(scope.campaign), scope.account is not None)) != 1:
        raise InputError("name one thing to undo: a decision, --campaign or --account")
    if scope.campaign:
        return _known(past.of_campaign(connection, scope.campaign), "campaign", scope.campaign), [
            case.id for case in cases_of(connection, 0, scope.campaign)
        ]
    account = scope.account
    if scope.decision:
        one = past.by_id(connection, scope.decision)
        if one is None:
            raise InputError(f"there is no decision {scope.decision} on record")
        if not scope.only_account:
            return past.of_case(connection, one.case), [one.case]
        account = one.decision.account
    assert account is not None
    found = _known(past.of_account(connection, account), "account", str(account))
    return found, [case.id for case in cases_of(connection, account)]


def _known(found: tuple[OnRecord, ...], what: str, name: str) -> tuple[OnRecord, ...]:
    if not found:
        raise InputError(f"there is no decision about {what} {name} on record")
    return found
