"""What a member said of what was shared, for its account: opinions, reviews of dockets; and objects that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.store.exchange.books import Section

if TYPE_CHECKING:
    from stillwatch.store.exchange.books import Books, Row


def _opinions(books: Books, after: int, most: int) -> list[Row]:
    rows = books.hub.execute(
        "SELECT o.subject, o.stance, o.explanation, o.origin, o.at_us, group_concat(c.title, ', ')"
        " FROM opinions o LEFT JOIN collections c ON c.number = o.place WHERE o.member = ?"
        " GROUP BY o.subject, o.stance, o.explanation, o.origin, o.at_us ORDER BY o.subject, o.at_us"
        " LIMIT ? OFFSET ?",
        (books.member.number, most, after + 1),
    )
    return [
        {
            "at": at,
            "subject": subject,
            "stance": stance,
            "explanation": explanation,
            "origin": origin,
            "collections": titles,
            "at_us": at_us,
        }
        for at, (subject, stance, explanation, origin, at_us, titles) in enumerate(rows.fetchall(), after + 1)
    ]


def _dockets(books: Books, after: int, most: int) -> list[Row]:
    rows = books.hub.execute(
        "SELECT r.docket, d.subject, r.outcome, d.opener = r.member, r.at_us"
        " FROM reviews r JOIN dockets d ON d.id = r.docket WHERE r.member = ? ORDER BY r.docket LIMIT ? OFFSET ?",
        (books.member.number, most, after + 1),
    )
    return [
        {
            "at": at,
            "docket": docket,
            "subject": subject,
            "outcome": outcome,
            "by": "this member" if opened else "another member",
            "at_us": at_us,
        }
        for at, (docket, subject, outcome, opened, at_us) in enumerate(rows.fetchall(), after + 1)
    ]


def _held(books: Books, after: int, most: int) -> list[Row]:
    rows = books.hub.execute(
        "SELECT h.number, c.title, c.id, h.id, h.version, h.digest, h.at_us, h.body"
        " FROM held h JOIN collections c ON c.number = h.collection"
        " WHERE h.member = ? AND h.number > ? ORDER BY h.number LIMIT ?",
        (books.member.number, after, most),
    )
    return [
        {
            "at": at,
            "collection": title,
            "collection_id": collection,
            "id": identity,
            "version_us": version,
            "sha256": digest.hex(),
            "at_us": at_us,
            "object": body.decode(),
        }
        for at, title, collection, identity, version, digest, at_us, body in rows.fetchall()
    ]


JUDGED: Final = (
    Section(
        "held",
        "Objects that this member submitted above its measure of a day. They wait for the operator: released, they"
        " are among those sent; dropped, they are gone. The log tells of none before that.",
        _held,
    ),
    Section(
        "opinions",
        "Opinions that this member holds now, the latest of each subject. What it held before is in the log, by subject"
        " and time. What others think is told in buckets, and what was told is not recorded.",
        _opinions,
    ),
    Section(
        "dockets",
        "Dockets of appeals that this member opened or reviewed, with its own outcome as it is now; how it came to that"
        " is in the log, by docket. Outcomes of others are told in buckets, and what was told is not recorded.",
        _dockets,
    ),
)
"""Sections of an account that tell of opinions, dockets and held objects."""
