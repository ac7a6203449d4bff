"""Who asks: a signed request (RFC 9421), a Bearer token, or Basic for clients that know nothing else.

Everything is read from the head: nobody unknown gets to send a body. Secrets are random, 256 bits, kept as SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stillwatch.model.membership import State
from stillwatch.serve.hub.bounds import Nonces, Rates
from stillwatch.serve.hub.signatures import HEADERS, Unsigned, body_matches, verified
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.sharing.taxii.times import moment
from stillwatch.store.exchange.members import credential, fingerprint, member_named

if TYPE_CHECKING:
    import sqlite3

    from stillwatch.model.membership import Member
    from stillwatch.serve.hub.settings import HubSettings
    from stillwatch.store.exchange.members import Credential

_SCHEMES: Final = ((b"www-authenticate", b'Bearer realm="exchange"'), (b"www-authenticate", b'Basic realm="exchange"'))
_MOST: Final = 512
"""Longest Authorization (bytes)."""


@dataclass(frozen=True, slots=True)
class Head:
    """What of a request stands before its body."""

    method: str
    """GET, POST ..."""
    target: str
    """Absolute URL, from the hub's public address and the path and query as they came."""
    headers: dict[str, str]
    """Those that are looked at, in small letters; each at most once."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    member: Member
    """As it stands now; always active."""
    digest: str = ""
    """What the body must hash to (Content-Digest); "" where it is not signed."""
    key_id: str = ""
    """Id of the key that signed the request; "" where a secret was shown."""

    def check(self, body: bytes) -> None:
        """See that a body is the one that was signed.

        Raises
        ------
        TaxiiError
            400: it is another.
        """
        if self.digest and not body_matches(self.digest, body):
            raise TaxiiError(400, "the body is not the one that Content-Digest names")


def still(connection: sqlite3.Connection, caller: Caller) -> Member:
    """Give a caller as it stands when its turn to write has come.

    Raises
    ------
    TaxiiError
        403: it is no longer active.
    """
    member = member_named(connection, caller.member.id)
    if member.state is not State.ACTIVE:
        raise TaxiiError(403, f"this member is {member.state}; ask the hub's operator")
    return member


def _denied(text: str = "a signature or secret is missing or wrong") -> TaxiiError:
    return TaxiiError(401, text, _SCHEMES)


class Auth:
    """Says who asks.

    Parameters
    ----------
    settings
        Rates, window of time.
    started_us
        When this hub started (us since 1970): what was signed before is refused, for its nonces are forgotten.
    """

    def __init__(self, settings: HubSettings, started_us: int) -> None:
        self._window_us = settings.window_s * 1_000_000
        self._started_us = started_us
        self._rates = Rates(settings.rate_per_s, settings.burst)
        self._nonces = Nonces(self._window_us)

    def who(self, connection: sqlite3.Connection, head: Head, now_us: int) -> Caller:
        """Find who asks.

        Parameters
        ----------
        connection
            Reads the hub's file.
        head
            The request.
        now_us
            Now (us since 1970).

        Raises
        ------
        TaxiiError
            401: nobody known. 403: a member that is not active. 429: too often.
        """
        digest, key = "", ""
        if "signature-input" in head.headers:
            found, digest = self._signed(connection, head, now_us), head.headers.get("content-digest", "")
            key = found.id
        else:
            found = _secret(connection, head.headers.get("authorization", ""), now_us)
        if found.member.state is not State.ACTIVE:
            raise TaxiiError(403, f"this member is {found.member.state}; ask the hub's operator")
        self._rates.take(found.member.number, now_us)
        return Caller(found.member, digest, key)

    def _signed(self, connection: sqlite3.Connection, head: Head, now_us: int) -> Credential:
        known: dict[str, Credential] = {}

        def find(identity: str) -> bytes | None:
            one = credential(connection, identity, now_us)
            if one is None or one.kind != "key":
                return None
            known[identity] = one
            return one.value

        body = head.method in {"POST", "PUT", "PATCH"}
        given: dict[str, str] = {name: head.headers[name] for name in HEADERS if name in head.headers}
        try:
            signed = verified(head.method, head.target, given, find, body=body)
        except Unsigned as error:
            raise _denied(str(error)) from error
        late_us = now_us - signed.created_us
        if abs(late_us) > self._window_us:
            words = "behind" if late_us > 0 else "ahead of"
            raise _denied(
                f"created lies {abs(late_us) // 1_000_000} s {words} the hub's clock, {moment(now_us)}; "
                f"set the clock right to {self._window_us // 1_000_000} s"
            )
        if signed.created_us + 1_000_000 <= self._started_us:
            raise _denied("signed before this hub started; sign again")
        self._nonces.use(known[signed.key_id].member.number, signed.nonce, now_us)
        return known[signed.key_id]


def _secret(connection: sqlite3.Connection, header: str, now_us: int) -> Credential:
    """Find whose secret a request carries; the same work is done where there is no such id."""
    scheme, _, rest = header[:_MOST].partition(" ")
    if scheme.lower() == "bearer":
        identity, _, secret = rest.strip().partition(".")
    elif scheme.lower() == "basic":
        try:
            identity, _, secret = base64.b64decode(rest.strip(), validate=True).decode("ascii").partition(":")
        except (binascii.Error, ValueError) as error:
            raise _denied() from error
    else:
        raise _denied()
    found = credential(connection, identity, now_us)
    kept = found.value if found is not None and found.kind == "secret" else bytes(32)
    same = hmac.compare_digest(fingerprint(secret.encode()), kept)
    if found is None or found.kind != "secret" or not same:
        raise _denied()
    return found
