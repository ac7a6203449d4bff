"""What the three request-and-answer formats share: the envelope that the writer of the log adds.

Neither OpenAI nor Anthropic bodies name the account or the caller's address. A gateway that stores the
exchange puts them beside ``request`` and ``response``; without them events stay unattributed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.ingest.json.paths import Path

ENVELOPE: Final[dict[str, tuple[Path, ...]]] = {
    "account_id": (("account_id",), ("workspace_id",), ("request", "workspace_id")),
    "credential_id": (("credential_id",), ("api_key_id",)),
    "org_id": (("organization_id",),),
    "client_ip": (("client_ip",),),
    "user_agent": (("user_agent",),),
    "ja4": (("ja4",),),
    "status": (("status_code",),),
    "latency_ms": (("latency_ms",),),
}
"""Keys beside ``request`` and ``response``."""

RECEIVED: Final[tuple[Path, ...]] = (("received_at",), ("request_created_at",))
"""When the gateway received the request; better than the answer's creation time."""


def parts(record: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Give (request, response) of a logged exchange; a bare response counts as one without a request."""
    request, response = record.get("request"), record.get("response")
    if isinstance(request, dict) or isinstance(response, dict):
        return (request if isinstance(request, dict) else {}), (response if isinstance(response, dict) else {})
    return {}, record
