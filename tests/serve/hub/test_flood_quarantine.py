"""A flood waits for the operator: out of sight of everybody, bounded, dated when it is released."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from serve.hub.hubs import START, indicator
from serve.hub.judging import Judging, opinion
from stillwatch.model.errors import InputError, NotNow
from stillwatch.serve.hub.quarantine import drop, release
from stillwatch.store.exchange.held import DAY_US, Flood, allowance, count_added, held_of
from stillwatch.store.exchange.members import member_named, suspend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLOOD = Flood(a_day=3, most=4, most_bytes=100_000)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Judging]:
    made = Judging(tmp_path, flood=FLOOD)
    yield made
    made.close()


def ids(hub: Judging, who: str) -> list[str]:
    return [one["id"] for one in hub.pages(who)]


def free(hub: Judging, who: str = "ada") -> tuple[int, int]:
    with hub.world.file.writing() as connection:
        return release(connection, hub.submitting.taking, member_named(connection, who), hub.world.clock())


def test_what_is_above_the_measure_is_pending_and_out_of_sight_until_released(hub: Judging) -> None:
    told = hub.give("ada", *(indicator(n) for n in range(5)))
    assert (told["status"], told["success_count"], told["pending_count"], told["total_count"]) == ("pending", 3, 2, 5)
    assert [one["id"] for one in told["pendings"]] == [indicator(n)["id"] for n in (3, 4)]
    three = [indicator(n)["id"] for n in range(3)]
    for who in ("ada", "bob"):
        assert ids(hub, who) == three
        assert hub.world.get(who, f"{hub.world.objects}{indicator(3)['id']}/").status == 404
    assert hub.say("bob", indicator(3)["id"], "negative").status == 404, "a held object is no subject either"
    assert hub.give("bob", indicator(9))["success_count"] == 1, "the measure is each member's own"
    last = hub.world.get("bob", hub.world.objects).headers["x-taxii-date-added-last"]

    assert free(hub) == (2, 0)

    page = hub.world.get("bob", hub.world.objects, f"added_after={last}").json["objects"]
    assert [one["id"] for one in page] == [indicator(n)["id"] for n in (3, 4)], "who has paged past misses nothing"
    now = hub.world.get("ada", f"/api/status/{told['id']}/").json
    assert (now["status"], now["success_count"], now["pending_count"], now["total_count"]) == ("complete", 5, 0, 5)
    events = [(one.kind, one.body.get("event"), one.body.get("objects")) for one in hub.records]
    assert ("membership", "held", 2) in events
    assert ("membership", "released", 2) in events
    with pytest.raises(InputError, match="held list"):
        free(hub)


def test_dropped_objects_are_failures_and_never_seen(hub: Judging) -> None:
    told = hub.give("ada", *(indicator(n) for n in range(5)))
    with hub.world.file.writing() as connection:
        ada = member_named(connection, "ada")
        assert drop(connection, hub.submitting.taking, ada, hub.world.clock()) == 2
        assert held_of(connection, ada.number) == []
    now = hub.world.get("ada", f"/api/status/{told['id']}/").json
    assert (now["status"], now["success_count"], now["failure_count"]) == ("complete", 3, 2)
    assert len(ids(hub, "bob")) == 3
    assert hub.records[-1].body["event"] == "dropped"


def test_what_waits_is_bounded_and_a_refused_envelope_leaves_nothing(hub: Judging) -> None:
    hub.give("ada", *(indicator(n) for n in range(6)))
    answer = hub.world.post("ada", [indicator(n) for n in range(10, 12)])
    assert answer.status == 429
    assert answer.headers["retry-after"]
    assert len(ids(hub, "bob")) == 3
    assert hub.give("ada", indicator(10))["pending_count"] == 1
    assert hub.world.post("ada", [indicator(11)]).status == 429


def test_bytes_that_wait_are_bounded(hub: Judging) -> None:
    hub.give("ada", *(indicator(n) for n in range(3)))
    assert hub.give("ada", indicator(3, description="x" * 60_000))["pending_count"] == 1
    assert hub.world.post("ada", [indicator(4, description="x" * 60_000)]).status == 429


def test_told_again_is_no_flood_and_taking_back_is_never_held(hub: Judging) -> None:
    first = [indicator(n) for n in range(3)]
    hub.give("ada", *first)
    again = hub.give("ada", *first, indicator(3))
    assert (again["success_count"], again["pending_count"]) == (3, 1)
    back = hub.give("ada", indicator(0, modified="2026-02-01T00:00:00.000Z", revoked=True))
    assert (back["success_count"], back["pending_count"]) == (1, 0)
    assert next(one for one in hub.pages("bob") if one["id"] == indicator(0)["id"])["revoked"]
    fresh = hub.give("ada", indicator(20, revoked=True))
    assert fresh["pending_count"] == 1, "what was never there is not taken back"
    twice = hub.give("ada", indicator(3))
    assert twice["pending_count"] == 1
    assert free(hub) == (2, 0)


def test_held_objects_stay_with_those_they_were_shared_with(hub: Judging) -> None:
    hub.give("ada", *(indicator(n) for n in range(4)))
    hub.world.add_member("carol")
    hub.world.regroup("ada", "bob", "carol")
    assert free(hub) == (1, 0)
    assert indicator(3)["id"] in ids(hub, "bob")
    assert ids(hub, "carol") == [], "who joined after they were sent does not get them"


def test_nothing_is_released_for_a_member_that_may_not_submit(hub: Judging) -> None:
    hub.give("ada", *(indicator(n) for n in range(4)))
    hub.world.regroup("bob")
    assert free(hub) == (0, 1)
    hub.give("bob", *(indicator(n) for n in range(10, 14)))
    with hub.world.file.writing() as connection:
        suspend(connection, hub.world.people["bob"].member, hub.world.clock())
    with pytest.raises(NotNow, match="suspended"):
        free(hub, "bob")
    with hub.world.file.reading() as connection:
        assert len(held_of(connection, hub.world.people["bob"].member.number)) == 1


def test_opinions_that_are_held_count_when_released(hub: Judging) -> None:
    hub.give("bob", indicator(9))
    hub.give("ada", *(indicator(n) for n in range(3)), opinion(1, [indicator(9)["id"]], "disagree"))
    assert hub.heard("bob") == {}
    free(hub)
    assert hub.heard("bob")[indicator(9)["id"]]["state"] == "DISPUTED"


def test_the_next_day_begins_anew(hub: Judging) -> None:
    hub.give("ada", *(indicator(n) for n in range(3)))
    hub.world.clock.us += DAY_US
    assert hub.give("ada", *(indicator(n) for n in range(3, 6)))["success_count"] == 3


def test_a_member_has_its_own_measure_after_a_week_and_no_more_than_ten_common_ones(hub: Judging) -> None:
    flood, today = Flood(a_day=100), START
    number = hub.world.people["ada"].member.number
    with hub.world.file.writing() as connection:
        for day in range(1, 7):
            count_added(connection, number, 60, today - day * DAY_US)
        assert allowance(connection, number, flood, today) == 100, "six days are no measure"
        count_added(connection, number, 2, today - 7 * DAY_US)
        assert allowance(connection, number, flood, today) == 600
        count_added(connection, number, 250, today)
        assert allowance(connection, number, flood, today) == 350
        for day in range(1, 8):
            count_added(connection, number, 10_000, today - day * DAY_US)
        assert allowance(connection, number, flood, today) == 750
        assert allowance(connection, number, flood, today + 40 * DAY_US) == 100, "days long past do not count"
