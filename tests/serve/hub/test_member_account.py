"""An account holds everything that a member sent or could read, can be checked against the log, and names nobody."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.asgi_call import Answer, call
from serve.hub.hubs import GREEN, RED, indicator
from serve.hub.rights_world import CALENDAR, Rights, rights
from stillwatch.model.membership import Role, Tlp
from stillwatch.serve.hub.account_routes import RECEIPT, RECORD
from stillwatch.serve.hub.erasing import erase_object
from stillwatch.serve.hub.log import publish
from stillwatch.serve.hub.taking import MOST_LOGGED
from stillwatch.sharing.oblivious.submission import packed
from stillwatch.sharing.stix.plain import plain
from stillwatch.sharing.transparency.checkpoint import Trust
from stillwatch.sharing.transparency.leaves import digest
from stillwatch.sharing.transparency.note import SIGNED, Verifier
from stillwatch.sharing.transparency.receipt import check_receipt, read_receipt
from stillwatch.store.exchange import log
from stillwatch.store.exchange.account import SECTIONS
from stillwatch.store.exchange.matching import Rule
from stillwatch.store.exchange.matching import close as close_epoch

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("ada", "bob", "cyd")
CEILINGS = {"ada": Tlp.RED, "bob": Tlp.RED, "cyd": Tlp.GREEN}


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Rights]:
    made = rights(tmp_path)
    yield made
    made.close()


def get(exchange: Rights, who: str, query: str = "", path: str = RECORD) -> Answer:
    headers = {"Authorization": exchange.world.people[who].bearer}
    return call(exchange.world.hub, "GET", path, headers=headers, query=query)


def rows_of(exchange: Rights, who: str, section: str) -> list[Any]:
    found: list[Any] = []
    query = f"section={section}"
    while True:
        page = get(exchange, who, query).json
        found += page["rows"]
        if not page["more"]:
            return found
        query = f"section={section}&after={page['rows'][-1]['at']}"


def submit_tags(exchange: Rights, who: str, groups: dict[bytes, list[bytes]]) -> int:
    headers = {"Authorization": exchange.world.people[who].bearer}
    return call(exchange.world.hub, "POST", "/v1/tags", packed(groups), headers, query="epoch=1&kind=email:v1").status


def check_account(exchange: Rights, name: str) -> None:
    """See that the log bears every object out, and that nobody else is named."""
    entries = {row["log"]: row for row in rows_of(exchange, name, "log")}
    for row in rows_of(exchange, name, "sent"):
        assert hashlib.sha256(row["object"].encode()).hexdigest() == row["sha256"]
        assert [row["id"], row["sha256"]] in json.loads(entries[row["log"]]["record"])["body"]["objects"]
    whole = "".join(json.dumps(rows_of(exchange, name, one.name)) for one in SECTIONS)
    for other in set(NAMES) - {name}:
        assert not re.search(rf"\b{other}\b", whole)
        assert exchange.world.people[other].member.id not in whole


@given(st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_account_is_complete_whatever_happened(data: st.DataObject) -> None:
    folder = Path(tempfile.mkdtemp())
    exchange = rights(folder)
    hub = exchange.world
    cyd = hub.people["cyd"].member.number
    with hub.file.writing() as connection:
        connection.execute("UPDATE members SET ceiling = ? WHERE number = ?", (int(Tlp.GREEN), cyd))
    sent: dict[str, list[str]] = {name: [] for name in NAMES}
    could: dict[str, list[str]] = {name: [] for name in NAMES}
    tags: dict[str, int] = dict.fromkeys(NAMES, 0)
    inside: tuple[str, ...] = NAMES
    step = st.tuples(st.sampled_from(NAMES), st.sampled_from(["green", "red", "tags", "group"]), st.integers(0, 3))
    try:
        for turn, (who, what, number) in enumerate(data.draw(st.lists(step, max_size=12))):
            if what == "group":
                inside = NAMES if number == 0 else tuple(one for one in NAMES if one != who)
                hub.regroup(*inside)
            elif what == "tags":
                status = submit_tags(exchange, who, {bytes([turn] * 16): [bytes([number] * 16)]})
                tags[who] += status == 201
            elif who in inside:
                marks = [GREEN if what == "green" else RED]
                one = indicator(1_000 * turn + number, object_marking_refs=marks)
                assert hub.post(who, [one]).json["success_count"] == 1
                sent[who].append(one["id"])
                for name in inside:
                    if name != who and (what == "green" or CEILINGS[name] is Tlp.RED):
                        could[name].append(one["id"])
        for name in NAMES:
            told = [
                [row["id"] for row in rows_of(exchange, name, "sent")],
                [row["id"] for row in rows_of(exchange, name, "readable")],
                sum(row["tags"] for row in rows_of(exchange, name, "tags")),
            ]
            assert told == [sent[name], could[name], tags[name]]
            check_account(exchange, name)
    finally:
        exchange.close()
        shutil.rmtree(folder)


def test_every_entry_is_in_the_log_and_a_receipt_says_so(exchange: Rights) -> None:
    hub, key = exchange.world, Ed25519PrivateKey.generate()
    hub.post("ada", [indicator(1), indicator(2)])
    hub.post("bob", [indicator(3)])
    [mine] = rows_of(exchange, "ada", "log")
    [theirs] = rows_of(exchange, "bob", "log")
    assert digest(bytes.fromhex(mine["salt"]), mine["record"].encode()).hex() == mine["entry"]
    assert get(exchange, "ada", f"index={mine['log']}", RECEIPT).status == 404, "no checkpoint holds it yet"
    with hub.file.writing() as connection:
        publish(connection, "hub.example/log", key, hub.clock())
        assert log.digests(connection, 0, 2) == [bytes.fromhex(one["entry"]) for one in (mine, theirs)]
    trust = Trust(Verifier("hub.example/log", SIGNED, key.public_key().public_bytes_raw()))
    content = get(exchange, "ada", f"index={mine['log']}", RECEIPT)
    assert check_receipt(read_receipt(content.body), trust)[0].body["member"] == hub.people["ada"].member.id
    assert get(exchange, "ada", f"index={theirs['log']}", RECEIPT).status == 404
    assert get(exchange, "ada", "index=99", RECEIPT).status == 404
    assert get(exchange, "ada", "", RECEIPT).status == 404


def test_a_submission_of_any_size_is_logged_and_each_object_points_to_its_entry(exchange: Rights) -> None:
    count = 3 * MOST_LOGGED // 100
    answer = exchange.world.post("ada", [indicator(number) for number in range(count)])
    assert answer.json["success_count"] == count
    entries = {row["log"]: json.loads(row["record"])["body"]["objects"] for row in rows_of(exchange, "ada", "log")}
    assert len(entries) > 2
    own = rows_of(exchange, "ada", "sent")
    assert len(own) == count
    assert all([row["id"], row["sha256"]] in entries[row["log"]] for row in own)


def test_what_was_erased_is_a_tombstone_and_the_entry_of_the_erasure_tells_of_it(exchange: Rights) -> None:
    hub = exchange.world
    hub.post("ada", [indicator(1), indicator(2)])
    with hub.file.writing() as connection:
        erase_object(connection, indicator(1)["id"], "order 7", "", (plain, exchange.logged), hub.clock())
    first, second, taken_back = rows_of(exchange, "ada", "sent")
    assert [(row["log"], row["sha256"], row["revoked"]) for row in (first, taken_back)] == [(None, None, True)] * 2
    told = {row["log"]: row["record"] and json.loads(row["record"])["body"] for row in rows_of(exchange, "ada", "log")}
    assert told[second["log"]]["objects"] == [[second["id"], second["sha256"]]]
    assert [one["object"] for one in told.values() if one and one.get("event") == "erased"] == [first["id"]]
    assert told[told[second["log"]]["restates"]] is None, "the entry stays, its record is gone"


def test_tags_matches_groups_and_unmasking_are_in_it(exchange: Rights) -> None:
    hub = exchange.world
    assert submit_tags(exchange, "ada", {b"a" * 16: [b"t" * 16]}) == 201
    assert submit_tags(exchange, "bob", {b"b" * 16: [b"t" * 16, b"u" * 16]}) == 201
    close_epoch(exchange.tags, 1, Rule(), CALENDAR.epoch(1).closes_ms)
    [match] = rows_of(exchange, "ada", "matches")
    assert (match["handle"], match["members_at_least"]) == ((b"a" * 16).hex(), 2)
    assert [row["tags"] for row in rows_of(exchange, "bob", "tags")] == [2]
    assert rows_of(exchange, "cyd", "matches") == []
    assert [row["version"] for row in rows_of(exchange, "cyd", "groups")] == [2]
    hub.post("bob", [indicator(1)])
    asked = json.dumps({"subject": indicator(1)["id"], "reason": "Compare"}).encode()
    bearer = {name: {"Authorization": hub.people[name].bearer} for name in NAMES}
    identity = call(hub.hub, "POST", "/v1/unmask", asked, bearer["ada"]).json["id"]
    call(hub.hub, "POST", f"/v1/unmask/{identity}", b'{"consent": true}', bearer["bob"])
    [mine], [theirs] = rows_of(exchange, "ada", "unmask"), rows_of(exchange, "bob", "unmask")
    assert (mine["by"], theirs["by"], mine["named"], theirs["named"]) == ("this member", "another member", 1, 1)
    events = {row["log"]: json.loads(row["record"])["body"] for row in rows_of(exchange, "bob", "log")}
    assert [events[entry]["event"] for entry in theirs["log"]] == ["consented", "named"]
    assert rows_of(exchange, "cyd", "unmask") == []


def test_pages_are_bounded_in_bytes(exchange: Rights, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.world.post("ada", [indicator(number) for number in range(30)])
    monkeypatch.setattr("stillwatch.serve.hub.account_routes.MOST_BYTES", 4_000)
    page = get(exchange, "ada", "section=sent").json
    assert 0 < len(page["rows"]) < 10
    assert page["more"]
    assert len(rows_of(exchange, "ada", "sent")) == 30


@pytest.mark.parametrize(
    "query", ["section=x", "after=1", "section=sent&after=-1", "section=sent&a=1", "&".join("a" * 9)]
)
def test_a_query_that_is_wrong_is_refused(exchange: Rights, query: str) -> None:
    assert get(exchange, "ada", query).status == 400


def test_nobody_reads_without_being_somebody(exchange: Rights) -> None:
    assert call(exchange.world.hub, "GET", RECORD).status == 401
    assert call(exchange.world.hub, "POST", RECORD).status == 405
    assert [one["name"] for one in get(exchange, "ada").json["sections"]] == [one.name for one in SECTIONS]
    assert exchange.world.people["ada"].member.may(Role.READER)
