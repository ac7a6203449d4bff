"""Pieces that the description of the hub's routes is put together from."""

from __future__ import annotations

from typing import Any, Final

_SECURITY: Final[list[dict[str, list[str]]]] = [{"signature": []}, {"bearer": []}, {"basic": []}]
JSON: Final = "application/json"
BYTES: Final = "application/octet-stream"
TEXT: Final = "text/plain"
SAID: Final = {
    "400": "The request cannot be read.",
    "401": "A signature or secret is missing or wrong.",
    "403": "This member may not do this.",
    "404": "Nothing is here, or nothing that you may see.",
    "405": "Another method.",
    "408": "The body took too long.",
    "409": "It does not fit how things stand; the message says how.",
    "413": "The body is too long.",
    "415": "An unknown content coding.",
    "429": "Too often, or a budget is used up; Retry-After says when.",
    "503": "The hub cannot answer now; Retry-After says when.",
}
ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["status", "message"],
            "properties": {"status": {"type": "integer"}, "message": {"type": "string"}},
        }
    },
}
TAXII_ERROR: Final = {"type": "object", "required": ["title", "description", "http_status"]}
UUID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
HEX16: Final = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
HEX32: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
NUMBER: Final = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
EPOCH: Final = {"type": "integer", "minimum": 1, "maximum": 10**9 - 1}


def record(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema
    """Describe an object whose properties are all there."""
    return {"type": "object", "required": list(properties), "properties": properties}


def only(optional: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema
    """Describe an object of a request: these properties and no others; those in ``optional`` may be left out."""
    needed = [name for name in properties if name not in optional]
    return {"type": "object", "required": needed, "properties": properties, "additionalProperties": False}


def rows(of: dict[str, Any], most: int | None = None) -> dict[str, Any]:
    """Describe a list."""
    return {"type": "array", "items": of, **({"maxItems": most} if most else {})}


def sent(schema: dict[str, Any], kind: str = JSON) -> dict[str, Any]:
    """Describe the body of a request."""
    return {"required": True, "content": {kind: {"schema": schema}}}


def given(name: str, schema: dict[str, Any], where: str = "query", *, needed: bool = True) -> dict[str, Any]:
    """Describe a parameter."""
    return {"name": name, "in": where, "required": needed, "schema": schema}


def act(
    said: str,
    told: dict[str, Any] | None,
    errors: str,
    *,
    public: bool = False,
    kind: str = JSON,
    status: str = "200",
    **more: Any,  # noqa: ANN401 - parts of an operation
) -> dict[str, Any]:
    """Describe an operation; ``errors`` are the statuses it refuses with, beside those of every one."""
    every = sorted({*errors.split(), "405", "503", *(() if public else ("400", "401", "403", "429"))})
    refusals = {one: {"description": SAID[one], "content": {JSON: {"schema": ERROR}}} for one in every}
    good = {"description": said, "content": {kind: {"schema": told} if told is not None else {}}}
    # None of the lists: anybody may ask.
    return {"summary": said, "security": [] if public else _SECURITY, **more, "responses": {status: good, **refusals}}
