"""Tags in, matches out.

::

    POST /v1/tags?epoch=7&kind=email:v1          tags under handles (sharing.oblivious.submission) -> receipt
    POST /v1/tags?epoch=7&kind=email:v1&asks=1   the same, but they only ask: nobody else ever matches with them
    GET  /v1/matches?epoch=7                     what matched of the member's own groups, and the answers to what it
                                                 asked, once the epoch has closed

An answer names no other member and no number of members but a bucket.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError, NotNow
from stillwatch.serve.asgi import Refused, answer, body
from stillwatch.serve.hub.asking import epoch_of, query_of
from stillwatch.serve.hub.closing import KEPT_EPOCHS
from stillwatch.sharing.oblivious.epochs import OPEN
from stillwatch.sharing.oblivious.kinds import BY_NAME
from stillwatch.sharing.oblivious.submission import MOST_BYTES, unpacked
from stillwatch.store.exchange.matching import outcome
from stillwatch.store.exchange.tags import answers, released, submit, too_common

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.custodian.admission import Who
    from stillwatch.sharing.oblivious.epochs import Calendar
    from stillwatch.store.exchange.tag_base import TagBase
    from stillwatch.store.exchange.tags import Match

TAGS: Final = "/v1/tags"
MATCHES: Final = "/v1/matches"


class TagRoutes:
    """The ASGI application of tags and matches; raises :class:`Refused` for the hub around it to answer.

    Parameters
    ----------
    base
        Where tags are kept.
    calendar
        When epochs are: tags are taken under the open one.
    who
        Says which member contributes.
    clock
        Now (ms since 1970).
    asker
        Says which member asks, or reads what came of it; whoever contributes where nothing is given.
    """

    def __init__(
        self, base: TagBase, calendar: Calendar, who: Who, clock: Callable[[], int], asker: Who | None = None
    ) -> None:
        self._base, self._calendar, self._who, self._clock = base, calendar, who, clock
        self._asker = asker or who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to ``TAGS`` or ``MATCHES``."""
        path, method = scope["path"], scope["method"]
        if path == TAGS:
            if method != "POST":
                raise Refused(405, f"{path} takes POST", [(b"allow", b"POST")])
            asked = query_of(scope, "epoch", "kind", "asks")
            if asked.get("asks", "1") != "1":
                raise Refused(400, "asks= takes 1, or is left out where tags are contributed")
            content = await body(scope, receive, MOST_BYTES)
            member = await asyncio.to_thread(self._asker if "asks" in asked else self._who, scope, content)
            told = await asyncio.to_thread(self._submit, member, asked, content)
            await answer(send, 200 if told["again"] else 201, json.dumps(told).encode())
        elif path == MATCHES:
            if method not in ("GET", "HEAD"):
                raise Refused(405, f"{path} takes GET", [(b"allow", b"GET, HEAD")])
            member = await asyncio.to_thread(self._asker, scope, b"")
            await answer(send, 200, json.dumps(await asyncio.to_thread(self._matches, member, scope)).encode())
        else:
            raise Refused(404, f"nothing is here; tags go to {TAGS}, matches are at {MATCHES}")

    def _submit(self, member: str, asked: dict[str, str], content: bytes) -> dict[str, object]:
        epoch, kind = epoch_of(asked), asked.get("kind", "")
        if kind not in BY_NAME:
            raise Refused(400, "kind= names no kind that is matched here: " + ", ".join(BY_NAME))
        now = self._clock()
        if self._calendar.epoch(epoch).state(now) != OPEN:
            raise Refused(409, f"epoch {epoch} is not open; submit under the open one")
        try:
            receipt = submit(self._base, member, epoch, kind, unpacked(content), now, asks="asks" in asked)
        except NotNow as error:
            raise Refused(409, str(error)) from error
        except InputError as error:
            raise Refused(400, str(error)) from error
        return {"digest": receipt.digest.hex(), "tags": receipt.tags, "again": receipt.again}

    def _matches(self, member: str, scope: Scope) -> dict[str, object]:
        epoch = epoch_of(query_of(scope, "epoch"))
        closed = outcome(self._base, epoch)
        if closed is None:
            raise Refused(409, f"epoch {epoch} has not closed; matches are released when it has", [_LATER])
        current = self._calendar.current(self._clock())
        return {
            "epoch": epoch,
            "closed_ms": closed.at_ms,
            "submissions_digest": closed.digest.hex(),
            "deleted": current is not None and epoch < current.number - KEPT_EPOCHS,
            "matches": _shown(released(self._base, member, epoch)),
            "answers": _shown(answers(self._base, member, epoch)),
            "too_common": too_common(self._base, member, epoch),
        }


_LATER: Final = (b"retry-after", b"3600")


def _shown(matches: tuple[Match, ...]) -> list[dict[str, object]]:
    return [
        {"handle": one.handle.hex(), "kind": one.kind, "tags": one.tags, "members_at_least": one.members}
        for one in matches
    ]
