"""Rights and paging against a slow model: nothing is lost, doubled or leaked, whoever writes and regroups meanwhile."""

from __future__ import annotations

import json
import shutil
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from serve.hub.hubs import GREEN, RED, Clock
from stillwatch.model.membership import Group, Handling, Member, Purpose, Role, State, Tlp
from stillwatch.serve.hub.reading import Reading, route_of
from stillwatch.serve.hub.settings import HubSettings
from stillwatch.serve.hub.submitting import Submitting
from stillwatch.sharing.membership.access import may_open, may_read, may_write
from stillwatch.sharing.membership.handling import handling_of
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.groups import add_collection, set_group
from stillwatch.store.exchange.members import invite, member_named

REPORT = "marking-definition--e4a86b3d-2c91-4f6a-9d75-84b1f0c3d604"
GROUP, COLLECTION = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
ONE = f"campaign--{uuid.UUID(int=1, version=4)}"
PATH = f"/api/collections/{COLLECTION}/objects/"
CEILINGS = (Tlp.RED, Tlp.GREEN, Tlp.AMBER_STRICT, Tlp.CLEAR)
ROLES = (Role.READER | Role.CONTRIBUTOR, Role.READER | Role.CONTRIBUTOR, Role.READER | Role.CONTRIBUTOR, Role.READER)
PURPOSES = (Purpose.DETECT | Purpose.REPORT, Purpose.DETECT, Purpose.DETECT, Purpose.REPORT)


@dataclass
class Kept:
    """One object as the model keeps it."""

    body: dict[str, Any]
    version: str
    owner: int
    shared_with: Group
    handling: Handling
    latest: bool = True


@dataclass
class Walker:
    """A reader that goes on over the whole run."""

    member: int
    by_next: bool
    limit: int
    state: dict[str, str] = field(default_factory=dict)
    got: list[str] = field(default_factory=list)


class Exchange(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.file = HubFile(self.folder / "hub.db")
        self.clock = Clock(step=0)
        self.reading, self.submitting = Reading(HubSettings("https://hub.example"), bytes(32)), Submitting()
        self.kept: list[Kept] = []
        self.walkers: list[Walker] = []
        self.members: dict[int, Member] = {}
        with self.file.writing() as connection:
            for place, (ceiling, roles, purposes) in enumerate(zip(CEILINGS, ROLES, PURPOSES, strict=True)):
                asked = Member(0, str(uuid.uuid4()), f"m{place}", State.INVITED, roles, ceiling, purposes)
                made = invite(connection, asked, bytes([place]) * 32, 0)
                connection.execute("UPDATE members SET state = 'active' WHERE number = ?", (made.number,))
                self.members[made.number] = member_named(connection, made.name)
            self.group = set_group(connection, GROUP, "labs", self.members, 0)
            add_collection(connection, COLLECTION, "c", "", self.group)

    def teardown(self) -> None:
        if hasattr(self, "file"):
            try:
                for walker in self.walkers:
                    self.drain(walker)
            finally:
                self.file.close()
                shutil.rmtree(self.folder)

    # --- the model ---

    def sees(self, member: Member, one: Kept) -> bool:
        return may_read(member, self.group, one.shared_with, one.handling, one.owner)

    def seen(self, member: Member) -> list[Kept]:
        return [one for one in self.kept if self.sees(member, one)]

    def take(self, owner: int, body: dict[str, Any]) -> None:
        handling = handling_of(body["object_marking_refs"])
        same = [one for one in self.kept if one.body["id"] == body["id"]]
        shared, version = self.group, body.get("modified", "")
        if not version:
            if any(
                one.latest and one.body == body and (one.owner == owner or one.shared_with == shared) for one in same
            ):
                return
            for one in same:
                one.latest = one.latest and one.owner != owner
            self.kept.append(Kept(body, version, owner, shared, handling))
            return
        if same and same[0].owner != owner:
            return
        if any(one.version == version for one in same):
            return
        newest = max(same, key=lambda one: one.version, default=None)
        latest = newest is None or version > newest.version
        if latest and newest:
            if newest.body.get("revoked"):
                return
            newest.latest = False
            if body.get("revoked"):
                shared, handling = newest.shared_with, newest.handling
        self.kept.append(Kept(body, version, owner, shared, handling, latest))

    # --- what happens ---

    @rule(
        owner=st.integers(1, 4),
        rows=st.lists(
            st.tuples(
                st.integers(0, 5),
                st.integers(0, 3),
                st.booleans(),
                st.sampled_from([[], [GREEN], [RED], [GREEN, REPORT]]),
            ),
            min_size=1,
            max_size=6,
        ),
    )
    def submit(self, owner: int, rows: list[tuple[int, int, bool, list[str]]]) -> None:
        objects = []
        for number, version, revoked, marks in rows:
            kind = "url" if number >= 4 else ("campaign" if number % 2 else "indicator")
            body: dict[str, Any] = {"type": kind, "id": f"{kind}--{uuid.UUID(int=number, version=4)}"}
            if kind == "url":
                body["value"] = version
            else:
                body |= {"spec_version": "2.1", "created": "2026-01-01T00:00:00Z"}
                body |= {"modified": f"2026-01-0{version + 1}T00:00:00Z", "revoked": revoked}
            objects.append({**body, "object_marking_refs": marks})
        content = json.dumps({"objects": objects}).encode()
        route = route_of(PATH.removeprefix("/api/"))
        assert route
        member = self.members[owner]
        if not may_write(member, self.group):
            with pytest.raises(TaxiiError), self.file.writing() as connection:
                self.submitting.job(member, route, content)(connection, self.clock())
            return
        with self.file.writing() as connection:
            self.submitting.job(member, route, content)(connection, self.clock())
        for body in objects:
            self.take(owner, body)

    @rule(members=st.frozensets(st.integers(1, 4)))
    def regroup(self, members: frozenset[int]) -> None:
        with self.file.writing() as connection:
            self.group = set_group(connection, GROUP, "labs", members, self.clock())

    @rule(number=st.integers(1, 4), state=st.sampled_from([State.ACTIVE, State.SUSPENDED, State.LEFT]))
    def stand(self, number: int, state: State) -> None:
        with self.file.writing() as connection:
            connection.execute("UPDATE members SET state = ? WHERE number = ?", (state, number))
            self.members[number] = member_named(connection, f"m{number - 1}")

    @rule(jump=st.integers(-5_000_000, 5_000_000))
    def move_the_clock(self, jump: int) -> None:
        self.clock.us += jump

    @rule(member=st.integers(1, 4), by_next=st.booleans(), limit=st.integers(1, 4))
    def set_out(self, member: int, by_next: bool, limit: int) -> None:
        if len(self.walkers) < 4:
            self.walkers.append(Walker(member, by_next, limit))

    @rule(place=st.integers(0, 3))
    def go_on(self, place: int) -> None:
        if place < len(self.walkers):
            self.step(self.walkers[place])

    # --- readers ---

    def read(self, member: Member, query: str) -> tuple[dict[str, Any], dict[bytes, bytes]] | None:
        try:
            with self.file.reading() as connection:
                body, headers = self.reading.answer(connection, member, PATH, query)
        except TaxiiError:
            assert not may_open(member, self.group)
            return None
        assert may_open(member, self.group)
        return json.loads(body), dict(headers)

    def step(self, walker: Walker) -> bool:
        member = self.members[walker.member]
        query = "&".join([f"limit={walker.limit}", *(f"{name}={value}" for name, value in walker.state.items())])
        answered = self.read(member, query)
        if answered is None:
            return False
        page, headers = answered
        allowed = [one.body for one in self.seen(member) if one.latest]
        for one in page.get("objects", []):
            assert one in allowed, "leaked"
            walker.got.append(json.dumps(one, sort_keys=True))
        if b"x-taxii-date-added-last" in headers:
            walker.state = {"added_after": headers[b"x-taxii-date-added-last"].decode()}
            if walker.by_next and page["more"]:
                walker.state = {"next": page["next"]}
        return bool(page.get("more"))

    def drain(self, walker: Walker) -> None:
        while self.step(walker):
            pass
        member = self.members[walker.member]
        bodies = [json.dumps(one.body, sort_keys=True) for one in self.seen(member) if one.latest]
        assert not [one for one in bodies if one not in walker.got], "lost"
        versions = [one for one in walker.got if "modified" in one]
        assert len(versions) == len(set(versions)), "doubled"

    @invariant()
    def every_walk_from_the_start_is_what_the_model_says(self) -> None:
        if not hasattr(self, "file"):
            return
        for member in self.members.values():
            for match, keep in (
                ("", lambda one: one.latest),
                ("match[version]=all", lambda _: True),
                ("match[type]=campaign,url", lambda one: one.latest and one.body["type"] != "indicator"),
                (f"match[id]={ONE}", lambda one: one.latest and one.body["id"] == ONE),
            ):
                answered = self.read(member, match)
                if answered is not None:
                    assert answered[0].get("objects", []) == [one.body for one in self.seen(member) if keep(one)]


Exchange.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestExchange = Exchange.TestCase
