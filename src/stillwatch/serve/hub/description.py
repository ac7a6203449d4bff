"""OpenAPI 3.1 of the hub's own routes, as data; TAXII 2.1 below ``/taxii2/`` and ``/api/`` has its own standard.

What members match and judge is described beside (``described_matching``, ``described_judging``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from stillwatch.serve.asgi import Refused, answer
from stillwatch.serve.hub.described import (
    BYTES,
    EPOCH,
    NUMBER,
    SAID,
    TAXII_ERROR,
    TEXT,
    UUID,
    act,
    given,
    only,
    record,
    rows,
    sent,
)
from stillwatch.serve.hub.described_judging import JUDGING
from stillwatch.serve.hub.described_matching import MATCHING, OPRF
from stillwatch.serve.hub.unmask_routes import SUBJECT
from stillwatch.sharing.taxii.media import TAXII
from stillwatch.store.exchange.account import SECTIONS

if TYPE_CHECKING:
    from stillwatch.serve.asgi import Receive, Scope, Send

OPENAPI: Final = "/v1/openapi.json"
"""Where the description is."""
_KEY: Final = record(
    id={"type": "string"},
    kind={"enum": ["key", "secret"]},
    from_us={"type": "integer"},
    until_us={"type": ["integer", "null"]},
)
_KEYS: Final = record(keys=rows(_KEY))
_UNMASK: Final = record(
    id={"type": "string"},
    at_us={"type": "integer"},
    until_us={"type": "integer"},
    open={"type": "boolean"},
    by={"enum": ["you", "a member"]},
    subject={"type": "string"},
    reason={"type": "string"},
    consent={"type": ["boolean", "null"]},
    names=rows({"type": "string"}),
)
_BASE64: Final = {"type": "string", "contentEncoding": "base64"}
_FIGURE: Final = record(
    name={"type": "string"},
    says={"type": "string"},
    value={"type": "integer"},
    one_member_at_most={"type": "integer"},
    epsilon={"type": "number"},
    noise={"const": "discrete Laplace"},
    scale={"type": "number"},
)
_YEAR: Final = record(
    year={"type": "integer"}, authority_requests={"type": "integer"}, objects_erased={"type": "integer"}
)
_STATISTICS: Final = record(
    epochs=rows(
        record(
            epoch=EPOCH,
            closed_ms={"type": "integer"},
            epsilon={"type": "number"},
            members_at_least={"type": "integer"},
            figures=rows(_FIGURE),
        )
    ),
    years=rows(_YEAR),
)
_JOIN: Final[dict[str, Any]] = {
    "post": {
        "summary": "An invitation is taken up with one's own key.",
        "security": [],
        "requestBody": sent(only(invitation={"type": "string"}, key=_BASE64, proof=_BASE64)),
        "responses": {
            "200": {
                "description": "The member's id, and the id of its key.",
                "content": {TAXII: {"schema": record(member={"type": "string"}, key_id={"type": "string"})}},
            },
            **{
                one: {"description": SAID[one], "content": {TAXII: {"schema": TAXII_ERROR}}}
                for one in ("400", "401", "403", "405", "406", "408", "413", "415", "503")
                if one in SAID
            },
        },
    }
}
_LOG: Final[dict[str, Any]] = {
    "/log/checkpoint": {"get": act("The latest signed checkpoint.", None, "404", public=True, kind=TEXT)},
    "/log/checkpoint/{size}": {
        "get": act(
            "The checkpoint of a size.",
            None,
            "400 404",
            public=True,
            kind=TEXT,
            parameters=[given("size", NUMBER, "path")],
        )
    },
    "/log/tile/{level}/{number}": {
        "get": act(
            "A tile of hashes (C2SP tlog-tiles).",
            None,
            "404",
            public=True,
            kind=BYTES,
            parameters=[
                given("level", {"type": "string", "pattern": "^([0-7]|entries)$"}, "path"),
                given("number", {"type": "string", "pattern": "^[0-9]{3}$"}, "path"),
            ],
        )
    },
    "/log/proof": {
        "get": act(
            "A proof of inclusion (index) or of consistency (from).",
            None,
            "400 404",
            public=True,
            kind=TEXT,
            parameters=[given(name, NUMBER, needed=False) for name in ("index", "from", "size")],
        )
    },
    "/log/cosignature": {
        "post": act(
            "Witnesses whose lines were taken.",
            record(accepted=rows({"type": "string"})),
            "400 403 404 408 409 413 415",
            public=True,
            requestBody=sent({"type": "string"}, TEXT),
        )
    },
}
PATHS: Final[dict[str, Any]] = {
    "/v1/join": _JOIN,
    "/v1/keys": {
        "get": act("Keys and secrets that are good now.", _KEYS, ""),
        "post": act(
            "The new key, and all that are good now; old ones end after the overlap.",
            record(key_id={"type": "string"}, **_KEYS["properties"]),
            "408 409 413 415",
            requestBody=sent(only(key=_BASE64, proof=_BASE64)),
        ),
    },
    "/v1/keys/{id}/end": {
        "post": act(
            "Keys and secrets that are left.",
            _KEYS,
            "404 408 409 413 415",
            parameters=[given("id", {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}, "path")],
        )
    },
    **OPRF,
    **MATCHING,
    **JUDGING,
    "/v1/unmask": {
        "get": act(
            "What one asked and is asked; never who asks, never who refused.",
            record(more={"type": "boolean"}, requests=rows(_UNMASK, 100)),
            "",
            parameters=[given("after", NUMBER, needed=False)],
        ),
        "post": act(
            "The request.",
            _UNMASK,
            "404 408 409 413 415",
            requestBody=sent(
                only(
                    subject={"type": "string", "pattern": SUBJECT.replace(r"\Z", "$"), "maxLength": 160},
                    reason={"type": "string", "minLength": 1, "maxLength": 500},
                )
            ),
        ),
    },
    "/v1/unmask/{id}": {
        "post": act(
            "The answer, as it was given.",
            record(id={"type": "string"}, consent={"type": "boolean"}),
            "404 408 409 413 415",
            parameters=[given("id", {"type": "string", "pattern": f"^{UUID}$"}, "path")],
            requestBody=sent(only(consent={"type": "boolean"})),
        )
    },
    "/v1/record": {
        "get": act(
            "Sections of one's own account, or rows of one.",
            {"type": "object"},
            "",
            parameters=[
                given("section", {"enum": [one.name for one in SECTIONS]}, needed=False),
                given("after", NUMBER, needed=False),
            ],
        )
    },
    "/v1/record/receipt": {
        "get": act(
            "The receipt of an entry of the log that tells of oneself (C2SP tlog-proof).",
            None,
            "404",
            kind=TEXT,
            parameters=[given("index", NUMBER)],
        )
    },
    "/v1/statistics": {"get": act("What the public is told.", _STATISTICS, "", public=True)},
    OPENAPI: {"get": act("This description.", {"type": "object"}, "", public=True)},
    **_LOG,
}
"""Every path of the hub's own."""


def description(title: str = "Stillwatch hub", paths: dict[str, Any] = PATHS) -> dict[str, Any]:
    """Describe paths as OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "components": {
            "securitySchemes": {
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Signature",
                    "description": "RFC 9421 with Ed25519, beside Signature-Input and, with a body, Content-Digest.",
                },
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            }
        },
        "paths": paths,
    }


class DescriptionRoute:
    """The ASGI application at ``OPENAPI``, for anybody; raises :class:`Refused` for the hub around it to answer."""

    def __init__(self) -> None:
        self._content = json.dumps(description()).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        if scope["path"] != OPENAPI:
            raise Refused(404, f"nothing is here; the description is at {OPENAPI}")
        if scope["method"] not in ("GET", "HEAD"):
            raise Refused(405, "the description is read with GET", [(b"allow", b"GET, HEAD")])
        await answer(send, 200, self._content)
