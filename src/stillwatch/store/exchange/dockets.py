"""The shared appeal docket: whoever acted on a subject reviews its own case when one of them was appealed.

Kept are subject, docket, member and outcome; no customer, account or text of a case.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import NotNow
from stillwatch.model.opinion import Docket, Review
from stillwatch.store.exchange.subjects import JOINT, places_of, rights, seen_at

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from stillwatch.model.membership import Member
    from stillwatch.store.exchange.subjects import Concerns

MOST_DOCKETS: Final = 10_000
"""Dockets that one member may open."""
PAGE: Final = 100
"""Dockets of a page."""
TABLES: Final = """
CREATE TABLE dockets (
  id TEXT NOT NULL PRIMARY KEY,
  subject TEXT NOT NULL,
  opener INTEGER NOT NULL REFERENCES members (number),
  at_us INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
CREATE INDEX dockets_of_members ON dockets (opener, subject);
CREATE TABLE docket_places (
  docket TEXT NOT NULL REFERENCES dockets (id),
  place INTEGER NOT NULL,
  PRIMARY KEY (docket, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE reviews (
  docket TEXT NOT NULL REFERENCES dockets (id),
  member INTEGER NOT NULL REFERENCES members (number),
  outcome TEXT NOT NULL CHECK (outcome IN ('opened', 'overturned', 'upheld', 'not-acted')),
  at_us INTEGER NOT NULL,
  PRIMARY KEY (docket, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX reviews_of_members ON reviews (member);
"""
_CHANGED: Final = f"""
SELECT d.id, d.subject, d.at_us FROM dockets d WHERE d.at_us > :since AND EXISTS (
  SELECT 1 FROM docket_places p WHERE p.docket = d.id AND (p.place = {JOINT} OR {seen_at("p.place", "d.subject")}))
ORDER BY d.at_us"""


def open_docket(
    connection: sqlite3.Connection, member: int, subject: str, places: Sequence[int], identity: str, now_us: int
) -> tuple[str, bool]:
    """Open a docket, or give the one that this member has open on the subject already.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    member
        Number of the member whose customer appealed.
    subject, places
        What was acted on, and where the member sees it.
    identity
        UUID for a new docket.
    now_us
        Now (us since 1970).

    Returns
    -------
    tuple
        Its id, and whether it is new.

    Raises
    ------
    NotNow
        The member has opened as many as it may.
    """
    row = connection.execute(
        "SELECT d.id FROM dockets d JOIN reviews r ON r.docket = d.id AND r.member = d.opener"
        " WHERE d.opener = ? AND d.subject = ? AND r.outcome = 'opened'",
        (member, subject),
    ).fetchone()
    if row:
        return str(row[0]), False
    opened = connection.execute("SELECT count(*) FROM dockets WHERE opener = ?", (member,)).fetchone()[0]
    if opened >= MOST_DOCKETS:
        raise NotNow(f"a member opens at most {MOST_DOCKETS:,} dockets; ask the hub's operator")
    connection.execute(
        "INSERT INTO dockets VALUES (?, ?, ?, ?)", (identity, subject, member, _next(connection, now_us))
    )
    connection.executemany("INSERT INTO docket_places VALUES (?, ?)", [(identity, place) for place in places])
    return identity, True


def review(connection: sqlite3.Connection, docket: str, member: int, outcome: Review, now_us: int) -> bool:
    """Write down what a member's own review came to; False where it had said so before.

    Raises
    ------
    NotNow
        It has overturned its case, which stays so, or it opened the docket, so that it has acted.
    """
    before = own_review(connection, docket, member)
    if before is outcome:
        return False
    if before is Review.OVERTURNED:
        raise NotNow("this member has overturned its case; that stays")
    if outcome is Review.NOT_ACTED and _opener(connection, docket) == member:
        raise NotNow("the member that opened a docket has acted; its outcome is overturned or upheld")
    connection.execute("INSERT OR REPLACE INTO reviews VALUES (?, ?, ?, ?)", (docket, member, outcome.value, now_us))
    _stir(connection, docket, now_us)
    return True


def own_review(connection: sqlite3.Connection, docket: str, member: int) -> Review | None:
    """Give what a member has said of a docket; None where it has said nothing."""
    row = connection.execute("SELECT outcome FROM reviews WHERE docket = ? AND member = ?", (docket, member)).fetchone()
    return Review(row[0]) if row else None


def _opener(connection: sqlite3.Connection, docket: str) -> int:
    return int(connection.execute("SELECT opener FROM dockets WHERE id = ?", (docket,)).fetchone()[0])


def subject_of(
    connection: sqlite3.Connection, member: Member, docket: str, concerns: Concerns
) -> tuple[str, list[int]]:
    """Give the subject of a docket and where a member sees it; "" and no place where it may not see the docket."""
    row = connection.execute("SELECT subject FROM dockets WHERE id = ?", (docket,)).fetchone()
    if row is None:
        return "", []
    kept = {one[0] for one in connection.execute("SELECT place FROM docket_places WHERE docket = ?", (docket,))}
    places = [one for one in places_of(connection, member, row[0], concerns) if one in kept]
    return (row[0], places) if places else ("", [])


def changed(
    connection: sqlite3.Connection, member: Member, since_us: int, concerns: Concerns
) -> tuple[list[Docket], bool]:
    """Give the dockets on subjects that a member may see and that changed after a moment, in that order.

    Returns
    -------
    tuple
        A page, and whether there is more after it.
    """
    found: list[Docket] = []
    for identity, subject, at_us in connection.execute(_CHANGED, {**rights(member), "since": since_us}):
        _, places = subject_of(connection, member, identity, concerns)
        if not places:
            continue
        if len(found) == PAGE:
            return found, True
        rows = _reviews(connection, identity, places)
        others = Counter(Review(outcome) for number, outcome in rows if number != member.number)
        own = next((Review(outcome) for number, outcome in rows if number == member.number), None)
        found.append(Docket(identity, subject, own, others, at_us))
    return found, False


def _reviews(connection: sqlite3.Connection, docket: str, places: Sequence[int]) -> list[tuple[int, str]]:
    """Give the reviews of active members that were in a group of these places: of others a reader knows nothing."""
    joint = JOINT in places
    listed = ", ".join(str(int(place)) for place in places)
    return connection.execute(
        "SELECT r.member, r.outcome FROM reviews r JOIN members m ON m.number = r.member"
        " WHERE r.docket = ?1 AND m.state = 'active' AND (?2 OR EXISTS ("
        "  SELECT 1 FROM collections c JOIN group_members g ON g.group_id = c.group_id AND g.member = r.member"
        f"  WHERE c.number IN ({listed})))",
        (docket, joint),
    ).fetchall()


def stood(connection: sqlite3.Connection, member: int, now_us: int) -> None:
    """Note that a member's reviews count from now on, or no longer."""
    rows = connection.execute("SELECT docket FROM reviews WHERE member = ? ORDER BY docket", (member,)).fetchall()
    for (docket,) in rows:
        _stir(connection, docket, now_us)


def _next(connection: sqlite3.Connection, now_us: int) -> int:
    return max(now_us, int(connection.execute("SELECT coalesce(max(at_us), 0) FROM dockets").fetchone()[0]) + 1)


def _stir(connection: sqlite3.Connection, docket: str, now_us: int) -> None:
    connection.execute("UPDATE dockets SET at_us = ? WHERE id = ?", (_next(connection, now_us), docket))
