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
        b"api-key",
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
_CREDENTIALS: Final = (b"authorization", b"x-api-key", b"api-key")


def refused(sentence: str, status: int = 400, code: str = "bad_request") -> Refusal:
    """Refuse a request for its form."""
    return Refusal(status, code, sentence)


class Head:
    """The head of one request, read once."""

    __slots__ = ("agent", "authorization", "encoding", "forwarded", "named", "nominated", "on", "x_api_key")

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
        self.nominated: list[bytes] = []
        """Headers that Connection takes out."""

    def take(self, name: bytes, value: bytes) -> bool:
        """Take one of READ; False where it was given before and may be only once."""
        if name == b"authorization":
            self.authorization, again = value, self.authorization
            return not again
        if name in {b"x-api-key", b"api-key"}:
            # Azure's name for the same: both at once could be judged by the one and billed by the other.
            self.x_api_key, again = value, self.x_api_key
            return not again
        if name == b"connection":
            self.nominated += [token.strip().lower() for token in value.split(b",")]
        elif name == b"content-encoding":
            # Two of them are no encoding that anybody reads.
            self.encoding += value.lower()
        elif name == b"x-forwarded-for":
            told = value.decode("latin-1")
            self.forwarded = f"{self.forwarded},{told}" if self.forwarded else told
        else:
            self.agent = value.decode("utf-8", "replace")
        return True


READ: Final = frozenset(
    (b"authorization", b"x-api-key", b"api-key", b"connection", b"content-encoding", b"x-forwarded-for", b"user-agent")
)
"""Headers that are read here."""


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
    on = head.on
    for pair in headers:
        name, value = pair
        if name not in _OURS:
            on.append(pair)
        if name in READ and not head.take(name, value):
            return refused(f"{name.decode()} is given twice")
        if name == account_header and account_header:
            if head.named is not None:
                return refused(f"{account_header.decode()} is given twice")
            head.named = value
    if head.nominated:
        return _without(head, head.nominated, account_header)
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


def value_of(raw: Iterable[Header], name: bytes) -> str:
    """Give the values of a header of an answer, joined; "" where there is none."""
    return ",".join(value.decode("latin-1") for key, value in raw if key.lower() == name)
