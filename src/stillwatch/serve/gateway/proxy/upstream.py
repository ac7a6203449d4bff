"""The way to a model API: aiohttp, told to change nothing.

No redirect is followed, no cookie kept, no body unpacked, no header added; a request is sent once.
"""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp
from aiohttp import hdrs
from multidict import CIMultiDict
from yarl import URL

from stillwatch.enforcement.barriers.base import Refusal
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillwatch.serve.gateway.proxy.heads import Header
    from stillwatch.serve.gateway.settings import Upstream

_NEVER_ADDED: Final = (hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE)
_KEPT_S: Final = 15.0
"""How long an idle connection is kept: shorter than servers do, so that none is used that they just closed (s)."""
_HEAD: Final = 65_536
_PIECEWISE: Final = 1 << 19


class Client:
    """One upstream and its connections; open it inside the loop that uses it."""

    def __init__(self, upstream: Upstream) -> None:
        self._base = upstream.url.rstrip("/")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=upstream.connections, keepalive_timeout=_KEPT_S, ttl_dns_cache=60),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=upstream.connect_s, sock_read=upstream.answer_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            raise_for_status=False,
            skip_auto_headers=_NEVER_ADDED,
            max_line_size=_HEAD,
            max_field_size=_HEAD,
        )
        self.credential = _credential(upstream)
        """Header and value that replace the customer's credential; None lets the customer's through."""

    async def open(
        self, method: str, target: str, headers: Iterable[Header], body: bytes
    ) -> aiohttp.ClientResponse | Refusal:
        """Send a request and wait for the head of the answer.

        Parameters
        ----------
        method, target
            Method; path and query as they came.
        headers
            Headers that go on, with their bytes.
        body
            The whole body.
        """
        try:
            fields = CIMultiDict((name.decode("ascii"), value.decode("utf-8")) for name, value in headers)
        except UnicodeDecodeError:
            return Refusal(400, "bad_request", "a header is no UTF-8")
        try:
            return await self._session.request(
                method,
                URL(self._base + target, encoded=True),
                headers=fields,
                # A long body is written piece by piece, so that other calls get their turns.
                data=io.BytesIO(body) if len(body) > _PIECEWISE else body or None,
                allow_redirects=False,
            )
        except (TimeoutError, asyncio.TimeoutError):  # noqa: UP041  one is aiohttp's
            return Refusal(504, "upstream_timeout", "the model API did not answer in time")
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError, ConnectionError):
            return Refusal(502, "upstream_unreachable", "the model API cannot be reached")
        except (aiohttp.ClientError, ValueError):
            return Refusal(502, "upstream_malformed", "the model API's answer is no HTTP")

    async def close(self) -> None:
        """End all connections."""
        await self._session.close()


def _credential(upstream: Upstream) -> Header | None:
    if not upstream.credential_header:
        return None
    return upstream.credential_header.lower().encode(), read_secret(upstream.credential_file, 1).encode()


def read_secret(file: str, least: int) -> str:
    """Read a secret of one line from a file.

    Raises
    ------
    InputError
        The file cannot be read, is readable by others, or holds no such secret. The secret is never told.
    """
    path = Path(file)
    try:
        mode, text = path.stat().st_mode, path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: the secret cannot be read: {getattr(error, 'strerror', 'no UTF-8')}") from error
    if mode & 0o077:
        raise InputError(f"{file}: others may read the secret (mode {mode & 0o777:o}); run: chmod 600 {file}")
    if len(text) < least or not text.isprintable():
        raise InputError(f"{file}: expected one line of at least {least} printable characters")
    return text
