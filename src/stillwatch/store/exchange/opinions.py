"""Opinions: one standing opinion a member and subject, the latest, counted by distinct members.

Whoever submits an object holds a positive opinion on it by that, until it says otherwise or takes the object back; no
row is kept for it. A subject is listed from the first opinion on that somebody gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import NotNow
from stillwatch.model.opinion import Judged, Stance, Tally
from stillwatch.store.exchange.subjects import JOINT, places_of, rights, seen_at, stir
from stillwatch.store.exchange.tags import bucketed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

    from stillwatch.model.membership import Member
    from stillwatch.store.exchange.subjects import Concerns

MOST_OPINIONS: Final = 50_000
"""Opinions that are kept of one member."""
PAGE: Final = 100
"""Subjects of a page."""
TABLES: Final = """
CREATE TABLE opinions (
  subject TEXT NOT NULL,
  member INTEGER NOT NULL REFERENCES members (number),
  place INTEGER NOT NULL,
  stance TEXT NOT NULL CHECK (stance IN ('negative', 'seed', 'positive')),
  explanation TEXT NOT NULL,
  origin TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  PRIMARY KEY (subject, member, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX opinions_of_members ON opinions (member, origin);
"""
"""``origin``: the STIX opinion or the docket that it came with, "" where it was given alone."""
_TALLY: Final = """
WITH here AS (SELECT place FROM subjects WHERE subject = ?1 AND place IN ({places}))
SELECT stance, count(*) FROM (
  SELECT o.member, o.stance FROM opinions o WHERE o.subject = ?1 AND o.place IN (SELECT place FROM here)
  UNION
  SELECT x.owner, 'positive' FROM here CROSS JOIN objects x INDEXED BY objects_ids ON x.collection = here.place
  WHERE x.id = ?1 AND x.latest AND NOT x.revoked
    AND NOT EXISTS (SELECT 1 FROM opinions p WHERE p.subject = ?1 AND p.member = x.owner)
) v JOIN members m ON m.number = v.member WHERE m.state = 'active' GROUP BY stance"""
_CHANGED: Final = f"""
SELECT s.subject, s.at_us FROM subjects s WHERE s.at_us > :since
  AND (s.place = {JOINT} OR {seen_at("s.place", "s.subject")}) ORDER BY s.at_us"""
_OWN: Final = """
SELECT DISTINCT c.number FROM collections c CROSS JOIN objects o INDEXED BY objects_ids ON o.collection = c.number
WHERE o.id = ? AND o.owner = ?"""
_HELD_BY: Final = """
SELECT place, subject FROM opinions WHERE member = ?1
UNION SELECT s.place, s.subject FROM subjects s CROSS JOIN objects o INDEXED BY objects_ids
  ON o.collection = s.place AND o.id = s.subject WHERE o.owner = ?1 AND o.latest"""


def hold(
    connection: sqlite3.Connection,
    member: int,
    subject: str,
    stance: Stance,
    places: Sequence[int],
    now_us: int,
    *,
    explanation: str = "",
    origin: str = "",
) -> bool:
    """Let a member hold an opinion from now on, instead of the one it held.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    member
        Number of the member.
    subject, stance
        What it is about, and what the member thinks.
    places
        Where the member sees the subject. Wherever it spoke of it before, by an opinion or by submitting it, it holds
        the new one, too.
    now_us
        Now (us since 1970).
    explanation
        Why, at most 2,000 characters.
    origin
        What it came with.

    Returns
    -------
    bool
        Whether anything has changed that others see.
    """
    before = dict(
        connection.execute("SELECT place, stance FROM opinions WHERE subject = ? AND member = ?", (subject, member))
    )
    every = sorted({*before, *places, *(row[0] for row in connection.execute(_OWN, (subject, member)))})
    connection.executemany(
        "INSERT OR REPLACE INTO opinions VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(subject, member, place, stance.value, explanation, origin, now_us) for place in every],
    )
    moved = [place for place in every if before.get(place) != stance.value]
    stir(connection, moved, subject, now_us)
    return bool(moved)


def withdraw(connection: sqlite3.Connection, member: int, origin: str, now_us: int, but: Collection[str] = ()) -> None:
    """Take the opinions back that a member holds since it submitted a STIX opinion, and no later ones.

    ``but`` names subjects that it still is about.
    """
    rows = connection.execute(
        "SELECT subject, place FROM opinions INDEXED BY opinions_of_members WHERE member = ? AND origin = ?",
        (member, origin),
    ).fetchall()
    for subject, place in rows:
        if subject not in but:
            row = (subject, member, place)
            connection.execute("DELETE FROM opinions WHERE subject = ? AND member = ? AND place = ?", row)
            stir(connection, (place,), subject, now_us)


def submitted(
    connection: sqlite3.Connection, member: int, collection: int, subject: str, now_us: int, *, revoked: bool
) -> None:
    """Note that a member has submitted the latest version of an object: that is what it says of it last.

    A member that takes its object back holds no positive opinion any more; a negative one stays.
    """
    own = "SELECT place FROM opinions WHERE subject = ? AND member = ?"
    if revoked:
        moved = connection.execute(own + " AND stance <> 'negative'", (subject, member)).fetchall()
        connection.execute(
            "DELETE FROM opinions WHERE subject = ? AND member = ? AND stance <> 'negative'", (subject, member)
        )
        stir(connection, [row[0] for row in moved if row[0] != collection], subject, now_us)
    elif held := connection.execute(own, (subject, member)).fetchall():
        hold(connection, member, subject, Stance.POSITIVE, [collection, *(row[0] for row in held)], now_us)
    listed = "SELECT 1 FROM subjects WHERE subject = ? AND place = ?"
    if connection.execute(listed, (subject, collection)).fetchone():
        stir(connection, (collection,), subject, now_us)


def room(connection: sqlite3.Connection, member: int) -> int:
    """Say how many more opinions are kept of a member."""
    kept = connection.execute("SELECT count(*) FROM opinions WHERE member = ?", (member,)).fetchone()[0]
    return max(0, MOST_OPINIONS - int(kept))


def check_room(connection: sqlite3.Connection, member: int, subject: str) -> None:
    """See that one more opinion may be kept.

    Raises
    ------
    NotNow
        The member holds as many as are kept.
    """
    if not room(connection, member) and not _holds(connection, member, subject):
        raise NotNow(f"a member holds at most {MOST_OPINIONS:,} opinions; ask the hub's operator")


def _holds(connection: sqlite3.Connection, member: int, subject: str) -> bool:
    found = connection.execute("SELECT 1 FROM opinions WHERE subject = ? AND member = ?", (subject, member))
    return found.fetchone() is not None


def tally(connection: sqlite3.Connection, subject: str, places: Sequence[int]) -> Tally:
    """Count distinct active members by what they think of a subject, at those of the places where it is listed.

    A change there moves the row of that place, so that whoever follows the rows has missed none.
    """
    sql = _TALLY.format(places=", ".join(str(int(place)) for place in places))
    return Tally(**dict(connection.execute(sql, (subject,)).fetchall()))


def changed(
    connection: sqlite3.Connection, member: Member, since_us: int, concerns: Concerns
) -> tuple[list[Judged], bool]:
    """Give the subjects that a member may see and that changed after a moment, in the order of their last change.

    Returns
    -------
    tuple
        A page, and whether there is more after it. A subject that is in two collections of the member's may come
        twice; both times with what is thought of it now.

    Notes
    -----
    Cost grows with the page and with what is skipped over: subjects that the member may not see.
    """
    found: list[Judged] = []
    for subject, at_us in connection.execute(_CHANGED, {**rights(member), "since": since_us}):
        places = places_of(connection, member, subject, concerns)
        if not places:
            continue
        if len(found) == PAGE:
            return found, True
        found.append(Judged(subject, tally(connection, subject, places), at_us))
    return found, False


def stood(connection: sqlite3.Connection, member: int, now_us: int) -> None:
    """Note that a member's opinions count from now on, or no longer: it was suspended or resumed, or has left."""
    for place, subject in connection.execute(_HELD_BY, (member,)).fetchall():
        stir(connection, (place,), subject, now_us)


def bucket(members: int) -> int:
    """Round a number of members down to 0, 1 or a bucket.

    Examples
    --------
    >>> [bucket(n) for n in (0, 1, 2, 4, 99)]
    [0, 1, 2, 3, 20]
    """
    return members if members < 2 else bucketed(members)
