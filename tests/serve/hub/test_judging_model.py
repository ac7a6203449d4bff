"""Opinions and dockets against a slow model: who counts where, who sees what, and that a follower misses no change."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from serve.asgi_call import Answer, call
from serve.hub.hubs import GREEN, RED, Clock
from serve.hub.judging import opinion
from stillwatch.model.membership import Group, Handling, Member, Role, State, Tlp
from stillwatch.model.opinion import Tally
from stillwatch.serve.asgi import Refused, refuse
from stillwatch.serve.hub.desk import Desk
from stillwatch.serve.hub.docket_routes import DocketRoutes
from stillwatch.serve.hub.opinion_routes import OpinionRoutes
from stillwatch.serve.hub.reading import route_of
from stillwatch.serve.hub.submitting import Submitting
from stillwatch.sharing.membership.access import may_read
from stillwatch.sharing.membership.handling import handling_of
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.store.exchange import dockets, opinions
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.groups import add_collection, set_group
from stillwatch.store.exchange.members import invite, member_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.serve.asgi import Receive, Scope, Send

COLLECTIONS = {1: str(uuid.UUID(int=11)), 2: str(uuid.UUID(int=12))}
GROUPS = {1: str(uuid.UUID(int=21)), 2: str(uuid.UUID(int=22))}
CEILINGS = (Tlp.RED, Tlp.GREEN, Tlp.AMBER_STRICT, Tlp.RED)
SUBJECTS = [f"campaign--{uuid.UUID(int=number, version=4)}" for number in range(3)]
JOINT = "joint:1:x"
IN_JOINT = (1, 4)
EVERY = [*SUBJECTS, JOINT]
WHO, STANCE = st.integers(1, 4), st.sampled_from(["negative", "seed", "positive"])
SAID = {"negative": "disagree", "seed": "neutral", "positive": "agree"}
BUCKETS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 3}


@dataclass
class Kept:
    """The object of one identifier in one collection, all its versions."""

    owner: int
    shares: list[tuple[Group, Handling]]
    revoked: bool = False


@dataclass
class Case:
    """One docket."""

    subject: str
    places: set[int]
    opener: int
    reviews: dict[int, str] = field(default_factory=dict)


class Members(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.file, self.clock = HubFile(self.folder / "hub.db"), Clock(step=0)
        self.submitting, self.days = Submitting(), itertools.count(1)
        self.kept: dict[tuple[int, str], Kept] = {}
        self.stance: dict[tuple[str, int], str] = {}
        self.spoken: dict[tuple[str, int], set[int]] = {}
        self.origin: dict[tuple[str, int], int] = {}
        self.listed: set[tuple[str, int]] = set()
        self.cases: dict[str, Case] = {}
        self.revoked_opinions: set[int] = set()
        self.members: dict[int, Member] = {}
        with self.file.writing() as connection:
            for place, ceiling in enumerate(CEILINGS, 1):
                both = Role.READER | Role.CONTRIBUTOR
                made = invite(
                    connection,
                    Member(0, str(uuid.uuid4()), f"m{place}", State.INVITED, both, ceiling),
                    bytes([place]) * 32,
                    0,
                )
                connection.execute("UPDATE members SET state = 'active' WHERE number = ?", (made.number,))
                self.members[made.number] = member_named(connection, made.name)
            self.groups = {
                1: set_group(connection, GROUPS[1], "one", (1, 2, 3), 0),
                2: set_group(connection, GROUPS[2], "two", (3, 4), 0),
            }
            for number, identity in COLLECTIONS.items():
                add_collection(connection, identity, "c", "", self.groups[number])
        ids = {one.id: one for one in self.members.values()}
        desk = Desk(
            self.file.reading,
            self.write,
            self.who,
            self.submitting.taking,
            lambda _, member, subject: subject == JOINT and ids[member].number in IN_JOINT,
        )
        self.apps = {"/v1/opinions": OpinionRoutes(desk), "/v1/dockets": DocketRoutes(desk)}
        self.ever = {place: set(group.members) for place, group in self.groups.items()}
        self.restart_followers()

    def teardown(self) -> None:
        if hasattr(self, "file"):
            self.file.close()
            shutil.rmtree(self.folder)

    # --- how it is asked ---

    def who(self, scope: Scope, content: bytes) -> str:
        del content
        return dict(scope["headers"])[b"x-member"].decode()

    async def write(self, job: Callable[[Any, int], bytes]) -> bytes:
        with self.file.writing() as connection:
            return job(connection, self.clock())

    def ask(self, number: int, method: str, path: str, sent: Any = None, query: str = "") -> Answer:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await self.apps["/".join(path.split("/")[:3])](scope, receive, send)
            except (Refused, TaxiiError) as error:
                await refuse(send, Refused(error.status, error.text))

        body = b"" if sent is None else json.dumps(sent).encode()
        return call(app, method, path, body, {"x-member": self.members[number].id}, query=query)

    # --- the model ---

    def sees(self, number: int, subject: str) -> set[int]:
        member = self.members[number]
        if subject == JOINT:
            return {0} if number in IN_JOINT and member.may(Role.READER) else set()
        return {
            place
            for (place, identity), one in self.kept.items()
            if identity == subject
            and any(may_read(member, self.groups[place], group, how, one.owner) for group, how in one.shares)
        }

    def hold(self, number: int, subject: str, stance: str, places: set[int], origin: int = -1) -> None:
        own = {place for (place, identity), one in self.kept.items() if identity == subject and one.owner == number}
        key = (subject, number)
        self.spoken[key] = self.spoken.get(key, set()) | places | own
        self.stance[key], self.origin[key] = stance, origin
        self.listed |= {(subject, place) for place in self.spoken[key]}

    def forget(self, subject: str, number: int) -> None:
        for kept in (self.stance, self.spoken, self.origin):
            kept.pop((subject, number), None)  # type: ignore[attr-defined]  # three dictionaries

    def tally(self, subject: str, places: set[int]) -> Tally:
        voices: dict[int, str] = {}
        for number, member in self.members.items():
            if member.state is not State.ACTIVE:
                continue
            if (subject, number) in self.stance:
                if self.spoken[subject, number] & places:
                    voices[number] = self.stance[subject, number]
            elif any(
                place in places and identity == subject and one.owner == number and not one.revoked
                for (place, identity), one in self.kept.items()
            ):
                voices[number] = "positive"
        return Tally(*(list(voices.values()).count(word) for word in ("negative", "seed", "positive")))

    def revoke(self, place: int, number: int, subject: str) -> None:
        self.kept[place, subject].revoked = True
        if self.stance.get((subject, number), "negative") != "negative":
            self.forget(subject, number)

    # --- what happens ---

    @rule(
        number=WHO,
        place=st.sampled_from([1, 2]),
        subject=st.sampled_from(SUBJECTS),
        red=st.booleans(),
        revoked=st.booleans(),
    )
    def submit(self, number: int, place: int, subject: str, red: bool, revoked: bool) -> None:
        marks = [RED if red else GREEN]
        body = {"type": "campaign", "spec_version": "2.1", "id": subject, "name": "c", "revoked": revoked}
        body |= {"created": "2026-01-01T00:00:00Z", "modified": self.moment(), "object_marking_refs": marks}
        if not self.send(number, place, body):
            return
        share = (self.groups[place], handling_of(marks))
        one = self.kept.get((place, subject))
        if one is None:
            one = self.kept[place, subject] = Kept(number, [share])
        elif one.owner != number or one.revoked:
            return
        else:
            one.shares.append(one.shares[-1] if revoked else share)
        if revoked:
            self.revoke(place, number, subject)
        elif (subject, number) in self.stance:
            self.hold(number, subject, "positive", {place})

    @rule(
        number=WHO,
        place=st.sampled_from([1, 2]),
        stance=STANCE,
        about=st.sets(st.sampled_from(SUBJECTS), min_size=1),
        which=st.integers(0, 1),
        revoked=st.booleans(),
    )
    def submit_opinion(self, number: int, place: int, stance: str, about: set[str], which: int, revoked: bool) -> None:
        own = 1000 + 100 * place + 10 * number + which
        if own in self.revoked_opinions:
            return
        body = opinion(own, sorted(about), SAID[stance], revoked=revoked, modified=self.moment())
        if not self.send(number, place, body):
            return
        if revoked:
            self.revoked_opinions.add(own)
        for subject in SUBJECTS:
            if self.origin.get((subject, number)) == own and (revoked or subject not in about):
                self.forget(subject, number)
        for subject in [] if revoked else sorted(about):
            if places := self.sees(number, subject):
                self.hold(number, subject, stance, places, own)

    def moment(self) -> str:
        number = next(self.days)
        return f"2026-02-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00.000Z"

    def send(self, number: int, place: int, body: dict[str, Any]) -> bool:
        route = route_of(f"collections/{COLLECTIONS[place]}/objects/")
        assert route
        try:
            with self.file.writing() as connection:
                job = self.submitting.job(self.members[number], route, json.dumps({"objects": [body]}).encode())
                job(connection, self.clock())
        except TaxiiError:
            return False
        return True

    @rule(number=WHO, subject=st.sampled_from(EVERY), stance=STANCE)
    def say(self, number: int, subject: str, stance: str) -> None:
        answer = self.ask(number, "POST", "/v1/opinions", {"subject": subject, "stance": stance})
        places = self.sees(number, subject)
        if not places:
            assert answer.status in (403, 404)
            return
        self.hold(number, subject, stance, places)
        told, listed = answer.json, {place for place in places if (subject, place) in self.listed}
        assert told["state"] == self.tally(subject, listed).state

    @rule(number=WHO, subject=st.sampled_from(EVERY), outcome=st.sampled_from(["opened", "overturned", "upheld"]))
    def appeal(self, number: int, subject: str, outcome: str) -> None:
        answer = self.ask(number, "POST", "/v1/dockets", {"subject": subject, "outcome": outcome})
        places = self.sees(number, subject)
        if not places:
            assert answer.status in (403, 404)
            return
        docket = answer.json["docket"]
        mine = [
            key
            for key, one in self.cases.items()
            if (one.opener, one.subject) == (number, subject) and one.reviews[number] == "opened"
        ]
        assert not mine or docket == mine[0]
        case = self.cases.setdefault(docket, Case(subject, places, number))
        self.reviewed(case, number, outcome, places)

    @rule(number=WHO, which=st.integers(0, 5), outcome=st.sampled_from(["overturned", "upheld", "not-acted"]))
    def judge(self, number: int, which: int, outcome: str) -> None:
        if which >= len(self.cases):
            return
        docket, case = list(self.cases.items())[which]
        answer = self.ask(number, "POST", f"/v1/dockets/{docket}", {"outcome": outcome})
        places = self.sees(number, case.subject) & case.places
        if not places:
            assert answer.status in (403, 404)
            return
        before = case.reviews.get(number)
        if before != outcome and (before == "overturned" or (outcome == "not-acted" and case.opener == number)):
            assert answer.status == 409
            return
        assert answer.status == 200
        self.reviewed(case, number, outcome, places)

    def reviewed(self, case: Case, number: int, outcome: str, places: set[int]) -> None:
        if case.reviews.get(number) == outcome:
            return
        case.reviews[number] = outcome
        if outcome == "overturned":
            self.hold(number, case.subject, "negative", places)
            for (place, identity), one in list(self.kept.items()):
                if identity == case.subject and one.owner == number and not one.revoked:
                    one.shares.append(one.shares[-1])
                    self.revoke(place, number, identity)

    @rule(place=st.sampled_from([1, 2]), members=st.frozensets(WHO, min_size=1))
    def regroup(self, place: int, members: frozenset[int]) -> None:
        with self.file.writing() as connection:
            self.groups[place] = set_group(connection, GROUPS[place], "g", members, self.clock())
        self.ever[place] |= members
        self.restart_followers()

    @rule(number=WHO, state=st.sampled_from([State.ACTIVE, State.SUSPENDED]))
    def stand(self, number: int, state: State) -> None:
        if self.members[number].state is state:
            return
        with self.file.writing() as connection:
            connection.execute("UPDATE members SET state = ? WHERE number = ?", (state.value, number))
            opinions.stood(connection, number, self.clock())
            dockets.stood(connection, number, self.clock())
            self.members[number] = member_named(connection, f"m{number}")

    @rule(jump=st.integers(-5_000_000, 5_000_000))
    def move_the_clock(self, jump: int) -> None:
        self.clock.us += jump

    # --- what members read ---

    def restart_followers(self) -> None:
        """Whoever is let into a group reads from the start: what it may see has changed, not what is thought of it."""
        self.since = dict.fromkeys(itertools.product(self.members, ("opinions", "dockets")), 0)
        self.followed: dict[tuple[int, str], dict[str, Any]] = {key: {} for key in self.since}

    def rows(self, number: int, part: str, since: int) -> list[dict[str, Any]] | None:
        answer = self.ask(number, "GET", f"/v1/{part}", query=f"since={since}")
        if self.members[number].state is not State.ACTIVE:
            assert answer.status == 403
            return None
        stamps = [one["at_us"] for one in answer.json[part]]
        assert stamps == sorted(set(stamps))
        assert all(one > since for one in stamps)
        return list(answer.json[part])

    def expected(self, number: int, part: str) -> dict[str, Any]:
        if part == "opinions":
            found: dict[str, Any] = {}
            for subject in EVERY:
                places = {one for one in self.sees(number, subject) if (subject, one) in self.listed}
                if places:
                    said = self.tally(subject, places)
                    buckets = [BUCKETS[one] for one in (said.negative, said.seed, said.positive)]
                    found[subject] = [said.state, *buckets]
            return found
        return {
            docket: [case.reviews.get(number, "due"), self.others(case, number, places)]
            for docket, case in self.cases.items()
            if (places := self.sees(number, case.subject) & case.places)
        }

    def others(self, case: Case, number: int, places: set[int]) -> dict[str, int]:
        known = {one for place in places for one in self.ever.get(place, self.members)}
        said = [
            outcome
            for who, outcome in case.reviews.items()
            if who != number and who in known and self.members[who].state is State.ACTIVE
        ]
        return {word: BUCKETS[said.count(word)] for word in ("opened", "overturned", "upheld", "not-acted")}

    @invariant()
    def members_read_what_the_model_says_and_followers_miss_nothing(self) -> None:
        if not hasattr(self, "file"):
            return
        for number, part in self.since:
            expected = self.expected(number, part)
            whole = self.rows(number, part, 0)
            if whole is None:
                continue
            assert {name(one): shown(one) for one in whole} == expected
            key = (number, part)
            for one in self.rows(number, part, self.since[key]) or []:
                self.followed[key][name(one)] = shown(one)
                self.since[key] = one["at_us"]
            now = {one: told for one, told in self.followed[key].items() if one in expected}
            assert now == expected, "a follower missed a change"


def name(one: dict[str, Any]) -> str:
    return str(one.get("docket") or one["subject"])


def shown(one: dict[str, Any]) -> list[Any]:
    if "docket" in one:
        return [one["own"], one["others"]]
    return [one["state"], one["negative"], one["seed"], one["positive"]]


Members.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestMembers = Members.TestCase
