"""Hub and custodian keep to their description, whatever schemathesis sends, with a secret, a wrong one, none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from serve.asgi_call import call
from serve.custodian.holding import SECRET, Held
from serve.hub.rights_world import rights
from stillwatch.serve.custodian.evaluating import PREFIX
from stillwatch.serve.hub.description import OPENAPI, OPRF, PATHS, description
from stillwatch.store.exchange.holder import HolderBase

if TYPE_CHECKING:
    from collections.abc import Iterator

HUB = schemathesis.openapi.from_dict(description())
CUSTODIAN = schemathesis.openapi.from_dict(description("Stillwatch custodian", OPRF))
HELD_BY = ("right", "wrong", "none")
# Whether a body is signed, an epoch open or a subject there, these checks cannot know.
UNSEEN = [ignored_auth, negative_data_rejection, positive_data_acceptance]
SETTINGS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@schemathesis.serializer("application/octet-stream", "text/plain")
def as_it_is(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def surfaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("described")
    exchange, base = rights(folder), HolderBase(folder / "holder.db")
    held = Held(base)
    exchange.world.hub.mounts[PREFIX] = held.evaluating
    yield exchange.world, held
    exchange.close()
    base.close()


def headers_of(how: str, right: str) -> dict[str, str]:
    return {"right": {"authorization": right}, "wrong": {"authorization": "Bearer s.another"}, "none": {}}[how]


@pytest.mark.parametrize("how", HELD_BY)
@HUB.parametrize()
@SETTINGS
def test_the_hub_answers_as_described(case: Any, how: str, surfaces: Any) -> None:
    world, _ = surfaces
    headers = headers_of(how, world.people["ada"].bearer)
    answer = case.call(app=world.hub, headers=headers, base_url="https://hub.example")
    case.validate_response(answer, headers=headers, excluded_checks=UNSEEN)
    described = PATHS[case.path].get(case.method.lower(), {})
    if how != "right" and described.get("security"):
        # A path whose last part is none of an id's form is nobody's, before anybody is asked.
        assert answer.status_code in ({400, 401, 405, 413, 404} if "{" in case.path else {400, 401, 405, 413})


@pytest.mark.parametrize("how", HELD_BY)
@CUSTODIAN.parametrize()
@SETTINGS
def test_the_custodian_answers_as_described(case: Any, how: str, surfaces: Any) -> None:
    _, held = surfaces
    headers = headers_of(how, f"Bearer {SECRET}")
    answer = case.call(app=held.app, headers=headers, base_url="https://custodian.example")
    case.validate_response(answer, headers=headers, excluded_checks=UNSEEN)


def test_the_description_is_served_to_anybody(surfaces: Any) -> None:
    world, _ = surfaces
    answer = call(world.hub, "GET", OPENAPI)
    assert answer.json == description()
    assert call(world.hub, "POST", OPENAPI).status == 405


def test_every_route_that_is_mounted_is_described(surfaces: Any) -> None:
    world, _ = surfaces
    assert all(any(path.startswith(beginning) for path in PATHS) for beginning in world.hub.mounts)
