"""What the applications beside TAXII share: who asks, a view to read, the one writer's turn, small bodies of JSON."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from stillwatch.model.membership import Role
from stillwatch.serve.asgi import Refused, body
from stillwatch.serve.hub.asking import number_of
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.store.exchange.members import member_named
from stillwatch.store.exchange.subjects import nobody

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager

    from stillwatch.model.membership import Member
    from stillwatch.serve.asgi import Receive, Scope
    from stillwatch.serve.custodian.admission import Who
    from stillwatch.serve.hub.submitting import Job
    from stillwatch.serve.hub.taking import Taking
    from stillwatch.store.exchange.subjects import Concerns

MOST_BODY: Final = 16_384
"""Longest body (bytes)."""
_Asked = TypeVar("_Asked")


@dataclass(frozen=True, slots=True)
class Desk:
    """What an application beside TAXII works with."""

    reading: Callable[[], AbstractContextManager[sqlite3.Connection]]
    """Opens a view of one moment."""
    write: Callable[[Job], Awaitable[bytes]]
    """Does a job in the writer's turn; it refuses before it writes."""
    who: Who
    """Says which member asks."""
    taking: Taking
    """Takes objects in, and logs."""
    concerns: Concerns = nobody
    """Says of a joint campaign whether a member is in it."""

    async def asked(self, scope: Scope, receive: Receive, form: type[_Asked]) -> tuple[str, _Asked]:
        """Take in who asks (a member's UUID) and what it sends.

        Raises
        ------
        Refused
            400, 401, 403, 408, 413, 415 or 429.
        """
        content = await body(scope, receive, MOST_BODY)
        member = await asyncio.to_thread(self.who, scope, content)
        try:
            return member, msgspec.json.decode(content, type=form)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(400, f"the body is JSON with the fields {_fields(form)}, and no others") from error

    async def read(self, scope: Scope, find: Callable[[sqlite3.Connection, Member, int], Mapping[str, Any]]) -> bytes:
        """Answer ``GET ...?since=US`` for the member that asks.

        Raises
        ------
        Refused
            400, 401, 403 or 429.
        """
        return await asyncio.to_thread(self._read, scope, find)

    def _read(self, scope: Scope, find: Callable[[sqlite3.Connection, Member, int], Mapping[str, Any]]) -> bytes:
        identity, since_us = self.who(scope, b""), number_of(scope, "since", 0)
        with self.reading() as connection:
            return msgspec.json.encode(find(connection, reader(connection, identity), since_us))


def reader(connection: sqlite3.Connection, identity: str) -> Member:
    """Give a member that may read, as it stands now.

    Raises
    ------
    TaxiiError
        403: it may not, or not any more.
    """
    member = member_named(connection, identity)
    if not member.may(Role.READER):
        raise TaxiiError(403, "this member may not read here")
    return member


def _fields(form: type) -> str:
    return ", ".join(field.name for field in msgspec.structs.fields(form))
