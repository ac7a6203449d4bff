"""OpenAPI description of the gateway's own paths; what it carries through is the model API's to describe."""

from __future__ import annotations

from typing import Any

import msgspec

from stillwatch.serve.gateway.decide import DECIDE, GUARDRAIL, Question, Told

_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "object", "required": ["message", "code"]}},
}
_ONE_ACCOUNT: dict[str, Any] = {
    "oneOf": [
        {
            "required": ["account"],
            "properties": {"account": {"minLength": 1}, "pseudonym": {"const": ""}},
        },
        {
            "required": ["pseudonym"],
            "properties": {"pseudonym": {"pattern": "^a_[0-9a-f][0-9a-hjkmnp-tv-z]{12}$"}, "account": {"const": ""}},
        },
    ]
}
"""Of ``account`` and ``pseudonym`` one is named."""


def _json(schema: dict[str, Any], said: str) -> dict[str, Any]:
    return {"description": said, "content": {"application/json": {"schema": schema}}}


def description() -> dict[str, Any]:
    """Describe the gateway's own paths as OpenAPI 3.1."""
    schemas = msgspec.json.schema_components([Question, Told], ref_template="#/components/schemas/{name}")[1]
    schemas["Question"] |= _ONE_ACCOUNT
    errors = {
        "400": _json(_ERROR, "The question cannot be read."),
        "401": _json(_ERROR, "The secret is missing or wrong."),
        "405": _json(_ERROR, "Another method."),
    }
    guarded = {
        "type": "object",
        "required": ["request_data", "input_type"],
        "properties": {
            "input_type": {"enum": ["request", "response"]},
            "request_data": {"type": "object"},
            "texts": {"type": ["array", "null"], "items": {"type": "string"}},
        },
    }
    action = {
        "type": "object",
        "required": ["action"],
        "properties": {"action": {"enum": ["NONE", "BLOCKED", "GUARDRAIL_INTERVENED"]}},
    }
    health = {"type": "object", "required": ["status", "fail", "standing_failures", "records_dropped", "active"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stillwatch gateway", "version": "1"},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"secret": {"type": "http", "scheme": "bearer"}},
        },
        "paths": {
            DECIDE: {
                "post": _post({"$ref": "#/components/schemas/Question"}, {"$ref": "#/components/schemas/Told"}, errors)
            },
            GUARDRAIL: {"post": _post(guarded, action, errors)},
            "/healthz": {"get": {"responses": {"200": _json(health, "It serves."), "405": errors["405"]}}},
        },
    }


def _post(asked: dict[str, Any], told: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
    return {
        "security": [{"secret": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {"200": _json(told, "What may be done."), **errors},
    }
