"""A member changes its key, in the middle of whatever it does, and nothing is lost by being stopped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from serve.member.parts import GOES, NAMES, calendar, candidate, found, joined, shared, trait
from stillwatch.cli import main
from stillwatch.model.errors import PeerError
from stillwatch.serve.member.evaluating import open_epoch
from stillwatch.serve.member.membership import membership
from stillwatch.serve.member.peer import Peer
from stillwatch.serve.member.rotating import rotate
from stillwatch.serve.member.sharing import prepared, send
from stillwatch.serve.rehearsal import Part, Rehearsal
from stillwatch.store.exchange.members import OVERLAP_US
from stillwatch.store.member import shares
from stillwatch.store.member.file import setting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(tmp_path, NAMES, calendar())
    yield made
    made.close()


def again(alliance: Rehearsal, part: Part) -> Part:
    """Open the membership anew, as the next program run does."""
    return Part(part.file, membership(part.file, alliance.clock))


def test_a_new_key_follows_in_the_middle_of_a_share_and_the_old_one_ends_after_the_overlap(alliance: Rehearsal) -> None:
    first, second, third = alliance.parts.values()
    for part in (second, third):
        shared(part, candidate("campaign", trait(1)))
    epoch = open_epoch(first.membership)
    groups, _ = prepared([candidate("campaign", trait(1))], GOES, first.membership.handles, epoch.number)
    with first.file.writing() as connection:
        number = shares.add(connection, epoch.number, first.membership.now_ms, "", groups)
    rotate(first.file, first.membership)
    fresh = again(alliance, first)
    # A program that was started before signs with the old key, and goes on.
    send(first.file, first.membership, epoch, number)
    alliance.parts = {**alliance.parts, "Lab A": fresh}
    joined(alliance)
    assert [one.members for one in found(fresh)] == [3]
    alliance.clock.ahead_us += OVERLAP_US
    with pytest.raises(PeerError, match="401"):
        first.membership.hub.ask("GET", "/v1/keys")
    assert len(fresh.membership.hub.ask("GET", "/v1/keys").told()["keys"]) == 1


def test_who_is_stopped_before_the_answer_came_rotates_again_to_the_same_key(
    alliance: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = alliance.parts["Lab A"]
    asked = Peer.ask

    def cut_off(peer: Peer, *given: Any, **named: Any) -> Any:
        asked(peer, *given, **named)
        raise PeerError("the line is cut")

    monkeypatch.setattr(Peer, "ask", cut_off)
    with pytest.raises(PeerError, match="cut"):
        rotate(part.file, part.membership)
    monkeypatch.undo()
    with part.file.reading() as connection:
        waiting, old = setting(connection, "next key"), setting(connection, "key")
    assert waiting != old
    rotate(part.file, again(alliance, part).membership)
    with part.file.reading() as connection:
        assert (setting(connection, "key"), setting(connection, "next key")) == (waiting, None)
    assert again(alliance, part).membership.hub.ask("GET", "/v1/keys").status == 200


def test_a_member_accounts_for_what_left_and_came(alliance: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    part = alliance.parts["Lab A"]
    shared(part, candidate("campaign", trait(1)))
    words = ["--member", str(part.file.path), "--json"]
    assert main(["member", "journal", *words]) == 0
    lines = json.loads(capsys.readouterr().out)["journal"]
    assert {line["way"] for line in lines} == {"in", "out"}
    assert "commitments to 1 offers" in {line["what"] for line in lines}
    assert main(["member", "journal", *words[:2]]) == 0
    assert "hub: joined with a public key" in capsys.readouterr().out
    assert main(["member", "record", *words, "--section", "commitments"]) == 0
    [row] = json.loads(capsys.readouterr().out)["rows"]
    assert len(row["handle"]) == 32
    assert main(["member", "rotate", *words]) == 0
    made = json.loads(capsys.readouterr().out)["key_id"]
    assert main(["member", "keys", *words]) == 0
    assert made in {one["id"] for one in json.loads(capsys.readouterr().out)["keys"]}
