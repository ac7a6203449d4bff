"""Opinions over HTTP.

::

    POST /v1/opinions              {"subject", "stance": "negative" | "seed" | "positive", "explanation"?, "docket"?}
    GET  /v1/opinions?since=US     subjects that the member may see and whose opinions changed after that, by page

An answer names no member and no number of members but a bucket.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

from stillwatch.model.errors import NotNow
from stillwatch.model.exchange import Record
from stillwatch.model.opinion import Stance  # noqa: TC001 - msgspec reads it
from stillwatch.serve.asgi import Refused, answer
from stillwatch.serve.hub.desk import reader
from stillwatch.sharing.taxii.errors import TaxiiError, not_found
from stillwatch.store.exchange.dockets import subject_of
from stillwatch.store.exchange.opinions import bucket, changed, check_room, hold, tally
from stillwatch.store.exchange.subjects import places_of

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.model.membership import Member
    from stillwatch.model.opinion import Tally
    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.hub.desk import Desk
    from stillwatch.serve.hub.submitting import Job

OPINIONS: Final = "/v1/opinions"
"""Where they are."""


class Given(msgspec.Struct, forbid_unknown_fields=True):
    """What is posted; no field for a customer, an account or a case."""

    subject: Annotated[str, Meta(max_length=300)]
    """STIX identifier or ``joint:EPOCH:NAME``."""
    stance: Stance
    """What the member thinks."""
    explanation: Annotated[str, Meta(max_length=2_000)] = ""
    """Why: kept, and handed out to nobody else."""
    docket: Annotated[str, Meta(max_length=64)] = ""
    """The docket whose review led to it."""


class OpinionRoutes:
    """The ASGI application of opinions; raises :class:`Refused` for the hub around it to answer.

    Parameters
    ----------
    desk
        What it works with.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to ``OPINIONS``."""
        if scope["path"] != OPINIONS:
            raise Refused(404, f"nothing is here; opinions are at {OPINIONS}")
        if scope["method"] == "POST":
            member, given = await self._desk.asked(scope, receive, Given)
            await answer(send, 200, await self._desk.write(self._job(member, given)))
        elif scope["method"] in ("GET", "HEAD"):
            await answer(send, 200, await self._desk.read(scope, self._changed))
        else:
            raise Refused(405, f"{OPINIONS} takes GET and POST", [(b"allow", b"GET, HEAD, POST")])

    def _job(self, identity: str, given: Given) -> Job:
        def write(connection: sqlite3.Connection, now_us: int) -> bytes:
            member = reader(connection, identity)
            places = places_of(connection, member, given.subject, self._desk.concerns)
            if not places:
                raise not_found()
            if given.docket and subject_of(connection, member, given.docket, self._desk.concerns)[0] != given.subject:
                raise TaxiiError(409, "the docket is of no subject that you may see, or of another")
            try:
                check_room(connection, member.number, given.subject)
            except NotNow as error:
                raise TaxiiError(429, str(error)) from error
            number, subject, stance = member.number, given.subject, given.stance
            why, origin = given.explanation, given.docket
            if hold(connection, number, subject, stance, places, now_us, explanation=why, origin=origin):
                told = {"member": member.id, "subject": subject, "stance": stance.value, "at_us": now_us}
                told |= {"docket": origin, "explanation_sha256": hashlib.sha256(why.encode()).hexdigest()}
                self._desk.taking.appended(connection, [Record("submission", told)])
            return msgspec.json.encode({"subject": subject, **shown(tally(connection, subject, places))})

        return write

    def _changed(self, connection: sqlite3.Connection, member: Member, since_us: int) -> dict[str, Any]:
        found, more = changed(connection, member, since_us, self._desk.concerns)
        rows = [{"subject": one.subject, **shown(one.tally), "at_us": one.at_us} for one in found]
        return {"opinions": rows, "more": more}


def shown(counted: Tally) -> dict[str, Any]:
    """Show what members think, in buckets."""
    return {
        "state": counted.state,
        "negative": bucket(counted.negative),
        "seed": bucket(counted.seed),
        "positive": bucket(counted.positive),
    }
