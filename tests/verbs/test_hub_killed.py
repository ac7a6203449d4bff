"""A hub that is killed while offers are taken, and while an epoch is joined: nothing lost, nothing twice, one end."""

from __future__ import annotations

import json
import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from serve.member.parts import candidate, trait
from stillwatch.cli import main
from stillwatch.serve.hub.oblivious import holder_file, tags_file
from stillwatch.sharing.joint.wire import commitment, listed, packed
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.holder import HolderBase, settle_calendar
from stillwatch.store.exchange.offered import commit, joined_as
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.store.exchange.tags import submit
from verbs.operating import Operator, operating

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
HOUR_MS = 3_600_000
GROUPS, AT_ONCE = 40, 4
LABS = ("Lab A", "Lab B")


def offer(lab: str, number: int) -> tuple[bytes, bytes]:
    """Give the handle and the offer of a group; a group of every lab has the same tag."""
    handle = lab[-1].encode() + bytes(11) + number.to_bytes(4)
    told = candidate("x", replace(trait(1), value=number.to_bytes(16))).offer
    return handle, packed(replace(told, name=handle.hex()), bytes(16))


class Killed:
    """A hub whose epoch 1 is over when it is first served: all were bound in time, and nothing is offered yet."""

    def __init__(self, operator: Operator) -> None:
        self.operator, self.secrets = operator, {}
        now_ms = time.time_ns() // 1_000_000
        base = HolderBase(holder_file(operator.store))
        settle_calendar(base, now_ms - HOUR_MS, HOUR_MS, HOUR_MS // 2)
        base.close()
        self.offers = {lab: [offer(lab, number) for number in range(GROUPS)] for lab in LABS}
        tags = TagBase(tags_file(operator.store))
        for lab in LABS:
            member = operator.do("member", "invite", lab, "--roles", "reader,contributor")["id"]
            operator.do("member", "admit", lab)
            self.secrets[lab] = operator.do("member", "rotate", lab)["bearer"]
            own = {handle: [number.to_bytes(16)] for number, (handle, _) in enumerate(self.offers[lab])}
            submit(tags, member, 1, "trait:v1", own, now_ms - 9)
            commit(tags, member, 1, {handle: commitment(1, body) for handle, body in self.offers[lab]})
        tags.close()
        self.answered: dict[str, int] = dict.fromkeys(LABS, 0)

    def ask(self, lab: str, method: str, path: str, body: bytes = b"") -> requests.Response:
        headers = {"Authorization": f"Bearer {self.secrets[lab]}"}
        return requests.request(
            method, f"{self.operator.base}/v1/{path}?epoch=1", data=body, headers=headers, timeout=9
        )

    def closed(self) -> None:
        until(lambda: self.ask("Lab A", "GET", "matches").status_code == 200)

    def send(self, lab: str, last: int) -> None:
        """Offer what was not answered yet, a few at once, until the hub has gone."""
        while self.answered[lab] < last:
            at = self.answered[lab]
            some = [body for _, body in self.offers[lab][at : min(at + AT_ONCE, last)]]
            try:
                answer = self.ask(lab, "POST", "offers", listed(some))
            except requests.RequestException:
                return
            assert answer.status_code == 200, answer.text
            # A body whose answer was lost is there already; a part of one never is.
            assert answer.json()["taken"] in (0, len(some))
            self.answered[lab] += len(some)

    def held(self) -> dict[bytes, bytes]:
        tags = TagBase(tags_file(self.operator.store))
        with tags.reading() as connection:
            rows = connection.execute("SELECT handle, body FROM offers").fetchall()
        tags.close()
        assert len(dict(rows)) == len(rows)
        return dict(rows)

    def joined(self) -> Any:
        tags = TagBase(tags_file(self.operator.store))
        found = joined_as(tags, 1)
        tags.close()
        return found

    def ends(self) -> list[dict[str, Any]]:
        """Give what the log says of how epoch 1 ended."""
        file = HubFile(self.operator.store, create=False)
        with file.reading() as connection:
            rows = connection.execute(
                "SELECT record FROM log_entries WHERE kind = 'epoch-close' ORDER BY seq"
            ).fetchall()
        file.close()
        return [json.loads(record)["body"] for (record,) in rows]


def until(true: Any) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Killed]:
    with operating(tmp_path, capsys) as operator:
        yield Killed(operator)


def test_an_epoch_ends_once_however_often_the_hub_is_killed(killed: Killed, tmp_path: Path) -> None:
    operator = killed.operator
    operator.serve()
    killed.closed()
    for turn in range(3):
        senders = [threading.Thread(target=killed.send, args=(lab, GROUPS - 1)) for lab in LABS]
        for one in senders:
            one.start()
        time.sleep(0.05 * (turn + 1))
        operator.end(signal.SIGKILL)
        for one in senders:
            one.join()
        there = killed.held()
        for lab in LABS:
            own = killed.offers[lab]
            assert all(there.get(handle) == body for handle, body in own[: killed.answered[lab]]), "answered, and lost"
        assert killed.joined() is None, "a group that was committed to has not been offered"
        operator.serve()
    for lab in LABS:
        killed.send(lab, GROUPS)
    operator.end(signal.SIGKILL)
    # Joining takes longer than the answer to the last offer.
    assert killed.joined() is None
    assert len(killed.held()) == 2 * GROUPS
    for later_s in (0.2, 1.0):
        operator.serve()
        time.sleep(later_s)
        operator.end(signal.SIGKILL)
        assert (killed.joined() is None) == (len(killed.held()) == 2 * GROUPS), (
            "joined and deleted whole, or not at all"
        )
    operator.serve()
    until(lambda: killed.ask("Lab A", "GET", "joint").status_code == 200)
    for lab in LABS:
        told = killed.ask(lab, "GET", "joint").json()
        handles = [handle for one in told["campaigns"] for handle in one["handles"]]
        assert sorted(handles) == sorted(handle.hex() for handle, _ in killed.offers[lab])
    shown = operator.do("log", "show", "--base", operator.base)
    until(lambda: len(killed.ends()) == 2)
    words = ["hub", "audit", "--base", operator.base, "--vkey", shown["vkey"], "--keep", str(tmp_path / "seen")]
    assert main(words) == 0
    operator.end(signal.SIGKILL)
    operator.serve()
    killed.closed()
    closed, joined = killed.ends()
    assert (closed["epoch"], joined["epoch"], joined["joint"]) == (1, 1, GROUPS)
    assert joined["offers"] == told["offers_digest"]
    assert main([*words[:6], "--checkpoint", str(tmp_path / "seen")]) == 0
