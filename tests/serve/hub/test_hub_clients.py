"""Clients that exist, over loopback, against a running hub; and an ingester's ways of paging while others write."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests
from cc_taxii2_client.core import CCTaxiiClient
from cytaxii2.cytaxii2 import cytaxii2
from requests.auth import AuthBase
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages

from serve.hub.hubs import free_port, indicator, now_us, served, world
from stillwatch.sharing.taxii.media import TAXII

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from serve.hub.hubs import Someone, World

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[World]:
    port = free_port()
    made = world(tmp_path, base=f"http://127.0.0.1:{port}", clock=now_us)
    with served(made, port):
        yield made


class Signing(AuthBase):
    """Signs each request of ``requests``, as a member of the exchange does."""

    def __init__(self, hub: World, who: str) -> None:
        self.hub, self.who = hub, who

    def __call__(self, asked: Any) -> Any:
        path = asked.url.removeprefix(self.hub.base)
        body = asked.body.encode() if isinstance(asked.body, str) else asked.body
        made = self.hub.signed(self.who, asked.method, path, body)
        asked.headers.update({name: value for name, value in made.items() if name != "Accept"})
        return asked


def login(one: Someone) -> dict[str, str]:
    return {"user": one.user, "password": one.secret}


@pytest.mark.parametrize("signed", [False, True])
def test_taxii2_client_finds_adds_and_walks(hub: World, signed: bool) -> None:
    named: dict[str, Any] = {"auth": Signing(hub, "ada")} if signed else login(hub.people["ada"])
    server = Server(hub.base + "/taxii2/", **named)
    root = server.default
    assert root is not None
    assert root.versions == [TAXII]
    collection = next(one for one in root.collections if one.can_write)
    sent = [indicator(number) for number in range(25)]

    status = collection.add_objects({"objects": sent})
    assert (status.status, status.success_count, status.failure_count) == ("complete", 25, 0)
    status.refresh()
    pages = list(as_pages(collection.get_objects, per_request=10))
    manifests = list(as_pages(collection.get_manifest, per_request=10))

    assert [one for page in pages for one in page["objects"]] == sent
    assert [one["id"] for page in manifests for one in page["objects"]] == [one["id"] for one in sent]
    assert collection.get_object(sent[3]["id"])["objects"] == [sent[3]]
    assert len(collection.object_versions(sent[3]["id"])["versions"]) == 1
    filtered = collection.get_objects(id=[sent[1]["id"], sent[2]["id"]], type="indicator", version="all")
    assert filtered["objects"] == sent[1:3]
    with pytest.raises(requests.HTTPError, match="405"):
        collection.delete_object(sent[0]["id"])


def test_cytaxii2_polls_and_puts(hub: World) -> None:
    one = hub.people["ada"]
    client = cytaxii2(hub.base + "/taxii2/", one.user, one.secret)

    assert client.root_discovery()["status_code"] == 200
    found = client.collection_request()["response"]["collections"]
    assert {row["id"] for row in found} == {hub.collection, hub.plain}
    put = client.inbox_request(hub.collection, json.dumps({"objects": [indicator(1), indicator(2)]}))
    first = client.poll_request(hub.collection, limit=1)["response"]
    second = client.poll_request(hub.collection, limit=1, next=first["next"])["response"]

    assert put["response"]["success_count"] == 2
    assert [first["objects"], second["objects"]] == [[indicator(1)], [indicator(2)]]
    assert second["more"] is False


def test_cc_taxii2_client_follows_pages(hub: World) -> None:
    one = hub.people["bob"]
    short = {"description": "d", "pattern_version": "2.1"}
    sent = [{**indicator(number), **short} for number in range(7)]
    for row in sent:
        del row["object_marking_refs"]
    hub.post("ada", sent)
    client = CCTaxiiClient(one.user, one.secret)
    client.url = hub.base

    pages = list(client.get_cc_indicators_generator(hub.collection, limit=3, follow_pages=True))

    assert hub.collection in client.get_collections("api")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [row.id for page in pages for row in page] == [row["id"] for row in sent]


def both(state: dict[str, Any], answer: requests.Response) -> dict[str, Any]:
    """Keep ``added_after`` of the first page, and send it with ``next``."""
    page = answer.json()
    return {**state, **({"next": page["next"]} if page.get("more") else after(answer, state))}


def after(answer: requests.Response, state: dict[str, Any]) -> dict[str, Any]:
    last = answer.headers.get("X-TAXII-Date-Added-Last") or state.get("added_after")
    return {"added_after": last} if last else {}


def dated(state: dict[str, Any], answer: requests.Response) -> dict[str, Any]:
    """Go on with ``added_after`` alone, and ask once more with the same where nothing came."""
    return after(answer, state)


def next_only(state: dict[str, Any], answer: requests.Response) -> dict[str, Any]:
    """Go on with ``next`` alone while there is one."""
    page = answer.json()
    return {"next": page["next"]} if page.get("more") else after(answer, state)


def together(state: dict[str, Any], answer: requests.Response) -> dict[str, Any]:
    """Send the newest date and ``next`` at once."""
    page = answer.json()
    return {**after(answer, state), **({"next": page["next"]} if page.get("more") else {})}


@pytest.mark.parametrize("going_on", [both, dated, next_only, together])
def test_an_ingester_gets_everything_once_while_others_write(
    hub: World, going_on: Callable[[dict[str, Any], requests.Response], dict[str, Any]]
) -> None:
    writers, each = 3, 40
    done = threading.Event()

    def write(writer: int) -> None:
        collection = Collection(f"{hub.base}/api/collections/{hub.collection}/", **login(hub.people["ada"]))
        for at in range(0, each, 4):
            sent = [indicator(1000 * writer + at + one) for one in range(4)]
            assert collection.add_objects({"objects": sent}).failure_count == 0

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]

    def wait() -> None:
        for thread in threads:
            thread.join()
        done.set()

    for thread in [*threads, (waiting := threading.Thread(target=wait))]:
        thread.start()
    session = requests.Session()
    session.auth = (hub.people["bob"].user, hub.people["bob"].secret)
    session.headers["Accept"] = TAXII
    got: list[str] = []
    state: dict[str, Any] = {}
    while True:
        over = done.is_set()
        answer = session.get(hub.base + hub.objects, params={**state, "limit": 7}, timeout=10)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        got += [one["id"] for one in page.get("objects", [])]
        state = going_on(state, answer)
        if over and not page.get("objects"):
            break
        if not page.get("more"):
            state.pop("next", None)
    waiting.join()

    want = {indicator(1000 * writer + one)["id"] for writer in range(writers) for one in range(each)}
    assert len(got) == len(set(got)), "nothing twice"
    assert set(got) == want, "nothing lost"


def test_every_url_is_absolute_and_the_root_answers(hub: World) -> None:
    server = Server(hub.base + "/taxii2", **login(hub.people["ada"]))
    assert [root.url for root in server.api_roots] == [hub.base + "/api/"]
    assert ApiRoot(hub.base + "/api", **login(hub.people["ada"])).max_content_length == 8 << 20
