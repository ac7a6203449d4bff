"""Erased by order of law: the content is gone everywhere, members see it revoked, and the log still audits."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import stix2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from serve.hub.hubs import GREEN, indicator
from serve.hub.rights_world import Rights, rights
from stillwatch.model.errors import InputError, NotNow, StoreError
from stillwatch.serve.hub.erasing import erase_object
from stillwatch.serve.hub.log import publish
from stillwatch.serve.hub.log_routes import LogRoutes
from stillwatch.sharing.stix.erased import tombstone
from stillwatch.sharing.stix.extension import EXTENSION_ID
from stillwatch.sharing.stix.ids import account_id
from stillwatch.sharing.stix.plain import plain
from stillwatch.sharing.transparency.audit import audit
from stillwatch.sharing.transparency.checkpoint import Trust
from stillwatch.sharing.transparency.note import SIGNED, Verifier
from stillwatch.store.exchange import log
from stillwatch.store.exchange.erasing import by_year, keep_request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.serve.hub.erasing import Erased

WORDS = "very particular words"


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Rights]:
    made = rights(tmp_path)
    yield made
    made.close()


def erase(exchange: Rights, identity: str, authority: str = "") -> Erased:
    hub = exchange.world
    with hub.file.writing() as connection:
        found = erase_object(connection, identity, "order 7", authority, (plain, exchange.logged), hub.clock())
    hub.file.settle()
    return found


def objects(exchange: Rights, who: str, query: str = "", path: str = "") -> list[Any]:
    return exchange.world.get(who, path or exchange.world.objects, query).json.get("objects", [])


def test_the_content_is_gone_from_the_file_and_members_see_it_revoked(exchange: Rights, tmp_path: Path) -> None:
    hub = exchange.world
    first = indicator(1, description=WORDS)
    second = {**first, "modified": "2026-01-02T00:00:00.000Z"}
    hub.post("ada", [first, indicator(2)])
    hub.post("ada", [second])
    seen = hub.get("bob", hub.objects).headers["x-taxii-date-added-last"]
    found = erase(exchange, first["id"])
    assert (found.versions, len(found.entries)) == (2, 2)
    [fresh] = objects(exchange, "bob", f"added_after={seen}")
    assert (fresh["id"], fresh["revoked"]) == (first["id"], True)
    assert fresh["modified"] > second["modified"]
    every = objects(exchange, "bob", f"match[version]=all&match[id]={first['id']}")
    assert [one["revoked"] for one in every] == [True] * 3
    assert [one["id"] for one in objects(exchange, "bob")] == [indicator(2)["id"], first["id"]]
    stix2.parse(fresh, allow_custom=False)
    hub.file.close()
    for file in tmp_path.glob("hub.db*"):
        assert WORDS.encode() not in file.read_bytes()


def test_it_does_not_come_back_under_its_id(exchange: Rights) -> None:
    hub = exchange.world
    one = indicator(1)
    account = {"type": "user-account", "spec_version": "2.1", "id": account_id("t"), "user_id": "t"}
    hub.post("ada", [one, {**account, "object_marking_refs": [GREEN]}])
    erase(exchange, one["id"])
    erase(exchange, account["id"])
    older = {**one, "created": "2025-01-01T00:00:00.000Z", "modified": "2025-01-01T00:00:00.000Z"}
    newer = {**one, "modified": "2029-01-01T00:00:00.000Z"}
    answer = hub.post("ada", [one, older, newer, {**account, "object_marking_refs": [GREEN]}, indicator(2)]).json
    assert (answer["success_count"], answer["failure_count"]) == (1, 4)
    assert "order of law" in answer["failures"][0]["message"]
    assert [shown.get("user_id") for shown in objects(exchange, "bob", "match[type]=user-account")] == ["erased"]


def test_the_plain_view_goes_with_it(exchange: Rights) -> None:
    hub = exchange.world
    tag = "oprf1:1:email:v1:" + "a" * 32
    group = {
        "type": "grouping",
        "spec_version": "2.1",
        "id": "grouping--0c1f0000-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "context": "suspicious-activity",
        "object_refs": [account_id(tag)],
        "object_marking_refs": [GREEN],
        "extensions": {EXTENSION_ID: {"extension_type": "property-extension", "tags": [tag]}},
    }
    hub.post("ada", [group])
    path = f"/api/collections/{hub.plain}/objects/"
    assert tag in json.dumps(objects(exchange, "bob", path=path))
    erase(exchange, group["id"])
    assert tag not in json.dumps(objects(exchange, "bob", "match[version]=all", path))
    assert [one["revoked"] for one in objects(exchange, "bob", path=path)] == [True]


def test_other_objects_of_the_submission_are_logged_anew_and_the_log_audits(exchange: Rights) -> None:
    hub, key = exchange.world, Ed25519PrivateKey.generate()
    hub.post("ada", [indicator(1), indicator(2)])
    with hub.file.writing() as connection:
        publish(connection, "hub.example/log", key, hub.clock())
        kept = log.checkpoint(connection)
    assert kept
    [entry] = erase(exchange, indicator(1)["id"]).entries
    with hub.file.writing() as connection:
        publish(connection, "hub.example/log", key, hub.clock())
        gone = log.entry(connection, entry)
    assert gone
    assert (gone.salt, gone.record) == (None, None)
    [restated] = [one.body for one in exchange.told if one.body.get("restates") == entry]
    assert [one[0] for one in restated["objects"]] == [indicator(2)["id"]]
    routes = LogRoutes(hub.file, (), lambda: 0)

    def fetch(path: str) -> bytes:
        return routes._checkpoint(None) if path == "checkpoint" else routes._tile(path)

    trust = Trust(Verifier("hub.example/log", SIGNED, key.public_key().public_bytes_raw()))
    old = kept[1] + b"\n" + "".join(f"{line}\n" for line in kept[2]).encode()
    found = audit(fetch, trust, [old])
    assert (found.problems, found.forks) == ((), ())


@pytest.mark.parametrize(("authority", "kind"), [("", "retraction"), ("court", "government-request")])
def test_it_is_recorded_as_what_it_was_and_the_owner_is_told_without_the_reference(
    exchange: Rights, authority: str, kind: str
) -> None:
    hub = exchange.world
    hub.post("ada", [indicator(1)])
    before = len(exchange.told)
    erase(exchange, indicator(1)["id"], authority)
    order, owner = exchange.told[before : before + 2]
    assert [order.kind, owner.kind] == [kind, kind]
    assert order.body["order"] == "order 7"
    assert owner.body["member"] == hub.people["ada"].member.id
    assert "order 7" not in json.dumps(owner.body)
    with hub.file.reading() as connection:
        assert by_year(connection) == [(2027, int(bool(authority)), 1)]


def test_what_cannot_be_erased_is_said(exchange: Rights) -> None:
    exchange.world.post("ada", [indicator(1)])
    with pytest.raises(InputError):
        erase(exchange, indicator(2)["id"])
    with pytest.raises(InputError):
        erase(exchange, GREEN)
    erase(exchange, indicator(1)["id"])
    with pytest.raises(NotNow):
        erase(exchange, indicator(1)["id"])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE objects SET body = x'7b7d', digest = zeroblob(32)",
        "UPDATE objects SET revoked = 1, digest = zeroblob(32), body = CAST('{\"revoked\":true}' AS BLOB)",
        "UPDATE objects SET owner = 2",
        "UPDATE objects SET id = 'x'",
        "DELETE FROM objects",
        "DELETE FROM erasures",
        "UPDATE erasures SET reference = 'x'",
        "UPDATE authority_requests SET reference = 'x'",
        "DELETE FROM authority_requests",
        "INSERT INTO authority_requests (at_us, authority, reference) VALUES (0, 'king', 'x')",
    ],
)
def test_nothing_but_an_erasure_changes_an_object_and_nothing_an_erasure(exchange: Rights, statement: str) -> None:
    exchange.world.post("ada", [indicator(1), indicator(2)])
    erase(exchange, indicator(1)["id"])
    with exchange.world.file.writing() as connection:
        keep_request(connection, "court", "x", 0)
    with pytest.raises(StoreError) as refused, exchange.world.file.writing() as connection:
        connection.execute(statement)
    assert isinstance(refused.value.__cause__, sqlite3.IntegrityError)


KINDS = "attack-pattern campaign grouping identity indicator intrusion-set note opinion relationship report sighting"


@pytest.mark.parametrize("kind", KINDS.split())
def test_a_tombstone_is_stix(kind: str) -> None:
    body = json.dumps({"created": "2026-01-01T00:00:00.000Z", "name": WORDS}).encode()
    made = tombstone(body, kind, f"{kind}--0c1f0000-0000-4000-8000-000000000000", 1_800_000_000_000_000)
    assert WORDS.encode() not in made
    assert stix2.parse(made.decode(), allow_custom=False)["revoked"] is True
