"""Requests to learn who else is in something: asked, answered, and names told to pairs that both agreed.

Asking is agreeing. A refusal changes nothing that anybody else can see, so it looks like silence; it is kept for the
member's own account alone. Every function works inside a transaction of the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, NotNow
from stillwatch.store.exchange.members import FOREVER

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

    from stillwatch.model.membership import Member

OPEN_US: Final = 14 * 86_400_000_000
"""How long a request is open (us)."""
MOST_OPEN: Final = 5
"""Open requests of one member."""
TABLES: Final = """
CREATE TABLE unmask (
  at_us INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  reason TEXT NOT NULL,
  until_us INTEGER NOT NULL CHECK (until_us > at_us)
) STRICT;
CREATE TABLE unmask_members (
  member INTEGER NOT NULL REFERENCES members (number),
  request INTEGER NOT NULL REFERENCES unmask (at_us),
  asked INTEGER NOT NULL CHECK (asked IN (0, 1)),
  consent INTEGER CHECK (consent IN (0, 1)),
  at_us INTEGER NOT NULL,
  PRIMARY KEY (member, request),
  CHECK (asked = 0 OR consent = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX unmask_members_of ON unmask_members (request);
CREATE TRIGGER unmask_no_update BEFORE UPDATE ON unmask BEGIN SELECT RAISE(ABORT, 'a request stays'); END;
CREATE TRIGGER unmask_no_delete BEFORE DELETE ON unmask BEGIN SELECT RAISE(ABORT, 'a request stays'); END;
CREATE TRIGGER unmask_members_no_delete BEFORE DELETE ON unmask_members
BEGIN SELECT RAISE(ABORT, 'a request stays'); END;
CREATE TRIGGER unmask_members_told BEFORE UPDATE ON unmask_members
WHEN OLD.consent = 1 OR NEW.member <> OLD.member OR NEW.request <> OLD.request OR NEW.asked <> OLD.asked
BEGIN SELECT RAISE(ABORT, 'who agreed was named'); END;
"""


@dataclass(frozen=True, slots=True)
class Unmask:
    """A request as one member sees it."""

    at_us: int
    """When it was asked (us since 1970); no two share one."""
    id: str
    """UUID."""
    subject: str
    """STIX id, or ``joint:EPOCH:NAME``."""
    reason: str
    """In the words of the member that asks."""
    until_us: int
    """Until when it can be answered (us since 1970)."""
    asked: bool
    """Whether this member asks."""
    consent: bool | None
    """What this member answered, None where nothing."""
    names: tuple[str, ...]
    """Who else agreed; empty unless this member did."""


def ask(
    connection: sqlite3.Connection,
    member: Member,
    identity: str,
    subject: str,
    reason: str,
    others: Collection[int],
    now_us: int,
) -> Unmask | None:
    """Ask who else is in something; None where the member has an open request of this subject already.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    member
        Who asks.
    identity
        UUID of the request, drawn at random.
    subject, reason
        What it is about, and why.
    others
        Numbers of the members that are asked; there may be none, which the answer does not tell.
    now_us
        Now (us since 1970).

    Raises
    ------
    NotNow
        Too many of the member's requests are open.
    """
    mine = connection.execute(
        "SELECT u.subject FROM unmask_members m JOIN unmask u ON u.at_us = m.request"
        " WHERE m.member = ? AND m.asked AND u.until_us > ?",
        (member.number, now_us),
    ).fetchall()
    if (subject,) in mine:
        return None
    if len(mine) >= MOST_OPEN:
        raise NotNow(f"a member has at most {MOST_OPEN} open requests; one ends {OPEN_US // 86_400_000_000} days on")
    last = connection.execute("SELECT coalesce(max(at_us), 0) FROM unmask").fetchone()[0]
    at_us = max(now_us, last + 1)
    made = Unmask(at_us, identity, subject, reason, at_us + OPEN_US, asked=True, consent=True, names=())
    connection.execute("INSERT INTO unmask VALUES (?, ?, ?, ?, ?)", (at_us, identity, subject, reason, made.until_us))
    connection.execute("INSERT INTO unmask_members VALUES (?, ?, 1, 1, ?)", (member.number, at_us, now_us))
    connection.executemany(
        "INSERT INTO unmask_members VALUES (?, ?, 0, NULL, ?)",
        [(one, at_us, now_us) for one in sorted(set(others) - {member.number})],
    )
    return made


def reply(
    connection: sqlite3.Connection, member: Member, identity: str, *, consent: bool, now_us: int
) -> tuple[str, ...]:
    """Answer a request; who agrees is named to all that agreed, and they to it.

    Returns
    -------
    tuple of str
        UUIDs of the members that now learn a name, this one first; empty where nobody does.

    Raises
    ------
    InputError
        The member was not asked this.
    NotNow
        The request is over, or the member has agreed already.
    """
    row = connection.execute(
        "SELECT u.at_us, u.until_us, m.consent FROM unmask u JOIN unmask_members m ON m.request = u.at_us"
        " WHERE u.id = ? AND m.member = ? AND NOT m.asked",
        (identity, member.number),
    ).fetchone()
    if row is None:
        raise InputError("nothing of this id is asked of you")
    request, until_us, before = row
    if until_us <= now_us:
        raise NotNow("this request is over; nobody is named by it any more")
    if before:
        if consent:
            return ()
        raise NotNow("you have agreed, and your name was told; that cannot be taken back")
    connection.execute(
        "UPDATE unmask_members SET consent = ?, at_us = ? WHERE request = ? AND member = ?",
        (int(consent), now_us, request, member.number),
    )
    if not consent:
        return ()
    rows = connection.execute(
        "SELECT m.id FROM unmask_members a JOIN members m ON m.number = a.member"
        " WHERE a.request = ? AND a.consent = 1 AND a.member <> ? ORDER BY m.id",
        (request, member.number),
    )
    return (member.id, *(one for (one,) in rows))


def requests_of(
    connection: sqlite3.Connection, member: Member, after_us: int = -1, most: int = FOREVER
) -> list[Unmask]:
    """Give the requests that a member made or was asked, oldest first."""
    rows = connection.execute(
        "SELECT u.at_us, u.id, u.subject, u.reason, u.until_us, m.asked, m.consent"
        " FROM unmask_members m JOIN unmask u ON u.at_us = m.request"
        " WHERE m.member = ? AND m.request > ? ORDER BY m.request LIMIT ?",
        (member.number, after_us, most),
    ).fetchall()
    found = []
    for at_us, identity, subject, reason, until_us, asked, consent in rows:
        names = _names(connection, member, at_us) if consent else ()
        said = None if consent is None else bool(consent)
        found.append(Unmask(at_us, identity, subject, reason, until_us, bool(asked), said, names))
    return found


def _names(connection: sqlite3.Connection, member: Member, request: int) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT m.name FROM unmask_members a JOIN members m ON m.number = a.member"
        " WHERE a.request = ? AND a.consent = 1 AND a.member <> ? ORDER BY m.name",
        (request, member.number),
    )
    return tuple(name for (name,) in rows)
