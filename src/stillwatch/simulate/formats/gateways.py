"""Access logs of gateways, which see the call but not the prompt: Envoy AI Gateway and Kong AI Gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stillwatch.simulate.formats.row import rfc3339

if TYPE_CHECKING:
    from stillwatch.simulate.formats.row import Json, Row

PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
"""Request paths by kind of call."""
_BODY_BYTES: Final = 120
_ROUTE: Final = "httproute/default/aigw/rule/0"


def _port(row: Row) -> int:
    return 1024 + row["ts_ms"] % 60_000


def _uuid(row: Row) -> str:
    digits = row["event_id"].removeprefix("req_")
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-8{digits[15:18]}-{digits[18:20]}0000000000"


def envoy(row: Row) -> Json:
    """Write an event as a line of the Envoy AI Gateway's access log.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record. This log names no account.
    """
    address = row["client_ip"]
    bracketed = f"[{address}]" if ":" in address else address
    failed = row["status"] != 200
    return {
        ":authority": "api.example.com",
        "bytes_received": len(row["prompt"].encode()) + _BODY_BYTES,
        "bytes_sent": row["completion_chars"] + 4 * _BODY_BYTES,
        "connection_termination_details": None,
        "downstream_local_address": "10.255.0.1:1975",
        "downstream_remote_address": f"{bracketed}:{_port(row)}",
        "duration": round(row["latency_ms"]),
        "gen_ai.provider.name": f"default/heron/{_ROUTE}/ref/0",
        "gen_ai.request.model": row["model_requested"],
        "gen_ai.request.model_override": None,
        "gen_ai.usage.input_tokens": row["tokens_in"],
        "gen_ai.usage.output_tokens": row["tokens_out"],
        "gen_ai.usage.total_tokens": row["tokens_in"] + row["tokens_out"],
        "method": "POST",
        "protocol": "HTTP/1.1",
        "requested_server_name": None,
        "response_code": row["status"],
        "response_code_details": "via_upstream",
        "response_flags": "URX" if failed else "-",
        "route_name": f"{_ROUTE}/match/0/*",
        "start_time": rfc3339(row["ts_ms"]),
        "upstream_cluster": _ROUTE,
        "upstream_host": "10.255.0.2:443",
        "upstream_local_address": f"10.255.0.1:{_port(row)}",
        "upstream_transport_failure_reason": None,
        "user-agent": row["user_agent"],
        "x-envoy-origin-path": PATHS[row["operation"]],
        "x-envoy-upstream-service-time": str(round(row["latency_ms"])),
        "x-forwarded-for": address,
        "x-request-id": _uuid(row),
    }


def kong(row: Row) -> Json:
    """Write an event as a record of Kong's http-log plug-in.

    Parameters
    ----------
    row
        The event.

    Returns
    -------
    Json
        One record; the account is the consumer.
    """
    path = PATHS[row["operation"]]
    return {
        "client_ip": row["client_ip"],
        "started_at": row["ts_ms"],
        "workspace_name": "default",
        "source": "upstream",
        "upstream_uri": path,
        "upstream_status": row["status"],
        "request": {
            "id": row["event_id"].removeprefix("req_"),
            "uri": path,
            "url": f"https://api.example.com{path}",
            "method": "POST",
            "size": len(row["prompt"].encode()) + _BODY_BYTES,
            "headers": {"user-agent": row["user_agent"]},
        },
        "consumer": {"id": row["account_id"], "username": row["account_id"]},
        "ai": {
            "proxy": {
                "usage": {
                    "prompt_tokens": row["tokens_in"],
                    "completion_tokens": row["tokens_out"],
                    "total_tokens": row["tokens_in"] + row["tokens_out"],
                    "cost": row["cost_usd"],
                },
                "meta": {
                    "request_model": row["model_requested"],
                    "provider_name": "heron",
                    "response_model": row["model_served"],
                    "llm_latency": round(row["latency_ms"]),
                },
                "cache": {"cache_status": "Miss"},
            }
        },
    }
