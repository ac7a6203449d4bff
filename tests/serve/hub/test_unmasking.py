"""Names are told to pairs that both agreed, and a refusal cannot be told from silence."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.asgi_call import Answer, call
from serve.hub.hubs import World, indicator, world
from stillwatch.serve.hub.unmask_routes import PAGE, UNMASK, UnmaskRoutes
from stillwatch.sharing.stix.ids import account_id
from stillwatch.store.exchange.members import leave, suspend
from stillwatch.store.exchange.unmasking import OPEN_US

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYBODY = ("ada", "bob", "cyd", "dan")
TAG = "oprf1:1:email:v1:" + "0" * 32
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
SHARED = {
    "type": "user-account",
    "spec_version": "2.1",
    "id": account_id(TAG),
    "user_id": TAG,
    "object_marking_refs": [GREEN],
}


def opened(folder: Path, logged: list[Any], joint: Any = lambda _, __: None) -> World:
    made = world(folder)
    for name in EVERYBODY[2:]:
        made.add_member(name)
    made.regroup("ada", "bob", "cyd")
    made.hub.mounts[UNMASK] = UnmaskRoutes(made.hub, lambda _, records: logged.extend(records), joint)
    return made


@pytest.fixture
def logged() -> list[Any]:
    return []


@pytest.fixture
def hub(tmp_path: Path, logged: list[Any]) -> Iterator[World]:
    made = opened(tmp_path, logged)
    # All three submit one and the same account, so each of them is in it.
    for name in EVERYBODY[:3]:
        made.post(name, [{**SHARED, "account_login": name}])
    yield made
    made.hub.close()
    made.file.close()


def post(hub: World, who: str, told: Any, path: str = UNMASK) -> Answer:
    return call(hub.hub, "POST", path, json.dumps(told).encode(), {"Authorization": hub.people[who].bearer})


def ask(hub: World, who: str = "ada", subject: str = SHARED["id"], reason: str = "Compare notes") -> Answer:  # type: ignore[assignment]
    return post(hub, who, {"subject": subject, "reason": reason})


def seen(hub: World, who: str, query: str = "") -> Any:
    return call(hub.hub, "GET", UNMASK, headers={"Authorization": hub.people[who].bearer}, query=query).json


def reply(hub: World, who: str, identity: str, consent: Any) -> Answer:
    return post(hub, who, {"consent": consent}, f"{UNMASK}/{identity}")


def names(hub: World, who: str) -> list[str]:
    return [name for one in seen(hub, who)["requests"] for name in one["names"]]


def test_two_that_agree_are_named_to_each_other_and_to_nobody_else(hub: World, logged: list[Any]) -> None:
    identity = ask(hub).json["id"]
    [asked] = seen(hub, "bob")["requests"]
    assert (asked["by"], asked["names"], asked["reason"], asked["consent"]) == ("a member", [], "Compare notes", None)
    assert b"ada" not in json.dumps(asked).encode()
    assert reply(hub, "bob", identity, consent=True).status == 200

    assert {who: names(hub, who) for who in EVERYBODY} == {"ada": ["bob"], "bob": ["ada"], "cyd": [], "dan": []}
    ids = {name: hub.people[name].member.id for name in EVERYBODY}
    told = [(one.body["event"], one.body["member"]) for one in logged]
    assert told[0] == ("asked", ids["ada"])
    assert sorted(told[1:]) == sorted([("consented", ids["bob"]), ("named", ids["bob"]), ("named", ids["ada"])])
    assert all(sum(one in json.dumps(record.body) for one in ids.values()) == 1 for record in logged)
    reply(hub, "cyd", identity, consent=True)
    assert names(hub, "cyd") == ["ada", "bob"]
    assert names(hub, "bob") == ["ada", "cyd"]


def test_a_refusal_cannot_be_told_from_silence(tmp_path: Path) -> None:
    views = []
    for refuses in (True, False):
        folder, logged = tmp_path / str(refuses), []
        folder.mkdir()
        hub = opened(folder, logged)
        for name in EVERYBODY[:3]:
            hub.post(name, [{**SHARED, "account_login": name}])
        identity = ask(hub).json["id"]
        if refuses:
            assert reply(hub, "bob", identity, consent=False).status == 200
        hub.clock.us = 1_800_000_001_000_000
        shown = [seen(hub, who)["requests"] for who in ("ada", "cyd")]
        hub.clock.us += OPEN_US
        shown += [seen(hub, who)["requests"] for who in ("ada", "cyd")]
        for one in [row for page in shown for row in page]:
            assert one.pop("id") == identity
            assert one.pop("until_us") - one.pop("at_us") == OPEN_US
        views.append((shown, len(logged)))
        hub.hub.close()
        hub.file.close()
    assert views[0] == views[1]


def test_who_refused_may_still_agree_and_who_agreed_was_named(hub: World) -> None:
    identity = ask(hub).json["id"]
    assert reply(hub, "bob", identity, consent=False).status == 200
    assert reply(hub, "bob", identity, consent=True).status == 200
    assert reply(hub, "bob", identity, consent=True).status == 200
    assert reply(hub, "bob", identity, consent=False).status == 409
    assert names(hub, "ada") == ["bob"]


def test_a_request_ends_and_names_nobody_after_that(hub: World) -> None:
    identity = ask(hub).json["id"]
    hub.clock.us += OPEN_US
    assert reply(hub, "bob", identity, consent=True).status == 409
    assert [one["open"] for one in seen(hub, "ada")["requests"]] == [False]
    assert names(hub, "ada") == []


def test_who_was_not_asked_answers_nothing_and_learns_nothing(hub: World) -> None:
    identity = ask(hub).json["id"]
    outside, nobodys = (
        reply(hub, "dan", identity, consent=True),
        reply(hub, "dan", "0" * 8 + identity[8:], consent=True),
    )
    assert (outside.status, outside.body) == (nobodys.status, nobodys.body) == (404, nobodys.body)
    assert reply(hub, "ada", identity, consent=True).status == 404, "asking is agreeing; one's own is not answered"
    assert seen(hub, "dan")["requests"] == []


def test_what_may_not_be_seen_and_what_is_not_there_look_the_same(hub: World) -> None:
    there, nowhere = ask(hub, "dan"), ask(hub, "dan", account_id("oprf1:1:email:v1:" + "1" * 32))
    assert (there.status, there.body) == (nowhere.status, nowhere.body) == (404, nowhere.body)
    assert ask(hub, "ada", "joint:1:hydra").status == 404


def test_a_request_that_asks_nobody_looks_like_any_other(hub: World) -> None:
    hub.post("ada", [indicator(1)])
    alone, others = ask(hub, "ada", indicator(1)["id"]).json, ask(hub).json
    assert alone.keys() == others.keys()
    assert (alone["open"], alone["names"]) == (others["open"], others["names"])


def test_a_reader_asks_who_submitted(hub: World) -> None:
    hub.post("bob", [indicator(1)])
    identity = ask(hub, "ada", indicator(1)["id"]).json["id"]
    assert [one["id"] for one in seen(hub, "bob")["requests"]] == [identity]
    assert seen(hub, "cyd")["requests"] == []


def test_open_requests_are_bounded(hub: World) -> None:
    hub.post("bob", [indicator(n) for n in range(6)])
    statuses = [ask(hub, "ada", indicator(n)["id"]).status for n in range(6)]
    assert statuses == [200] * 5 + [409]
    hub.clock.us += OPEN_US
    assert ask(hub, "ada", indicator(5)["id"]).status == 200
    assert ask(hub, "ada", indicator(5)["id"]).status == 409


def test_pages_are_bounded_and_go_on(hub: World) -> None:
    hub.post("bob", [indicator(n) for n in range(PAGE + 5)])
    for number in range(PAGE + 5):
        assert ask(hub, "ada", indicator(number)["id"]).status == 200
        hub.clock.us += OPEN_US // 4
    first = seen(hub, "bob")
    rest = seen(hub, "bob", f"after={first['requests'][-1]['at_us']}")
    assert (len(first["requests"]), first["more"], len(rest["requests"]), rest["more"]) == (PAGE, True, 5, False)
    bearer = {"Authorization": hub.people["bob"].bearer}
    assert call(hub.hub, "GET", UNMASK, headers=bearer, query="after=x").status == 400


def test_who_has_gone_is_not_asked(hub: World) -> None:
    with hub.file.writing() as connection:
        suspend(connection, hub.people["bob"].member, hub.clock())
        leave(connection, hub.people["cyd"].member, hub.clock())
    ask(hub)
    with hub.file.reading() as connection:
        assert connection.execute("SELECT count(*) FROM unmask_members WHERE NOT asked").fetchone() == (0,)


def test_a_joint_campaign_is_asked_about_through_its_own_callable(tmp_path: Path) -> None:
    inside: dict[str, list[str]] = {}

    def joint(subject: str, member: str) -> list[str] | None:
        found = inside.get(subject, [])
        return [one for one in found if one != member] if member in found else None

    hub = opened(tmp_path, [], joint)
    inside["joint:3:hydra"] = [hub.people[name].member.id for name in ("ada", "dan")]
    identity = ask(hub, "ada", "joint:3:hydra").json["id"]
    assert ask(hub, "bob", "joint:3:hydra").status == 404
    assert reply(hub, "dan", identity, consent=True).status == 200
    assert names(hub, "ada") == ["dan"]
    hub.hub.close()
    hub.file.close()


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_names_are_those_of_a_slow_oracle(data: st.DataObject) -> None:
    folder = Path(tempfile.mkdtemp())
    hub = opened(folder, [])
    for name in EVERYBODY[:3]:
        hub.post(name, [{**SHARED, "account_login": name}])
    agreed: dict[str, set[str]] = {}
    asked: dict[str, str] = {}
    steps = st.tuples(st.sampled_from(EVERYBODY[:3]), st.integers(0, 2), st.booleans() | st.none())
    try:
        for who, place, consent in data.draw(st.lists(steps, max_size=14)):
            if consent is None:
                answer = ask(hub, who)
                assert answer.status == (409 if who in asked.values() else 200)
                if answer.status == 200:
                    agreed[answer.json["id"]], asked[answer.json["id"]] = {who}, who
            elif place < len(asked):
                identity = list(asked)[place]
                expected = 404 if asked[identity] == who else 409 if who in agreed[identity] and not consent else 200
                assert reply(hub, who, identity, consent).status == expected
                agreed[identity] |= {who} if consent and expected == 200 else set()
        for who in EVERYBODY:
            for one in seen(hub, who)["requests"]:
                told = agreed[one["id"]]
                assert set(one["names"]) == (told - {who} if who in told else set())
    finally:
        hub.hub.close()
        hub.file.close()
        shutil.rmtree(folder)


@given(
    st.binary(max_size=60)
    | st.builds(
        lambda subject, reason: json.dumps({"subject": subject, "reason": reason}).encode(),
        st.text(max_size=40) | st.just("joint:0:x") | st.just(SHARED["id"]),
        st.just("") | st.just("a" * 501) | st.integers(),
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_noise_is_a_request(hub: World, content: bytes) -> None:
    bearer = {"Authorization": hub.people["ada"].bearer}
    assert call(hub.hub, "POST", UNMASK, content, bearer).status == 400
    path = f"{UNMASK}/00000000-0000-0000-0000-000000000000"
    assert call(hub.hub, "POST", path, content, bearer).status == 400
