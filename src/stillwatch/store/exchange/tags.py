"""Tags that members submit, and what they are told of them.

Everything is on the disk before anything is compared (``matching``), so nobody can hand in a tag in answer to a match.

A submission may only ask: its tags are compared with what others contributed, and nobody ever finds them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import NotNow
from stillwatch.store.exchange.matching import closed_as
from stillwatch.store.exchange.tag_base import name_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.store.exchange.tag_base import TagBase

MOST_OF_MEMBER: Final = 200_000
"""Tags that a member may submit in an epoch, padding included."""
MEMBER_BUCKETS: Final = (2, 3, 5, 10, 20)
"""How many members a match is said to have, at least."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a member gets for a submission; its digest goes into the transparency log."""

    digest: bytes
    """SHA-256 (32 bytes) over epoch, kind and body."""
    tags: int
    """Tags taken."""
    again: bool
    """Whether the very same had been taken before; nothing was added."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a member learns of one group of its own."""

    handle: bytes
    """The group's handle, as the member gave it."""
    kind: str
    """Kind of the tags."""
    tags: int
    """Tags of the group that matched."""
    members: int
    """Members with one of these, at least: a number of ``MEMBER_BUCKETS``. Of a match of what the member contributed it
    is one itself; of an answer to what it asked it is none."""


def submit(
    base: TagBase,
    member: str,
    epoch: int,
    kind: str,
    groups: Mapping[bytes, Sequence[bytes]],
    now_ms: int,
    *,
    asks: bool = False,
) -> Receipt:
    """Take tags in; they are on the disk when this returns.

    Parameters
    ----------
    base
        The database.
    member, epoch, kind
        Whose, under which keys, of which kind.
    groups
        Handle (16 bytes) to its tags (16 bytes each).
    now_ms
        Now (ms since 1970).
    asks
        Whether they only ask. What a member asks and what it contributes stand beside each other, within one budget.

    Raises
    ------
    NotNow
        The epoch has closed, or the member has submitted what it may.
    """
    rows = sorted((tag, one) for one, tags in groups.items() for tag in tags)
    purpose, table = (b"questions", "asked") if asks else (b"tags", "tags")
    digest = hashlib.sha256(b"stillwatch %s v1\n%d\n%s\n" % (purpose, epoch, kind.encode()))
    digest.update(b"".join(tag + one for tag, one in rows))
    found = digest.digest()
    with base.writing() as connection:
        if closed_as(connection, epoch):
            raise NotNow(f"epoch {epoch} has closed; submit under the open one")
        who, what = name_id(connection, member), name_id(connection, kind)
        mine = "SELECT coalesce(sum(tags), 0) FROM submissions WHERE epoch = ? AND member = ?"
        if connection.execute(
            "SELECT 1 FROM submissions WHERE epoch = ? AND member = ? AND digest = ?", (epoch, who, found)
        ).fetchone():
            return Receipt(found, len(rows), again=True)
        left = MOST_OF_MEMBER - connection.execute(mine, (epoch, who)).fetchone()[0]
        if len(rows) > left:
            raise NotNow(f"{len(rows):,} tags are more than the {left:,} that are left to this member in epoch {epoch}")
        connection.execute(
            "INSERT INTO submissions VALUES (?, ?, ?, ?, ?, ?)", (epoch, who, found, len(rows), now_ms, asks)
        )
        connection.executemany(
            f"INSERT OR IGNORE INTO {table} VALUES (?, ?, ?, ?, ?)", [(epoch, what, tag, who, one) for tag, one in rows]
        )
    return Receipt(found, len(rows), again=False)


def released(base: TagBase, member: str, epoch: int) -> tuple[Match, ...]:
    """Give a member what matched of the groups that it contributed; nothing before the epoch has closed."""
    return _told(base, "released", member, epoch)


def answers(base: TagBase, member: str, epoch: int) -> tuple[Match, ...]:
    """Give a member what others contributed of the groups that it asked about; nothing before the epoch has closed."""
    return _told(base, "answers", member, epoch)


def _told(base: TagBase, table: str, member: str, epoch: int) -> tuple[Match, ...]:
    with base.reading() as connection:
        rows = connection.execute(
            f"SELECT r.handle, k.name, r.tags, r.members FROM {table} r JOIN names k ON k.id = r.kind"
            " WHERE r.epoch = ? AND r.member = (SELECT id FROM names WHERE name = ?) ORDER BY 1, 2",
            (epoch, member),
        )
        return tuple(Match(handle, kind, tags, bucketed(members)) for handle, kind, tags, members in rows)


def too_common(base: TagBase, member: str, epoch: int) -> dict[str, int]:
    """Give a member, by kind, how many of its tags were left out because too many of its groups held them."""
    with base.reading() as connection:
        rows = connection.execute(
            "SELECT k.name, c.tags FROM common c JOIN names k ON k.id = c.kind"
            " WHERE c.epoch = ? AND c.member = (SELECT id FROM names WHERE name = ?)",
            (epoch, member),
        )
        return dict(rows)


def bucketed(members: int) -> int:
    """Round a number of members down to a bucket.

    Examples
    --------
    >>> bucketed(2), bucketed(4), bucketed(12)
    (2, 3, 10)
    """
    return max(one for one in MEMBER_BUCKETS if one <= members)
