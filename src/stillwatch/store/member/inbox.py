"""What a member received: joint findings, objects, opinions, dockets. Evidence with a source and an end, no verdict.

Functions work inside a transaction of the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from stillwatch.store.member.allowed import allowed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from numpy.typing import NDArray

VALID_MS: Final = 90 * 86_400_000
"""How long what was received counts (ms)."""
DISPUTED: Final = "DISPUTED"
"""State of what members disagree about: nothing follows from it by itself."""
NEGATIVE: Final = "NEGATIVE"
"""State of what only negative opinions are held of."""


@dataclass(frozen=True, slots=True)
class JointFinding:
    """One joint campaign that own groups are in."""

    epoch: int
    """Epoch."""
    name: str
    """Name at the hub, unique in its epoch."""
    received_ms: int
    """When it was received (ms since 1970)."""
    until_ms: int
    """Until when it counts (ms since 1970)."""
    members: int
    """Members that see a part, at least."""
    told: dict[str, Any]
    """What the hub says: chances, evidence by layer, lines."""
    account: NDArray[np.int64]
    """Own accounts in it, pseudonyms, ascending."""
    belongs: NDArray[np.float64]
    """Chance that each belongs to its group, 0 to 1."""
    stands: NDArray[np.bool_]
    """Whether each would be in a campaign that extracts without any one other member, too: nobody's word alone."""
    opinion: str = ""
    """What members think of it together; "" where nobody said."""

    @property
    def subject(self) -> str:
        """Name it as opinions and dockets do."""
        return f"joint:{self.epoch}:{self.name}"

    def counts(self, now_ms: int) -> bool:
        """Whether it is evidence now: not over, and nobody disagrees."""
        return now_ms < self.until_ms and self.opinion not in (DISPUTED, NEGATIVE)


def found(connection: sqlite3.Connection, epoch: int, campaigns: Sequence[dict[str, Any]], now_ms: int) -> int:
    """Keep the joint campaigns of an epoch; gives how many are new."""
    new = 0
    for one in campaigns:
        told = dict(one)
        name, handles, members = told.pop("name"), told.pop("handles"), told.pop("members_at_least")
        standing = set(told.pop("standing"))
        new += connection.execute(
            "INSERT OR IGNORE INTO findings VALUES (?, ?, ?, ?, ?, ?)",
            (epoch, name, now_ms, now_ms + VALID_MS, members, msgspec.json.encode(told)),
        ).rowcount
        connection.executemany(
            "INSERT OR IGNORE INTO finding_groups VALUES (?, ?, ?, ?)",
            [(epoch, name, bytes.fromhex(handle), handle in standing) for handle in handles],
        )
    return new


def findings(connection: sqlite3.Connection) -> list[JointFinding]:
    """Give every joint finding with its own accounts, the latest epoch first."""
    made = []
    rows = connection.execute(
        "SELECT f.epoch, f.name, f.received_ms, f.until_ms, f.members, f.body, coalesce(o.state, '') FROM findings f"
        " LEFT JOIN opinions o ON o.subject = 'joint:' || f.epoch || ':' || f.name ORDER BY 1 DESC, 2"
    ).fetchall()
    for epoch, name, received_ms, until_ms, members, body, opinion in rows:
        own = _members(connection, epoch, name)
        one = JointFinding(epoch, name, received_ms, until_ms, members, msgspec.json.decode(body), *own, opinion)
        made.append(one)
    return made


def _members(
    connection: sqlite3.Connection, epoch: int, name: str
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Give own accounts in a joint campaign that nobody vouches for, ascending: chance to belong, whether each stands.

    Of an account in several groups its largest chance counts, and that any of them stands.
    """
    rows = connection.execute(
        "SELECT g.accounts, g.belongs, f.stands FROM finding_groups f"
        " JOIN groups g ON g.epoch = f.epoch AND g.handle = f.handle"
        " WHERE f.epoch = ? AND f.name = ? AND g.share IN (SELECT id FROM shares WHERE state = 'sent')",
        (epoch, name),
    ).fetchall()
    account = np.concatenate([np.zeros(0, np.int64), *(np.frombuffer(one, "<i8") for one, _, _ in rows)])
    belongs = np.concatenate([np.zeros(0), *(np.frombuffer(one, "<f8") for _, one, _ in rows)])
    stands = np.concatenate([np.zeros(0, np.bool_), *(np.full(len(one) // 8, bool(which)) for one, _, which in rows)])
    kept, at = np.unique(account, return_inverse=True)
    chance, stood = np.zeros(kept.shape[0]), np.zeros(kept.shape[0], np.bool_)
    np.maximum.at(chance, at, belongs)
    np.logical_or.at(stood, at, stands)
    # The provider's own word on its customers stands above everybody else's.
    counts = ~np.isin(kept, allowed(connection))
    return kept[counts].astype(np.int64), chance[counts], stood[counts]
