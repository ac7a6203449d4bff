"""The shared appeal docket over HTTP: one member's appeal makes the others that acted review their own cases.

::

    POST /v1/dockets               {"subject", "outcome": "opened" | "overturned" | "upheld"} -> {"docket"}
    POST /v1/dockets/{id}          {"outcome": "overturned" | "upheld" | "not-acted"}: the member's own review
    GET  /v1/dockets?since=US      dockets on subjects that the member may see and that changed after that, by page

Whoever overturns its case holds a negative opinion on the subject from then on; where the object is its own, it is
taken back in the same transaction.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from stillwatch.model.errors import NotNow
from stillwatch.model.exchange import Record
from stillwatch.model.opinion import Review, Stance
from stillwatch.serve.asgi import Refused, answer
from stillwatch.serve.hub.desk import reader
from stillwatch.serve.hub.retracting import retract
from stillwatch.sharing.taxii.errors import TaxiiError, not_found
from stillwatch.store.exchange.dockets import changed, open_docket, review, subject_of
from stillwatch.store.exchange.opinions import bucket, hold
from stillwatch.store.exchange.subjects import places_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from stillwatch.model.membership import Member
    from stillwatch.model.opinion import Docket
    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.hub.desk import Desk
    from stillwatch.serve.hub.submitting import Job

DOCKETS: Final = "/v1/dockets"
"""Where they are."""
_ONE: Final = re.compile(rf"{DOCKETS}/([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})", re.ASCII)


class Appealed(msgspec.Struct, forbid_unknown_fields=True):
    """What opens a docket; no field for a customer, an account or a case."""

    subject: Annotated[str, Meta(max_length=300)]
    """STIX identifier or ``joint:EPOCH:NAME``."""
    outcome: Literal["opened", "overturned", "upheld"]
    """How the appeal stands at this member."""


class Reviewed(msgspec.Struct, forbid_unknown_fields=True):
    """What a member's own review came to."""

    outcome: Literal["overturned", "upheld", "not-acted"]
    """``not-acted``: there was nothing to review."""


class DocketRoutes:
    """The ASGI application of dockets; raises :class:`Refused` for the hub around it to answer.

    Parameters
    ----------
    desk
        What it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to ``DOCKETS`` or below."""
        path, method = scope["path"], scope["method"]
        one = _ONE.fullmatch(path)
        if path != DOCKETS and not one:
            raise Refused(404, f"nothing is here; dockets are at {DOCKETS}")
        if method == "POST" and one:
            member, reviewed = await self._desk.asked(scope, receive, Reviewed)
            await answer(send, 200, await self._desk.write(self._reviewed(member, one[1], Review(reviewed.outcome))))
        elif method == "POST":
            member, appealed = await self._desk.asked(scope, receive, Appealed)
            await answer(send, 200, await self._desk.write(self._opened(member, appealed)))
        elif method in ("GET", "HEAD") and not one:
            await answer(send, 200, await self._desk.read(scope, self._changed))
        else:
            taken = "POST" if one else "GET, HEAD, POST"
            raise Refused(405, f"{path} takes {taken}", [(b"allow", taken.encode())])

    def _opened(self, identity: str, appealed: Appealed) -> Job:
        def write(connection: sqlite3.Connection, now_us: int) -> bytes:
            member = reader(connection, identity)
            places = places_of(connection, member, appealed.subject, self._desk.concerns)
            if not places:
                raise not_found()
            drawn = str(uuid.uuid4())
            try:
                docket, _ = open_docket(connection, member.number, appealed.subject, places, drawn, now_us)
            except NotNow as error:
                raise TaxiiError(429, str(error)) from error
            return self._write(connection, member, (docket, appealed.subject, places), Review(appealed.outcome), now_us)

        return write

    def _reviewed(self, identity: str, docket: str, outcome: Review) -> Job:
        def write(connection: sqlite3.Connection, now_us: int) -> bytes:
            member = reader(connection, identity)
            subject, places = subject_of(connection, member, docket, self._desk.concerns)
            if not places:
                raise not_found()
            return self._write(connection, member, (docket, subject, places), outcome, now_us)

        return write

    def _write(
        self,
        connection: sqlite3.Connection,
        member: Member,
        about: tuple[str, str, Sequence[int]],
        outcome: Review,
        now_us: int,
    ) -> bytes:
        docket, subject, places = about
        try:
            new = review(connection, docket, member.number, outcome, now_us)
        except NotNow as error:
            raise TaxiiError(409, str(error)) from error
        taken_back = 0
        if new:
            told = {"docket": docket, "subject": subject, "member": member.id, "outcome": outcome.value}
            self._desk.taking.appended(connection, [Record("appeal", {**told, "at_us": now_us})])
            if outcome is Review.OVERTURNED:
                hold(connection, member.number, subject, Stance.NEGATIVE, places, now_us, origin=docket)
                taken_back = retract(connection, self._desk.taking, member, subject, docket, now_us)
        return msgspec.json.encode({"docket": docket, "outcome": outcome.value, "revoked": taken_back})

    def _changed(self, connection: sqlite3.Connection, member: Member, since_us: int) -> dict[str, Any]:
        found, more = changed(connection, member, since_us, self._desk.concerns)
        return {"dockets": [_shown(one) for one in found], "more": more}


def _shown(one: Docket) -> dict[str, Any]:
    return {
        "docket": one.id,
        "subject": one.subject,
        "own": one.own.value if one.own else "due",
        "others": {outcome.value: bucket(one.others.get(outcome, 0)) for outcome in Review},
        "at_us": one.at_us,
    }
