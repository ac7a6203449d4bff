"""Who else is in this: asked by one member, answered by the others, names told to pairs that both agreed.

::

    POST /v1/unmask            {"subject", "reason"}: asks everybody else who is in a subject that the member is in
    GET  /v1/unmask?after=US   what the member asked and is asked, by page; never who asks, never who refused
    POST /v1/unmask/{id}       {"consent": true|false}

Asking is agreeing. Silence is no, and a refusal looks like silence: to the log, too, which it is not written to.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from stillwatch.model.errors import InputError, NotNow
from stillwatch.model.exchange import Record
from stillwatch.model.membership import Role, State
from stillwatch.serve.asgi import Refused, answer, body
from stillwatch.serve.hub.asking import number_of
from stillwatch.serve.hub.auth import still
from stillwatch.sharing.taxii.errors import TaxiiError, not_found
from stillwatch.store.exchange.members import members
from stillwatch.store.exchange.objects import owners
from stillwatch.store.exchange.unmasking import ask, reply, requests_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection
    from typing import TypeAlias

    from stillwatch.model.membership import Member
    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.hub.app import Hub
    from stillwatch.serve.hub.auth import Caller
    from stillwatch.serve.hub.submitting import Job
    from stillwatch.serve.hub.taking import Appended
    from stillwatch.store.exchange.unmasking import Unmask

    Others: TypeAlias = Callable[[str, str], Collection[str] | None]
    """(subject, member id) -> ids of the others in it; None where the member is not in it, or it does not exist."""

UNMASK: Final = "/v1/unmask"
"""Where requests are."""
MOST_UNMASK: Final = 8_192
"""Longest body (bytes)."""
PAGE: Final = 100
"""Most requests of a page."""
_ONE: Final = re.compile(rf"{UNMASK}/([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})")
SUBJECT: Final = (
    r"^([a-z][a-z0-9-]{1,63}--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|joint:[1-9][0-9]{0,8}:[A-Za-z0-9._-]{1,64})\Z"
)
"""Form of a subject: an id of STIX, or a joint campaign."""


class Asking(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked."""

    subject: Annotated[str, msgspec.Meta(pattern=SUBJECT, max_length=160)]
    """What it is about."""
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    """Why; everybody who is asked reads it, so whoever wants to stay unnamed writes no name into it."""


class Consent(msgspec.Struct, forbid_unknown_fields=True):
    """What is answered."""

    consent: bool
    """Whether one's name may be told to those who agree, too."""


class UnmaskRoutes:
    """The ASGI application below ``UNMASK``; raises :class:`Refused` for the hub around it to answer.

    Parameters
    ----------
    hub
        Says who asks, reads, and writes in its turn.
    appended
        Writes records to the transparency log.
    joint
        Says who else is in a joint campaign.
    """

    def __init__(self, hub: Hub, appended: Appended, joint: Others = lambda _, __: None) -> None:
        self._hub, self._appended, self._joint = hub, appended, joint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = scope["path"], scope["method"]
        one = _ONE.fullmatch(path)
        if path != UNMASK and not one:
            raise Refused(404, f"nothing is here; requests are at {UNMASK}")
        if method == "GET" and not one:
            caller = await asyncio.to_thread(self._hub.caller_of, scope, b"")
            await answer(send, 200, await asyncio.to_thread(self._listed, caller, number_of(scope, "after")))
            return
        if method != "POST":
            taken = b"POST" if one else b"GET, POST"
            raise Refused(405, f"this takes {taken.decode()}", [(b"allow", taken)])
        content = await body(scope, receive, MOST_UNMASK)
        caller = await asyncio.to_thread(self._hub.caller_of, scope, content)
        job = self._answered(caller, content, one[1]) if one else self._asked(caller, content)
        await answer(send, 200, await self._hub.write(job))

    def _listed(self, caller: Caller, after_us: int) -> bytes:
        with self._hub.reading() as (connection, now_us):
            found = requests_of(connection, caller.member, after_us, PAGE + 1)
        shown = [_shown(one, now_us) for one in found[:PAGE]]
        return msgspec.json.encode({"more": len(found) > PAGE, "requests": shown})

    def _asked(self, caller: Caller, content: bytes) -> Job:
        try:
            asked = msgspec.json.decode(content, type=Asking)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise Refused(
                400, "a request has a subject (an id of STIX, or joint:EPOCH:NAME) and a reason, at most 500 characters"
            ) from error
        identity = str(uuid.uuid4())

        def write(connection: sqlite3.Connection, now_us: int) -> bytes:
            member = still(connection, caller)
            others = self._others(connection, member, asked.subject)
            try:
                made = ask(connection, member, identity, asked.subject, asked.reason, others, now_us)
            except NotNow as error:
                raise TaxiiError(409, str(error)) from error
            if made is None:
                raise TaxiiError(409, "your request about this subject is still open; GET /v1/unmask shows it")
            self._appended(connection, [_record(member.id, identity, "asked", now_us, subject=asked.subject)])
            return msgspec.json.encode(_shown(made, now_us))

        return write

    def _others(self, connection: sqlite3.Connection, member: Member, subject: str) -> set[int]:
        """Find who is asked: what may not be seen and what does not exist look the same."""
        if subject.startswith("joint:"):
            named = self._joint(subject, member.id)
            if named is None:
                raise not_found()
            inside = {one.number for one in members(connection) if one.id in set(named)}
        else:
            inside = set(owners(connection, member, subject)) if member.may(Role.READER) else set()
            if not inside:
                raise not_found()
        active = {one.number for one in members(connection) if one.state is State.ACTIVE}
        return inside & active - {member.number}

    def _answered(self, caller: Caller, content: bytes, identity: str) -> Job:
        try:
            asked = msgspec.json.decode(content, type=Consent)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise Refused(400, 'an answer is {"consent": true} or {"consent": false}') from error

        def write(connection: sqlite3.Connection, now_us: int) -> bytes:
            member = still(connection, caller)
            try:
                told = reply(connection, member, identity, consent=asked.consent, now_us=now_us)
            except NotNow as error:
                raise TaxiiError(409, str(error)) from error
            except InputError as error:
                raise TaxiiError(404, str(error)) from error
            if told:
                records = [_record(member.id, identity, "consented", now_us)]
                records += [_record(one, identity, "named", now_us) for one in told]
                self._appended(connection, records)
            return msgspec.json.encode({"id": identity, "consent": asked.consent})

        return write


def _record(member: str, request: str, event: str, now_us: int, **more: str) -> Record:
    """Tell of one member alone, so that the record can be shown to it."""
    return Record("unmask", {"member": member, "request": request, "event": event, "at_us": now_us, **more})


def _shown(one: Unmask, now_us: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "at_us": one.at_us,
        "until_us": one.until_us,
        "open": now_us < one.until_us,
        "by": "you" if one.asked else "a member",
        "subject": one.subject,
        "reason": one.reason,
        "consent": one.consent,
        "names": list(one.names),
    }
