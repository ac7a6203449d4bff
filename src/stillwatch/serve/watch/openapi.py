"""What the intake of a watch takes and gives, as OpenAPI 3.1."""

from __future__ import annotations

from typing import Any, Final

from stillwatch import __version__

_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["status", "message"],
            "properties": {"status": {"type": "integer"}, "message": _TEXT},
        }
    },
}
_REJECT: Final = {
    "type": "object",
    "required": ["line", "field", "reason"],
    "properties": {"line": _COUNT, "field": _TEXT, "reason": _TEXT},
}
_TOOK: Final = {
    "type": "object",
    "required": ["accepted", "rejected", "rejects"],
    "additionalProperties": False,
    "properties": {"accepted": _COUNT, "rejected": _COUNT, "rejects": {"type": "array", "items": _REJECT}},
}
_SPANS: Final = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "partialSuccess": {
            "type": "object",
            "required": ["rejectedSpans", "errorMessage"],
            "properties": {"rejectedSpans": _TEXT, "errorMessage": _TEXT},
        }
    },
}
_HEALTH: Final = {
    "type": "object",
    "required": ["folding"],
    "properties": {
        "folding": {"type": "boolean"},
        "details": {"type": "string", "description": "How to be told more; there only where nothing else is."},
        "wrong": _TEXT,
        "away": {
            "type": "object",
            "description": "Sources that nothing comes from just now, each with the reason.",
            "additionalProperties": _TEXT,
        },
    },
    "additionalProperties": {"type": "number"},
}
_WORDS: Final = {
    "400": "No record can be read; each is named with its reason.",
    "401": "No sender's secret.",
    "408": "The body did not come in time.",
    "413": "The body is too long, packed or unpacked.",
    "415": "A content type or coding that is not read.",
    "503": "Nothing was taken: the disk has no room just now, or the spool cannot be written.",
}


def _json(schema: object) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _answers(words: str, content: dict[str, Any], *bad: str) -> dict[str, Any]:
    found: dict[str, Any] = {"200": {"description": words, "content": content}}
    return found | {code: {"description": _WORDS[code], "content": _json(_ERROR)} for code in bad}


def _post(says: str, taken: dict[str, Any], good: dict[str, Any], **more: object) -> dict[str, Any]:
    answers = _answers("On the disk.", good, "401", "408", "413", "415", "503")
    answers["400"] = {"description": _WORDS["400"], "content": _json({"anyOf": [_ERROR, _TOOK]})}
    made = {"summary": says, "requestBody": {"required": True, "content": taken}, "responses": answers, **more}
    return {"post": made}


def description() -> dict[str, Any]:
    """Give the document."""
    anything = {"application/json": {"schema": {}}, "application/x-ndjson": {"schema": _TEXT}}
    spans = {
        "application/json": {"schema": {"type": "object"}},
        "application/x-protobuf": {"schema": {"type": "string", "format": "binary"}},
    }
    protobuf = {"application/x-protobuf": {"schema": {"type": "string", "format": "binary"}}}
    named = {"name": "format", "in": "query", "required": False, "schema": _TEXT}
    numbers = {"text/plain": {"schema": _TEXT}}
    health = _answers("It folds.", _json(_HEALTH))
    health["503"] = {"description": "It does not, and why.", "content": _json(_HEALTH)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stillwatch: intake of a watch", "version": __version__},
        "components": {"securitySchemes": {"sender": {"type": "http", "scheme": "bearer"}}},
        "security": [{"sender": []}],
        "paths": {
            "/v1/events": _post("Records of any known format.", anything, _json(_TOOK), parameters=[named]),
            "/v1/litellm": _post("LiteLLM's generic callback.", anything, _json(_TOOK)),
            "/v1/traces": _post("OTLP/HTTP, spans of GenAI calls.", spans, _json(_SPANS) | protobuf),
            "/healthz": {"get": {"summary": "Whether it folds.", "security": [], "responses": health}},
            "/metrics": {
                "get": {
                    "summary": "Numbers for Prometheus.",
                    "responses": _answers("Numbers.", numbers, "401"),
                }
            },
            "/openapi.json": {
                "get": {
                    "summary": "This document.",
                    "security": [],
                    "responses": _answers("The document.", _json({"type": "object"})),
                }
            },
        },
    }
