"""What members have opinions and dockets on: an object in a collection, or a joint campaign.

A subject is kept by the place where it is seen, a collection's number or ``JOINT``. An object of another collection
that bears the same identifier is another subject: nobody learns of one by making the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.model.membership import Role

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from stillwatch.model.membership import Member

    Concerns = Callable[[sqlite3.Connection | None, str, str], bool]

JOINT: Final = 0
"""Place of joint campaigns; collections are numbered from 1."""
PREFIX: Final = "joint:"
"""How their names begin."""
TABLES: Final = """
CREATE TABLE subjects (
  place INTEGER NOT NULL,
  subject TEXT NOT NULL,
  at_us INTEGER NOT NULL UNIQUE,
  PRIMARY KEY (subject, place)
) STRICT, WITHOUT ROWID;
"""
"""When what is thought of a subject last changed."""
_SEEN: Final = """
FROM collections c CROSS JOIN objects o INDEXED BY objects_ids ON o.collection = c.number
WHERE EXISTS (SELECT 1 FROM group_members i WHERE i.group_id = c.group_id AND i.member = :member
    AND i.version = (SELECT max(version) FROM groups g WHERE g.id = c.group_id))
  AND (o.owner = :member OR (
    o.group_version IN (SELECT version FROM group_members s WHERE s.group_id = c.group_id AND s.member = :member)
    AND o.tlp <= :ceiling AND o.purposes & :purposes))"""
_PLACES: Final = f"SELECT DISTINCT c.number {_SEEN} AND o.id = :subject ORDER BY 1"


def nobody(connection: sqlite3.Connection | None, member: str, subject: str) -> bool:
    """Say that no joint campaign concerns anybody."""
    del connection, member, subject
    return False


def seen_at(place: str, subject: str) -> str:
    """Write in SQL whether a member may read a version of an object of a place; its values are :func:`rights`."""
    return f"EXISTS (SELECT 1 {_SEEN} AND c.number = {place} AND o.id = {subject})"


def rights(member: Member) -> dict[str, int]:
    """Give what a member is bound to, for the SQL above."""
    return {"member": member.number, "ceiling": int(member.ceiling), "purposes": int(member.purposes)}


def places_of(connection: sqlite3.Connection, member: Member, subject: str, concerns: Concerns) -> tuple[int, ...]:
    """Give the places where a member may see a subject; none where it may not, or where there is no such subject.

    Parameters
    ----------
    connection
        Inside a transaction or a view.
    member
        As it stands now.
    subject
        STIX identifier or ``joint:EPOCH:NAME``.
    concerns
        Says of a joint campaign whether the member of this UUID is in it.
    """
    if not member.may(Role.READER):
        return ()
    if subject.startswith(PREFIX):
        return (JOINT,) if concerns(connection, member.id, subject) else ()
    return tuple(row[0] for row in connection.execute(_PLACES, {**rights(member), "subject": subject}))


def listed(connection: sqlite3.Connection, subject: str) -> bool:
    """Say whether anybody has ever had an opinion on a subject, anywhere."""
    return connection.execute("SELECT 1 FROM subjects WHERE subject = ? LIMIT 1", (subject,)).fetchone() is not None


def stir(connection: sqlite3.Connection, places: Iterable[int], subject: str, now_us: int) -> None:
    """Note that what is thought of a subject has changed, at a time of its own."""
    connection.executemany(
        "INSERT INTO subjects VALUES (?, ?, max(?, (SELECT coalesce(max(at_us), 0) + 1 FROM subjects)))"
        " ON CONFLICT (subject, place) DO UPDATE SET at_us = excluded.at_us",
        [(place, subject, now_us) for place in places],
    )
