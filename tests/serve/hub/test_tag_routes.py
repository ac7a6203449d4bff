from __future__ import annotations

import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.asgi_call import call
from stillwatch.serve.asgi import Refused, refuse
from stillwatch.serve.custodian.admission import BearerWho
from stillwatch.serve.hub.tag_routes import TagRoutes
from stillwatch.sharing.oblivious.epochs import Calendar
from stillwatch.sharing.oblivious.submission import packed
from stillwatch.store.exchange.holder import hash_of
from stillwatch.store.exchange.matching import Rule, close
from stillwatch.store.exchange.tag_base import TagBase

CALENDAR = Calendar(1_000, 1_000, 100)
SECRETS = {name: secrets.token_urlsafe(32) for name in ("lab-a", "lab-b", "lab-c")}


class Hub:
    def __init__(self, base):
        self.base, self.now_ms = base, 1_500
        who = BearerWho(lambda: {name: hash_of(one) for name, one in SECRETS.items()})
        self.routes = TagRoutes(base, CALENDAR, who, lambda: self.now_ms)

    async def __call__(self, scope, receive, send):
        try:
            await self.routes(scope, receive, send)
        except Refused as refused:
            await refuse(send, refused)

    def put(self, member, groups, query="epoch=1&kind=email:v1"):
        return call(self, "POST", "/v1/tags", packed(groups), auth(member), query=query)

    def matches(self, member, query="epoch=1"):
        return call(self, "GET", "/v1/matches", b"", auth(member), query=query)


def auth(member):
    return {"authorization": f"Bearer {SECRETS.get(member, 'nobody')}"}


@pytest.fixture
def hub(tmp_path):
    base = TagBase(tmp_path / "tags.db")
    yield Hub(base)
    base.close()


def b16(n):
    return n.to_bytes(16)


def test_tags_go_in_and_only_own_matches_come_out_without_names(hub):
    first = hub.put("lab-a", {b16(1): [b16(10), b16(11)]})
    assert first.status == 201
    assert hub.put("lab-a", {b16(1): [b16(10), b16(11)]}).status == 200
    hub.put("lab-b", {b16(2): [b16(10)]})
    hub.put("lab-c", {b16(3): [b16(99)]})
    early = hub.matches("lab-a")
    assert early.status == 409
    assert early.headers["retry-after"]
    close(hub.base, 1, Rule(), 2_000)
    told = hub.matches("lab-a")
    assert told.json["matches"] == [{"handle": b16(1).hex(), "kind": "email:v1", "tags": 1, "members_at_least": 2}]
    assert hub.matches("lab-c").json["matches"] == []
    for other in ("lab-b", "lab-c", b16(2).hex(), b16(10).hex()):
        assert other not in told.body.decode()


def test_who_asks_gets_answers_and_is_in_nobodys_match(hub):
    asks = "epoch=1&kind=email:v1&asks=1"
    assert hub.put("lab-c", {b16(3): [b16(10), b16(11)]}, query=asks).status == 201
    assert hub.put("lab-c", {b16(3): [b16(10), b16(11)]}, query=asks).status == 200
    hub.put("lab-a", {b16(1): [b16(10), b16(11)]})
    hub.put("lab-b", {b16(2): [b16(10)]})
    close(hub.base, 1, Rule(), 2_000)
    answer = {"handle": b16(3).hex(), "kind": "email:v1", "tags": 1, "members_at_least": 2}
    assert hub.matches("lab-c").json["answers"] == [answer]
    assert hub.matches("lab-c").json["matches"] == []
    assert hub.matches("lab-a").json["answers"] == []
    assert hub.matches("lab-a").json["matches"][0]["tags"] == 1


def test_nobody_in_particular_gets_nothing(hub):
    assert hub.put("x", {b16(1): [b16(1)]}).status == 401
    assert hub.matches("x").status == 401


def test_tags_are_taken_under_the_open_epoch_only(hub):
    for now, status in ((999, 409), (1_000, 201), (1_999, 200), (2_000, 409), (2_050, 409)):
        hub.now_ms = now
        assert hub.put("lab-a", {b16(1): [b16(10)]}).status == status
    hub.now_ms = 1_500
    close(hub.base, 1, Rule(), 1_500)
    assert hub.put("lab-a", {b16(1): [b16(11)]}).status == 409


@pytest.mark.parametrize(
    "query",
    [
        "",
        "epoch=1",
        "kind=email:v1",
        "epoch=0&kind=email:v1",
        "epoch=x&kind=email:v1",
        "epoch=1&kind=email:v9",
        "epoch=1&epoch=1&kind=email:v1",
        "epoch=٣&kind=email:v1",
        "&".join(["a=1"] * 9),
        "epoch=1234567890&kind=email:v1",
        "epoch=1&kind=email:v1&asks=0",
        "epoch=1&kind=email:v1&asks=",
        "epoch=1&kind=email:v1&asks=1&asks=1",
    ],
)
def test_a_query_that_is_wrong_is_refused(hub, query):
    assert hub.put("lab-a", {b16(1): [b16(10)]}, query=query.encode("utf-8").decode("latin-1")).status == 400


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/tags"), ("POST", "/v1/matches")])
def test_methods(hub, method, path):
    assert call(hub, method, path, b"", auth("lab-a")).status == 405
    assert call(hub, "GET", "/v1/nothing", b"", auth("lab-a")).status == 404


@given(st.binary(max_size=100))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_noise_breaks_it(hub, body):
    answer = call(hub, "POST", "/v1/tags", body, auth("lab-a"), query="epoch=1&kind=email:v1")
    assert answer.status in (200, 201, 400)
