"""Opinions at the hub: one voice a member, DISPUTED as a state, nothing of what the reader may not see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.asgi_call import call
from serve.hub.hubs import RED, indicator
from serve.hub.judging import Judging, extension, opinion
from stillwatch.model.membership import Role, Tlp
from stillwatch.store.exchange import opinions
from stillwatch.store.exchange.members import leave, suspend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE = indicator(1)["id"]
JOINT = "joint:3:quiet-heron"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Judging]:
    made = Judging(
        tmp_path, lambda _, member, subject: member == made.world.people["ada"].member.id and subject == JOINT
    )
    made.give("ada", indicator(1))
    yield made
    made.close()


def counted(one: dict[str, Any]) -> tuple[str, int, int, int]:
    return one["state"], one["negative"], one["seed"], one["positive"]


def test_whoever_submits_holds_a_positive_opinion_and_one_negative_disputes_it(hub: Judging) -> None:
    assert hub.heard("bob") == {}, "nobody has spoken yet"
    assert counted(hub.say("bob", ONE, "seed").json) == ("POSITIVE", 0, 1, 1)
    assert counted(hub.say("bob", ONE, "negative", explanation="ours").json) == ("DISPUTED", 1, 0, 1)
    for who in ("ada", "bob"):
        assert counted(hub.heard(who)[ONE]) == ("DISPUTED", 1, 0, 1)
    assert counted(hub.say("ada", ONE, "negative").json) == ("NEGATIVE", 2, 0, 0)
    hub.give("ada", indicator(1, modified="2026-02-01T00:00:00.000Z"))
    assert counted(hub.heard("bob")[ONE]) == ("DISPUTED", 1, 0, 1), "a new version is what it says last"
    hub.give("ada", indicator(1, modified="2026-03-01T00:00:00.000Z", revoked=True))
    assert counted(hub.heard("bob")[ONE]) == ("NEGATIVE", 1, 0, 0), "what is taken back is not held any more"


def test_an_answer_names_nobody_and_hands_out_no_explanation(hub: Judging) -> None:
    hub.say("bob", ONE, "negative", explanation="because of Erika")
    told = hub.ask("ada", "GET", "/v1/opinions").body.decode()
    bob = hub.world.people["bob"].member
    for secret in ("Erika", "bob", bob.id, "explanation"):
        assert secret not in told
    [record] = [one for one in hub.records if one.body.get("stance")]
    assert record.kind == "submission"
    assert "Erika" not in json.dumps(dict(record.body))


def test_ten_identities_are_one_voice(hub: Judging) -> None:
    fakes = [
        opinion(n, [ONE], "strongly-disagree", created_by_ref=f"identity--{n:08x}-0000-4000-8000-000000000000")
        for n in range(10)
    ]
    hub.give("bob", *fakes)
    hub.say("bob", ONE, "negative")
    assert counted(hub.heard("ada")[ONE]) == ("DISPUTED", 1, 0, 1)


@pytest.mark.parametrize(
    ("said", "more", "state"),
    [
        ("strongly-disagree", {}, ("DISPUTED", 1, 0, 1)),
        ("disagree", {}, ("DISPUTED", 1, 0, 1)),
        ("neutral", {}, ("POSITIVE", 0, 1, 1)),
        ("agree", {}, ("POSITIVE", 0, 0, 2)),
        ("strongly-agree", {}, ("POSITIVE", 0, 0, 2)),
        ("agree", {"extensions": extension(stance="negative")}, ("DISPUTED", 1, 0, 1)),
    ],
)
def test_a_stix_opinion_counts_by_its_stance(hub: Judging, said: str, more: Any, state: Any) -> None:
    hub.give("bob", opinion(1, [ONE], said, **more))
    assert counted(hub.heard("ada")[ONE]) == state


def test_versions_of_a_stix_opinion_replace_each_other_and_a_revoked_one_takes_back_only_its_own(hub: Judging) -> None:
    two = indicator(2)["id"]
    hub.give("ada", indicator(2))
    hub.give("bob", opinion(1, [ONE, two], "disagree", 2))
    hub.give("bob", opinion(1, [two], "agree", 1))
    assert counted(hub.heard("ada")[two]) == ("DISPUTED", 1, 0, 1), "an older version that comes late changes nothing"
    hub.give("bob", opinion(1, [two], "disagree", 3))
    assert counted(hub.heard("ada")[ONE]) == ("POSITIVE", 0, 0, 1), "the newest is not about it any more"
    hub.say("bob", ONE, "seed")
    hub.give("bob", opinion(1, [two], "disagree", 4, revoked=True))
    assert counted(hub.heard("ada")[two]) == ("POSITIVE", 0, 0, 1)
    assert counted(hub.heard("ada")[ONE]) == ("POSITIVE", 0, 1, 1), "what was said later stands"


def test_a_new_version_that_says_the_same_moves_nothing(hub: Judging) -> None:
    hub.give("bob", opinion(1, [ONE], "disagree", 1))
    since = hub.heard("ada")[ONE]["at_us"]
    hub.give("bob", opinion(1, [ONE], "strongly-disagree", 2))
    assert hub.heard("ada", since) == {}


def test_nobody_outside_learns_that_a_subject_is_there(hub: Judging) -> None:
    carol = hub.world.add_member("carol")
    hub.say("bob", ONE, "negative")
    unknown = hub.say("carol", indicator(9)["id"], "negative")
    assert (unknown.status, unknown.body) == (404, hub.say("carol", ONE, "negative").body)
    assert hub.heard("carol") == {}
    path = hub.other_collection("carol")
    hub.give("carol", indicator(1), opinion(1, [ONE], "disagree"), path=path)
    assert counted(hub.heard("carol")[ONE]) == ("NEGATIVE", 1, 0, 0), "her own object of that name tells her nothing"
    assert counted(hub.heard("ada")[ONE]) == ("DISPUTED", 1, 0, 1), "and she has no voice on theirs"
    assert carol.member.number not in hub.world.group.members  # type: ignore[union-attr]


def test_who_has_left_the_group_or_fallen_silent_sees_and_moves_nothing(hub: Judging) -> None:
    hub.say("bob", ONE, "negative")
    hub.world.regroup("ada")
    assert hub.heard("bob") == {}
    assert hub.say("bob", ONE, "positive").status == 404
    assert counted(hub.heard("ada")[ONE]) == ("DISPUTED", 1, 0, 1), "what it said while it was there stands"


def test_an_opinion_said_in_one_collection_is_that_of_the_member_in_every_other(hub: Judging) -> None:
    hub.world.add_member("carol")
    path = hub.other_collection("ada", "carol")
    hub.give("ada", indicator(1), path=path)
    hub.say("carol", ONE, "seed")
    since = hub.heard("carol")[ONE]["at_us"]
    hub.world.regroup("bob")
    hub.say("ada", ONE, "negative")
    assert counted(hub.heard("carol", since)[ONE]) == ("NEGATIVE", 1, 1, 0)
    assert counted(hub.heard("bob")[ONE]) == ("NEGATIVE", 1, 0, 0), "ada does not read there any more, and submitted it"
    hub.give("ada", indicator(1, modified="2026-05-01T00:00:00.000Z"), path=path)
    assert counted(hub.heard("carol")[ONE])[3] == 1


def test_a_follower_is_told_what_its_submitter_changes(hub: Judging) -> None:
    hub.say("bob", ONE, "seed")
    since = hub.heard("bob")[ONE]["at_us"]
    hub.give("ada", indicator(1, modified="2026-02-01T00:00:00.000Z", revoked=True))
    assert counted(hub.heard("bob", since)[ONE]) == ("SEED", 0, 1, 0)


def test_a_submitter_that_is_suspended_moves_what_others_see(hub: Judging) -> None:
    hub.say("bob", ONE, "seed")
    since = hub.heard("bob")[ONE]["at_us"]
    with hub.world.file.writing() as connection:
        ada = hub.world.people["ada"].member
        suspend(connection, ada, hub.world.clock())
        opinions.stood(connection, ada.number, hub.world.clock())
    assert counted(hub.heard("bob", since)[ONE]) == ("SEED", 0, 1, 0)


def test_a_marking_above_the_ceiling_hides_opinions_too(hub: Judging) -> None:
    hub.world.add_member("dan", ceiling=Tlp.GREEN)
    hub.world.regroup("ada", "bob", "dan")
    hub.give("ada", indicator(5, object_marking_refs=[RED]), indicator(6))
    for number in (5, 6):
        assert hub.say("bob", indicator(number)["id"], "negative").status == 200
    assert set(hub.heard("dan")) == {indicator(6)["id"]}, "shared before dan joined, or above dan's ceiling"
    assert hub.say("dan", indicator(5)["id"], "negative").status == 404


def test_who_may_not_read_says_nothing(hub: Judging) -> None:
    hub.world.add_member("erin", roles=Role.CONTRIBUTOR)
    hub.world.regroup("ada", "bob", "erin")
    hub.give("ada", indicator(3))
    assert hub.say("erin", indicator(3)["id"], "negative").status == 403
    hub.give("erin", opinion(1, [indicator(3)["id"]], "disagree"))
    assert hub.heard("ada") == {}
    assert hub.ask("erin", "GET", "/v1/opinions").status == 403


@pytest.mark.parametrize("part", [suspend, leave])
def test_who_is_suspended_or_has_left_does_not_count(hub: Judging, part: Any) -> None:
    hub.say("bob", ONE, "negative")
    since = hub.heard("ada")[ONE]["at_us"]
    with hub.world.file.writing() as connection:
        part(connection, hub.world.people["bob"].member, hub.world.clock())
        opinions.stood(connection, hub.world.people["bob"].member.number, hub.world.clock())
    assert counted(hub.heard("ada", since)[ONE]) == ("POSITIVE", 0, 0, 1)
    assert hub.say("bob", ONE, "negative").status in (401, 403)


def test_joint_campaigns_are_subjects_of_those_in_them(hub: Judging) -> None:
    assert counted(hub.say("ada", JOINT, "positive").json) == ("POSITIVE", 0, 0, 1)
    assert hub.say("bob", JOINT, "positive").status == 404
    assert set(hub.heard("ada")) == {JOINT}
    assert hub.heard("bob") == {}


def test_pages_are_bounded_and_follow_each_other(hub: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opinions, "PAGE", 3)
    for number in range(10, 17):
        hub.give("ada", indicator(number))
        hub.say("bob", indicator(number)["id"], "seed")
    since, seen, more = 0, [], True
    while more:
        page = hub.ask("bob", "GET", "/v1/opinions", query=f"since={since}").json
        assert 1 <= len(page["opinions"]) <= 3
        seen += [one["subject"] for one in page["opinions"]]
        since, more = page["opinions"][-1]["at_us"], page["more"]
    assert seen == [indicator(number)["id"] for number in range(10, 17)]


def test_opinions_of_a_member_are_bounded(hub: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opinions, "MOST_OPINIONS", 2)
    hub.give("ada", indicator(2), indicator(3))
    assert [hub.say("bob", indicator(n)["id"], "seed").status for n in (1, 2, 3, 2)] == [200, 200, 429, 200]
    told = hub.give("bob", opinion(1, [indicator(3)["id"]], "disagree"))
    assert told["failure_count"] == 1
    wide = hub.give("ada", opinion(2, [indicator(n)["id"] for n in range(65)], "disagree"))
    assert "at most 64" in wide["failures"][0]["message"]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        [],
        {"subject": ONE},
        {"subject": ONE, "stance": "maybe"},
        {"subject": ONE, "stance": "seed", "customer": "c"},
        {"subject": ONE, "stance": "seed", "explanation": "x" * 2001},
        {"subject": "x" * 301, "stance": "seed"},
    ],
)
def test_what_is_out_of_form_is_refused(hub: Judging, sent: Any) -> None:
    assert hub.ask("bob", "POST", "/v1/opinions", sent).status == 400


@pytest.mark.parametrize(
    "query", ["since=-1", "since=x", "since=1&since=2", "at=1", "since=%D9%A3", "since=" + "9" * 19]
)
def test_a_query_out_of_form_is_refused(hub: Judging, query: str) -> None:
    assert hub.ask("bob", "GET", "/v1/opinions", query=query).status == 400


def test_methods_paths_and_strangers(hub: Judging) -> None:
    assert hub.ask("bob", "DELETE", "/v1/opinions").status == 405
    assert hub.ask("bob", "GET", "/v1/opinions/x").status == 404
    for method in ("GET", "POST"):
        assert call(hub.world.hub, method, "/v1/opinions", b"{}").status == 401


@given(st.binary(max_size=80) | st.builds(lambda s: json.dumps({"subject": s, "stance": "seed"}).encode(), st.text()))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_noise_breaks_it(hub: Judging, body: bytes) -> None:
    headers = {"Authorization": hub.world.people["bob"].bearer}
    assert call(hub.world.hub, "POST", "/v1/opinions", body, headers).status in (400, 404)
