"""What a member matched, asked, offered and was told of it, for its account: rows of the database of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.store.exchange.books import Section
from stillwatch.store.exchange.tags import bucketed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillwatch.store.exchange.books import Books, Row, Rows

_MINE: Final = "member = (SELECT id FROM names WHERE name = ?)"
_KIND: Final = "(SELECT name FROM names WHERE id = kind)"


def _submitted(asks: int) -> Rows:
    def rows(books: Books, after: int, most: int) -> list[Row]:
        if books.tags is None:
            return []
        found = books.tags.execute(
            "SELECT epoch, sum(tags), count(*), group_concat(hex(digest)) FROM submissions"
            f" WHERE {_MINE} AND asks = ? AND epoch > ? GROUP BY epoch ORDER BY epoch LIMIT ?",
            (books.member.id, asks, after, most),
        )
        return [
            {
                "at": epoch,
                "log": _entry(books, "closed", epoch),
                "epoch": epoch,
                "tags": tags,
                "submissions": many,
                "sha256": sorted(digests.lower().split(",")),
            }
            for epoch, tags, many, digests in found.fetchall()
        ]

    return rows


def _in_epochs(books: Books, after: int, most: int, shown: str, table: str, order: str) -> Iterable[tuple[Any, ...]]:
    """Give rows of a table after a place; a place is the epoch and the row's number in it."""
    if books.tags is None:
        return ()
    return books.tags.execute(
        f"SELECT * FROM (SELECT (epoch << 32) + row_number() OVER (PARTITION BY epoch ORDER BY {order}) AS at,"
        f" epoch, {shown} FROM {table} WHERE {_MINE} AND epoch >= ?) WHERE at > ? ORDER BY at LIMIT ?",
        (books.member.id, after >> 32, after, most),
    ).fetchall()


def _found(table: str) -> Rows:
    def rows(books: Books, after: int, most: int) -> list[Row]:
        found = _in_epochs(books, after, most, f"handle, {_KIND}, tags, members", table, "handle, kind")
        return [
            {
                "at": at,
                "log": _entry(books, "closed", epoch),
                "epoch": epoch,
                "handle": handle.hex(),
                "kind": kind,
                "tags": tags,
                "members_at_least": bucketed(members),
            }
            for at, epoch, handle, kind, tags, members in found
        ]

    return rows


def _common(books: Books, after: int, most: int) -> list[Row]:
    found = _in_epochs(books, after, most, f"{_KIND}, tags", "common", "kind")
    return [
        {"at": at, "log": _entry(books, "closed", epoch), "epoch": epoch, "kind": kind, "tags": tags}
        for at, epoch, kind, tags in found
    ]


def _bound(table: str) -> Rows:
    def rows(books: Books, after: int, most: int) -> list[Row]:
        found = _in_epochs(books, after, most, "handle, digest", table, "handle")
        return [
            {
                "at": at,
                "log": _entry(books, "joined", epoch),
                "epoch": epoch,
                "handle": handle.hex(),
                "commitment": digest.hex(),
            }
            for at, epoch, handle, digest in found
        ]

    return rows


def _joint(books: Books, after: int, most: int) -> list[Row]:
    found = _in_epochs(
        books,
        after,
        most,
        "name, handle, stands, members, body",
        "joint_parts JOIN joint USING (epoch, name)",
        "name, handle",
    )
    return [
        {
            "at": at,
            "log": _entry(books, "joined", epoch),
            "epoch": epoch,
            "name": name,
            "handle": handle.hex(),
            "stands": bool(stands),
            "members_at_least": bucketed(members),
            "object": body.decode(),
        }
        for at, epoch, name, handle, stands, members, body in found
    ]


def _entry(books: Books, what: str, epoch: int) -> int | None:
    """Give the entry that tells how an epoch closed or was joined: it binds the digests of what came in."""
    row = books.hub.execute("SELECT value FROM settings WHERE name = ?", (f"logged {what} {epoch}",)).fetchone()
    return int(row[0]) if row else None


MATCHED: Final = (
    Section(
        "tags", "Tags submitted for oblivious matching, by epoch. They are counted for eight epochs.", _submitted(0)
    ),
    Section("asked", "Tags that were only asked, by epoch. They are counted for eight epochs.", _submitted(1)),
    Section("matches", "What matched of this member's groups. Kept for eight epochs.", _found("released")),
    Section("answers", "What came of what was only asked. Kept for eight epochs.", _found("answers")),
    Section(
        "common",
        "How many of this member's tags were left out: too many of its groups held them. Kept for eight epochs.",
        _common,
    ),
    Section(
        "commitments",
        "Groups that this member bound itself to. Kept for eight epochs; what was withdrawn is gone.",
        _bound("commitments"),
    ),
    Section(
        "offers",
        "Offers of matched groups that wait to be joined. They are deleted when they are: what stays of them is the"
        " commitment, and the digest in the log.",
        _bound("offers JOIN commitments USING (epoch, member, handle)"),
    ),
    Section("joint", "Joint campaigns that this member was told its groups are in; never who else is.", _joint),
)
"""Sections of an account that tell of matching and joining."""
