"""Log formats a world can be written in: one record function a format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.formats.anthropic import anthropic
from stillwatch.simulate.formats.chat import openai_chat
from stillwatch.simulate.formats.gateways import envoy, kong
from stillwatch.simulate.formats.litellm import litellm
from stillwatch.simulate.formats.native import native
from stillwatch.simulate.formats.observers import helicone, langfuse
from stillwatch.simulate.formats.otel import otel
from stillwatch.simulate.formats.responses import openai_responses

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.simulate.formats.row import Json, Row

FORMATS: Final[dict[str, Callable[[Row], Json]]] = {
    "native": native,
    "litellm": litellm,
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
    "anthropic": anthropic,
    "otel": otel,
    "envoy": envoy,
    "kong": kong,
    "langfuse": langfuse,
    "helicone": helicone,
}
"""Name of a format -> how one event is written in it."""
