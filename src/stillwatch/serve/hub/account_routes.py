"""A member's own account: everything it ever sent or received.

::

    GET /v1/record                      sections and what each holds
    GET /v1/record?section=S[&after=A]  rows of one, by page; the next page is after the last row's ``at``
    GET /v1/record/receipt?index=N      the receipt of an entry of the log that tells of this member
"""

from __future__ import annotations

import asyncio
import re
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stillwatch.serve.asgi import Refused, answer
from stillwatch.serve.hub.asking import number_of, query_of
from stillwatch.serve.hub.log import receipt
from stillwatch.store.exchange.account import SECTIONS
from stillwatch.store.exchange.books import Books
from stillwatch.store.exchange.sent import tells_of

if TYPE_CHECKING:
    from stillwatch.model.membership import Member
    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.hub.app import Hub
    from stillwatch.store.exchange.books import Section
    from stillwatch.store.exchange.tag_base import TagBase

RECORD: Final = "/v1/record"
"""Where the account is."""
RECEIPT: Final = "/v1/record/receipt"
"""Where receipts are."""
PAGE: Final = 100
"""Most rows of a page."""
MOST_BYTES: Final = 4 << 20
"""Rows of a page (bytes): it ends with the row that passes this."""
_PLACE: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


class AccountRoutes:
    """The ASGI application at ``RECORD``; raises :class:`Refused` for the hub around it to answer.

    Parameters
    ----------
    hub
        Says who asks, and reads.
    tags
        The database of tags; None where this hub matches nothing.
    sections
        What an account is made of.
    """

    def __init__(self, hub: Hub, tags: TagBase | None = None, sections: tuple[Section, ...] = SECTIONS) -> None:
        self._hub, self._tags = hub, tags
        self._sections = {one.name: one for one in sections}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        path = scope["path"]
        if path not in (RECORD, RECEIPT):
            raise Refused(404, f"nothing is here; your account is at {RECORD}")
        if scope["method"] != "GET":
            raise Refused(405, "an account is read with GET", [(b"allow", b"GET")])
        caller = await asyncio.to_thread(self._hub.caller_of, scope, b"")
        if path == RECEIPT:
            content = await asyncio.to_thread(self._receipt, caller.member, number_of(scope, "index"))
            await answer(send, 200, content, b"text/plain; charset=utf-8")
            return
        asked = query_of(scope, "section", "after")
        await answer(send, 200, await asyncio.to_thread(self._page, caller.member, asked))

    def _page(self, member: Member, asked: dict[str, str]) -> bytes:
        if "section" not in asked:
            if asked:
                raise Refused(400, "after= goes on in a section; name it with section=")
            told = [{"name": one.name, "says": one.says} for one in self._sections.values()]
            return msgspec.json.encode({"sections": told})
        section, after = self._sections.get(asked["section"]), asked.get("after", "-1")
        if section is None:
            raise Refused(400, "section= takes one of " + ", ".join(self._sections))
        if "after" in asked and not _PLACE.fullmatch(after):
            raise Refused(400, "after= takes the at of a row")
        with (
            self._hub.reading() as (connection, _),
            self._tags.reading() if self._tags else nullcontext() as tags,
        ):
            rows = section.rows(Books(connection, tags, member), int(after), PAGE + 1)
        shown: list[Any] = []
        size = 0
        for row in rows[:PAGE]:
            made = msgspec.json.encode(row)
            shown.append(msgspec.Raw(made))
            size += len(made)
            if size > MOST_BYTES:
                break
        more = len(shown) < len(rows)
        return msgspec.json.encode({"section": section.name, "says": section.says, "more": more, "rows": shown})

    def _receipt(self, member: Member, index: int) -> bytes:
        with self._hub.reading() as (connection, _):
            made = receipt(connection, index, shown=True) if tells_of(connection, index, member.id) else None
        if made is None:
            raise Refused(404, "no entry of this number tells of you, or no checkpoint holds it yet")
        return bytes(made)
