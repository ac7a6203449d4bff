"""Cases: what joins the verdicts, decisions and appeals of one account, or of one campaign.

A case is open until it is overturned; an upheld one goes on. What is decided after an overturned one is a new case.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stillwatch.store.ledger import append

if TYPE_CHECKING:
    import sqlite3

Outcome: TypeAlias = Literal["upheld", "overturned"]

_LAST: Final = "coalesce((SELECT outcome FROM outcomes o WHERE o.case_id = c.id ORDER BY o.id DESC LIMIT 1), '')"


@dataclass(frozen=True, slots=True)
class Case:
    """One case."""

    id: str
    """Stable id."""
    account: int | None
    """Pseudonym, where it is one account's."""
    campaign: str
    """Campaign, "" where it is one account's."""
    opened_ms: int
    """When its first decision was taken (ms since 1970)."""
    outcome: str
    """"" while nobody has answered, else ``upheld`` or ``overturned``."""


def _where(account: int, campaign: str) -> tuple[str, tuple[str | int, ...]]:
    return ("c.campaign = ? AND c.campaign <> ''", (campaign,)) if campaign else ("c.account = ?", (account,))


def cases_of(connection: sqlite3.Connection, account: int, campaign: str = "") -> tuple[Case, ...]:
    """Give all cases of a campaign, or of an account where no campaign is named, oldest first."""
    where, values = _where(account, campaign)
    rows = connection.execute(
        f"SELECT c.id, c.account, c.campaign, c.opened_ms, {_LAST} FROM cases c WHERE {where} ORDER BY c.rowid",
        values,
    )
    return tuple(Case(*row) for row in rows)


def case(connection: sqlite3.Connection, id_: str) -> Case | None:
    """Look a case up."""
    row = connection.execute(
        f"SELECT c.id, c.account, c.campaign, c.opened_ms, {_LAST} FROM cases c WHERE c.id = ?", (id_,)
    ).fetchone()
    return Case(*row) if row else None


def open_case(connection: sqlite3.Connection, account: int, campaign: str, now_ms: int) -> str:
    """Give the id of the open case, made where there is none."""
    known = cases_of(connection, account, campaign)
    if known and known[-1].outcome != "overturned":
        return known[-1].id
    whose = f"campaign {campaign}" if campaign else f"account {account}"
    made = "c-" + hashlib.sha256(f"{whose} {len(known)}".encode()).hexdigest()[:20]
    connection.execute("INSERT INTO cases VALUES (?, ?, ?, ?)", (made, None if campaign else account, campaign, now_ms))
    return made


def close_case(connection: sqlite3.Connection, id_: str, outcome: Outcome, by: str, why: str, now_ms: int) -> bool:
    """Write down a person's answer to a case; says whether that was news."""
    known = case(connection, id_)
    if known is None or known.outcome == outcome:
        return False
    _, at_ms = append(connection, "case", id_, {"outcome": outcome, "by": by, "why": why}, now_ms)
    connection.execute(
        "INSERT INTO outcomes (case_id, outcome, by, why, at_ms) VALUES (?, ?, ?, ?, ?)", (id_, outcome, by, why, at_ms)
    )
    return True
