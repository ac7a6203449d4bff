"""A member's own keys: rotated with an overlap, ended at once, never the last one, and nothing is lost meanwhile."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.asgi_call import Answer, call
from serve.hub.hubs import World, indicator, world
from stillwatch.serve.hub.joining import key_id
from stillwatch.serve.hub.key_routes import KEYS, PROVES, KeyRoutes
from stillwatch.store.exchange.members import OVERLAP_US, suspend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def logged() -> list[Any]:
    return []


@pytest.fixture
def hub(tmp_path: Path, logged: list[Any]) -> Iterator[World]:
    made = world(tmp_path)
    made.hub.mounts[KEYS] = KeyRoutes(made.hub, lambda _, records: logged.extend(records))
    yield made
    made.hub.close()
    made.file.close()


def new_key(hub: World, who: str = "ada", key: Ed25519PrivateKey | None = None) -> tuple[Ed25519PrivateKey, bytes]:
    made = key or Ed25519PrivateKey.generate()
    proof = made.sign(PROVES + hub.people[who].member.id.encode())
    sent = {"key": made.public_key().public_bytes_raw(), "proof": proof}
    return made, json.dumps({name: base64.b64encode(one).decode() for name, one in sent.items()}).encode()


def post(hub: World, path: str, body: bytes = b"", who: str = "ada", **more: Any) -> Answer:
    return call(hub.hub, "POST", path, body, hub.signed(who, "POST", path, body, **more))


def rotated(hub: World) -> tuple[Ed25519PrivateKey, str]:
    key, body = new_key(hub)
    return key, post(hub, KEYS, body).json["key_id"]


def works(hub: World, key: Ed25519PrivateKey, identity: str) -> bool:
    answer = call(hub.hub, "GET", "/taxii2/", headers=hub.signed("ada", "GET", "/taxii2/", key=key, key_id=identity))
    assert answer.status in {200, 401}
    return answer.status == 200


def test_both_keys_are_good_for_the_overlap_and_then_the_new_one_alone(hub: World, logged: list[Any]) -> None:
    one = hub.people["ada"]
    key, identity = rotated(hub)

    assert works(hub, one.key, one.key_id)
    assert works(hub, key, identity)
    hub.clock.us += OVERLAP_US + 1_000_000
    assert not works(hub, one.key, one.key_id)
    assert works(hub, key, identity)
    [told] = logged
    public = key.public_key().public_bytes_raw().hex()
    assert (told.kind, told.body["event"], told.body["key"]) == ("membership", "rotated", public)
    assert hub.get("bob", "/taxii2/").status == 200
    assert call(hub.hub, "GET", KEYS, headers={"Authorization": hub.people["bob"].bearer}).json["keys"][0]["id"]


def test_the_same_key_sent_again_changes_nothing(hub: World, logged: list[Any]) -> None:
    key, body = new_key(hub)
    first, second = post(hub, KEYS, body), post(hub, KEYS, body)
    assert (first.status, second.status) == (200, 200)
    assert second.json["keys"] == first.json["keys"]
    assert len(logged) == 1
    _, of_bob = new_key(hub, "bob", key)
    assert post(hub, KEYS, of_bob, "bob").status == 409


def test_a_key_is_ended_at_once_and_the_last_one_never(hub: World) -> None:
    one = hub.people["ada"]
    assert post(hub, f"{KEYS}/{one.key_id}/end").status == 409
    key, identity = rotated(hub)
    # What is left would end with the overlap: this is the last key, whatever else is good today.
    assert post(hub, f"{KEYS}/{identity}/end").status == 409
    assert post(hub, f"{KEYS}/{one.key_id}/end", key=key, key_id=identity).status == 200
    assert not works(hub, one.key, one.key_id)
    assert works(hub, key, identity)
    assert post(hub, f"{KEYS}/{one.user}/end", key=key, key_id=identity).status == 200
    assert call(hub.hub, "GET", "/taxii2/", headers={"Authorization": one.bearer}).status == 401
    again = new_key(hub, key=one.key)[1]
    assert post(hub, KEYS, again, key=key, key_id=identity).status == 409


def test_nobody_ends_the_keys_of_others_and_learns_of_none(hub: World) -> None:
    bob = hub.people["bob"]
    theirs, nobodys = post(hub, f"{KEYS}/{bob.key_id}/end"), post(hub, f"{KEYS}/k0/end")
    assert (theirs.status, theirs.body) == (nobodys.status, nobodys.body) == (404, nobodys.body)
    assert hub.get("bob", "/taxii2/").status == 200


def test_a_secret_makes_no_keys(hub: World) -> None:
    _, body = new_key(hub)
    assert call(hub.hub, "POST", KEYS, body, {"Authorization": hub.people["ada"].bearer}).status == 403
    assert call(hub.hub, "POST", KEYS, body).status == 401


def test_a_proof_of_another_member_or_key_is_refused(hub: World) -> None:
    _, of_bob = new_key(hub, "bob")
    assert post(hub, KEYS, of_bob).status == 400
    mixed = json.loads(new_key(hub)[1])
    mixed["key"] = json.loads(new_key(hub)[1])["key"]
    assert post(hub, KEYS, json.dumps(mixed).encode()).status == 400


def test_keys_are_bounded_and_a_refused_one_shortens_no_other(hub: World) -> None:
    statuses = []
    key, identity = hub.people["ada"].key, hub.people["ada"].key_id
    for _ in range(20):
        fresh, body = new_key(hub)
        statuses.append(post(hub, KEYS, body, key=key, key_id=identity).status)
        if statuses[-1] == 200:
            key, identity = fresh, key_id(fresh.public_key().public_bytes_raw())
    assert statuses == [200] * 14 + [409] * 6
    hub.clock.us += OVERLAP_US + 1_000_000
    assert works(hub, key, identity)


def test_a_rotation_in_the_middle_of_a_submission_loses_nothing(hub: World) -> None:
    """The head is signed with the old key; before the body is whole a new key comes and the old one ends."""
    one, body = hub.people["ada"], json.dumps({"objects": [indicator(n) for n in range(50)]}).encode()
    headers = hub.signed("ada", "POST", hub.objects, body)
    scope = {
        "type": "http",
        "method": "POST",
        "path": hub.objects,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[Any] = []
    steps = [body[:1_000], body[1_000:]]
    made: list[tuple[Ed25519PrivateKey, str]] = []

    async def receive() -> Any:
        if len(steps) == 1:
            made.append(await asyncio.to_thread(rotated, hub))
            ended = await asyncio.to_thread(
                lambda: post(hub, f"{KEYS}/{one.key_id}/end", key=made[0][0], key_id=made[0][1])
            )
            assert ended.status == 200
        return {"type": "http.request", "body": steps.pop(0), "more_body": bool(steps)}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(hub.hub(scope, receive, send))
    assert sent[0]["status"] == 202
    assert not works(hub, one.key, one.key_id)
    signed = hub.signed("ada", "GET", hub.objects, key=made[0][0], key_id=made[0][1])
    assert len(call(hub.hub, "GET", hub.objects, headers=signed).json["objects"]) == 50


def test_who_was_suspended_before_its_turn_changes_no_keys(hub: World) -> None:
    routes = hub.hub.mounts[KEYS]
    caller = hub.hub.caller_of(
        {"method": "GET", "path": KEYS, "query_string": b"", "headers": _lower(hub.signed("ada", "GET", KEYS))}, b""
    )
    job = routes._followed(caller, new_key(hub)[1])  # type: ignore[attr-defined]
    with hub.file.writing() as connection:
        suspend(connection, hub.people["ada"].member, hub.clock())
    with pytest.raises(Exception, match="suspended"), hub.file.writing() as connection:
        job(connection, hub.clock())


def _lower(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


@given(st.binary(max_size=80) | st.just(b'{"key":"AA==","proof":"AA=="}') | st.just(b'{"key":1}'))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_noise_is_a_key(hub: World, body: bytes) -> None:
    assert post(hub, KEYS, body).status == 400
