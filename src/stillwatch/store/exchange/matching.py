"""Compare the tags of an epoch, once, when it closes.

Closing happens whole or not at all: it keeps what matched and deletes every other tag. Pairs are never written down: a
tag has a row for each group that holds it, and no more.

A member that puts one tag under very many groups is left out of that tag alone, and is told: it can neither blow a
match up nor take one away from others.

What was only asked is compared last, with what matched: it makes no match, and whoever asks is told of enough *other*
members or of nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillwatch.store.exchange.tag_base import name_id

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from stillwatch.store.exchange.tag_base import TagBase


@dataclass(frozen=True, slots=True)
class Rule:
    """When tags match."""

    least: int = 2
    """Distinct members that a match has, at least; never below 2."""
    cap: int = 64
    """Groups of one member that may hold one tag; with more the member is left out of that tag."""
    alike: Mapping[str, int] = field(default_factory=dict)
    """Kind to how many tags two groups must share; 1 where it is not named."""

    def __post_init__(self) -> None:
        if self.least < 2 or self.cap < 1 or any(need < 1 for need in self.alike.values()):
            raise ValueError("a match has at least two members, and a cap and a need are at least 1")


@dataclass(frozen=True, slots=True)
class Closed:
    """How an epoch closed."""

    epoch: int
    """Epoch."""
    at_ms: int
    """When (ms since 1970)."""
    submitted: int
    """Rows that had been submitted, asked ones included: a tag counts once for every group."""
    matched: int
    """Different tags that matched."""
    digest: bytes
    """SHA-256 over the digests of all submissions, in their order: for the transparency log."""


@dataclass(frozen=True, slots=True)
class Link:
    """One matched tag with every group that holds it: for the joint detection, never for a member."""

    kind: str
    """Kind."""
    tag: bytes
    """Tag."""
    groups: tuple[tuple[str, bytes], ...]
    """(member, handle) of each."""


def close(base: TagBase, epoch: int, rule: Rule, now_ms: int) -> Closed:
    """Compare the tags of an epoch, keep what matched and delete the rest. Done once; later calls give what was found.

    Notes
    -----
    One transaction: a crash leaves the epoch open, with everything in it. Time is that of one walk over the tags; for
    kinds where groups must share several tags, each group's partners are counted one group at a time.
    """
    with base.writing() as connection:
        done = closed_as(connection, epoch)
        if done:
            return done
        run = connection.execute
        submitted = 0
        for table in ("tags", "asked"):
            submitted += run(f"SELECT count(*) FROM {table} WHERE epoch = ?", (epoch,)).fetchone()[0]
            _leave_out_the_common(connection, table, epoch, rule.cap)
        run(
            "INSERT INTO matched SELECT t.epoch, t.kind, t.tag, t.member, t.handle, m.members FROM ("
            " SELECT kind, tag, count(DISTINCT member) AS members FROM tags WHERE epoch = :epoch"
            " GROUP BY kind, tag HAVING members >= :least) m"
            " CROSS JOIN tags t ON t.epoch = :epoch AND t.kind = m.kind AND t.tag = m.tag",
            {"epoch": epoch, "least": rule.least},
        )
        run("DELETE FROM tags WHERE epoch = ?", (epoch,))
        for kind, need in rule.alike.items():
            if need > 1:
                _keep_the_alike(connection, epoch, name_id(connection, kind), need, rule.least)
        run(
            "INSERT OR IGNORE INTO released SELECT epoch, member, handle, kind, count(*), max(members) FROM matched"
            " WHERE epoch = ? GROUP BY epoch, member, handle, kind",
            (epoch,),
        )
        _answer(connection, epoch, rule)
        digest = hashlib.sha256(b"stillwatch submissions v1\n%d\n" % epoch)
        for (one,) in run("SELECT digest FROM submissions WHERE epoch = ? ORDER BY digest", (epoch,)):
            digest.update(one)
        matched = run("SELECT count(*) FROM (SELECT DISTINCT kind, tag FROM matched WHERE epoch = ?)", (epoch,))
        made = (epoch, now_ms, rule.least, rule.cap, submitted, matched.fetchone()[0], digest.digest())
        run("INSERT INTO closed VALUES (?, ?, ?, ?, ?, ?, ?)", made)
    base.settle()
    return Closed(epoch, now_ms, submitted, made[5], made[6])


def outcome(base: TagBase, epoch: int) -> Closed | None:
    """Say how an epoch closed, None while it is open."""
    with base.reading() as connection:
        return closed_as(connection, epoch)


def unclosed(base: TagBase) -> tuple[int, ...]:
    """Give the epochs that tags were submitted under and that have not closed."""
    with base.reading() as connection:
        rows = connection.execute(
            "SELECT DISTINCT epoch FROM submissions WHERE epoch NOT IN (SELECT epoch FROM closed) ORDER BY epoch"
        )
        return tuple(epoch for (epoch,) in rows)


def links(base: TagBase, epoch: int) -> Iterator[Link]:
    """Give every matched tag of a closed epoch with the groups that hold it, one tag at a time."""
    with base.reading() as connection:
        names: dict[int, str] = dict(connection.execute("SELECT id, name FROM names"))
        rows = connection.execute(
            "SELECT kind, tag, member, handle FROM matched WHERE epoch = ? ORDER BY kind, tag, member, handle", (epoch,)
        )
        at: tuple[int, bytes] | None = None
        groups: list[tuple[str, bytes]] = []
        for kind, tag, member, handle in rows:
            if at and at != (kind, tag):
                yield Link(names[at[0]], at[1], tuple(groups))
                groups = []
            at = (kind, tag)
            groups.append((names[member], handle))
        if at:
            yield Link(names[at[0]], at[1], tuple(groups))


def forget(base: TagBase, before: int) -> None:
    """Delete what matched in the epochs before this one, and offers that nobody joined; how they closed is kept."""
    with base.writing() as connection:
        for table in ("offers", "matched", "released", "answers", "common", "submissions", "commitments"):
            connection.execute(
                f"DELETE FROM {table} WHERE epoch < ? AND epoch IN (SELECT epoch FROM closed)",
                (before,),
            )
    base.settle()


def closed_as(connection: sqlite3.Connection, epoch: int) -> Closed | None:
    """Say how an epoch closed, inside a transaction; None while it is open."""
    row = connection.execute(
        "SELECT epoch, at_ms, submitted, matched, digest FROM closed WHERE epoch = ?", (epoch,)
    ).fetchone()
    return Closed(*row) if row else None


def _leave_out_the_common(connection: sqlite3.Connection, table: str, epoch: int, cap: int) -> None:
    wide = connection.execute(
        f"SELECT kind, tag, member FROM {table} WHERE epoch = ? GROUP BY kind, tag, member HAVING count(*) > ?",
        (epoch, cap),
    ).fetchall()
    for kind, tag, member in wide:
        connection.execute(
            f"DELETE FROM {table} WHERE epoch = ? AND kind = ? AND tag = ? AND member = ?",
            (epoch, kind, tag, member),
        )
        connection.execute(
            "INSERT INTO common VALUES (?, ?, ?, 1) ON CONFLICT (epoch, member, kind) DO UPDATE SET tags = tags + 1",
            (epoch, member, kind),
        )


def _keep_the_alike(connection: sqlite3.Connection, epoch: int, kind: int, need: int, least: int) -> None:
    """Release groups that share at least ``need`` tags with groups of enough members; delete what else matched."""
    own = connection.execute(
        "SELECT member, handle, count(*) FROM matched WHERE epoch = ? AND kind = ? GROUP BY member, handle",
        (epoch, kind),
    ).fetchall()
    kept = []
    for member, handle, tags in own:
        partners = connection.execute(
            "SELECT count(DISTINCT member) FROM (SELECT b.member AS member FROM matched a"
            " JOIN matched b ON b.epoch = a.epoch AND b.kind = a.kind AND b.tag = a.tag AND b.member <> a.member"
            " WHERE a.epoch = ? AND a.member = ? AND a.handle = ? AND a.kind = ?"
            " GROUP BY b.member, b.handle HAVING count(*) >= ?)",
            (epoch, member, handle, kind, need),
        ).fetchone()[0]
        if partners + 1 >= least:
            kept.append((epoch, member, handle, kind, tags, partners + 1))
    connection.executemany("INSERT INTO released VALUES (?, ?, ?, ?, ?, ?)", kept)
    connection.execute(
        "DELETE FROM matched WHERE epoch = ?1 AND kind = ?2 AND NOT EXISTS (SELECT 1 FROM released r"
        " WHERE r.epoch = ?1 AND r.kind = ?2 AND r.member = matched.member AND r.handle = matched.handle)",
        (epoch, kind),
    )


def _answer(connection: sqlite3.Connection, epoch: int, rule: Rule) -> None:
    """Say of what was asked how many other members contributed it, where they are enough; delete what was asked."""
    alike = {name_id(connection, kind): need for kind, need in rule.alike.items() if need > 1}
    # A row of ``matched`` knows how many members have its tag: one look for them, one for whether the asker is in.
    connection.execute(
        "INSERT INTO answers SELECT epoch, member, handle, kind, count(*), max(others) FROM ("
        " SELECT epoch, member, handle, kind, (SELECT members FROM matched m"
        "  WHERE m.epoch = a.epoch AND m.kind = a.kind AND m.tag = a.tag LIMIT 1) - EXISTS (SELECT 1 FROM matched m"
        "  WHERE m.epoch = a.epoch AND m.kind = a.kind AND m.tag = a.tag AND m.member = a.member) AS others"
        f" FROM asked a WHERE epoch = ? AND kind NOT IN ({', '.join(map(str, alike))})"
        ") WHERE others >= ? GROUP BY epoch, member, handle, kind",
        (epoch, rule.least),
    )
    for kind, need in alike.items():
        _answer_the_alike(connection, epoch, kind, need, rule.least)
    connection.execute("DELETE FROM asked WHERE epoch = ?", (epoch,))


def _answer_the_alike(connection: sqlite3.Connection, epoch: int, kind: int, need: int, least: int) -> None:
    """Answer for groups that share at least ``need`` tags with one matched group of each of enough other members."""
    own = connection.execute(
        "SELECT DISTINCT member, handle FROM asked WHERE epoch = ? AND kind = ?", (epoch, kind)
    ).fetchall()
    shared = (
        "FROM asked a JOIN matched b ON b.epoch = a.epoch AND b.kind = a.kind AND b.tag = a.tag"
        " AND b.member <> a.member WHERE a.epoch = ?1 AND a.kind = ?2 AND a.member = ?3 AND a.handle = ?4"
    )
    for member, handle in own:
        tags, others = connection.execute(
            f"SELECT count(DISTINCT a.tag), count(DISTINCT b.member) {shared} AND (b.member, b.handle) IN"
            f" (SELECT b.member, b.handle {shared} GROUP BY b.member, b.handle HAVING count(*) >= ?5)",
            (epoch, kind, member, handle, need),
        ).fetchone()
        if others >= least:
            connection.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)", (epoch, member, handle, kind, tags, others)
            )
