"""A person answers what waits: approves it, which puts it in force from now on, or declines it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stillwatch.model.decision import begun
from stillwatch.model.errors import InputError
from stillwatch.store.decisions import record
from stillwatch.store.persons import person, reason
from stillwatch.store.waiting import answer, held

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from stillwatch.model.decision import Decision
    from stillwatch.store.database import Database
    from stillwatch.store.waiting import Held


def approve(database: Database, ids: Sequence[str], *, by: str, why: str, now_ms: int) -> tuple[Decision, ...]:
    """Put what waits in force, in the name of a person; all of it or none.

    Returns
    -------
    tuple of Decision
        The decisions as recorded: the person's, each with its whole span from now on.

    Raises
    ------
    InputError
        ``by`` names no person, no reason is given, or one of the ids does not wait.
    """
    who, because = person(by), reason(why)
    with database.writing() as connection:
        found = [_open(connection, id_) for id_ in ids]
        made = [_begun_by(one.waiting.decision, who, now_ms) for one in found]
        for one in made:
            answer(connection, one.id, "approved", who, because, now_ms)
        verdicts = {one.waiting.decision.id: one.verdict for one in found if one.verdict}
        record(database, made, now_ms, verdicts=verdicts)
    return tuple(made)


def decline(database: Database, ids: Sequence[str], *, by: str, why: str, now_ms: int) -> None:
    """Let what waits rest; the ladder takes it for undone.

    Raises
    ------
    InputError
        ``by`` names no person, no reason is given, or one of the ids does not wait.
    """
    who, because = person(by), reason(why)
    with database.writing() as connection:
        for id_ in ids:
            answer(connection, _open(connection, id_).waiting.decision.id, "declined", who, because, now_ms)


def _open(connection: sqlite3.Connection, id_: str) -> Held:
    found = held(connection, id_)
    if found is None:
        raise InputError(f"nothing waits as {id_[:80]}")
    if found.answer:
        raise InputError(f"{id_} was {found.answer} before, by {found.by}")
    return found


def _begun_by(decision: Decision, by: str, now_ms: int) -> Decision:
    shift = now_ms - decision.at_ms
    return begun(
        replace(decision, by=by, at_ms=now_ms, from_ms=decision.from_ms + shift, until_ms=decision.until_ms + shift)
    )
