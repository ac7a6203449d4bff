"""Members, their keys and secrets, invitations. Every function works inside a transaction of the caller.

The store holds public keys and SHA-256 of random 256-bit secrets; a stolen store opens nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, NotNow
from stillwatch.model.membership import Member, Purpose, Role, State, Tlp

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

FOREVER: Final = (1 << 63) - 1
"""End of what has none (us since 1970)."""
INVITED_US: Final = 7 * 86_400_000_000
"""How long an invitation is good (us)."""
OVERLAP_US: Final = 7 * 86_400_000_000
"""How long an old key is good beside the new one (us)."""
MOST_CREDENTIALS: Final = 16
"""Keys and secrets of one member that are good at once."""
_COLUMNS: Final = "m.number, m.id, m.name, m.state, m.roles, m.ceiling, m.purposes"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a member shows."""

    id: str
    """Key id of RFC 9421, user of Basic, first half of a Bearer token."""
    kind: str
    """``key``: Ed25519 public key. ``secret``: SHA-256 of one."""
    value: bytes
    """32 bytes."""
    member: Member
    """Whose it is."""


def fingerprint(secret: bytes) -> bytes:
    """Give what the store keeps of a random secret; one of 256 bits needs no slow hash."""
    return hashlib.sha256(secret).digest()


def _member(row: tuple[int, str, str, str, int, int, int]) -> Member:
    number, identity, name, state, roles, ceiling, purposes = row
    return Member(number, identity, name, State(state), Role(roles), Tlp(ceiling), Purpose(purposes))


def members(connection: sqlite3.Connection) -> list[Member]:
    """Give all members, in the order that they were invited."""
    return [_member(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM members m ORDER BY m.number")]


def member_named(connection: sqlite3.Connection, name: str) -> Member:
    """Find a member by its name or UUID.

    Raises
    ------
    InputError
        There is none.
    """
    row = connection.execute(f"SELECT {_COLUMNS} FROM members m WHERE name = ? OR id = ?", (name, name)).fetchone()
    if row is None:
        raise InputError("no member has this name or id; `stillwatch hub member list` shows all")
    return _member(row)


def credential(connection: sqlite3.Connection, identity: str, now_us: int) -> Credential | None:
    """Find a key or secret that is good now."""
    row = connection.execute(
        f"SELECT c.id, c.kind, c.value, {_COLUMNS} FROM credentials c JOIN members m ON m.number = c.member "
        "WHERE c.id = ? AND c.from_us <= ? AND ? < c.until_us",
        (identity, now_us, now_us),
    ).fetchone()
    return Credential(row[0], row[1], row[2], _member(row[3:])) if row else None


def invite(connection: sqlite3.Connection, invited: Member, token: bytes, now_us: int) -> Member:
    """Invite a member; it stays without any right until it accepts.

    Parameters
    ----------
    connection
        Inside a writing transaction.
    invited
        Name, UUID, roles, ceiling, purposes; number and state are given here.
    token
        Random (32 bytes), handed to the member.
    now_us
        Now (us since 1970).

    Raises
    ------
    InputError
        The name is taken.
    """
    if connection.execute("SELECT 1 FROM members WHERE name = ?", (invited.name,)).fetchone():
        raise InputError("a member of this name is there already")
    number = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM members").fetchone()[0]
    made = replace(invited, number=number, state=State.INVITED)
    connection.execute(
        "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (number, made.id, made.name, made.state, int(made.roles), int(made.ceiling), int(made.purposes), now_us),
    )
    connection.execute("INSERT INTO invitations VALUES (?, ?, ?)", (fingerprint(token), number, now_us + INVITED_US))
    return made


def accept(connection: sqlite3.Connection, token: bytes, key_id: str, public_key: bytes, now_us: int) -> Member:
    """Take an invitation up, once: the member is active, with its first key.

    Raises
    ------
    InputError
        The invitation was never made, is used or over; the text does not say which.
    """
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM invitations i JOIN members m ON m.number = i.member "
        "WHERE i.hash = ? AND ? < i.until_us AND m.state = 'invited'",
        (fingerprint(token), now_us),
    ).fetchone()
    if row is None:
        raise InputError("the invitation is not good; ask the hub's operator for a new one")
    connection.execute("DELETE FROM invitations WHERE hash = ?", (fingerprint(token),))
    joined = _stand(connection, _member(row), State.ACTIVE, now_us)
    add_credential(connection, joined, key_id, "key", public_key, now_us)
    return joined


def add_credential(
    connection: sqlite3.Connection, member: Member, identity: str, kind: str, value: bytes, now_us: int
) -> None:
    """Add a key or secret, good from now.

    Raises
    ------
    NotNow
        The member has too many, or has left.
    """
    _room(connection, member, now_us)
    row = (identity, member.number, kind, value, now_us, FOREVER)
    connection.execute("INSERT INTO credentials VALUES (?, ?, ?, ?, ?, ?)", row)


def _room(connection: sqlite3.Connection, member: Member, now_us: int) -> None:
    good = connection.execute(
        "SELECT count(*) FROM credentials WHERE member = ? AND until_us > ?", (member.number, now_us)
    ).fetchone()[0]
    if member.state is State.LEFT or good >= MOST_CREDENTIALS:
        raise NotNow(f"a member has at most {MOST_CREDENTIALS} keys and secrets, and none once it has left")


def rotate(
    connection: sqlite3.Connection,
    member: Member,
    identity: str,
    kind: str,
    value: bytes,
    now_us: int,
    overlap_us: int = OVERLAP_US,
) -> None:
    """Add a new key or secret; those of its kind that were there end after the overlap.

    Raises
    ------
    NotNow
        The member has too many, or has left; nothing was written.
    """
    _room(connection, member, now_us)
    connection.execute(
        "UPDATE credentials SET until_us = min(until_us, ?) WHERE member = ? AND kind = ?",
        (now_us + overlap_us, member.number, kind),
    )
    add_credential(connection, member, identity, kind, value, now_us)


def _stand(connection: sqlite3.Connection, member: Member, state: State, now_us: int) -> Member:
    connection.execute("UPDATE members SET state = ?, since_us = ? WHERE number = ?", (state, now_us, member.number))
    return replace(member, state=state)


def admit(connection: sqlite3.Connection, member: Member, now_us: int) -> Member:
    """Make an invited member active without a key of its own, for clients that know only Bearer or Basic."""
    connection.execute("DELETE FROM invitations WHERE member = ?", (member.number,))
    return _moved(connection, member, (State.INVITED,), State.ACTIVE, now_us)


def suspend(connection: sqlite3.Connection, member: Member, now_us: int) -> Member:
    """Take a member's rights away until it is resumed; its keys and groups stay."""
    return _moved(connection, member, (State.ACTIVE,), State.SUSPENDED, now_us)


def resume(connection: sqlite3.Connection, member: Member, now_us: int) -> Member:
    """Give a suspended member its rights back."""
    return _moved(connection, member, (State.SUSPENDED,), State.ACTIVE, now_us)


def leave(connection: sqlite3.Connection, member: Member, now_us: int) -> Member:
    """Part with a member for good: every key ends now, every group goes on without it."""
    gone = _moved(connection, member, (State.INVITED, State.ACTIVE, State.SUSPENDED), State.LEFT, now_us)
    connection.execute("UPDATE credentials SET until_us = min(until_us, ?) WHERE member = ?", (now_us, member.number))
    connection.execute("DELETE FROM invitations WHERE member = ?", (member.number,))
    return gone


def _moved(
    connection: sqlite3.Connection, member: Member, before: Iterable[State], state: State, now_us: int
) -> Member:
    if member.state not in before:
        raise NotNow(f"the member is {member.state}; this does not fit")
    return _stand(connection, member, state, now_us)
