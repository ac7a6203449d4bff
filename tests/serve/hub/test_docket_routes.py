"""The shared docket: an appeal at one member is a review at each, and an overturned case takes back what was shared."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from serve.hub.hubs import indicator
from serve.hub.judging import Judging
from stillwatch.store.exchange import dockets
from stillwatch.store.exchange.members import suspend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE = indicator(1)["id"]
NONE = {"opened": 0, "overturned": 0, "upheld": 0, "not-acted": 0}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Judging]:
    made = Judging(tmp_path)
    made.world.add_member("carol")
    made.world.regroup("ada", "bob", "carol")
    made.give("ada", indicator(1))
    yield made
    made.close()


def begin(hub: Judging, who: str, outcome: str = "opened", subject: str = ONE) -> str:
    answer = hub.ask(who, "POST", "/v1/dockets", {"subject": subject, "outcome": outcome})
    assert answer.status == 200, answer.body
    return str(answer.json["docket"])


def end(hub: Judging, who: str, docket: str, outcome: str) -> Any:
    return hub.ask(who, "POST", f"/v1/dockets/{docket}", {"outcome": outcome})


def test_an_appeal_at_one_member_is_due_at_the_others_and_nobody_is_named(hub: Judging) -> None:
    docket = begin(hub, "bob")
    assert begin(hub, "bob") == docket, "the same appeal told twice is one docket"
    [own], [due] = hub.dockets("bob"), hub.dockets("carol")
    assert (own["own"], own["others"]) == ("opened", NONE)
    assert (due["docket"], due["own"], due["others"]) == (docket, "due", NONE | {"opened": 1})
    end(hub, "bob", docket, "upheld")
    end(hub, "carol", docket, "not-acted")
    [seen] = hub.dockets("ada", due["at_us"])
    assert (seen["own"], seen["others"]) == ("due", NONE | {"upheld": 1, "not-acted": 1})
    assert hub.dockets("ada", seen["at_us"]) == []
    assert set(seen) == {"docket", "subject", "own", "others", "at_us"}
    assert [one.body["outcome"] for one in hub.records if one.kind == "appeal"] == ["opened", "upheld", "not-acted"]


def test_an_overturned_case_disputes_what_somebody_else_shared(hub: Judging) -> None:
    docket = begin(hub, "bob", "overturned")
    assert hub.heard("carol")[ONE]["state"] == "DISPUTED"
    assert not [one for one in hub.pages("carol") if one.get("revoked")], "it is not bob's to take back"
    answer = end(hub, "ada", docket, "overturned")
    assert answer.json == {"docket": docket, "outcome": "overturned", "revoked": 1}
    [now] = hub.pages("carol")
    assert (now["id"], now["revoked"]) == (ONE, True)
    assert now["modified"] > indicator(1)["modified"]
    assert (hub.heard("carol")[ONE]["state"], hub.heard("carol")[ONE]["negative"]) == ("NEGATIVE", 2)
    kinds = [one.kind for one in hub.records]
    assert kinds[-3:] == ["appeal", "retraction", "submission"]
    assert hub.world.post("ada", [indicator(1, modified="2029-01-01T00:00:00.000Z")]).json["failure_count"] == 1


def test_it_is_taken_back_in_every_collection_of_the_submitter(hub: Judging) -> None:
    path = hub.other_collection("ada", "carol")
    hub.give("ada", indicator(1), path=path)
    hub.world.regroup("bob", "carol")
    assert hub.ask("ada", "POST", "/v1/dockets", {"subject": ONE, "outcome": "overturned"}).json["revoked"] == 2
    assert [one["revoked"] for one in hub.pages("bob")] == [True], "ada has left that group, its readers are told"
    [other] = hub.world.get("carol", path).json["objects"]
    assert other["revoked"]


@pytest.mark.parametrize("modified", ["2100-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2027-01-15T08:00:00.0005Z"])
def test_odd_times_of_versions_break_nothing(hub: Judging, modified: str) -> None:
    two = indicator(2, modified=modified)
    hub.give("ada", two)
    answer = hub.ask("ada", "POST", "/v1/dockets", {"subject": two["id"], "outcome": "overturned"})
    assert (answer.status, answer.json["revoked"]) == (200, 0 if modified.startswith("9999") else 1)
    assert hub.heard("bob")[two["id"]]["negative"] == 1


def test_what_has_no_versions_is_disputed_and_stays(hub: Judging) -> None:
    account = {"type": "user-account", "id": f"user-account--{uuid.uuid5(uuid.NAMESPACE_URL, 'x')}"}
    hub.give("ada", account)
    answer = hub.ask("ada", "POST", "/v1/dockets", {"subject": account["id"], "outcome": "overturned"})
    assert answer.json["revoked"] == 0
    assert hub.heard("bob")[account["id"]]["state"] == "NEGATIVE"


def test_overturned_stays_and_the_opener_has_acted(hub: Judging) -> None:
    docket = begin(hub, "bob")
    assert end(hub, "bob", docket, "not-acted").status == 409
    assert end(hub, "bob", docket, "overturned").status == 200
    before = hub.dockets("bob")[0]["at_us"]
    assert end(hub, "bob", docket, "overturned").status == 200
    assert hub.dockets("bob", before) == [], "told twice changes nothing"
    assert end(hub, "bob", docket, "upheld").status == 409
    assert begin(hub, "bob") != docket, "the next appeal is another docket"


def test_nobody_outside_sees_a_docket(hub: Judging) -> None:
    hub.world.add_member("dan")
    docket = begin(hub, "bob")
    missing = end(hub, "dan", str(uuid.uuid4()), "upheld")
    assert (missing.status, missing.body) == (404, end(hub, "dan", docket, "upheld").body)
    assert hub.ask("dan", "POST", "/v1/dockets", {"subject": ONE, "outcome": "opened"}).status == 404
    assert hub.dockets("dan") == []
    hub.give("dan", indicator(1), path=hub.other_collection("dan"))
    assert hub.dockets("dan") == [], "an object of the same name elsewhere opens no docket"
    assert end(hub, "dan", docket, "overturned").status == 404
    assert hub.say("dan", ONE, "seed", docket=docket).status == 409


def test_a_review_of_a_suspended_member_does_not_count_and_followers_are_told(hub: Judging) -> None:
    begin(hub, "bob")
    since = hub.dockets("ada")[0]["at_us"]
    with hub.world.file.writing() as connection:
        bob = hub.world.people["bob"].member
        suspend(connection, bob, hub.world.clock())
        dockets.stood(connection, bob.number, hub.world.clock())
    assert [one["others"] for one in hub.dockets("ada", since)] == [NONE]


def test_readers_of_another_collection_learn_of_no_review_outside_it(hub: Judging) -> None:
    hub.world.add_member("dan")
    hub.give("ada", indicator(1), path=hub.other_collection("ada", "dan"))
    docket = begin(hub, "ada")
    end(hub, "bob", docket, "upheld")
    assert hub.dockets("ada")[0]["others"] == NONE | {"upheld": 1}
    assert hub.dockets("dan")[0]["others"] == NONE | {"opened": 1}


def test_an_opinion_may_name_its_docket_and_no_other(hub: Judging) -> None:
    hub.give("ada", indicator(2))
    docket = begin(hub, "bob")
    assert hub.say("carol", ONE, "negative", docket=docket).status == 200
    assert hub.say("carol", indicator(2)["id"], "negative", docket=docket).status == 409


def test_dockets_of_a_member_and_pages_are_bounded(hub: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dockets, "MOST_DOCKETS", 3)
    monkeypatch.setattr(dockets, "PAGE", 2)
    hub.give("ada", *(indicator(n) for n in range(2, 5)))
    sent = [{"subject": indicator(n)["id"], "outcome": "opened"} for n in range(1, 5)]
    assert [hub.ask("bob", "POST", "/v1/dockets", one).status for one in sent] == [200, 200, 200, 429]
    page = hub.ask("carol", "GET", "/v1/dockets").json
    assert (len(page["dockets"]), page["more"]) == (2, True)
    rest = hub.ask("carol", "GET", "/v1/dockets", query=f"since={page['dockets'][-1]['at_us']}").json
    assert (len(rest["dockets"]), rest["more"]) == (1, False)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("", {"subject": ONE, "outcome": "not-acted"}),
        ("", {"subject": ONE, "outcome": "opened", "customer": "c-1"}),
        ("", {"subject": ONE, "outcome": "opened", "case": "text"}),
        ("", {"outcome": "opened"}),
        (f"/{uuid.UUID(int=1)}", {"outcome": "opened"}),
        (f"/{uuid.UUID(int=1)}", {"outcome": "upheld", "account": "a"}),
    ],
)
def test_what_is_out_of_form_is_refused_so_that_no_case_travels(hub: Judging, path: str, sent: Any) -> None:
    assert hub.ask("bob", "POST", "/v1/dockets" + path, sent).status == 400


def test_methods_and_paths(hub: Judging) -> None:
    assert hub.ask("bob", "DELETE", "/v1/dockets").headers["allow"] == "GET, HEAD, POST"
    assert hub.ask("bob", "GET", f"/v1/dockets/{uuid.UUID(int=1)}").status == 405
    assert hub.ask("bob", "POST", "/v1/dockets/x", {"outcome": "upheld"}).status == 404


def test_no_name_is_in_an_answer(hub: Judging) -> None:
    docket = begin(hub, "bob")
    end(hub, "carol", docket, "overturned")
    told = json.dumps(hub.dockets("ada"))
    for name in ("bob", "carol"):
        assert name not in told
        assert hub.world.people[name].member.id not in told
