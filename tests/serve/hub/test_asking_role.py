from __future__ import annotations

import pytest

from serve.asgi_call import call
from serve.hub.hubs import indicator, world
from stillwatch.model.membership import Member, Purpose, Role, State, Tlp
from stillwatch.serve.hub.tag_routes import MATCHES, TAGS, TagRoutes
from stillwatch.sharing.oblivious.epochs import Calendar
from stillwatch.sharing.oblivious.submission import packed
from stillwatch.store.exchange.matching import Rule, close
from stillwatch.store.exchange.tag_base import TagBase

BODY = packed({bytes(16): [bytes(16)]})
ROLES = {"contributor": Role.CONTRIBUTOR, "asker": Role.ASKER, "reader": Role.READER}


@pytest.fixture
def made(tmp_path):
    made = world(tmp_path)
    base = TagBase(tmp_path / "tags.db")
    asker = made.hub.acting(Role.CONTRIBUTOR | Role.ASKER)
    calendar = Calendar(made.clock.us // 1_000 - 500, 1_000_000, 100)
    routes = TagRoutes(base, calendar, made.hub.acting(Role.CONTRIBUTOR), lambda: made.clock() // 1_000, asker)
    made.hub.mounts |= {TAGS: routes, MATCHES: routes}
    for name, roles in ROLES.items():
        made.add_member(name, roles)
    made.regroup("ada", "bob", *ROLES)
    yield made, base
    base.close()
    made.hub.close()
    made.file.close()


def put(made, who, query):
    return call(made.hub, "POST", TAGS, BODY, {"authorization": made.people[who].bearer}, query=query)


@pytest.mark.parametrize(
    ("who", "contributes", "asks", "reads"),
    [("contributor", 201, 201, 200), ("asker", 403, 201, 200), ("reader", 403, 403, 403)],
)
def test_who_may_contribute_and_ask(made, who, contributes, asks, reads):
    hub, base = made
    assert put(hub, who, "epoch=1&kind=email:v1").status == contributes
    assert put(hub, who, "epoch=1&kind=email:v1&asks=1").status == asks
    close(base, 1, Rule(), 1)
    assert (
        call(hub.hub, "GET", MATCHES, b"", {"authorization": hub.people[who].bearer}, query="epoch=1").status == reads
    )


def test_who_only_asks_neither_reads_nor_adds_objects(made):
    hub, _ = made
    assert hub.get("reader", hub.objects).status == 200
    assert hub.get("asker", hub.objects).status == 403
    assert hub.get("asker", hub.objects.replace("objects", "manifest")).status == 403
    assert hub.post("asker", [indicator(1)]).status == 403
    assert hub.post("contributor", [indicator(1)]).status == 202
    shown = hub.get("asker", f"/api/collections/{hub.collection}/").json
    assert (shown["can_read"], shown["can_write"]) == (False, False)


@pytest.mark.parametrize("state", list(State))
def test_only_an_active_member_acts_in_a_role(state):
    one = Member(1, "", "", state, Role.ASKER, Tlp.AMBER, Purpose.DETECT)
    assert one.may_any(Role.ASKER | Role.READER) == (state is State.ACTIVE)
    assert not one.may_any(Role.READER | Role.CONTRIBUTOR)
    assert not one.may_any(Role.NONE)
