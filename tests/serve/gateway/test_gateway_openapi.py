"""The gateway's own paths keep to their OpenAPI description, whatever schemathesis sends."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth, unsupported_method

from stillwatch.serve.gateway.description import description

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
SCHEMA = schemathesis.openapi.from_dict(description())


@SCHEMA.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_own_paths_answer_as_described(case, gateways_once):
    headers = {} if case.path == "/healthz" else {"authorization": "Bearer correct-horse-battery"}
    # The check of authentication cannot see that the header is ours; test_gateway_decide asks without it.
    excluded = [ignored_auth]
    if case.path.startswith("/ext_authz"):
        # Envoy asks with the method of the call that it asks about.
        excluded.append(unsupported_method)
    case.call_and_validate(base_url=gateways_once.url, headers=headers, excluded_checks=excluded)
