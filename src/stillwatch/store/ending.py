"""Ending early: the matter is settled, such as by a verification. What was decided was right and stays a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError, NotNow
from stillwatch.store import past
from stillwatch.store.callbacks import tell_over
from stillwatch.store.ledger import append
from stillwatch.store.persons import person, reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.store.database import Database


def end(database: Database, ids: Sequence[str], *, by: str, why: str, now_ms: int) -> None:
    """End decisions early; all of them or none.

    Parameters
    ----------
    database
        The store.
    ids
        Decisions. Those linked to them go on: a verification is one account's.
    by, why
        Id of the person, or of whoever answers for the verification, and the reason.
    now_ms
        What the clock says (ms since 1970).

    Raises
    ------
    InputError
        ``by`` names no person, no reason is given, or there is no such decision.
    NotNow
        One of them is over, undone or ended already, or only watched.

    Notes
    -----
    Other than undoing: the case stays, nothing goes to the calibration set, the ladder goes on from this step.
    """
    who, because = person(by), reason(why)
    with database.writing() as connection:
        for id_ in ids:
            found = past.by_id(connection, id_)
            if found is None:
                raise InputError(f"there is no decision {id_[:80]} on record")
            over = found.lifted_ms >= 0 or found.ended_ms >= 0 or now_ms >= found.decision.until_ms
            if over or found.decision.shadow:
                raise NotNow(f"{id_} is not in force: it is over, undone, or only watched")
            seq, at_ms = append(connection, "end", id_, {"by": who, "why": because}, now_ms)
            connection.execute("INSERT INTO ends VALUES (?, ?, ?, ?, ?)", (seq, id_, who, because, at_ms))
            tell_over(connection, found.decision, "ended", because, now_ms)
