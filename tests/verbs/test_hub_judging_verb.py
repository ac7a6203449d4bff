"""What the operator does with floods and detectors; a served hub with opinions in an audited log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from serve.hub.hubs import indicator
from stillwatch.cli import main
from stillwatch.sharing.detector import content_sha256
from stillwatch.sharing.taxii.media import TAXII
from stillwatch.sharing.transparency.leaves import read_record
from stillwatch.store.exchange.file import HubFile
from verbs.operating import Operator, operating

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    with operating(tmp_path, capsys) as made:
        for name in ("Lab A", "Lab B"):
            made.do("member", "invite", name, "--roles", "reader,contributor")
            made.do("member", "admit", name)
        made.do("group", "set", "labs", "--members", "Lab A,Lab B")
        yield made


def logged(store: Path) -> list[tuple[str, dict[str, Any]]]:
    file = HubFile(store, create=False)
    with file.reading() as connection:
        found = [read_record(row[0]) for row in connection.execute("SELECT record FROM log_entries ORDER BY seq")]
    file.close()
    return [(one.kind, one.body) for one in found]


def test_detectors_are_registered_by_their_digest(operator: Operator) -> None:
    assert operator.do("detector", "list") == []
    made = operator.do("detector", "add", "stillwatch")
    assert made["sha256"] == content_sha256()
    operator.do("detector", "add", "other", "--sha256", "b" * 64)
    assert [one["name"] for one in operator.do("detector", "list")] == ["stillwatch", "other"]
    assert operator.do("detector", "remove", "b" * 64)["name"] == "other"
    events = [body["event"] for kind, body in logged(operator.store) if kind == "policy" and "detector" in body]
    assert events == ["added", "added", "removed"]
    for words in (["add", "x", "--sha256", "b"], ["add", "\n"], ["remove", "c" * 64]):
        assert main(["hub", "detector", *words, "--store", str(operator.store)]) == 2


def test_a_served_hub_takes_opinions_and_dockets_and_holds_a_flood(operator: Operator) -> None:
    [made] = operator.do("collection", "add", "Campaigns", "--group", "labs")
    auth = {
        name: {"Authorization": "Bearer " + operator.do("member", "rotate", name)["bearer"], "Accept": TAXII}
        for name in ("Lab A", "Lab B")
    }
    operator.serve("--objects-a-day", "300")
    url, one = f"{operator.base}/api/collections/{made['id']}/objects/", indicator(0)["id"]
    sent = {"objects": [indicator(n) for n in range(302)]}
    told = requests.post(url, json=sent, headers={**auth["Lab A"], "Content-Type": TAXII}, timeout=20).json()
    assert (told["success_count"], told["pending_count"]) == (300, 2)
    asked = {"subject": one, "outcome": "overturned"}
    docket = requests.post(operator.base + "/v1/dockets", json=asked, headers=auth["Lab B"], timeout=9).json()["docket"]
    state = requests.get(operator.base + "/v1/opinions", headers=auth["Lab A"], timeout=9).json()["opinions"][0]
    assert (state["subject"], state["state"]) == (one, "DISPUTED")
    done = requests.post(
        f"{operator.base}/v1/dockets/{docket}", json={"outcome": "overturned"}, headers=auth["Lab A"], timeout=9
    ).json()
    assert done["revoked"] == 1
    [held] = operator.do("held", "list")
    assert (held["name"], held["objects"]) == ("Lab A", 2)
    assert operator.do("held", "release", "Lab A") == {"name": "Lab A", "released": 2, "refused": 0}
    assert operator.do("held", "list") == []
    assert main(["hub", "held", "drop", "Lab A", "--store", str(operator.store)]) == 2
    since = state["at_us"]
    operator.do("member", "suspend", "Lab B")
    moved = requests.get(f"{operator.base}/v1/opinions?since={since}", headers=auth["Lab A"], timeout=9).json()
    assert [(row["state"], row["negative"]) for row in moved["opinions"]] == [("NEGATIVE", 1)]
    kinds = [kind for kind, _ in logged(operator.store)]
    assert kinds.count("appeal") == 2
    assert kinds.count("retraction") == 1
    assert sum(len(body["objects"]) for kind, body in logged(operator.store) if kind == "submission") == 303
