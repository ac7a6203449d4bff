"""Headers: which go on, and which requests two servers could read in two ways and are therefore refused.

References
----------
RFC 9110 §7.6.1 (Connection), §7.8 (Upgrade), §11.7 (Proxy-Authorization); RFC 9112 §6.3, §11.2 (request smuggling).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.enforcement.barriers.base import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Header = tuple[bytes, bytes]

HOP_BY_HOP: Final = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
"""Headers of one connection; they never go on."""
_OURS: Final = HOP_BY_HOP | {b"host", b"content-length", b"expect"}
"""Headers that the next request has of its own."""
_NEVER_NOMINATED: Final = frozenset(
    (
        b"authorization",
        b"x-api-key",
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"transfer-encoding",
        b"host",
        b"forwarded",
        b"x-forwarded-for",
        b"cookie",
    )
)
"""Headers that no ``Connection`` may take out: somebody behind decides by them."""
_CREDENTIALS: Final = (b"authorization", b"x-api-key")


def refused(sentence: str, status: int = 400, code: str = "bad_request") -> Refusal:
    """Refuse a request for its form."""
    return Refusal(status, code, sentence)


class Head:
    """The head of one request, read once."""

    __slots__ = ("agent", "authorization", "encoding", "forwarded", "named", "on", "x_api_key")

    def __init__(self) -> None:
        self.on: list[Header] = []
        """Headers that go on, in their order, their bytes as they came."""
        self.authorization = b""
        """Value of Authorization."""
        self.x_api_key = b""
        """Value of x-api-key."""
        self.encoding = b""
        """Value of Content-Encoding, lower case."""
        self.forwarded = ""
        """Value of X-Forwarded-For, joined."""
        self.agent: str | None = None
        """Value of User-Agent."""
        self.named: bytes | None = None
        """Value of the header in which a proxy names the account."""


def read_head(headers: Iterable[Header], account_header: bytes) -> Head | Refusal:
    """Read a head: what goes on, and what decides who calls.

    Parameters
    ----------
    headers
        Lower-case names and values as they came.
    account_header
        Header in which a proxy in front names the account, lower case; b"" for none.

    Notes
    -----
    One pass, no copy of a value. Names arrive in lower case from the server, as they would over HTTP/2.
    """
    head = Head()
    nominated: list[bytes] = []
    on = head.on
    for pair in headers:
        name, value = pair
        if name == b"connection":
            nominated += [token.strip().lower() for token in value.split(b",")]
        if name not in _OURS:
            on.append(pair)
        if name == b"authorization":
            if head.authorization:
                return refused("Authorization is given twice")
            head.authorization = value
        elif name == b"x-api-key":
            if head.x_api_key:
                return refused("x-api-key is given twice")
            head.x_api_key = value
        elif name == b"content-encoding":
            head.encoding = value.lower()
        elif name == b"x-forwarded-for":
            told = value.decode("latin-1")
            head.forwarded = f"{head.forwarded},{told}" if head.forwarded else told
        elif name == b"user-agent":
            head.agent = value.decode("utf-8", "replace")
        if name == account_header and account_header:
            if head.named is not None:
                return refused(f"{account_header.decode()} is given twice")
            head.named = value
    if nominated:
        return _without(head, nominated, account_header)
    return head


def _without(head: Head, nominated: Sequence[bytes], account_header: bytes) -> Head | Refusal:
    for name in nominated:
        if name in _NEVER_NOMINATED or (name and name == account_header):
            return refused(f"Connection names {name.decode('latin-1')}, which is no header of one connection")
    head.on[:] = [pair for pair in head.on if pair[0] not in nominated]
    return head


def with_credential(on: list[Header], header: bytes, value: bytes) -> list[Header]:
    """Replace the customer's credential by another."""
    return [*(pair for pair in on if pair[0] not in _CREDENTIALS), (header, value)]


def uncompressed(on: list[Header]) -> list[Header]:
    """Ask for an answer that can be read: what a barrier must rewrite cannot come compressed."""
    return [*(pair for pair in on if pair[0] != b"accept-encoding"), (b"accept-encoding", b"identity")]


def answer_headers(raw: Iterable[Header], *, rewritten: bool) -> list[Header]:
    """Give the headers of an answer that go on; a rewritten body has another length and no old digest."""
    pairs = [(name.lower(), value) for name, value in raw]
    nominated = {t.strip().lower() for name, value in pairs if name == b"connection" for t in value.split(b",")}
    dropped = HOP_BY_HOP | nominated
    if rewritten:
        dropped |= {b"content-length", b"content-encoding", b"content-md5", b"digest", b"content-digest", b"etag"}
    return [pair for pair in pairs if pair[0] not in dropped]
