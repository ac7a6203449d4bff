"""Ask one peer over HTTP: bounded answers, no redirect, and an error that says who must act."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.errors import InputError, NotNow, NotShown, PeerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Headers = Callable[[str, str, bytes | None, str], Mapping[str, str]]
    """(method, absolute URL, body, its type) -> headers that say who asks."""

TIMEOUT_S: Final = 60.0
MOST_BYTES: Final = 16 << 20
"""Longest answer that is read (bytes)."""
TRIES: Final = 4
"""How often a peer is asked that is busy."""
MOST_WAIT_S: Final = 30.0
"""Longest pause before it is asked again (s)."""
JSON: Final = "application/json"
BYTES: Final = "application/octet-stream"
_LOCAL: Final = ("http://127.0.0.1", "http://[::1]", "http://localhost")
_BUSY: Final = (429, 503)
_UNKNOWN: Final = 401
_CONFLICT: Final = 409
_MISSING: Final = 404
_OK: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer answered."""

    status: int
    """Status of HTTP."""
    content: bytes
    """Body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers, in small letters."""

    def told(self) -> dict[str, Any]:
        """Read the body as a JSON object.

        Raises
        ------
        PeerError
            It is none.
        """
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise PeerError("the answer is no JSON; is this the address of a hub?") from error
        if not isinstance(found, dict):
            raise PeerError("the answer is no JSON object; is this the address of a hub?")
        return found


def checked_base(option: str, base: str) -> str:
    """Take a peer's address: https, or this machine.

    Raises
    ------
    InputError
        It is neither.
    """
    if not base.startswith(("https://", *_LOCAL)):
        raise InputError(f"{option} {base[:200]}: write an https address; secrets go over it")
    return base.rstrip("/")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a redirect would take secrets elsewhere."""

    def redirect_request(self, *given: object) -> None:
        del given


class Peer:
    """One peer.

    Parameters
    ----------
    name
        What errors call it: hub, custodian.
    base
        Its address.
    headers
        Says who asks.
    wait
        Pauses so many seconds.
    """

    def __init__(self, name: str, base: str, headers: Headers, wait: Callable[[float], None] = time.sleep) -> None:
        self.name, self.base = name, base
        self._headers, self._wait = headers, wait
        self._opener = urllib.request.build_opener(_Stay)

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = JSON, accept: str = JSON) -> Answer:
        """Ask, again where the peer is busy.

        Raises
        ------
        NotNow
            409: what was asked does not fit how things stand there.
        NotShown
            404: it has nothing of this, or shows it to others alone.
        PeerError
            It does not answer, or refuses.
        """
        for tried in range(1, TRIES + 1):
            answer = self._once(method, path, body, kind, accept)
            if answer.status not in _BUSY or tried == TRIES:
                break
            self._wait(min(_seconds(answer.headers.get("retry-after", "")), MOST_WAIT_S))
        if answer.status in _OK:
            return answer
        text = f"the {self.name} answers {answer.status} to {path.partition('?')[0]}: {_why(answer.content)}"
        if answer.status == _UNKNOWN:
            text += f"; ask the {self.name}'s operator for access"
        if answer.status == _CONFLICT:
            raise NotNow(text)
        raise (NotShown if answer.status == _MISSING else PeerError)(text)

    def _once(self, method: str, path: str, body: bytes | None, kind: str, accept: str) -> Answer:
        url = self.base + path
        headers = {"Accept": accept, **({"Content-Type": kind} if body is not None else {})}
        headers |= self._headers(method, url, body, kind)
        asked = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - the scheme was checked
        try:
            with self._opener.open(asked, timeout=TIMEOUT_S) as got:
                return self._read(got.status, got, got.headers.items())
        except urllib.error.HTTPError as error:
            with error:
                return self._read(error.code, error, error.headers.items())
        except (urllib.error.URLError, OSError, ValueError) as error:
            why = getattr(error, "reason", error)
            raise PeerError(f"the {self.name} does not answer at {self.base}: {why}; try again later") from error

    def _read(self, status: int, source: Any, headers: Any) -> Answer:  # noqa: ANN401 - the library's
        content: bytes = source.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise PeerError(f"an answer of the {self.name} is longer than {MOST_BYTES:,} bytes")
        return Answer(status, content, {name.lower(): value for name, value in headers})


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1.0


def _why(content: bytes) -> str:
    """Find the sentence of a refusal, whichever of our two forms it has; a stranger's words are cut and bare."""
    try:
        told = json.loads(content)
        error = told.get("error")
        text = error["message"] if isinstance(error, dict) else told["description"]
        plain = "".join(one for one in text[:300] if one.isprintable())
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        plain = ""
    return plain or "it does not say why"
