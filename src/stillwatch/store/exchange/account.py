"""Everything that one member ever sent or received, section by section, for itself and for whoever supervises it.

A section is a function of the hub's books that gives rows after a place, at most so many, rising by ``at``. It shows
what the member itself knows, never another member's name or id. What was actually served is not recorded, so what a
member could read is shown in its place. What it said of what was shared, and what it matched, is in ``account_judging``
and ``account_matching``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.store.exchange.account_judging import JUDGED
from stillwatch.store.exchange.account_matching import MATCHED
from stillwatch.store.exchange.books import Section
from stillwatch.store.exchange.sent import entry_of
from stillwatch.store.exchange.unmasking import requests_of

if TYPE_CHECKING:
    from stillwatch.store.exchange.books import Books, Row


def _sent(books: Books, after: int, most: int) -> list[Row]:
    rows = books.hub.execute(
        f"SELECT {_OBJECT} WHERE o.owner = ? AND o.date_added > ? AND c.plain_of IS NULL ORDER BY o.date_added LIMIT ?",
        (books.member.number, after, most),
    )
    return [_object(books, row) for row in rows.fetchall()]


def _readable(books: Books, after: int, most: int) -> list[Row]:
    member = books.member
    rows = books.hub.execute(
        f"SELECT {_OBJECT} WHERE (o.owner <> :member OR c.plain_of IS NOT NULL) AND o.date_added > :after"
        " AND EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = c.group_id AND m.member = :member"
        " AND m.version = o.group_version)"
        " AND (o.owner = :member OR (o.tlp <= :ceiling AND o.purposes & :purposes))"
        " ORDER BY o.date_added LIMIT :most",
        {
            "member": member.number,
            "after": after,
            "ceiling": int(member.ceiling),
            "purposes": int(member.purposes),
            "most": most,
        },
    )
    return [_object(books, row) for row in rows.fetchall()]


_OBJECT: Final = (
    "o.date_added, c.title, c.id, o.id, o.version, o.revoked, o.digest, o.body"
    " FROM objects o JOIN collections c ON c.number = o.collection"
)


def _object(books: Books, row: tuple[int, str, str, str, int, int, bytes, bytes]) -> Row:
    at, title, collection, identity, version, revoked, digest, body = row
    # What was erased, and what the hub made of it, is told by the entry of the erasure: see the section of the log.
    kept = any(digest)
    return {
        "at": at,
        "log": entry_of(books.hub, at) if kept else None,
        "collection": title,
        "collection_id": collection,
        "id": identity,
        "version_us": version,
        "revoked": bool(revoked),
        "sha256": digest.hex() if kept else None,
        "object": body.decode(),
    }


def _groups(books: Books, after: int, most: int) -> list[Row]:
    rows = books.hub.execute(
        "SELECT g.name, g.id, g.version, g.since_us FROM groups g"
        " JOIN group_members m ON m.group_id = g.id AND m.version = g.version WHERE m.member = ?"
        " ORDER BY g.since_us, g.id, g.version LIMIT ? OFFSET ?",
        (books.member.number, most, after + 1),
    )
    return [
        {"at": at, "log": _group_entry(books, identity, version), "group": name, "version": version, "since_us": since}
        for at, (name, identity, version, since) in enumerate(rows.fetchall(), after + 1)
    ]


def _group_entry(books: Books, identity: str, version: int) -> int | None:
    row = books.hub.execute(
        "SELECT seq FROM log_about JOIN log_entries ON seq = entry"
        " WHERE about = ? AND json_extract(CAST(record AS TEXT), '$.body.version') = ?",
        (identity, version),
    ).fetchone()
    return row[0] if row else None


def _unmask(books: Books, after: int, most: int) -> list[Row]:
    found = []
    for one in requests_of(books.hub, books.member, after, most):
        entries = books.hub.execute(
            "SELECT seq FROM log_about JOIN log_entries ON seq = entry WHERE about = ? AND kind = 'unmask'"
            " AND json_extract(CAST(record AS TEXT), '$.body.request') = ? ORDER BY seq",
            (books.member.id, one.id),
        )
        found.append(
            {
                "at": one.at_us,
                "log": [seq for (seq,) in entries],
                "id": one.id,
                "by": "this member" if one.asked else "another member",
                "subject": one.subject,
                "reason": one.reason,
                "consent": one.consent,
                "named": len(one.names),
            }
        )
    return found


def _log(books: Books, after: int, most: int) -> list[Row]:
    rows = books.hub.execute(
        "SELECT seq, kind, digest, salt, record FROM log_about JOIN log_entries ON seq = entry"
        " WHERE about = ? AND entry > ? ORDER BY entry LIMIT ?",
        (books.member.id, after, most),
    )
    return [
        {
            "at": seq,
            "log": seq,
            "kind": kind,
            "entry": digest.hex(),
            "salt": salt.hex() if salt else None,
            "record": record.decode() if record else None,
        }
        for seq, kind, digest, salt, record in rows.fetchall()
    ]


SECTIONS: Final = (
    Section("sent", "Objects that this member submitted, every version, byte for byte.", _sent),
    Section(
        "readable",
        "Objects of others that this member could read, by its groups and rights. Which of them were fetched is not"
        " recorded. Views with plain patterns are made by the hub.",
        _readable,
    ),
    Section("groups", "Versions of sharing groups that this member is in.", _groups),
    *JUDGED,
    *MATCHED,
    Section(
        "unmask",
        "Requests to learn who else is in something. Names that were told are counted here and not written out. A"
        " refusal is not in the log, so that it looks like silence.",
        _unmask,
    ),
    Section(
        "log",
        "Entries of the transparency log that tell of this member, its membership changes among them, with salt and"
        " record: SHA-256 over them is the entry. What was erased by order of law has none.",
        _log,
    ),
)
"""Sections of an account."""
