"""Errors in the shape that the customer's own SDK expects, with what a person needs to act on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from stillwatch.enforcement.barriers.base import Refusal, Shape

_ENCODE: Final = msgspec.json.Encoder().encode
_ANTHROPIC: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    428: "permission_error",
    429: "rate_limit_error",
    504: "timeout_error",
}
_OPENAI: Final = {
    401: "authentication_error",
    403: "permission_error",
    428: "permission_error",
    429: "rate_limit_error",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of our own."""

    status: int
    """HTTP status."""
    body: bytes
    """JSON."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Further headers."""


def refused(refusal: Refusal, shape: Shape, request_id: str) -> Answer:
    """Write a refusal in a provider's own error shape.

    Parameters
    ----------
    refusal
        What happened.
    shape
        ``messages`` gets Anthropic's shape, everything else OpenAI's.
    request_id
        Our id of the call, to be named to support.
    """
    status = refusal.status
    facts = {
        name: value
        for name, value in (
            ("clause", refusal.clause),
            ("decision", refusal.decision),
            ("barrier", refusal.barrier),
            ("link", refusal.link),
        )
        if value
    }
    if shape == "messages":
        kind = _ANTHROPIC.get(status, "api_error" if status >= 500 else "invalid_request_error")
        error = {"type": kind, "message": refusal.sentence, "code": refusal.code, **facts}
        tree: dict[str, object] = {"type": "error", "error": error, "request_id": request_id}
    else:
        kind = _OPENAI.get(status, "server_error" if status >= 500 else "invalid_request_error")
        tree = {
            "error": {"message": refusal.sentence, "type": kind, "param": None, "code": refusal.code, **facts},
            "request_id": request_id,
        }
    headers = []
    if refusal.retry_after_s:
        headers.append((b"retry-after", b"%d" % refusal.retry_after_s))
    elif status < 500:
        # SDKs try some refusals again unless they are told not to.
        headers.append((b"x-should-retry", b"false"))
    if refusal.allow:
        headers.append((b"allow", refusal.allow.encode()))
    if refusal.link:
        headers.append((b"link", f'<{refusal.link}>; rel="help"'.encode("ascii", "ignore")))
    return Answer(status, _ENCODE(tree), tuple(headers))


def error_event(refusal: Refusal, shape: Shape, request_id: str) -> bytes:
    """Write the event that ends a stream which cannot go on."""
    name = b"event: error\n" if shape in {"messages", "responses"} else b""
    return name + b"data: " + refused(refusal, shape, request_id).body + b"\n\n"
