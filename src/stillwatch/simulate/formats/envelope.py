"""The keys a gateway adds around a logged exchange, whose bodies name neither account nor caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.formats.row import rfc3339

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Json, Row

ERRORS: Final = {429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}
"""Error types by HTTP status."""


def envelope(row: Row) -> Json:
    """Write the keys a gateway adds around an exchange.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        Account, credential, organisation, address, user agent, time of arrival and HTTP status.
    """
    return {
        "account_id": row["account_id"],
        "credential_id": row["credential_id"],
        "organization_id": row["org_id"],
        "client_ip": row["client_ip"],
        "user_agent": row["user_agent"],
        "received_at": rfc3339(row["ts_ms"]),
        "status_code": row["status"],
    }
