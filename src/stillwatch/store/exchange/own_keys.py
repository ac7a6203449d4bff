"""A member's own keys and secrets: seen, followed by a next one, ended. Inside a transaction of the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillwatch.model.errors import InputError, NotNow
from stillwatch.store.exchange.members import FOREVER, rotate

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.model.membership import Member


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key or secret that is good now; what it is made of stays in the store."""

    id: str
    """Key id, or user of Basic."""
    kind: str
    """``key`` or ``secret``."""
    from_us: int
    """From when (us since 1970)."""
    until_us: int | None
    """Until when (us since 1970), None where it has no end."""


def keys_of(connection: sqlite3.Connection, member: Member, now_us: int) -> list[OwnKey]:
    """Give a member's keys and secrets that are good now, oldest first."""
    rows = connection.execute(
        "SELECT id, kind, from_us, nullif(until_us, ?) FROM credentials WHERE member = ? AND until_us > ?"
        " ORDER BY from_us, id",
        (FOREVER, member.number, now_us),
    )
    return [OwnKey(*row) for row in rows]


def follow(
    connection: sqlite3.Connection, member: Member, identity: str, public_key: bytes, now_us: int, overlap_us: int
) -> bool:
    """Let a new key follow a member's keys, which end after the overlap; False where it has done so already.

    Raises
    ------
    NotNow
        The key was in use before, or the member has too many; nothing was written.
    """
    row = connection.execute("SELECT member, until_us FROM credentials WHERE id = ?", (identity,)).fetchone()
    if row == (member.number, FOREVER):
        return False
    if row:
        raise NotNow("this key was in use before; make a new one")
    rotate(connection, member, identity, "key", public_key, now_us, overlap_us)
    return True


def end(connection: sqlite3.Connection, member: Member, identity: str, now_us: int) -> None:
    """End a key or secret of a member at once; a key without an end must be left.

    Raises
    ------
    InputError
        It is none of the member's that is good now.
    NotNow
        No key would be left to sign with.
    """
    own = keys_of(connection, member, now_us)
    if identity not in {one.id for one in own}:
        raise InputError("this is no key of yours that is good now; GET /v1/keys shows them")
    if not any(one.kind == "key" and one.until_us is None and one.id != identity for one in own):
        raise NotNow("the last key is not ended; send a new one first")
    connection.execute("UPDATE credentials SET until_us = ? WHERE id = ?", (now_us, identity))
