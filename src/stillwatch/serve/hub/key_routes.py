"""A member's own keys.

::

    GET  /v1/keys           keys and secrets that are good now
    POST /v1/keys           {"key", "proof"}: a new key follows the old ones, which end after the overlap
    POST /v1/keys/{id}/end  one of one's own ends at once, never the last key

Both POSTs are signed with a key that is good: a secret for off-the-shelf clients makes no keys.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stillwatch.model.errors import InputError, NotNow
from stillwatch.model.exchange import Record
from stillwatch.serve.asgi import Refused, answer, body
from stillwatch.serve.hub.auth import still
from stillwatch.serve.hub.joining import key_id
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.store.exchange.members import OVERLAP_US
from stillwatch.store.exchange.own_keys import end, follow, keys_of

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.serve.asgi import Receive, Scope, Send
    from stillwatch.serve.hub.app import Hub
    from stillwatch.serve.hub.auth import Caller
    from stillwatch.serve.hub.submitting import Job
    from stillwatch.serve.hub.taking import Appended

KEYS: Final = "/v1/keys"
"""Where keys are."""
MOST_KEY: Final = 4_096
"""Longest body (bytes)."""
PROVES: Final = b"stillwatch keys 1\n"
"""What the new key signs to show that it is one's own, followed by the member's id."""
_END: Final = re.compile(rf"{KEYS}/([A-Za-z0-9_-]{{1,64}})/end", re.ASCII)


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """What is posted."""

    key: str
    """Ed25519 public key (32 bytes in base64)."""
    proof: str
    """Signature of that key over ``PROVES`` and the member's id (64 bytes in base64)."""


class KeyRoutes:
    """The ASGI application below ``KEYS``; raises :class:`Refused` for the hub around it to answer.

    Parameters
    ----------
    hub
        Says who asks, reads, and writes in its turn.
    appended
        Writes records to the transparency log.
    overlap_us
        How long old keys are good beside a new one (us).
    """

    def __init__(self, hub: Hub, appended: Appended, overlap_us: int = OVERLAP_US) -> None:
        self._hub, self._appended, self._overlap_us = hub, appended, overlap_us

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = scope["path"], scope["method"]
        ended = _END.fullmatch(path)
        if path != KEYS and not ended:
            raise Refused(404, f"nothing is here; keys are at {KEYS}")
        if method == "GET" and not ended:
            caller = await asyncio.to_thread(self._hub.caller_of, scope, b"")
            await answer(send, 200, await asyncio.to_thread(self._listed, caller))
            return
        if method != "POST":
            taken = b"POST" if ended else b"GET, POST"
            raise Refused(405, f"this takes {taken.decode()}", [(b"allow", taken)])
        content = await body(scope, receive, MOST_KEY)
        caller = await asyncio.to_thread(self._hub.caller_of, scope, content)
        if not caller.key_id:
            raise Refused(403, "keys are changed by a request that is signed with one (RFC 9421)")
        job = self._ended(caller, ended[1]) if ended else self._followed(caller, content)
        await answer(send, 200, await self._hub.write(job))

    def _listed(self, caller: Caller) -> bytes:
        with self._hub.reading() as (connection, now_us):
            found = keys_of(connection, caller.member, now_us)
        return msgspec.json.encode({"keys": found})

    def _followed(self, caller: Caller, content: bytes) -> Job:
        public = _proved(content, caller.member.id)
        identity = key_id(public)

        def write(connection: sqlite3.Connection, now_us: int) -> bytes:
            member = still(connection, caller)
            try:
                fresh = follow(connection, member, identity, public, now_us, self._overlap_us)
            except NotNow as error:
                raise TaxiiError(409, str(error)) from error
            if fresh:
                told = {"member": member.id, "event": "rotated", "key": public.hex(), "at_us": now_us}
                self._appended(connection, [Record("membership", told)])
            return msgspec.json.encode({"key_id": identity, "keys": keys_of(connection, member, now_us)})

        return write

    def _ended(self, caller: Caller, identity: str) -> Job:
        def write(connection: sqlite3.Connection, now_us: int) -> bytes:
            member = still(connection, caller)
            try:
                end(connection, member, identity, now_us)
            except NotNow as error:
                raise TaxiiError(409, str(error)) from error
            except InputError as error:
                raise TaxiiError(404, str(error)) from error
            told = {"member": member.id, "event": "key-ended", "key_id": identity, "at_us": now_us}
            self._appended(connection, [Record("membership", told)])
            return msgspec.json.encode({"keys": keys_of(connection, member, now_us)})

        return write


def _proved(content: bytes, member: str) -> bytes:
    """Give the public key that was sent, once it has shown that it is the sender's."""
    try:
        asked = msgspec.json.decode(content, type=NewKey)
        public = base64.b64decode(asked.key, validate=True)
        proof = base64.b64decode(asked.proof, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(proof, PROVES + member.encode())
    except (msgspec.DecodeError, UnicodeError, binascii.Error, ValueError, InvalidSignature) as error:
        raise Refused(400, "a new key is sent with a proof made with it over the prefix and your member id") from error
    return public
