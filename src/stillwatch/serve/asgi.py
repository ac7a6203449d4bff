"""The little of HTTP that every small ASGI application here needs: bounded bodies, answers, constant-time secrets."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import io
import json
import zlib
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping

    Scope: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_SECONDS: Final = 30.0
"""Longest that a body may take to arrive (s)."""


class Refused(Exception):  # noqa: N818 - named after what happens
    """A request that is answered with an error; the text says what to do."""

    def __init__(self, status: int, text: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, tuple(headers)


def header(scope: Scope, name: bytes) -> bytes:
    """Give a header, empty where there is none.

    Raises
    ------
    Refused
        It is there twice: two readers might take different ones.
    """
    found = [value for key, value in scope["headers"] if key == name]
    if len(found) > 1:
        raise Refused(400, f"the header {name.decode()} is there {len(found)} times; send it once")
    return bytes(found[0]) if found else b""


def bearer(scope: Scope, secrets: Mapping[str, bytes]) -> str:
    """Find whose secret a request carries.

    Parameters
    ----------
    scope
        The request.
    secrets
        Name -> secret; empty lets everybody in.

    Returns
    -------
    str
        The name, "" where no secrets are set.

    Raises
    ------
    Refused
        401: there is none, or it is nobody's.
    """
    if not secrets:
        return ""
    given = header(scope, b"authorization")
    scheme, _, token = given.partition(b" ")
    # Every secret is compared, so that the time says nothing of which came near.
    whose = [name for name, secret in secrets.items() if hmac.compare_digest(secret, token.strip())]
    if scheme.lower() != b"bearer" or not whose:
        raise Refused(
            401, "a secret is missing or wrong: Authorization: Bearer SECRET", [(b"www-authenticate", b"Bearer")]
        )
    return whose[0]


async def body(scope: Scope, receive: Receive, most: int) -> bytes:
    """Take a body in, unpacked.

    Raises
    ------
    Refused
        413: more than ``most`` bytes, packed or not. 408: it took too long. 415: an unknown coding. 400: a damaged one.
    """
    length = header(scope, b"content-length")
    if length.isdigit() and int(length) > most:
        raise Refused(413, f"the body has {int(length):,} bytes; send at most {most:,} at once")
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(400, "the sender has gone")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most:
                    raise Refused(413, f"the body is longer than {most:,} bytes; send less at once")
                if not message.get("more_body"):
                    break
    except TimeoutError as error:
        raise Refused(408, f"the body took longer than {BODY_SECONDS:g} s") from error
    return unpacked(b"".join(parts), header(scope, b"content-encoding").strip().lower(), most)


def unpacked(packed: bytes, coding: bytes, most: int) -> bytes:
    """Unpack a body of a content coding (gzip, deflate, zstd), at most so many bytes.

    Raises
    ------
    Refused
        413, 415 or 400, as for :func:`body`.
    """
    if coding in (b"", b"identity"):
        return packed
    source = io.BytesIO(packed)
    try:
        if coding in (b"gzip", b"x-gzip"):
            with gzip.GzipFile(fileobj=source) as file:
                found = file.read(most + 1)
        elif coding == b"deflate":
            opened = zlib.decompressobj()
            found = opened.decompress(packed, most + 1)
        elif coding == b"zstd":
            with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
                found = stream.read(most + 1)
        else:
            raise Refused(415, "unknown content-encoding; gzip, deflate and zstd are read")
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise Refused(400, f"the body is no whole {coding.decode()}") from error
    if len(found) > most:
        raise Refused(413, f"the body unpacks to more than {most:,} bytes; send less at once")
    return bytes(found)


async def answer(
    send: Send,
    status: int,
    content: bytes,
    kind: bytes = b"application/json",
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    """Send a whole answer."""
    every = [(b"content-type", kind), (b"content-length", str(len(content)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": every})
    await send({"type": "http.response.body", "body": content})


async def refuse(send: Send, refused: Refused) -> None:
    """Answer with an error."""
    content = json.dumps({"error": {"status": refused.status, "message": refused.text}}).encode()
    await answer(send, refused.status, content, headers=refused.headers)


async def lifespan(receive: Receive, send: Send) -> None:
    """Answer the server's start and stop."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return
