"""Evidence in, joint campaigns out.

::

    POST /v1/commitments?epoch=7   {"detector": SHA-256, "commitments": {handle: digest}}, while the epoch is open
    POST /v1/offers?epoch=7        offers of matched groups (sharing.joint.wire), once it has closed
    POST /v1/withdraw?epoch=7      {"handles": [handle]}: groups taken back while nothing was joined
    GET  /v1/joint?epoch=7         joint campaigns that the member's own groups are in, once they were joined

An answer names no other member, no group of others, and no number of members but a bucket.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from stillwatch.model.errors import InputError, NotNow
from stillwatch.serve.asgi import Refused, answer, body
from stillwatch.serve.hub.asking import epoch_of, query_of
from stillwatch.serve.hub.combining import form
from stillwatch.sharing.joint.wire import MOST_BYTES, MOST_OFFERS, commitment, cut, unpacked
from stillwatch.sharing.oblivious.epochs import OPEN
from stillwatch.store.exchange.offered import commit, joined_as, offer, told, withdraw

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.custodian.admission import Who
    from stillwatch.sharing.oblivious.epochs import Calendar
    from stillwatch.store.exchange.tag_base import TagBase

COMMITMENTS: Final = "/v1/commitments"
OFFERS: Final = "/v1/offers"
WITHDRAW: Final = "/v1/withdraw"
JOINT: Final = "/v1/joint"
MOST_COMMITTED: Final = 512 << 10
"""Longest body of commitments, or of handles (bytes)."""
_LATER: Final = (b"retry-after", b"3600")
_Handle = Annotated[str, msgspec.Meta(min_length=32, max_length=32, pattern=r"^[0-9a-f]*\Z")]
_Digest = Annotated[str, msgspec.Meta(min_length=64, max_length=64, pattern=r"^[0-9a-f]*\Z")]


class Committed(msgspec.Struct, forbid_unknown_fields=True):
    """What a member commits to."""

    detector: _Digest
    """Digest of the program that made the offers."""
    commitments: Annotated[dict[_Handle, _Digest], msgspec.Meta(min_length=1, max_length=MOST_OFFERS)]
    """Handle to digest of the offer."""


class Handles(msgspec.Struct, forbid_unknown_fields=True):
    """Groups of a member."""

    handles: Annotated[list[_Handle], msgspec.Meta(min_length=1, max_length=MOST_OFFERS)]
    """Their handles."""


class OfferRoutes:
    """The ASGI application of offers; raises :class:`Refused` for the hub around it to answer.

    Parameters
    ----------
    base
        Where tags and offers are kept.
    calendar
        When epochs are.
    who
        Says which member asks.
    clock
        Now (ms since 1970).
    known
        Whether a detector is registered here; offers of others are not taken.
    """

    def __init__(
        self,
        base: TagBase,
        calendar: Calendar,
        who: Who,
        clock: Callable[[], int],
        known: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._base, self._calendar, self._who, self._clock, self._known = base, calendar, who, clock, known
        self._posts: dict[str, tuple[int, Callable[[str, int, bytes], dict[str, Any]]]] = {
            COMMITMENTS: (MOST_COMMITTED, self._commit),
            OFFERS: (MOST_BYTES, self._offer),
            WITHDRAW: (MOST_COMMITTED, self._withdraw),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = scope["path"], scope["method"]
        taken = "POST" if path in self._posts else "GET"
        if path not in self._posts and path != JOINT:
            raise Refused(404, f"nothing is here; offers go to {OFFERS}, joint campaigns are at {JOINT}")
        if method != taken:
            raise Refused(405, f"{path} takes {taken}", [(b"allow", taken.encode())])
        content = await body(scope, receive, self._posts[path][0]) if taken == "POST" else b""
        member = await asyncio.to_thread(self._who, scope, content)
        epoch = epoch_of(query_of(scope, "epoch"))
        found = await asyncio.to_thread(self._told, path, member, epoch, content)
        await answer(send, 200, json.dumps(found).encode())

    def _told(self, path: str, member: str, epoch: int, content: bytes) -> dict[str, Any]:
        try:
            return self._joint(member, epoch) if path == JOINT else self._posts[path][1](member, epoch, content)
        except NotNow as error:
            raise Refused(409, str(error)) from error
        except InputError as error:
            raise Refused(400, str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(400, f"{path}: {str(error)[:200]}") from error

    def _commit(self, member: str, epoch: int, content: bytes) -> dict[str, Any]:
        asked = msgspec.json.decode(content, type=Committed)
        if self._calendar.epoch(epoch).state(self._clock()) != OPEN:
            raise NotNow(f"epoch {epoch} is not open; commit under the open one")
        if not self._known(asked.detector):
            raise InputError("this detector is not registered here; `stillwatch hub detector add` is its operator's")
        digests = {bytes.fromhex(one): bytes.fromhex(digest) for one, digest in asked.commitments.items()}
        return {"epoch": epoch, "groups": commit(self._base, member, epoch, digests)}

    def _offer(self, member: str, epoch: int, content: bytes) -> dict[str, Any]:
        like, offers = form(), {}
        for one in cut(content):
            read = unpacked(one, like)
            offers[bytes.fromhex(read.name)] = (one, commitment(epoch, one))
        return {"epoch": epoch, "taken": offer(self._base, member, epoch, offers)}

    def _withdraw(self, member: str, epoch: int, content: bytes) -> dict[str, Any]:
        asked = msgspec.json.decode(content, type=Handles)
        gone = withdraw(self._base, member, epoch, [bytes.fromhex(one) for one in asked.handles])
        return {"epoch": epoch, "withdrawn": gone}

    def _joint(self, member: str, epoch: int) -> dict[str, Any]:
        joined = joined_as(self._base, epoch)
        if joined is None:
            raise Refused(409, f"the offers of epoch {epoch} have not been joined", [_LATER])
        return {
            "epoch": epoch,
            "joined_ms": joined.at_ms,
            "offers_digest": joined.digest.hex(),
            "campaigns": [
                {
                    "name": one.name,
                    "members_at_least": one.members,
                    "handles": [handle.hex() for handle in one.handles],
                    "standing": [handle.hex() for handle in one.standing],
                    **msgspec.json.decode(one.body),
                }
                for one in told(self._base, member, epoch)
            ],
        }
