"""A member as its own file knows it: joins once, then asks hub and custodian in its name."""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stillwatch.model.errors import InputError, LogError, PeerError
from stillwatch.serve.hub.joining import JOIN, PROVES, key_id
from stillwatch.serve.hub.signatures import sign
from stillwatch.serve.member.peer import Peer
from stillwatch.sharing.transparency.checkpoint import Trust, open_checkpoint
from stillwatch.sharing.transparency.note import read_verifier
from stillwatch.store.member.file import keep, setting
from stillwatch.store.member.journal import noted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillwatch.serve.member.peer import Headers
    from stillwatch.store.member.file import MemberFile

    Clock = Callable[[], int]
    """Now (us since 1970)."""

EVALUATE: Final = "/v1/oprf/"
CHECKPOINT: Final = "/log/checkpoint"
HUB, CUSTODIAN = "hub", "custodian"


@dataclass(frozen=True, slots=True, repr=False)
class Membership:
    """Who a member is, where. Secret."""

    id: str
    """UUID at the hub."""
    hub: Peer
    """The hub, asked with signed requests."""
    custodian: Peer
    """The custodian, asked with a secret of its own."""
    handles: bytes
    """Key that names of groups are sealed with (32 bytes); never leaves."""
    verifier: str
    """Verifier key of the hub's transparency log."""
    clock: Clock
    """Now (us since 1970)."""

    @property
    def now_ms(self) -> int:
        """Read the clock (ms since 1970)."""
        return self.clock() // 1_000

    def __repr__(self) -> str:
        """Name the member, never a key."""
        return f"Membership({self.id})"


def now_us() -> int:
    """Read the clock (us since 1970)."""
    return time.time_ns() // 1_000


def _fresh(at_us: int) -> dict[str, str]:
    """Mark one evaluation, so that nobody can send it again."""
    return {"stillwatch-created": str(at_us // 1_000_000), "stillwatch-nonce": secrets.token_hex(16)}


def signer(key: Ed25519PrivateKey, identity: str, clock: Clock) -> Headers:
    """Give what signs requests to the hub (RFC 9421)."""

    def headers(method: str, url: str, body: bytes | None, kind: str) -> Mapping[str, str]:
        made = sign(key, identity, secrets.token_urlsafe(24), clock(), method, url, body, kind)
        return made | (_fresh(clock()) if body is not None and EVALUATE in url else {})

    return headers


def bearer(secret: str, clock: Clock) -> Headers:
    """Give what shows a secret to the custodian."""

    def headers(method: str, url: str, body: bytes | None, kind: str) -> Mapping[str, str]:
        del method, url, kind
        return {"Authorization": f"Bearer {secret}"} | (_fresh(clock()) if body is not None else {})

    return headers


def join(
    file: MemberFile, hub: str, invitation: str, custodian: tuple[str, str], verifier: str, clock: Clock = now_us
) -> Membership:
    """Take an invitation up, with a key made now, and keep who one is.

    Parameters
    ----------
    file
        The member's file; the key is in it before the hub hears of it.
    hub
        The hub's address.
    invitation
        As its operator gave it.
    custodian
        The custodian's address, and the secret that its operator gave.
    verifier
        Verifier key of the hub's log, from its operator by another way than from the hub.
    clock
        Now (us since 1970).

    Raises
    ------
    InputError
        This file has joined a hub already.
    PeerError
        The hub or the custodian refuses, or the hub's log is not signed with the key that it should be.
    """
    with file.reading() as connection:
        if setting(connection, "member"):
            raise InputError(f"{file.path}: this member has joined already; `--member FILE` names another file")
    stranger = Peer(HUB, hub, lambda *_: {})
    _checked(stranger, Peer(CUSTODIAN, custodian[0], bearer(custodian[1], clock)), verifier)
    with file.writing() as connection:
        made = Ed25519PrivateKey.generate()
        # An earlier try may have ended between the hub's answer and here: the same key is tried again.
        seed = setting(connection, "key") or made.private_bytes_raw()
        keep(connection, "key", seed)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    asked = {
        "invitation": invitation,
        "key": base64.b64encode(public).decode(),
        "proof": base64.b64encode(key.sign(PROVES + invitation.encode())).decode(),
    }
    body = json.dumps(asked).encode()
    answer = stranger.ask("POST", JOIN, body)
    identity = str(answer.told().get("member", ""))[:64]
    settings = {
        "member": identity,
        "key id": key_id(public),
        "hub": hub,
        "custodian": custodian[0],
        "custodian secret": custodian[1],
        "verifier": verifier,
    }
    with file.writing() as connection:
        for name, value in settings.items():
            keep(connection, name, value.encode())
        keep(connection, "handles", secrets.token_bytes(32))
        noted(connection, "out", HUB, "joined with a public key", public, clock() // 1_000)
    return membership(file, clock)


def renew(file: MemberFile, hub: str, custodian: tuple[str, str], verifier: str, clock: Clock = now_us) -> Membership:
    """Take another secret for the custodian, or its new address; this member stays who it is at the hub.

    Raises
    ------
    InputError
        This file has not joined that hub.
    PeerError
        As :func:`join`.
    """
    if membership(file, clock).hub.base != hub:
        raise InputError(
            f"{file.path}: this member has joined another hub; give --invitation-file and another --member"
        )
    _checked(Peer(HUB, hub, lambda *_: {}), Peer(CUSTODIAN, custodian[0], bearer(custodian[1], clock)), verifier)
    with file.writing() as connection:
        keep(connection, "custodian", custodian[0].encode())
        keep(connection, "custodian secret", custodian[1].encode())
        keep(connection, "verifier", verifier.encode())
    return membership(file, clock)


def _checked(hub: Peer, custodian: Peer, verifier: str) -> None:
    """Ask both before the invitation is spent: an address or a secret that is wrong is found while it can be mended."""
    custodian.ask("GET", f"{EVALUATE}epochs")
    shown = hub.ask("GET", CHECKPOINT, accept="*/*").content
    try:
        open_checkpoint(shown, Trust(read_verifier(verifier)))
    except LogError as error:
        raise PeerError(
            f"the log at {hub.base} is not signed with the key of --vkey; nothing was sent, ask the hub's operator "
            "which address and which key are right"
        ) from error


def membership(file: MemberFile, clock: Clock = now_us) -> Membership:
    """Give who a member is.

    Raises
    ------
    InputError
        It has not joined.
    """
    with file.reading() as connection:
        found = {
            name: setting(connection, name)
            for name in ("member", "key", "key id", "hub", "custodian", "custodian secret", "verifier", "handles")
        }
    if any(value is None for value in found.values()):
        raise InputError(f"{file.path}: this member has joined no hub; run `stillwatch join`")
    bare = {name: value or b"" for name, value in found.items()}
    text = {name: value.decode() for name, value in bare.items() if name not in ("key", "handles")}
    key = Ed25519PrivateKey.from_private_bytes(bare["key"])
    return Membership(
        text["member"],
        Peer(HUB, text["hub"], signer(key, text["key id"], clock)),
        Peer(CUSTODIAN, text["custodian"], bearer(text["custodian secret"], clock)),
        bare["handles"],
        text["verifier"],
        clock,
    )
