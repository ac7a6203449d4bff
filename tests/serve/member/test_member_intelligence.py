"""What members tell each other of joint campaigns, how fast, what they think of it, and how it is taken back."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from serve.member.parts import GOES, HONEST, NAMES, calendar, candidate, found, joined, shared, trait
from stillwatch.model.errors import InputError, NotNow, PeerError
from stillwatch.serve.member import opinions
from stillwatch.serve.member.evaluating import open_epoch
from stillwatch.serve.member.intelligence import receive_objects
from stillwatch.serve.member.peer import Answer
from stillwatch.serve.member.publishing import collection_of, publish, take_back, tell_moved
from stillwatch.serve.member.sharing import prepared
from stillwatch.serve.rehearsal import Rehearsal
from stillwatch.store.member import allowed, judged, objects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.serve.rehearsal import Part

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
SEEN_BY_ALL, NEW_POOL = 0xA11, 0xBEEF
WITHIN_S = 60


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(tmp_path, NAMES, calendar())
    for at, part in enumerate(made.parts.values()):
        shared(part, candidate("campaign", trait(SEEN_BY_ALL), accounts=(100 + at, 200 + at)))
    joined(made)
    yield made
    made.close()


def told(part: Part) -> str:
    [one] = found(part)
    return publish(part.file, part.membership, one, collection_of(part.membership, ""))


def warned(part: Part) -> list[objects.Warned]:
    with part.file.reading() as connection:
        return objects.warnings(connection)


def campaigns(part: Part) -> list[objects.Received]:
    with part.file.reading() as connection:
        return objects.objects(connection, part.membership.now_ms, "campaign")


def test_a_switch_of_pools_at_one_member_warns_the_others_within_a_minute(alliance: Rehearsal) -> None:
    """The operator moves to new accounts and cards; nobody waits for an epoch to close."""
    first, second, third = alliance.parts.values()
    shared(second, candidate("unclear", trait(NEW_POOL, "payment"), accounts=(901, 902)))
    shared(third, candidate("other", trait(0xD1FF, "payment"), accounts=(903,)))
    number = shared(first, candidate("moved", trait(NEW_POOL, "payment"), accounts=(100, 555)))
    began = time.monotonic()
    assert tell_moved(first.file, first.membership, GOES, number) == [found(first)[0].subject]
    assert receive_objects(second.file, second.membership)[1] == 2
    assert time.monotonic() - began < WITHIN_S
    assert {one.group: one.tags for one in warned(second)} == {"campaign": 1, "unclear": 1}
    assert all(0 <= one.at_ms - one.told_ms < 1_000 * WITHIN_S for one in warned(second))
    # Who holds none of its tags of this epoch is told of the campaign, and warned of no other group.
    receive_objects(third.file, third.membership)
    assert {one.group for one in warned(third)} == {"campaign"}
    assert len(campaigns(third)) == 1
    # Nobody is warned of what it told itself.
    receive_objects(first.file, first.membership)
    assert not warned(first)
    assert not campaigns(first)


def test_a_share_that_has_nothing_to_do_with_a_campaign_tells_nobody(alliance: Rehearsal) -> None:
    first = alliance.parts["Lab A"]
    number = shared(first, candidate("other", trait(NEW_POOL), accounts=(700,)))
    assert tell_moved(first.file, first.membership, GOES, number) == []
    second = alliance.parts["Lab B"]
    assert receive_objects(second.file, second.membership) == (0, 0)


def test_what_is_told_names_no_account_and_not_who_told_it(alliance: Rehearsal) -> None:
    first, second, _ = alliance.parts.values()
    told(first)
    receive_objects(second.file, second.membership)
    with second.file.reading() as connection:
        said = b"".join(one.body for one in objects.objects(connection, second.membership.now_ms))
    assert b"oprf1:1:trait:v1:" in said
    assert not [name for name in (first.membership.id, "Lab A") if name.encode() in said]
    assert b'"100"' not in said


def test_told_again_it_is_a_new_version_and_taken_back_it_is_gone(alliance: Rehearsal) -> None:
    first, second, _ = alliance.parts.values()
    ref = told(first)
    receive_objects(second.file, second.membership)
    assert told(first) == ref
    receive_objects(second.file, second.membership)
    [one] = campaigns(second)
    assert one.id == ref
    assert warned(second)
    assert take_back(first.file, first.membership, found(first)[0].subject) >= 3
    receive_objects(second.file, second.membership)
    assert not campaigns(second)
    assert not warned(second)
    with pytest.raises(InputError, match="told nothing"):
        take_back(first.file, first.membership, found(first)[0].subject)


def test_nobody_takes_back_what_another_told(alliance: Rehearsal) -> None:
    first, second, _ = alliance.parts.values()
    told(first)
    receive_objects(second.file, second.membership)
    with pytest.raises(InputError, match="told nothing"):
        take_back(second.file, second.membership, campaigns(second)[0].id)


@pytest.mark.parametrize("stance", ["negative", "positive"])
def test_an_opinion_of_one_reaches_all_and_what_is_disputed_counts_for_nobody(alliance: Rehearsal, stance: str) -> None:
    first, second, third = alliance.parts.values()
    subject = found(first)[0].subject
    opinions.say(first.file, first.membership, subject, "positive")
    assert opinions.say(second.file, second.membership, subject, stance) == (
        "DISPUTED" if stance == "negative" else "POSITIVE"
    )
    opinions.receive(third.file, third.membership)
    [one] = found(third)
    assert one.counts(third.membership.now_ms) == (stance == "positive")
    if stance == "negative":
        with pytest.raises(InputError, match="disputed"):
            told(third)


def test_an_appeal_that_one_grants_reaches_every_member_that_acted(alliance: Rehearsal) -> None:
    first, second, third = alliance.parts.values()
    docket = opinions.open_docket(first.file, first.membership, found(first)[0].subject, "overturned")
    for part in (second, third):
        opinions.receive(part.file, part.membership)
        with part.file.reading() as connection:
            assert [(one.id, one.due) for one in judged.dockets(connection)] == [(docket, True)]
        assert not found(part)[0].counts(part.membership.now_ms)
    opinions.review(second.file, second.membership, docket, "not-acted")
    opinions.receive(second.file, second.membership)
    with second.file.reading() as connection:
        assert [one.due for one in judged.dockets(connection)] == [False]
    assert opinions.receive(second.file, second.membership) == (0, 0)


def test_accounts_that_a_provider_vouches_for_leave_nothing_and_are_told_nothing(alliance: Rehearsal) -> None:
    first = alliance.parts["Lab A"]
    with first.file.writing() as connection:
        assert allowed.allow(connection, [100], "research agreement", 1) == 1
        vouched = allowed.allowed(connection)
    assert found(first)[0].account.tolist() == [200]
    epoch = open_epoch(first.membership).number
    groups, offers = prepared(
        [candidate("a", trait(1), accounts=(100, 7)), candidate("b", trait(1), accounts=(7,))],
        GOES, first.membership.handles, epoch, vouched,
    )  # fmt: skip
    assert [one.name for one in groups] == [one.name for one in offers] == ["b"]
    with first.file.writing() as connection:
        assert allowed.disallow(connection, [100]) == 1
    assert found(first)[0].account.tolist() == [100, 200]


def test_what_is_not_reported_as_extraction_is_told_to_nobody(tmp_path: Path) -> None:
    made = Rehearsal(tmp_path, NAMES, calendar())
    for part in made.parts.values():
        shared(part, candidate("class", trait(SEEN_BY_ALL), lines=HONEST))
    joined(made)
    first = made.parts["Lab A"]
    [one] = found(first)
    assert not one.told["extracting"]
    with pytest.raises(InputError, match="not reported"):
        told(first)
    made.close()


def test_a_hub_that_shows_one_member_a_key_of_its_own_is_found_out(alliance: Rehearsal) -> None:
    """The log shows everybody one key; the entry that this member is pointed to shows another."""
    first = alliance.parts["Lab A"]
    epoch = open_epoch(first.membership).number
    with alliance.hub.file.writing() as connection:
        name, other = f"logged key {epoch}", f"logged key {epoch - 1}"
        value = connection.execute("SELECT value FROM settings WHERE name = ?", (other,)).fetchone()[0]
        connection.execute("UPDATE settings SET value = ? WHERE name = ?", (value, name))
    with pytest.raises(PeerError, match="another key"):
        open_epoch(first.membership)
    with alliance.hub.file.writing() as connection:
        connection.execute("DELETE FROM settings WHERE name = ?", (name,))
    with pytest.raises(NotNow, match="does not show"):
        open_epoch(first.membership)


class Looping:
    """A hub whose pages never end."""

    def __init__(self, last: str) -> None:
        self.last, self.asked = last, 0

    def ask(self, method: str, path: str, *_: object, **__: object) -> Answer:
        assert method == "GET"
        self.asked += 1
        if path.endswith("collections/"):
            some = {"id": "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "title": "x", "can_read": True}
            return Answer(200, json.dumps({"collections": [some]}).encode())
        return Answer(200, b'{"more":true,"objects":[{}]}', {"x-taxii-date-added-last": self.last})


@pytest.mark.parametrize("last", ["", "2026-11-28T00:00:00.000001Z", "yesterday"])
def test_pages_that_never_end_or_never_move_on_are_given_up(alliance: Rehearsal, last: str) -> None:
    first = alliance.parts["Lab A"]
    hub = Looping(last)
    object.__setattr__(first.membership, "hub", hub)
    with pytest.raises(PeerError, match="last object"):
        receive_objects(first.file, first.membership)
    assert hub.asked <= 3
