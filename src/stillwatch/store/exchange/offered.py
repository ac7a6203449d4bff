"""Offers of members, and the joint campaigns that were made of them.

While an epoch is open a member commits to its offers; once it has closed the offers of matched groups are taken, each
only as it was committed to. They are joined once, and then deleted.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, NotNow
from stillwatch.store.exchange.matching import closed_as
from stillwatch.store.exchange.tag_base import name_id
from stillwatch.store.exchange.tags import bucketed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from stillwatch.store.exchange.tag_base import TagBase

MOST_OF_MEMBER: Final = 2_048
"""Groups that a member may offer in an epoch."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one member has put into an epoch."""

    member: str
    """Whose."""
    offers: Mapping[bytes, bytes]
    """Handle -> offer, as sent; empty where it was silent."""
    tags: Mapping[bytes, frozenset[bytes]]
    """Handle -> tags of it that matched."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One joint campaign, as it is kept."""

    name: str
    """Name, unique in its epoch."""
    members: int
    """Members that see a part."""
    body: bytes
    """What each of them is told, JSON."""
    parts: tuple[tuple[str, bytes, bool], ...]
    """(member, handle, whether it stands without any one other member) of each part."""


@dataclass(frozen=True, slots=True)
class Told:
    """One joint campaign, as one member is told of it."""

    name: str
    """Name."""
    members: int
    """Members that see a part, at least: a bucket."""
    handles: tuple[bytes, ...]
    """The member's own groups in it."""
    standing: tuple[bytes, ...]
    """Those of them that would be in a campaign that extracts without any one other member, too."""
    body: bytes
    """What everybody in it is told, JSON."""


@dataclass(frozen=True, slots=True)
class Joined:
    """How the offers of an epoch were joined."""

    epoch: int
    """Epoch."""
    at_ms: int
    """When (ms since 1970)."""
    campaigns: int
    """Joint campaigns."""
    digest: bytes
    """SHA-256 over every offer that was taken, for the transparency log."""


def commit(base: TagBase, member: str, epoch: int, digests: Mapping[bytes, bytes]) -> int:
    """Bind a member to its offers; a later commitment of a group takes the place of an earlier one.

    Parameters
    ----------
    base
        The database.
    member, epoch
        Whose, in which epoch.
    digests
        Handle (16 bytes) to commitment (32 bytes).

    Returns
    -------
    int
        Groups that the member is bound to now.

    Raises
    ------
    NotNow
        The epoch has closed, or the member would have too many groups.
    """
    with base.writing() as connection:
        if closed_as(connection, epoch):
            raise NotNow(f"epoch {epoch} has closed; commit under the open one")
        who = name_id(connection, member)
        connection.executemany(
            "INSERT INTO commitments VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT (epoch, member, handle) DO UPDATE SET digest = excluded.digest",
            [(epoch, who, handle, digest) for handle, digest in digests.items()],
        )
        count: int = connection.execute(
            "SELECT count(*) FROM commitments WHERE epoch = ? AND member = ?", (epoch, who)
        ).fetchone()[0]
        if count > MOST_OF_MEMBER:
            raise NotNow(f"a member offers at most {MOST_OF_MEMBER:,} groups in an epoch")
    return count


def withdraw(base: TagBase, member: str, epoch: int, handles: Sequence[bytes]) -> int:
    """Take groups back while nothing was joined: their tags, commitments and offers go; gives how many were there."""
    with base.writing() as connection:
        if _joined(connection, epoch):
            raise NotNow(f"the offers of epoch {epoch} were joined; dispute the joint campaign instead")
        who, gone = name_id(connection, member), 0
        for handle in handles:
            mine = (epoch, who, handle)
            there = [
                connection.execute(f"DELETE FROM {table} WHERE epoch = ? AND member = ? AND handle = ?", mine).rowcount
                for table in ("offers", "commitments", "tags", "matched", "released")
            ]
            gone += any(there)
    base.settle()
    return gone


def offer(base: TagBase, member: str, epoch: int, offers: Mapping[bytes, tuple[bytes, bytes]]) -> int:
    """Take offers of matched groups; they are on the disk when this returns.

    Parameters
    ----------
    base
        The database.
    member, epoch
        Whose, in which epoch.
    offers
        Handle to (offer as sent, its commitment as it follows from that).

    Returns
    -------
    int
        How many were new.

    Raises
    ------
    NotNow
        The epoch is open, or its offers were joined.
    InputError
        A group did not match, or what is offered is not what was committed to.
    """
    with base.writing() as connection:
        if not closed_as(connection, epoch):
            raise NotNow(f"epoch {epoch} has not closed; only its commitments are taken until then")
        if _joined(connection, epoch):
            raise NotNow(f"the offers of epoch {epoch} were joined already")
        who, new = name_id(connection, member), 0
        for handle, (body, digest) in offers.items():
            mine = (epoch, who, handle)
            found = connection.execute(
                "SELECT c.digest FROM commitments c WHERE c.epoch = ?1 AND c.member = ?2 AND c.handle = ?3 AND EXISTS"
                " (SELECT 1 FROM matched m WHERE m.epoch = ?1 AND m.member = ?2 AND m.handle = ?3)",
                mine,
            ).fetchone()
            if found is None or found[0] != digest:
                raise InputError(f"group {handle.hex()}: it has not matched, or this is not what was committed to")
            new += connection.execute("INSERT OR IGNORE INTO offers VALUES (?, ?, ?, ?)", (*mine, body)).rowcount
    return new


def complete(base: TagBase, epoch: int) -> bool:
    """Whether every matched group that was committed to has been offered."""
    with base.reading() as connection:
        missing = connection.execute(
            "SELECT 1 FROM commitments c WHERE c.epoch = ?1"
            " AND EXISTS (SELECT 1 FROM matched m WHERE m.epoch = ?1 AND m.member = c.member AND m.handle = c.handle)"
            " AND NOT EXISTS"
            " (SELECT 1 FROM offers o WHERE o.epoch = ?1 AND o.member = c.member AND o.handle = c.handle) LIMIT 1",
            (epoch,),
        ).fetchone()
    return missing is None


def unjoined(base: TagBase) -> tuple[int, ...]:
    """Give the closed epochs whose offers wait to be joined."""
    with base.reading() as connection:
        rows = connection.execute(
            "SELECT epoch FROM closed WHERE epoch NOT IN (SELECT epoch FROM joined) ORDER BY epoch"
        )
        return tuple(epoch for (epoch,) in rows)


def held(base: TagBase, epoch: int) -> tuple[Held, ...]:
    """Give what every member that took part has put in, the silent ones included, by name."""
    with base.reading() as connection:
        run = connection.execute
        names: dict[int, str] = dict(run("SELECT id, name FROM names"))
        offers: dict[int, dict[bytes, bytes]] = {
            who: {} for (who,) in run("SELECT DISTINCT member FROM submissions WHERE epoch = ? AND asks = 0", (epoch,))
        }
        tags: dict[tuple[int, bytes], set[bytes]] = defaultdict(set)
        for who, handle, tag in run("SELECT member, handle, tag FROM matched WHERE epoch = ?", (epoch,)):
            tags[who, handle].add(tag)
        for who, handle, body in run("SELECT member, handle, body FROM offers WHERE epoch = ?", (epoch,)):
            offers[who][handle] = body
    made = [
        Held(names[who], some, {handle: frozenset(tags[who, handle]) for handle in some})
        for who, some in offers.items()
    ]
    return tuple(sorted(made, key=lambda one: one.member))


def taken_digest(base: TagBase, epoch: int) -> bytes:
    """Give the digest over the commitments of all offers that are held: it changes when one comes or goes."""
    with base.reading() as connection:
        return _digest(connection, epoch)


def join(base: TagBase, epoch: int, found: Sequence[Finding], now_ms: int, of: bytes | None = None) -> Joined:
    """Keep the joint campaigns of an epoch, once, and delete its offers; later calls give what was kept.

    Parameters
    ----------
    base, epoch
        The database, and which epoch.
    found
        Joint campaigns.
    now_ms
        Now (ms since 1970).
    of
        What :func:`taken_digest` gave before they were looked for; None where nobody else writes.

    Raises
    ------
    NotNow
        An offer has come or was withdrawn since then: look again.
    """
    with base.writing() as connection:
        done = _joined(connection, epoch)
        if done:
            return done
        digest = _digest(connection, epoch)
        if of not in (None, digest):
            raise NotNow(f"an offer of epoch {epoch} has come or gone meanwhile; they are joined at the next round")
        made = Joined(epoch, now_ms, len(found), digest)
        connection.execute("INSERT INTO joined VALUES (?, ?, ?, ?)", (epoch, now_ms, made.campaigns, made.digest))
        for one in found:
            connection.execute("INSERT INTO joint VALUES (?, ?, ?, ?)", (epoch, one.name, one.members, one.body))
            connection.executemany(
                "INSERT OR IGNORE INTO joint_parts VALUES (?, ?, ?, ?, ?)",
                [(epoch, name_id(connection, who), handle, one.name, stands) for who, handle, stands in one.parts],
            )
        connection.execute("DELETE FROM offers WHERE epoch = ?", (epoch,))
    base.settle()
    return made


def _digest(connection: sqlite3.Connection, epoch: int) -> bytes:
    digest = hashlib.sha256(b"stillwatch offers v1\n%d\n" % epoch)
    for (one,) in connection.execute(
        "SELECT c.digest FROM offers o JOIN commitments c USING (epoch, member, handle) WHERE epoch = ? ORDER BY 1",
        (epoch,),
    ):
        digest.update(one)
    return digest.digest()


def joined_as(base: TagBase, epoch: int) -> Joined | None:
    """Say how the offers of an epoch were joined, None while they wait."""
    with base.reading() as connection:
        return _joined(connection, epoch)


def told(base: TagBase, member: str, epoch: int) -> tuple[Told, ...]:
    """Give a member the joint campaigns that its own groups are in, and nothing of others."""
    with base.reading() as connection:
        rows = connection.execute(
            "SELECT j.name, j.members, j.body, p.handle, p.stands FROM joint_parts p JOIN joint j USING (epoch, name)"
            " WHERE p.epoch = ? AND p.member = (SELECT id FROM names WHERE name = ?) ORDER BY 1, 4",
            (epoch, member),
        ).fetchall()
    made: dict[str, Told] = {}
    for name, members, body, handle, stands in rows:
        before = made.get(name, Told(name, bucketed(members), (), (), body))
        standing = (*before.standing, handle) if stands else before.standing
        made[name] = replace(before, handles=(*before.handles, handle), standing=standing)
    return tuple(made.values())


def inside(base: TagBase, epoch: int, name: str) -> frozenset[str]:
    """Give the members in a joint campaign: for the hub, never for a member."""
    with base.reading() as connection:
        rows = connection.execute(
            "SELECT DISTINCT n.name FROM joint_parts p JOIN names n ON n.id = p.member"
            " WHERE p.epoch = ? AND p.name = ?",
            (epoch, name),
        )
        return frozenset(one for (one,) in rows)


def _joined(connection: sqlite3.Connection, epoch: int) -> Joined | None:
    row = connection.execute("SELECT epoch, at_ms, campaigns, digest FROM joined WHERE epoch = ?", (epoch,)).fetchone()
    return Joined(*row) if row else None
