"""What is on record, read: decisions of an account, a campaign, a case; who was acted on lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.model.decision import Action, OnRecord
from stillwatch.store.waiting import declined
from stillwatch.store.written import SELECTED, on_record, verdict_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from stillwatch.model.decision import Decision
    from stillwatch.model.verdict import Verdict

_FROM: Final = (
    f"SELECT {SELECTED} FROM decisions d LEFT JOIN lifts l ON l.decision = d.id LEFT JOIN ends e ON e.decision = d.id"
)


def by_id(connection: sqlite3.Connection, id_: str) -> OnRecord | None:
    """Look a decision up."""
    row = connection.execute(f"{_FROM} WHERE d.id = ?", (id_,)).fetchone()
    return on_record(row) if row else None


def of_account(connection: sqlite3.Connection, account: int) -> tuple[OnRecord, ...]:
    """Give the decisions of an account, oldest first."""
    return tuple(
        on_record(row) for row in connection.execute(f"{_FROM} WHERE d.account = ? ORDER BY d.seq", (account,))
    )


def of_campaign(connection: sqlite3.Connection, campaign: str) -> tuple[OnRecord, ...]:
    """Give the decisions of a campaign, oldest first."""
    rows = connection.execute(f"{_FROM} WHERE d.campaign = ? AND d.campaign <> '' ORDER BY d.seq", (campaign,))
    return tuple(on_record(row) for row in rows)


def of_case(connection: sqlite3.Connection, case: str) -> tuple[OnRecord, ...]:
    """Give the decisions of a case, oldest first."""
    return tuple(on_record(row) for row in connection.execute(f"{_FROM} WHERE d.case_id = ? ORDER BY d.seq", (case,)))


def latest(connection: sqlite3.Connection, most: int = -1) -> tuple[OnRecord, ...]:
    """Give decisions, the newest first; all where ``most`` is negative."""
    return tuple(on_record(row) for row in connection.execute(f"{_FROM} ORDER BY d.seq DESC LIMIT ?", (most,)))


def histories(connection: sqlite3.Connection, accounts: Iterable[int]) -> dict[int, tuple[OnRecord, ...]]:
    """Give the history of each account, oldest first: decisions, and those that a person declined, as undone ones."""
    found = {}
    for account in accounts:
        no = tuple(OnRecord(one.waiting.decision, "", at_ms) for one, at_ms in declined(connection, account))
        past = of_account(connection, account) + no
        if past:
            found[account] = tuple(sorted(past, key=lambda one: one.decision.at_ms))
    return found


def verdict(connection: sqlite3.Connection, decision: str) -> Verdict | None:
    """Give the verdict that a decision comes from, where it was recorded."""
    row = connection.execute("SELECT body FROM verdicts WHERE decision = ?", (decision,)).fetchone()
    return verdict_of(row[0]) if row else None


def sentence(connection: sqlite3.Connection, decision: Decision) -> str:
    """Give the sentence of a decision's clause as it read then, "" where it was not recorded."""
    row = connection.execute(
        "SELECT sentence FROM clauses WHERE terms = ? AND id = ?", (decision.terms, decision.clause)
    ).fetchone()
    return str(row[0]) if row else ""


def acted_on(connection: sqlite3.Connection, after_ms: int) -> dict[int, str]:
    """Give the accounts that automatic decisions were taken about after a moment, each with its campaign or "".

    Shadow decisions and mere observations do not count. Undone ones do: they had been made.
    """
    rows = connection.execute(
        "SELECT account, campaign FROM decisions WHERE at_ms > ? AND by = 'policy' AND shadow = 0 AND action > ?",
        (after_ms, int(Action.OBSERVE)),
    )
    return dict(rows.fetchall())


def last_begun(connection: sqlite3.Connection, after_ms: int) -> dict[int, int]:
    """Give the accounts with a step that nobody undid and that did not end by a moment -> when the last one began."""
    rows = connection.execute(
        "SELECT d.account, max(d.from_ms) FROM decisions d LEFT JOIN ends e ON e.decision = d.id"
        " WHERE min(d.until_ms, coalesce(e.at_ms, d.until_ms)) > ?"
        " AND NOT EXISTS (SELECT 1 FROM lifts l WHERE l.decision = d.id) GROUP BY d.account",
        (after_ms,),
    )
    return dict(rows.fetchall())
