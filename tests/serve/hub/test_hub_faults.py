"""What goes wrong in an exchange: members that were away, clocks and calendars that differ, a hub that is killed."""

from __future__ import annotations

import json
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from serve.asgi_call import call
from serve.custodian.holding import CALENDAR, SUITE, Held
from serve.hub.hubs import indicator, world
from stillwatch.model.errors import InputError
from stillwatch.serve.asgi import Refused, refuse
from stillwatch.serve.custodian.admission import BearerWho
from stillwatch.serve.hub.closing import RULE, close_due
from stillwatch.serve.hub.submitting import Submitting
from stillwatch.serve.hub.tag_routes import TagRoutes
from stillwatch.serve.hub.taking import MOST_LOGGED
from stillwatch.sharing.oblivious.epochs import Calendar, agreed
from stillwatch.sharing.oblivious.submission import packed
from stillwatch.sharing.taxii.media import TAXII
from stillwatch.sharing.transparency.audit import audit
from stillwatch.sharing.transparency.checkpoint import Trust
from stillwatch.sharing.transparency.note import read_verifier
from stillwatch.store.exchange import log
from stillwatch.store.exchange.holder import HolderBase, hash_of
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.verbs.hub import logged
from verbs.operating import Operator, operating

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
DAYS = Calendar(1_000_000, 1_000_000, 100_000)
SECRETS = {name: secrets.token_urlsafe(32) for name in ("a", "b", "late")}
TAG, OTHER = b"t" * 16, b"u" * 16


class Tags:
    """Tags in and matches out, at a time that the test sets (ms)."""

    def __init__(self, base: TagBase) -> None:
        self.base, self.now_ms = base, 1_500_000
        who = BearerWho(lambda: {name: hash_of(one) for name, one in SECRETS.items()})
        self.routes = TagRoutes(base, DAYS, who, lambda: self.now_ms)

    def put(self, member: str, epoch: int, tag: bytes = TAG) -> Any:
        body = packed({member.encode().ljust(16): [tag]})
        bearer = {"authorization": f"Bearer {SECRETS[member]}"}
        return call(self.answer, "POST", "/v1/tags", body, bearer, query=f"epoch={epoch}&kind=email:v1")

    def matches(self, member: str, epoch: int) -> Any:
        bearer = {"authorization": f"Bearer {SECRETS[member]}"}
        return call(self.answer, "GET", "/v1/matches", b"", bearer, query=f"epoch={epoch}").json["matches"]

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.routes(scope, receive, send)
        except Refused as refused:
            await refuse(send, refused)


@pytest.fixture
def tags(tmp_path: Path) -> Iterator[Tags]:
    base = TagBase(tmp_path / "tags.db")
    yield Tags(base)
    base.close()


def test_a_member_that_was_away_for_an_epoch_is_told_and_takes_part_in_the_next(tags: Tags) -> None:
    tags.put("a", 1)
    tags.put("b", 1)
    tags.now_ms = 2_050_000
    late = tags.put("late", 1)
    close_due(tags.base, DAYS, RULE, tags.now_ms)
    still_late = tags.put("late", 1)

    assert (late.status, still_late.status) == (409, 409)
    assert "submit under the open one" in late.body.decode()
    assert [one["members_at_least"] for one in tags.matches("a", 1)] == [2], "nothing of others is lost"
    assert tags.matches("late", 1) == []

    for member in ("late", "b"):
        assert tags.put(member, 2, OTHER).status == 201
    tags.now_ms = 3_000_000
    close_due(tags.base, DAYS, RULE, tags.now_ms)
    assert len(tags.matches("late", 2)) == len(tags.matches("b", 2)) == 1
    assert tags.matches("a", 2) == []


def test_a_hub_whose_clock_goes_back_takes_nothing_more_into_an_epoch_that_has_closed(tags: Tags) -> None:
    tags.put("a", 1)
    tags.now_ms = 2_000_000
    close_due(tags.base, DAYS, RULE, tags.now_ms)
    tags.now_ms = 1_900_000
    assert close_due(tags.base, DAYS, RULE, tags.now_ms) == ()
    refused = tags.put("b", 1)

    assert refused.status == 409
    assert "epoch 1 has closed" in refused.body.decode()


@pytest.mark.parametrize(("off_ms", "before", "after"), [(-1, 200, 409), (0, 200, 200), (19_999_999, 200, 200)])
def test_a_custodian_whose_clock_is_off_answers_by_its_own_epochs_and_says_so(
    tmp_path: Path, off_ms: int, before: int, after: int
) -> None:
    """At the opening of epoch 2, asked for both: what was begun is finished unless it is off by a whole overlap."""
    base = HolderBase(tmp_path / "custodian.db")
    held = Held(base)
    held.now_ms = CALENDAR.epoch(2).opens_ms + off_ms
    held.holder.keep(held.now_ms)
    _, blinded = SUITE.blind([b"x"])
    asked = [call(held.app, "POST", f"/v1/oprf/{epoch}/evaluate", blinded, held.headers()) for epoch in (1, 2)]
    base.close()

    assert [one.status for one in asked] == [before, after]
    if after != 200:
        assert "epoch 2" in asked[1].json["error"]["message"]


@pytest.mark.parametrize(
    ("hub", "custodian"),
    [
        (DAYS, Calendar(1_000_001, 1_000_000, 100_000)),
        (DAYS, Calendar(1_000_000, 999_999, 100_000)),
        (DAYS, Calendar(1_000_000, 1_000_000, 99_999)),
    ],
)
def test_calendars_that_differ_are_seen_before_anything_is_sent(hub: Calendar, custodian: Calendar) -> None:
    assert agreed(hub.epoch(3), DAYS.epoch(3)) == DAYS.epoch(3)
    with pytest.raises(InputError, match="nothing is sent"):
        agreed(hub.epoch(3), custodian.epoch(3))
    with pytest.raises(InputError, match="same calendar"):
        agreed(hub.epoch(3), hub.epoch(4))


def test_a_large_submission_is_in_the_log_whole_and_readable(tmp_path: Path) -> None:
    hub = world(tmp_path, submitting=Submitting(appended=logged))
    count = 5 * MOST_LOGGED // 100 + 7
    # The longest identifiers that are taken.
    kind = "x" * 250
    sent = [
        {**indicator(at), "type": kind, "id": kind + indicator(at)["id"].removeprefix("indicator")}
        for at in range(count)
    ]
    took = hub.post("ada", sent).json

    assert (took["success_count"], took["failure_count"]) == (count, 0)
    with hub.file.reading() as connection:
        made = [log.entry(connection, at) for at in range(log.edge(connection).size)]
    records = [json.loads(one.record or b"") for one in made if one and one.kind == "submission"]
    assert [name for one in records for name, _ in one["body"]["objects"]] == [one["id"] for one in sent]
    assert {one["body"]["status"] for one in records} == {took["id"]}
    hub.hub.close()
    hub.file.close()


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    with operating(tmp_path, capsys) as made:
        made.do("member", "invite", "Lab A", "--roles", "reader,contributor")
        made.do("member", "admit", "Lab A")
        made.do("group", "set", "labs", "--members", "Lab A")
        yield made


def test_killed_between_an_answer_and_the_next_checkpoint_nothing_is_lost_and_the_log_holds(operator: Operator) -> None:
    secret = operator.do("member", "rotate", "Lab A")["bearer"]
    [made] = operator.do("collection", "add", "Campaigns", "--group", "labs")
    headers = {"Authorization": f"Bearer {secret}", "Accept": TAXII, "Content-Type": TAXII}
    url = f"{operator.base}/api/collections/{made['id']}/objects/"
    operator.serve()
    shown = signed(operator)
    ahead = False
    for at in range(50):
        sent = requests.post(url, json={"objects": [indicator(at)]}, headers=headers, timeout=9)
        assert sent.json()["success_count"] == 1
        with sqlite3.connect(f"file:{operator.store}?mode=ro", uri=True) as connection:
            size, last = connection.execute(
                "SELECT (SELECT size FROM log_edge), (SELECT max(size) FROM log_checkpoints)"
            ).fetchone()
        if ahead := size > last >= shown["signed"]:
            break
    operator.end(signal.SIGKILL)
    assert ahead, "it was killed before the log was signed"

    operator.serve()
    after = signed(operator)
    stored = requests.get(url, headers=headers, timeout=9).json()["objects"]
    assert [one["name"] for one in stored] == [f"template {each}" for each in range(at + 1)]
    again = requests.post(url, json={"objects": [indicator(at)]}, headers=headers, timeout=9).json()
    assert (again["success_count"], signed(operator)["entries"]) == (1, after["entries"]), "sent again it is there once"

    def fetch(path: str) -> bytes:
        found = requests.get(f"{operator.base}/log/{path}", timeout=9)
        found.raise_for_status()
        return found.content

    found = audit(fetch, Trust(read_verifier(after["vkey"])), [])
    assert (found.problems, found.entries) == ((), after["entries"])
    assert after["entries"] >= size


def signed(operator: Operator) -> Any:
    """Wait until all of the log is signed."""
    end = time.monotonic() + 30
    while True:
        shown = operator.do("log", "show", "--base", operator.base)
        if shown["signed"] == shown["entries"] > 0:
            return shown
        assert time.monotonic() < end
        time.sleep(0.05)


ROOM = """
import resource
from stillwatch.serve.hub.room import connections
resource.setrlimit(resource.RLIMIT_NOFILE, (300, 1_000))
print(connections(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_the_limit_of_open_files_is_raised_as_far_as_it_may_be() -> None:
    done = subprocess.run([sys.executable, "-c", ROOM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["744", "1000"]
