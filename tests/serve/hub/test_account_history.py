"""What a member said, asked, committed to and was told is in its account, whatever happened, and nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.asgi_call import Answer, call
from serve.hub.hubs import indicator
from serve.hub.rights_world import CALENDAR, Rights, rights
from serve.hub.test_member_account import NAMES, check_account, rows_of
from stillwatch.sharing.oblivious.submission import packed
from stillwatch.store.exchange.held import Flood
from stillwatch.store.exchange.matching import Rule
from stillwatch.store.exchange.matching import close as close_epoch
from stillwatch.store.exchange.offered import Finding, join, offer

MEASURE = 2
STEPS = ("send", "say", "appeal", "review", "asks", "tags", "commit", "withdraw")


class History:
    """A hub, and by member what its account has to hold."""

    def __init__(self, folder: Path) -> None:
        self.exchange: Rights = rights(folder, flood=Flood(a_day=MEASURE, times=1))
        self.objects: list[tuple[str, str]] = []
        self.dockets: list[str] = []
        self.own: dict[str, dict[str, Any]] = {name: defaultdict(dict) for name in NAMES}

    def id_of(self, who: str) -> str:
        return self.exchange.world.people[who].member.id

    def ask(self, who: str, path: str, body: bytes | dict[str, Any], query: str = "") -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": self.exchange.world.people[who].bearer}
        return call(self.exchange.world.hub, "POST", path, content, headers, query=query)

    def send(self, turn: int, who: str, number: int) -> None:
        one = indicator(turn + 100 * number)
        answer = self.exchange.world.post(who, [one]).json
        waits = sum(owner == who for _, owner in self.objects) >= MEASURE
        assert answer["pending_count"] == waits
        if waits:
            self.own[who]["held"][one["id"]] = True
        else:
            self.objects.append((one["id"], who))

    def say(self, turn: int, who: str, number: int) -> None:
        if self.objects:
            subject, _ = self.objects[number % len(self.objects)]
            stance = ("negative", "seed", "positive")[turn % 3]
            assert self.ask(who, "/v1/opinions", {"subject": subject, "stance": stance}).status == 200
            self.own[who]["opinions"][subject] = stance

    def appeal(self, turn: int, who: str, number: int) -> None:
        del turn
        if others := [one for one, owner in self.objects if owner != who]:
            subject = others[number % len(others)]
            told = self.ask(who, "/v1/dockets", {"subject": subject, "outcome": "opened"})
            assert told.status == 200
            self.dockets.append(told.json["docket"])
            self.own[who]["dockets"][told.json["docket"]] = ("this member", "opened")

    def review(self, turn: int, who: str, number: int) -> None:
        if self.dockets:
            docket, outcome = self.dockets[number % len(self.dockets)], ("upheld", "not-acted")[turn % 2]
            mine = self.own[who]["dockets"]
            by = mine.get(docket, ("another member",))[0]
            status = self.ask(who, f"/v1/dockets/{docket}", {"outcome": outcome}).status
            assert status == (409 if (by, outcome) == ("this member", "not-acted") else 200)
            if status == 200:
                mine[docket] = (by, outcome)

    def asks(self, turn: int, who: str, number: int) -> None:
        self.tags(turn, who, number, "asks")

    def tags(self, turn: int, who: str, number: int, what: str = "tags") -> None:
        query, handle = "epoch=1&kind=email:v1" + "&asks=1" * (what == "asks"), bytes([number]) * 16
        sent = packed({handle: [bytes([number % 2]) * 16, bytes([turn + 99]) * 16]})
        assert self.ask(who, "/v1/tags", sent, query).status == 201
        self.own[who][what][turn] = 2
        if what == "tags":
            self.own[who]["groups"][handle] = {number % 2}

    def commit(self, turn: int, who: str, number: int) -> None:
        handle, digest = bytes([number] * 16).hex(), hashlib.sha256(bytes([turn])).hexdigest()
        body = {"detector": "0" * 64, "commitments": {handle: digest}}
        assert self.ask(who, "/v1/commitments", body, "epoch=1").status == 200
        self.own[who]["commitments"][handle] = digest

    def withdraw(self, turn: int, who: str, number: int) -> None:
        del turn
        handle = bytes([number]) * 16
        assert self.ask(who, "/v1/withdraw", {"handles": [handle.hex()]}, "epoch=1").status == 200
        self.own[who]["commitments"].pop(handle.hex(), None)
        self.own[who]["groups"].pop(handle, None)

    def joined(self) -> None:
        """Close the epoch, offer what matched, look, and join all of it."""
        tags = self.exchange.tags
        close_epoch(tags, 1, Rule(), CALENDAR.epoch(1).closes_ms)
        holders = [
            {name for name in NAMES for held in self.own[name]["groups"].values() if tag in held} for tag in (0, 1)
        ]
        shared = {tag for tag in (0, 1) if len(holders[tag]) >= 2}
        offered = []
        for name in NAMES:
            bound = self.own[name]["commitments"]
            matched = {handle.hex() for handle, held in self.own[name]["groups"].items() if held & shared}
            assert {row["handle"] for row in rows_of(self.exchange, name, "matches")} == matched
            mine = {bytes.fromhex(one): (b"{}", bytes.fromhex(bound[one])) for one in matched & bound.keys()}
            assert offer(tags, self.id_of(name), 1, mine) == len(mine)
            offered += [(name, handle) for handle in mine]
            rows = rows_of(self.exchange, name, "offers")
            assert {row["handle"]: row["commitment"] for row in rows} == {one.hex(): bound[one.hex()] for one in mine}
        parts = tuple((self.id_of(name), handle, True) for name, handle in offered)
        members = len({name for name, _ in offered})
        found = (Finding("j-1", members, b'{"log_e": 1}', parts),) if members > 1 else ()
        join(tags, 1, found, CALENDAR.epoch(1).closes_ms)
        for name in NAMES:
            told = [
                (row["name"], row["handle"], row["members_at_least"]) for row in rows_of(self.exchange, name, "joint")
            ]
            assert told == [("j-1", one.hex(), members) for who, one in sorted(offered) if who == name and found]
            assert rows_of(self.exchange, name, "offers") == []

    def check(self, name: str) -> None:
        mine, exchange = self.own[name], self.exchange
        assert {row["id"]: True for row in rows_of(exchange, name, "held")} == mine["held"]
        assert {row["subject"]: row["stance"] for row in rows_of(exchange, name, "opinions")} == mine["opinions"]
        dockets = rows_of(exchange, name, "dockets")
        assert {row["docket"]: (row["by"], row["outcome"]) for row in dockets} == mine["dockets"]
        bound = rows_of(exchange, name, "commitments")
        assert {row["handle"]: row["commitment"] for row in bound} == mine["commitments"]
        for section, what in (("tags", "tags"), ("asked", "asks")):
            assert sum(row["tags"] for row in rows_of(exchange, name, section)) == sum(mine[what].values())
        # The log bears out what it holds: an entry of the same subject or docket, and of the same time.
        records = [row["record"] for row in rows_of(exchange, name, "log") if row["record"]]
        bodies = [json.loads(one)["body"] for one in records]
        seen = {(one.get("subject"), one.get("stance"), one.get("at_us")) for one in bodies}
        assert {row["subject"] for row in rows_of(exchange, name, "opinions")} <= {subject for subject, *_ in seen}
        assert {(row["docket"], row["outcome"]) for row in dockets} <= {
            (one.get("docket"), one.get("outcome")) for one in bodies
        }


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(STEPS), st.integers(0, 3)), max_size=24))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_account_tells_all_that_a_member_said_and_matched(steps: list[tuple[str, str, int]]) -> None:
    folder = Path(tempfile.mkdtemp())
    history = History(folder)
    try:
        for turn, (who, what, number) in enumerate(steps):
            getattr(history, what)(turn, who, number)
        history.joined()
        for name in NAMES:
            history.check(name)
            check_account(history.exchange, name)
    finally:
        history.exchange.close()
        shutil.rmtree(folder)
