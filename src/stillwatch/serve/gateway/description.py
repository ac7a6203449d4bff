"""OpenAPI description of the gateway's own paths; what it carries through is the model API's to describe."""

from __future__ import annotations

from typing import Any

import msgspec

from stillwatch.serve.gateway.decide import DECIDE, EXT_AUTHZ, GUARDRAIL, Question, Told

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
    health = {
        "type": "object",
        "required": ["status", "fail", "standing", "standing_failures", "records_dropped", "active"],
    }
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
            f"{EXT_AUTHZ}/v1/chat/completions": {"post": _asked_by_envoy()},
            "/metrics": {
                "get": {
                    "security": [{"secret": []}],
                    "responses": {
                        "200": {"description": "Counts, as Prometheus reads them.", "content": {"text/plain": {}}},
                        "401": errors["401"],
                        "405": errors["405"],
                    },
                }
            },
            GUARDRAIL: {"post": _post(guarded, action, errors)},
            "/healthz": {
                "get": {
                    "responses": {
                        "200": _json(health, "It serves."),
                        "503": _json(health, "Nobody is let through: standing is unknown."),
                        "405": errors["405"],
                    }
                }
            },
        },
    }


def _asked_by_envoy() -> dict[str, Any]:
    said = {
        "200": "The call may be made.",
        "400": "The call can be read in two ways.",
        "401": "The secret or the customer's credential is missing or wrong.",
        "403": "The account is held, suspended or to be verified.",
        "429": "A bucket is empty.",
        "503": "Standing cannot be told, and the gateway fails closed.",
    }
    return {
        "security": [{"secret": []}],
        "responses": {
            status: _json({"type": "object"} if status == "200" else _ERROR, text) for status, text in said.items()
        },
    }


def _post(asked: dict[str, Any], told: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
    return {
        "security": [{"secret": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {"200": _json(told, "What may be done."), **errors},
    }
