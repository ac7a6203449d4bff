"""The hub called directly: pages, versions, revocation, rights."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve.asgi_call import call
from serve.hub.hubs import GREEN, RED, World, indicator, world
from stillwatch.model.errors import StoreError
from stillwatch.model.membership import Role, Tlp
from stillwatch.serve.hub.reading import route_of
from stillwatch.serve.hub.submitting import Submitting
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.sharing.taxii.incoming import MOST_OBJECT_BYTES
from stillwatch.sharing.taxii.media import TAXII

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stillwatch.model.exchange import Record


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[World]:
    made = world(tmp_path)
    yield made
    made.hub.close()
    made.file.close()


def walk(hub: World, who: str, query: str = "", path: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more = ""
    while True:
        page = hub.get(who, path or hub.objects, "&".join(part for part in (query, more) if part)).json
        found += page.get("objects", [])
        if not page.get("more"):
            return found
        more = f"next={page['next']}"


def test_what_one_member_adds_the_other_reads_byte_for_byte(hub: World) -> None:
    odd = json.dumps(indicator(1, name="é  x"), indent=3).encode()

    answer = call(
        hub.hub,
        "POST",
        hub.objects,
        b'{"objects": [' + odd + b"]}",
        {"Authorization": hub.people["ada"].basic, "Content-Type": TAXII},
    )

    assert answer.status == 202, answer.body
    assert answer.json["success_count"] == answer.json["total_count"] == 1
    assert odd in hub.get("bob", hub.objects).body


def test_pages_hold_everything_once_and_dates_rise(hub: World) -> None:
    hub.clock.step = 0  # a clock that stands still
    sent = [indicator(number) for number in range(25)]
    for at in range(0, 25, 5):
        assert hub.post("ada", sent[at : at + 5]).json["failure_count"] == 0

    assert walk(hub, "bob", "limit=4") == sent
    rows = walk(hub, "bob", "limit=7", f"/api/collections/{hub.collection}/manifest/")
    dates = [row["date_added"] for row in rows]
    assert len(set(dates)) == 25
    assert dates == sorted(dates)


def test_next_and_added_after_together_mean_the_later(hub: World) -> None:
    hub.post("ada", [indicator(number) for number in range(6)])
    first = hub.get("bob", hub.objects, "limit=2")
    assert len(first.json["objects"]) == 2
    last = first.headers["x-taxii-date-added-last"]
    later = hub.get("bob", hub.objects, f"added_after={last}&limit=2").headers["x-taxii-date-added-last"]

    both = hub.get("bob", hub.objects, f"limit=2&next={first.json['next']}&added_after={last}").json["objects"]
    ahead = hub.get("bob", hub.objects, f"limit=2&next={first.json['next']}&added_after={later}").json["objects"]

    assert [one["name"] for one in both] == ["template 2", "template 3"]
    assert [one["name"] for one in ahead] == ["template 4", "template 5"]


def test_a_next_of_another_reader_or_query_or_hand_is_refused(hub: World) -> None:
    hub.post("ada", [indicator(number) for number in range(4)])
    token = hub.get("bob", hub.objects, "limit=2").json["next"]

    assert hub.get("bob", hub.objects, f"next={token}").status == 200
    assert hub.get("ada", hub.objects, f"next={token}").status == 400
    assert hub.get("bob", hub.objects, f"next={token}&match[type]=indicator").status == 400
    flipped = ("A" if token[0] != "A" else "B") + token[1:]
    assert hub.get("bob", hub.objects, f"next={flipped}").status == 400


def test_the_newest_version_is_read_unless_others_are_asked_for(hub: World) -> None:
    old, new = indicator(1), indicator(1, modified="2026-02-01T00:00:00.000Z", name="new")
    hub.post("ada", [new])
    hub.post("ada", [old])
    one = f"{hub.objects}{old['id']}/"

    assert walk(hub, "bob") == [new]
    assert walk(hub, "bob", "match[version]=first") == [old]
    assert walk(hub, "bob", "match[version]=all") == [new, old]
    assert walk(hub, "bob", "match[version]=2026-01-01T00:00:00Z") == [old]
    assert hub.get("bob", one).json["objects"] == [new]
    assert hub.get("bob", one + "versions/").json["versions"] == [
        "2026-02-01T00:00:00.000000Z",
        "2026-01-01T00:00:00.000000Z",
    ]


def test_the_same_again_changes_nothing_and_other_content_is_refused(hub: World) -> None:
    sent = indicator(1)
    hub.post("ada", [sent])

    again = hub.post("ada", [sent]).json
    other = hub.post("ada", [indicator(1, name="other")]).json
    stranger = hub.post("bob", [indicator(1, modified="2026-03-01T00:00:00Z", name="taken over")]).json

    assert (again["success_count"], again["failure_count"]) == (1, 0)
    assert (other["success_count"], other["failure_count"]) == (0, 1)
    assert stranger["failure_count"] == 1
    assert walk(hub, "bob", "match[version]=all") == [sent]


def test_nothing_is_deleted_and_what_is_revoked_stays_so(hub: World) -> None:
    sent = indicator(1)
    hub.post("ada", [sent])

    gone = call(hub.hub, "DELETE", hub.objects + sent["id"] + "/", headers={"Authorization": hub.people["ada"].bearer})
    back = indicator(1, modified="2026-02-01T00:00:00Z", revoked=True, object_marking_refs=[RED])
    with hub.file.writing() as connection:
        connection.execute("UPDATE members SET ceiling = ? WHERE name = 'bob'", (int(Tlp.GREEN),))
    hub.post("ada", [back])
    after = hub.post("ada", [indicator(1, modified="2026-03-01T00:00:00Z")]).json

    assert (gone.status, gone.headers["allow"]) == (405, "GET")
    assert walk(hub, "bob") == [back], "taking back reaches whoever had it, whatever it is marked"
    assert after["failure_count"] == 1


def test_a_marking_several_members_send_is_there_once(hub: World) -> None:
    marking = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": GREEN,
        "created": "2022-10-01T00:00:00.000Z",
        "name": "TLP:GREEN",
    }
    account = {"type": "user-account", "id": "user-account--9bd3afcf-deee-54f9-83e2-520653cb6bba", "user_id": "x"}
    hub.post("ada", [account])
    hub.post("bob", [account])
    hub.post("ada", [marking])
    took = hub.post("bob", [marking]).json

    assert took["failure_count"] == 0, took
    assert walk(hub, "ada") == [account, marking]


def test_rights_are_of_the_group_as_it_was_and_as_it_is(hub: World) -> None:
    early, late = indicator(1), indicator(2)
    hub.post("ada", [early])
    hub.add_member("eve")
    assert hub.get("eve", hub.objects).status == 404
    hub.regroup("ada", "bob", "eve")
    hub.post("ada", [late])

    assert walk(hub, "bob") == [early, late]
    assert walk(hub, "eve") == [late], "who joins later does not get what was shared before"
    hub.regroup("ada", "eve")
    assert hub.get("bob", hub.objects).status == 404, "who left reads nothing"
    hub.regroup()
    assert hub.get("ada", hub.objects).status == 404, "an empty group is nobody"
    assert hub.post("ada", [indicator(3)]).status == 404


def test_levels_above_the_ceiling_and_other_purposes_are_not_read(hub: World) -> None:
    hub.add_member("low", ceiling=Tlp.GREEN)
    hub.regroup("ada", "bob", "low")
    green, red, unmarked = indicator(1), indicator(2, object_marking_refs=[RED]), indicator(3, object_marking_refs=[])
    report = indicator(4, object_marking_refs=[GREEN, "marking-definition--e4a86b3d-2c91-4f6a-9d75-84b1f0c3d604"])
    hub.post("ada", [green, red, unmarked, report])

    assert walk(hub, "low") == [green]
    assert walk(hub, "bob") == [green, red, unmarked]
    assert walk(hub, "ada") == [green, red, unmarked, report]
    assert hub.get("low", hub.objects + red["id"] + "/").status == 404


def test_a_reader_may_not_write_and_a_contributor_may_not_read(hub: World) -> None:
    hub.add_member("reader", Role.READER)
    hub.add_member("writer", Role.CONTRIBUTOR)
    hub.regroup("ada", "reader", "writer")

    assert hub.post("reader", [indicator(1)]).status == 403
    assert hub.get("writer", hub.objects).status == 403
    assert hub.post("writer", [indicator(1)]).status == 202
    shown = hub.get("reader", "/api/collections/").json["collections"][0]
    assert (shown["can_read"], shown["can_write"]) == (True, False)
    assert hub.post("ada", [indicator(2)], f"/api/collections/{hub.plain}/objects/").status == 403


def test_a_status_is_for_the_member_that_submitted(hub: World) -> None:
    took = hub.post("ada", [indicator(1), {"id": "nothing"}]).json
    path = f"/api/status/{took['id']}/"

    assert hub.get("ada", path).json == took
    assert took["failures"] == [{"id": "object 2", "message": "it is no STIX object: id, type, and times as text"}]
    assert hub.get("bob", path).status == 404


def test_the_plain_view_holds_what_is_made_for_it(tmp_path: Path) -> None:
    def plain(body: bytes) -> list[bytes]:
        made = json.loads(body)
        return [json.dumps({**made, "id": made["id"][:-4] + "ffff", "name": "plain"}).encode()]

    hub = world(tmp_path, submitting=Submitting(plain=plain))
    hub.post("ada", [indicator(1), indicator(2)])
    hub.post("ada", [indicator(1)])

    found = walk(hub, "bob", path=f"/api/collections/{hub.plain}/objects/")
    assert [one["name"] for one in found] == ["plain", "plain"]
    hub.hub.close()
    hub.file.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "indicator--1"},
        {"type": "campaign"},
        {"spec_version": "2.0"},
        {"created": "yesterday"},
        {"modified": "2025-01-01T00:00:00Z"},
        {"created": "1969-01-01T00:00:00Z"},
        {"name": "x" * MOST_OBJECT_BYTES},
        {"object_marking_refs": [GREEN] * 33},
        {"object_marking_refs": GREEN},
        {"deep": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]},
    ],
)
def test_an_object_that_is_wrong_is_named_and_the_others_are_taken(hub: World, wrong: dict[str, Any]) -> None:
    took = hub.post("ada", [{**indicator(1), **wrong}, indicator(2)]).json

    assert (took["success_count"], took["failure_count"]) == (1, 1)
    assert [one["name"] for one in walk(hub, "bob")] == ["template 2"]


def test_rights_are_looked_at_again_when_it_is_written(hub: World) -> None:
    route_path = hub.objects
    caller = hub.people["ada"].member

    route = route_of(route_path.removeprefix("/api/"))
    assert route
    job = Submitting().job(caller, route, json.dumps({"objects": [indicator(1)]}).encode())
    hub.regroup("bob")

    with pytest.raises(TaxiiError), hub.file.writing() as connection:
        job(connection, hub.clock())
    assert walk(hub, "bob") == []


WORDS = st.sampled_from(
    ["api", "taxii2", "collections", "objects", "manifest", "versions", "status", "v1", "join", "..", "%2e", "", "é"]
)


def test_whatever_is_asked_the_answer_is_taxii_and_never_an_accident(hub: World) -> None:
    @settings(max_examples=150)
    @given(
        st.sampled_from(["GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS", "get"]),
        st.lists(WORDS | st.just(hub.collection) | st.text(max_size=5), max_size=6),
        st.sampled_from(
            ["", "limit=1", "next=x", "match[id]=a--b", "match[type]=%00", "added_after=0", "limit=1&limit=2"]
        ),
        st.binary(max_size=40) | st.sampled_from([b'{"objects":[{}]}', b'{"objects":[1,null,"x",[]]}']),
        st.sampled_from([TAXII, "*/*", "text/html", "\u00e9"]),
    )
    def ask(method: str, words: list[str], query: str, body: bytes, kind: str) -> None:
        headers = {"Authorization": hub.people["ada"].bearer, "Accept": kind, "Content-Type": kind}
        path = "/" + "/".join(words)
        answer = call(hub.hub, method, path, body, headers, query=query)
        assert answer.headers["content-type"] == TAXII
        assert answer.status < 500
        if answer.status >= 400:
            assert answer.json["http_status"] == str(answer.status)

    ask()


def test_what_is_taken_is_logged_in_the_same_transaction_or_not_taken(tmp_path: Path) -> None:
    records: list[Record] = []
    broken = False

    def appended(connection: sqlite3.Connection, more: Sequence[Record]) -> None:
        assert connection.in_transaction
        if broken:
            raise StoreError("the log is full")
        records.extend(more)

    hub = world(tmp_path, submitting=Submitting(appended=appended))
    first = hub.post("ada", [indicator(1), indicator(2)]).json
    hub.post("ada", [indicator(1)])
    broken = True
    lost = hub.post("ada", [indicator(3)])

    [record] = records
    assert (record.kind, record.body["status"]) == ("submission", first["id"])
    want = hashlib.sha256(json.dumps(indicator(2)).encode()).hexdigest()
    assert record.body["objects"][1] == [indicator(2)["id"], want]
    assert lost.status == 503
    assert b"log" not in lost.body
    assert walk(hub, "bob") == [indicator(1), indicator(2)]
    hub.hub.close()
    hub.file.close()
