"""``POST /v1/join``: an invited member takes its invitation up with its own public key."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stillwatch.model.errors import InputError
from stillwatch.model.exchange import Record
from stillwatch.model.membership import State
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.store.exchange.members import accept, credential, fingerprint

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from stillwatch.serve.hub.taking import Appended

JOIN: Final = "/v1/join"
"""Where it is posted."""
MOST_JOIN: Final = 4_096
"""Longest body (bytes)."""
PROVES: Final = b"stillwatch join 1\n"
"""What is signed to show that the key is one's own, followed by the invitation."""


class Joining(msgspec.Struct, forbid_unknown_fields=True):
    """What is posted."""

    invitation: str
    """As the operator gave it."""
    key: str
    """Ed25519 public key (32 bytes in base64)."""
    proof: str
    """Signature over ``PROVES`` and the invitation (64 bytes in base64)."""


def key_id(public_key: bytes) -> str:
    """Name a key by its fingerprint."""
    return "k" + fingerprint(public_key).hex()[:24]


def join_job(body: bytes, appended: Appended) -> Callable[[sqlite3.Connection, int], bytes]:
    """Read what was posted; what is left is to write it.

    Raises
    ------
    TaxiiError
        400: it is not well formed, or the key is not the sender's own.
    """
    try:
        asked = msgspec.json.decode(body, type=Joining)
        public = base64.b64decode(asked.key, validate=True)
        proof = base64.b64decode(asked.proof, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(proof, PROVES + asked.invitation.encode())
    except (msgspec.DecodeError, UnicodeError, binascii.Error, ValueError, InvalidSignature) as error:
        raise TaxiiError(400, "joining takes an invitation, a key, and a proof made with that key") from error

    def write(connection: sqlite3.Connection, now_us: int) -> bytes:
        known = credential(connection, key_id(public), now_us)
        if known and known.member.state is State.ACTIVE:
            # Who was stopped before it heard the answer asks again, with the key that only it can have.
            return msgspec.json.encode({"member": known.member.id, "key_id": key_id(public)})
        try:
            member = accept(connection, asked.invitation.encode(), key_id(public), public, now_us)
        except InputError as error:
            raise TaxiiError(403, str(error)) from error
        told = {"member": member.id, "event": "joined", "key": public.hex(), "at_us": now_us}
        appended(connection, [Record("membership", told)])
        return msgspec.json.encode({"member": member.id, "key_id": key_id(public)})

    return write
