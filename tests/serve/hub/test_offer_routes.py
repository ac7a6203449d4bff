"""Commitments, offers and joint campaigns over HTTP: what is refused to whom, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.asgi_call import Answer, call
from serve.hub.hubs import START, World, world
from serve.member.parts import HARVEST, candidate, trait
from stillwatch.config import DEFAULT
from stillwatch.model.membership import Role
from stillwatch.serve.hub import combining
from stillwatch.serve.hub.combining import combine_due
from stillwatch.serve.hub.offer_routes import COMMITMENTS, JOINT, MOST_COMMITTED, OFFERS, WITHDRAW, OfferRoutes
from stillwatch.sharing.joint.wire import MOST_BYTES, MOST_OFFERS, commitment, listed, packed
from stillwatch.sharing.oblivious.epochs import Calendar
from stillwatch.store.exchange.matching import Rule, close
from stillwatch.store.exchange.offered import joined_as, withdraw
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.store.exchange.tags import submit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY_MS = 86_400_000
CALENDAR = Calendar(START // 1_000 - DAY_MS, 7 * DAY_MS, DAY_MS)
KNOWN, HANDLE, TAG = "ab" * 32, "cd" * 16, b"t" * 16
POSTS = (COMMITMENTS, OFFERS, WITHDRAW)
OFFER = packed(replace(candidate("x", trait(1)).offer, name=HANDLE, tags=(replace(trait(1), value=TAG),)), bytes(16))
GOOD = {
    COMMITMENTS: {"detector": KNOWN, "commitments": {HANDLE: commitment(1, OFFER).hex()}},
    WITHDRAW: {"handles": [HANDLE]},
}


class Exchange:
    def __init__(self, folder: Path) -> None:
        self.world: World = world(folder)
        self.tags = TagBase(folder / "tags.db")
        self.now_ms = START // 1_000
        self.world.add_member("reader", Role.READER)
        self.world.add_member("asker", Role.ASKER)
        who = self.world.hub.acting(Role.CONTRIBUTOR)
        routes = OfferRoutes(self.tags, CALENDAR, who, lambda: self.now_ms, lambda sha256: sha256 == KNOWN)
        self.world.hub.mounts |= dict.fromkeys((*POSTS, JOINT), routes)

    def ask(self, who: str, method: str, path: str, sent: Any = b"", query: str = "epoch=1") -> Answer:
        body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        headers = {"Authorization": self.world.people[who].bearer} if who else {}
        return call(self.world.hub, method, path, body, headers, query=query)

    def epoch_over(self) -> None:
        """Tags and commitments of both, and the close."""
        for name in ("ada", "bob"):
            submit(self.tags, self.world.people[name].member.id, 1, "trait:v1", {bytes.fromhex(HANDLE): [TAG]}, 1)
            assert self.ask(name, "POST", COMMITMENTS, GOOD[COMMITMENTS]).status == 200
        self.now_ms = CALENDAR.epoch(1).closes_ms
        close(self.tags, 1, Rule(), self.now_ms)


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(tmp_path)
    yield made
    made.world.hub.close()
    made.world.file.close()
    made.tags.close()


def test_what_two_offer_is_told_to_both_and_no_third(exchange: Exchange) -> None:
    exchange.world.add_member("cyd")
    assert exchange.ask("ada", "GET", JOINT).status == 409
    assert exchange.ask("ada", "POST", OFFERS, listed([OFFER])).status == 409, "before the close nothing is taken"
    exchange.epoch_over()
    assert exchange.ask("ada", "POST", COMMITMENTS, GOOD[COMMITMENTS]).status == 409
    for name in ("ada", "bob"):
        assert exchange.ask(name, "POST", OFFERS, listed([OFFER])).json == {"epoch": 1, "taken": 1}
    assert exchange.ask("bob", "POST", OFFERS, listed([OFFER])).json["taken"] == 0, "the same twice is there once"
    assert exchange.ask("cyd", "POST", OFFERS, listed([OFFER])).status == 400, "nothing of its own has matched"
    [joined] = combine_due(exchange.tags, CALENDAR, DEFAULT, exchange.now_ms)
    assert exchange.ask("ada", "POST", OFFERS, listed([OFFER])).status == 409
    assert exchange.ask("ada", "POST", WITHDRAW, GOOD[WITHDRAW]).status == 409
    answer = exchange.ask("ada", "GET", JOINT).json
    [one] = answer["campaigns"]
    assert (answer["offers_digest"], one["handles"], one["members_at_least"]) == (joined.digest.hex(), [HANDLE], 2)
    assert exchange.ask("cyd", "GET", JOINT).json["campaigns"] == []


def test_who_withdraws_while_offers_are_joined_is_in_no_joint_campaign(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.epoch_over()
    for name in ("ada", "bob"):
        exchange.ask(name, "POST", OFFERS, listed([OFFER]))
    look, bob = combining.combined, exchange.world.people["bob"].member.id

    def slow(*given_now: Any) -> Any:
        found = look(*given_now)
        assert len(found) <= 1
        withdraw(exchange.tags, bob, 1, [bytes.fromhex(HANDLE)])
        return found

    monkeypatch.setattr(combining, "combined", slow)
    assert combine_due(exchange.tags, CALENDAR, DEFAULT, exchange.now_ms) == ()
    assert joined_as(exchange.tags, 1) is None
    [joined] = combine_due(exchange.tags, CALENDAR, DEFAULT, exchange.now_ms)
    assert joined.campaigns == 0


@pytest.mark.parametrize("path", [*POSTS, JOINT])
def test_nobody_but_a_contributor_comes_here(exchange: Exchange, path: str) -> None:
    method = "GET" if path == JOINT else "POST"
    body = GOOD.get(path, b"[]" if method == "POST" else b"")
    assert exchange.ask("", method, path, body).status == 401
    for name in ("reader", "asker"):
        assert exchange.ask(name, method, path, body).status == 403
    for wrong in {"GET", "HEAD", "POST", "PUT", "DELETE"} - {method}:
        answer = exchange.ask("ada", wrong, path, body)
        assert (answer.status, answer.headers["allow"]) == (405, method)
    assert exchange.ask("ada", method, path + "/x", body).status == 404


@pytest.mark.parametrize("query", ["", "epoch=0", "epoch=-1", "epoch=01", "epoch=x", "epoch=1&epoch=2", "epoch=1&a=1",
                                   "epoch=1000000000", "epoch=" + "9" * 400])  # fmt: skip
@pytest.mark.parametrize("path", [*POSTS, JOINT])
def test_an_epoch_is_a_number_from_one(exchange: Exchange, path: str, query: str) -> None:
    method = "GET" if path == JOINT else "POST"
    assert exchange.ask("ada", method, path, GOOD.get(path, b"[]"), query).status == 400


@pytest.mark.parametrize("epoch", [2, 999_999_999])
def test_of_an_epoch_that_has_not_come_nothing_is_taken(exchange: Exchange, epoch: int) -> None:
    query = f"epoch={epoch}"
    assert exchange.ask("ada", "POST", COMMITMENTS, GOOD[COMMITMENTS], query).status == 409
    assert exchange.ask("ada", "POST", OFFERS, listed([OFFER]), query).status == 409
    assert exchange.ask("ada", "POST", WITHDRAW, GOOD[WITHDRAW], query).json == {"epoch": epoch, "withdrawn": 0}
    assert exchange.ask("ada", "GET", JOINT, b"", query).status == 409


def test_an_epoch_that_is_over_takes_no_commitment_though_nobody_has_closed_it(exchange: Exchange) -> None:
    exchange.now_ms = CALENDAR.epoch(1).closes_ms
    assert exchange.ask("ada", "POST", COMMITMENTS, GOOD[COMMITMENTS]).status == 409


def committed(**changes: Any) -> dict[str, Any]:
    return GOOD[COMMITMENTS] | changes


BAD: dict[str, list[Any]] = {
    COMMITMENTS: [
        b"", b"nul", b"\xff", b'{"detector":"\xff"}', b"[" * 50_000, [], {}, {"detector": KNOWN}, committed(more=1),
        committed(commitments={}), committed(commitments={"ab": "cd" * 32}), committed(commitments={HANDLE: "cd"}),
        committed(commitments={HANDLE.upper(): "cd" * 32}), committed(commitments={HANDLE + "\n": "cd" * 32}),
        committed(commitments={HANDLE: None}), committed(detector=KNOWN.upper()), committed(detector="00" * 32),
        committed(commitments={f"{at:032x}": "00" * 32 for at in range(MOST_OFFERS + 1)}),
    ],
    OFFERS: [b"", b"nul", b"\xff", b"[" * 50_000, {}, b"[1]", [[]], listed([b"{}"] * (MOST_OFFERS + 1)),
             listed([OFFER.replace(HANDLE.encode(), b"\xff" + HANDLE[1:].encode())]),
             listed([OFFER.replace(b'"sketch"', b'"sketc"')])],
    WITHDRAW: [
        b"", b"nul", b"\xff", b'{"handles":["\xff"]}', b"[" * 50_000, [], {}, {"handles": []}, {"handles": [1]},
        {"handles": ["ab"]}, {"handles": [HANDLE.upper()]}, {"handles": [HANDLE], "all": True},
        {"handles": [f"{at:032x}" for at in range(MOST_OFFERS + 1)]},
    ],
}  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
def test_a_body_out_of_form_is_refused_and_changes_nothing(exchange: Exchange, path: str) -> None:
    if path == OFFERS:
        exchange.epoch_over()
    for body in BAD[path]:
        answer = exchange.ask("ada", "POST", path, body)
        assert answer.status == 400, body[:80] if isinstance(body, bytes) else body
        assert len(answer.body) < 1_000
    with exchange.tags.reading() as connection:
        assert connection.execute("SELECT count(*) FROM offers").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM commitments").fetchone() == (2 * (path == OFFERS),)


@pytest.mark.parametrize(
    ("path", "most"), [(COMMITMENTS, MOST_COMMITTED), (OFFERS, MOST_BYTES), (WITHDRAW, MOST_COMMITTED)]
)
def test_a_body_is_bounded_before_it_is_read(exchange: Exchange, path: str, most: int) -> None:
    assert exchange.ask("ada", "POST", path, b" " * (most + 1)).status == 413


def test_what_is_offered_is_what_was_committed_to(exchange: Exchange) -> None:
    exchange.epoch_over()
    told = json.loads(OFFER)
    told["lines"] = [{"name": one.name, "says": one.says, "bits": 16.0} for one in HARVEST]
    for lie in (json.dumps(told).encode(), OFFER.replace(b'"accounts":64', b'"accounts":65')):
        assert lie != OFFER
        assert exchange.ask("ada", "POST", OFFERS, listed([lie])).status == 400
    assert exchange.ask("ada", "POST", OFFERS, listed([OFFER])).json["taken"] == 1


@given(st.binary(max_size=200) | st.text(max_size=60).map(str.encode), st.sampled_from(POSTS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_noise_does_more_than_be_refused(exchange: Exchange, noise: bytes, path: str) -> None:
    assert exchange.ask("ada", "POST", path, noise).status in (400, 409)
