"""A member's own key at the hub: a new one follows the old one, whatever stops it half way."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stillwatch.serve.hub.joining import key_id
from stillwatch.serve.hub.key_routes import KEYS, PROVES
from stillwatch.serve.member.membership import HUB
from stillwatch.store.member.file import drop, keep, setting
from stillwatch.store.member.journal import noted

if TYPE_CHECKING:
    from stillwatch.serve.member.membership import Membership
    from stillwatch.store.member.file import MemberFile

_NEXT = "next key"


def rotate(file: MemberFile, member: Membership) -> str:
    """Let a new key follow the old one, which stays good for the hub's overlap; gives the id of the new one.

    Notes
    -----
    The new key is in the file before the hub hears of it, and takes the old one's place once the hub has it. Whoever is
    stopped in between runs it again: the same key is sent, and the hub takes it once.
    """
    with file.writing() as connection:
        seed = setting(connection, _NEXT) or Ed25519PrivateKey.generate().private_bytes_raw()
        keep(connection, _NEXT, seed)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    proof = key.sign(PROVES + member.id.encode())
    body = json.dumps({"key": base64.b64encode(public).decode(), "proof": base64.b64encode(proof).decode()}).encode()
    member.hub.ask("POST", KEYS, body)
    with file.writing() as connection:
        keep(connection, "key", seed)
        keep(connection, "key id", key_id(public).encode())
        drop(connection, _NEXT)
        noted(connection, "out", HUB, "a new public key", body, member.now_ms)
    return key_id(public)
