"""Shares: groups that may leave, prepared, looked at, sent or taken back. Functions work inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Prepared:
    """One group that may leave."""

    handle: bytes
    """What it is called outside (16 bytes)."""
    name: str
    """What it is called here."""
    account: NDArray[np.int64]
    """Pseudonyms of its accounts; they never leave."""
    belongs: NDArray[np.float64]
    """Chance that each is one, 0 to 1; it never leaves either."""
    prepared: bytes
    """The offer before its traits were made tags."""
    body: bytes = b""
    """The offer as it leaves; empty until it was committed to."""
    offered: bool = False
    """Whether it has left."""


@dataclass(frozen=True, slots=True)
class Share:
    """One share."""

    id: int
    """Number, from 1."""
    epoch: int
    """Epoch it was prepared for."""
    made_ms: int
    """When (ms since 1970)."""
    state: str
    """waiting, sent, withdrawn or dropped."""
    why: str
    """Why it waits, "" where it does not."""


def add(connection: sqlite3.Connection, epoch: int, now_ms: int, why: str, groups: Iterable[Prepared]) -> int:
    """Keep a share that waits; gives its number."""
    run = connection.execute
    made = run("INSERT INTO shares (epoch, made_ms, state, why) VALUES (?, ?, 'waiting', ?)", (epoch, now_ms, why))
    number = int(made.lastrowid or 0)
    for one in groups:
        members = (one.account.astype("<i8").tobytes(), one.belongs.astype("<f8").tobytes())
        kept = (number, one.handle, epoch, one.name, *members, one.prepared, one.body)
        run("INSERT INTO groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)", kept)
    return number


def shares(connection: sqlite3.Connection) -> list[Share]:
    """Give all shares, oldest first."""
    return [Share(*row) for row in connection.execute("SELECT id, epoch, made_ms, state, why FROM shares ORDER BY id")]


def share(connection: sqlite3.Connection, number: int) -> Share:
    """Find a share.

    Raises
    ------
    InputError
        There is none of this number.
    """
    for one in shares(connection):
        if one.id == number:
            return one
    raise InputError(f"there is no share {number}; `stillwatch share --list` shows all")


def groups(connection: sqlite3.Connection, number: int) -> list[Prepared]:
    """Give the groups of a share, by handle."""
    return _groups(connection, "share = ?", (number,))


def of_epoch(connection: sqlite3.Connection, epoch: int) -> list[Prepared]:
    """Give the groups of an epoch that were sent, by handle; of one that was sent twice what was committed to last."""
    where = "epoch = ? AND share IN (SELECT id FROM shares WHERE state = 'sent')"
    return list({one.handle: one for one in _groups(connection, where, (epoch,))}.values())


def _groups(connection: sqlite3.Connection, where: str, given: Sequence[int]) -> list[Prepared]:
    columns = "handle, name, accounts, belongs, prepared, body, offered"
    rows = connection.execute(f"SELECT {columns} FROM groups WHERE {where} ORDER BY handle, share", given)
    return [
        Prepared(handle, name, np.frombuffer(who, "<i8"), np.frombuffer(belongs, "<f8"), prepared, body, bool(offered))
        for handle, name, who, belongs, prepared, body, offered in rows
    ]


def sent_epochs(connection: sqlite3.Connection) -> list[int]:
    """Give the epochs under which something was sent and no outcome has been received yet."""
    rows = connection.execute(
        "SELECT DISTINCT epoch FROM shares WHERE state = 'sent' AND epoch NOT IN"
        " (SELECT CAST(substr(name, 8) AS INTEGER) FROM settings WHERE name LIKE 'joined %') ORDER BY epoch"
    )
    return [epoch for (epoch,) in rows]


def stand(connection: sqlite3.Connection, number: int, state: str) -> None:
    """Say how a share stands."""
    connection.execute("UPDATE shares SET state = ? WHERE id = ?", (state, number))


def own(connection: sqlite3.Connection, epoch: int, tags: Iterable[tuple[bytes, bytes]]) -> None:
    """Write own tags down, before they leave: tag, handle."""
    connection.executemany(
        "INSERT OR IGNORE INTO own_tags VALUES (?, ?, ?)", [(epoch, tag, handle) for tag, handle in tags]
    )


def seal(connection: sqlite3.Connection, number: int, bodies: Iterable[tuple[bytes, bytes]]) -> None:
    """Keep what groups of a share were committed to: handle, offer as it leaves."""
    connection.executemany(
        "UPDATE groups SET body = ?3 WHERE share = ?1 AND handle = ?2",
        [(number, handle, body) for handle, body in bodies],
    )


def held(connection: sqlite3.Connection, epoch: int) -> dict[bytes, int]:
    """Give the handle of every group prepared in an epoch, with the number of its own tags that may have left."""
    return dict(
        connection.execute(
            "SELECT handle, (SELECT count(*) FROM own_tags o WHERE o.epoch = g.epoch AND o.handle = g.handle)"
            " FROM groups g WHERE g.epoch = ?",
            (epoch,),
        )
    )


def left(connection: sqlite3.Connection, epoch: int, handles: Iterable[bytes]) -> None:
    """Note which offers have left."""
    connection.executemany(
        "UPDATE groups SET offered = 1 WHERE epoch = ? AND handle = ?", [(epoch, handle) for handle in handles]
    )
