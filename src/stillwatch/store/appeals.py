"""Appeals: what a customer says against a decision, and what a person answers.

The text is read by the person who answers and by nobody else: it is sealed at rest, goes into no ledger, no log and
no detector, and is removed when the appeal is answered or its time is over.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import Action
from stillwatch.model.errors import InputError, NotNow
from stillwatch.store import past
from stillwatch.store.callbacks import enqueue
from stillwatch.store.ledger import append
from stillwatch.store.sealed import seal, unseal

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.store.canonical import Plain
    from stillwatch.store.cases import Outcome
    from stillwatch.store.database import Database
    from stillwatch.store.sealed import AppealKeys

LONGEST: Final = 4_000
"""Characters of an appeal."""
KEPT_MS: Final = 60 * 86_400_000
"""A text that nobody answered is removed after this time (ms); the appeal itself stays open."""
PER_DECISION: Final = 3
"""Appeals against one decision, one at a time."""

_COLUMNS: Final = "id, decision, case_id, at_ms, epoch, sealed IS NOT NULL, outcome, by, why, answered_ms"


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal, without its text."""

    id: str
    """Id."""
    decision: str
    """Decision that it contests."""
    case: str
    """Case of that decision."""
    at_ms: int
    """When it came (ms since 1970)."""
    epoch: int
    """Epoch of the key that its text is sealed with."""
    has_text: bool
    """Whether the text is still there."""
    outcome: str
    """"" while it is open, else ``upheld`` or ``overturned`` (the decision, not the appeal)."""
    by: str
    """Person who answered."""
    why: str
    """What that person wrote to the customer."""
    answered_ms: int
    """When (ms since 1970), -1 while it is open."""


def _appeal(row: tuple[str, str, str, int, int, int, str, str, str, int]) -> Appeal:
    return Appeal(*row[:5], bool(row[5]), *row[6:])


def lodge(database: Database, keys: AppealKeys, decision: str, text: str, now_ms: int) -> Appeal:
    """Take an appeal in.

    Raises
    ------
    InputError
        The text is empty or too long.
    NotNow
        There is nothing to contest, an appeal is open, or there are appeals enough.
    """
    written = text.replace("\r\n", "\n").strip()
    if not written or len(written) > LONGEST:
        raise InputError(f"write what is wrong with the decision, in 1 to {LONGEST:,} characters")
    with database.writing() as connection:
        found = past.by_id(connection, decision)
        if found is None or found.decision.shadow or found.decision.action == Action.OBSERVE or found.lifted_ms >= 0:
            raise NotNow("there is nothing in force to contest")
        earlier = of_decision(connection, decision)
        if any(not one.outcome for one in earlier):
            raise NotNow("an appeal against this decision is open; it will be answered first")
        if len(earlier) >= PER_DECISION:
            raise NotNow(f"this decision was contested {PER_DECISION} times, and each time a person answered")
        id_ = "a-" + secrets.token_hex(10)
        _, at_ms = append(connection, "appeal", id_, {"decision": decision}, now_ms)
        connection.execute(
            "INSERT INTO appeals (id, decision, case_id, at_ms, epoch, sealed, keep_until_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (id_, decision, found.case, at_ms, keys.epoch, seal(keys, id_, written), now_ms + KEPT_MS),
        )
        made = by_id(connection, id_)
        assert made is not None
        return made


def by_id(connection: sqlite3.Connection, id_: str) -> Appeal | None:
    """Look an appeal up."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM appeals WHERE id = ?", (id_,)).fetchone()
    return _appeal(row) if row else None


def of_decision(connection: sqlite3.Connection, decision: str) -> tuple[Appeal, ...]:
    """Give the appeals against a decision, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM appeals WHERE decision = ? ORDER BY rowid", (decision,))
    return tuple(_appeal(row) for row in rows)


def open_appeals(connection: sqlite3.Connection, decision: str = "") -> tuple[Appeal, ...]:
    """Give the appeals that wait for an answer, the longest wait first; of one decision where it is named."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM appeals WHERE outcome = '' AND (?1 = '' OR decision = ?1) ORDER BY at_ms, rowid",
        (decision,),
    )
    return tuple(_appeal(row) for row in rows)


def answered(connection: sqlite3.Connection) -> tuple[Appeal, ...]:
    """Give the answered appeals, the last first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM appeals WHERE outcome <> '' ORDER BY answered_ms DESC, id")
    return tuple(_appeal(row) for row in rows)


def text_of(connection: sqlite3.Connection, keys: AppealKeys, appeal: Appeal) -> str:
    """Read what the customer wrote, "" where it was removed.

    Raises
    ------
    StoreTorn
        It was changed or sealed under another key.
    """
    (sealed,) = connection.execute("SELECT sealed FROM appeals WHERE id = ?", (appeal.id,)).fetchone()
    return unseal(keys, appeal.epoch, appeal.id, sealed) if sealed else ""


def settle(connection: sqlite3.Connection, one: Appeal, outcome: Outcome, by: str, why: str, now_ms: int) -> None:
    """Write an answer down, remove the text, and queue the outcome to be told."""
    _, at_ms = append(connection, "outcome", one.id, {"outcome": outcome, "by": by, "why": why}, now_ms)
    connection.execute(
        "UPDATE appeals SET outcome = ?, by = ?, why = ?, answered_ms = ?, sealed = NULL WHERE id = ?",
        (outcome, by, why, at_ms, one.id),
    )
    told: dict[str, Plain] = {"appeal": one.id, "case": one.case, "outcome": outcome, "at_ms": at_ms}
    enqueue(connection, "appeal.answered", one.decision, told, now_ms)


def forget_texts(database: Database, now_ms: int) -> int:
    """Remove the texts whose time is over; says how many."""
    with database.writing() as connection:
        done = connection.execute(
            "UPDATE appeals SET sealed = NULL WHERE sealed IS NOT NULL AND keep_until_ms <= ?", (now_ms,)
        )
        return done.rowcount
