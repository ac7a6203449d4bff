"""What the REST surface takes and gives, as OpenAPI 3.1."""

from __future__ import annotations

from typing import Any, Final

from stillwatch import __version__
from stillwatch.store.appeals import LONGEST

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_APPEAL: Final = {
    "type": "object",
    "required": ["id", "at_ms", "outcome", "why", "answered_ms"],
    "additionalProperties": False,
    "properties": {
        "id": _TEXT,
        "at_ms": {"type": "integer"},
        "outcome": {"enum": ["", "upheld", "overturned"]},
        "why": _TEXT,
        "answered_ms": {"type": "integer"},
    },
}
_PLAIN: Final = ("decision", "action", "means", "since", "until", "clause", "sentence", "taken_by")
_STATEMENT: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": [*_PLAIN, "state", "facts", "exemptions", "group", "not_shown", "contests", "may_contest"],
    "properties": dict.fromkeys(_PLAIN, _TEXT)
    | {
        "state": {"enum": ["in force", "not begun", "over", "undone"]},
        "facts": _TEXTS,
        "exemptions": _TEXTS,
        "group": {"type": "boolean"},
        "not_shown": {
            "type": "array",
            "items": {"type": "object", "required": ["what", "why"], "properties": {"what": _TEXT, "why": _TEXT}},
        },
        "contests": {"type": "array", "items": _APPEAL},
        "may_contest": {"type": "boolean"},
    },
}
_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {"error": _TEXT},
}
_WORDS: Final = {
    "400": "The body is not what is described.",
    "401": "No token.",
    "404": "No such decision, or the token is not its own.",
    "408": "The body did not come in time.",
    "409": "Not now: an appeal is open, there were enough, or nothing is in force.",
    "413": "The body is too long.",
    "415": "The body is of another type.",
    "422": "The text is empty or too long.",
    "429": "Too many attempts.",
}


_WRITING: Final = ("400", "401", "404", "408", "409", "413", "415", "422", "429")


def _json(schema: object) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _answers(good: str, words: str, schema: object, *bad: str) -> dict[str, Any]:
    found: dict[str, Any] = {good: {"description": words, "content": _json(schema)}}
    return found | {code: {"description": _WORDS[code], "content": _json(_ERROR)} for code in bad}


def description() -> dict[str, Any]:
    """Give the document."""
    where = {"name": "decision", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 64}}
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"\S"}
    sent = {"type": "object", "required": ["text"], "additionalProperties": False, "properties": {"text": text}}
    appeals = {
        "type": "object",
        "required": ["appeals"],
        "properties": {"appeals": {"type": "array", "items": _APPEAL}},
    }
    made = {
        "type": "object",
        "required": ["appeal", "state"],
        "properties": {"appeal": _TEXT, "state": {"const": "open"}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stillwatch appeals", "version": __version__},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
        "paths": {
            "/v1/decisions/{decision}": {
                "parameters": [where],
                "get": {
                    "summary": "Statement of reasons",
                    "responses": _answers("200", "The statement.", _STATEMENT, "401", "404", "429"),
                },
            },
            "/v1/decisions/{decision}/appeals": {
                "parameters": [where],
                "get": {
                    "summary": "Appeals against the decision",
                    "responses": _answers("200", "The appeals.", appeals, "401", "404", "429"),
                },
                "post": {
                    "summary": "Contest the decision",
                    "requestBody": {"required": True, "content": _json(sent)},
                    "responses": _answers("201", "It waits for a person.", made, *_WRITING),
                },
            },
        },
    }
