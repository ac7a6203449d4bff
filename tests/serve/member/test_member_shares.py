"""What members share, what leaves of it, and what comes back, over loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from serve.member.parts import GOES, HONEST, NAMES, calendar, candidate, shared, trait
from stillwatch.model.errors import InputError, NotNow, PeerError
from stillwatch.serve.member.evaluating import open_epoch
from stillwatch.serve.member.membership import join, membership
from stillwatch.serve.member.receiving import receive_joint
from stillwatch.serve.member.sharing import prepared, send, take_back
from stillwatch.serve.rehearsal import Rehearsal
from stillwatch.sharing.joint.wire import commitment, listed
from stillwatch.store.exchange.offered import held
from stillwatch.store.member import inbox, shares
from stillwatch.store.member.allowed import allow
from stillwatch.store.member.file import MemberFile
from stillwatch.store.member.journal import journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
SEEN_BY_ALL, LONELY = 0xA11, 0x10E


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(tmp_path, NAMES, calendar())
    yield made
    made.close()


def found(alliance: Rehearsal, name: str) -> list[inbox.JointFinding]:
    with alliance.parts[name].file.reading() as connection:
        return inbox.findings(connection)


def everybody_receives(alliance: Rehearsal) -> dict[str, Any]:
    return {name: receive_joint(part.file, part.membership) for name, part in alliance.parts.items()}


def what_left(alliance: Rehearsal, name: str) -> list[str]:
    with alliance.parts[name].file.reading() as connection:
        return [line.what for line in journal(connection) if line.way == "out"]


def test_what_three_see_a_part_of_is_found_and_each_learns_of_its_own_groups_alone(alliance: Rehearsal) -> None:
    for at, part in enumerate(alliance.parts.values()):
        own = (100 + at, 200 + at)
        shared(part, candidate("campaign", trait(SEEN_BY_ALL), accounts=own), candidate("own", trait(LONELY + at)))
    assert all(one.waiting == (1,) and not one.offered for one in everybody_receives(alliance).values())
    assert not [line for line in what_left(alliance, "Lab A") if line.startswith("offers")]
    alliance.epoch_over(1)
    first = everybody_receives(alliance)
    # The group that nobody else has never left, beyond its tag and a digest.
    assert {name: one.offered for name, one in first.items()} == dict.fromkeys(NAMES, 1)
    alliance.hub.tending.round()
    assert all(one.joint == 1 for one in everybody_receives(alliance).values())
    for at, name in enumerate(NAMES):
        [one] = found(alliance, name)
        assert one.account.tolist() == [100 + at, 200 + at]
        assert (one.members, one.told["extracting"]) == (3, True)
        assert one.counts(alliance.clock() // 1_000)
        assert not one.counts(one.until_ms)
    assert all(one.waiting == () for one in everybody_receives(alliance).values())


def test_no_answer_and_no_record_of_a_member_names_another(alliance: Rehearsal) -> None:
    for part in alliance.parts.values():
        shared(part, candidate("campaign", trait(SEEN_BY_ALL)))
    alliance.epoch_over(1)
    everybody_receives(alliance)
    alliance.hub.tending.round()
    everybody_receives(alliance)
    hub = alliance.parts["Lab A"].membership.hub
    said = b"".join(hub.ask("GET", f"/v1/{path}?epoch=1").content for path in ("matches", "joint"))
    others = [part.membership.id for name, part in alliance.parts.items() if name != "Lab A"]
    assert not [one for one in (*others, *NAMES) if one.encode() in said]


def test_who_is_away_after_the_close_is_waited_for_until_the_overlap_ends(alliance: Rehearsal) -> None:
    for part in alliance.parts.values():
        shared(part, candidate("campaign", trait(SEEN_BY_ALL)))
    alliance.epoch_over(1)
    for name in ("Lab A", "Lab B"):
        part = alliance.parts[name]
        receive_joint(part.file, part.membership)
    alliance.hub.tending.round()
    assert not found(alliance, "Lab A")
    alliance.clock.forward_to(alliance.calendar.epoch(1).ends_ms + 1)
    alliance.hub.tending.round()
    assert {name: one.joint for name, one in everybody_receives(alliance).items()} == {
        "Lab A": 1, "Lab B": 1, "Lab C": 0
    }  # fmt: skip
    # Lab C came too late: nothing of it left, and nothing waits any more.
    assert not [line for line in what_left(alliance, "Lab C") if line.startswith("offers")]
    assert everybody_receives(alliance)["Lab C"].waiting == ()


def test_what_was_sent_is_taken_back_while_nothing_was_joined(alliance: Rehearsal) -> None:
    numbers = {name: shared(part, candidate("campaign", trait(SEEN_BY_ALL))) for name, part in alliance.parts.items()}
    lab = alliance.parts["Lab C"]
    assert take_back(lab.file, lab.membership, numbers["Lab C"]) == "withdrawn"
    with pytest.raises(NotNow, match="withdrawn already"):
        take_back(lab.file, lab.membership, numbers["Lab C"])
    alliance.epoch_over(1)
    everybody_receives(alliance)
    alliance.hub.tending.round()
    everybody_receives(alliance)
    assert not found(alliance, "Lab C")
    assert [one.members for one in found(alliance, "Lab A")] == [2]
    lab = alliance.parts["Lab A"]
    with pytest.raises(NotNow, match="joined"):
        take_back(lab.file, lab.membership, numbers["Lab A"])


def test_whom_a_provider_vouches_for_meanwhile_keeps_the_group_at_home(alliance: Rehearsal) -> None:
    """Between preparing and sending, and between sending and the close."""
    for name in ("Lab A", "Lab B"):
        shared(alliance.parts[name], candidate("campaign", trait(SEEN_BY_ALL)))
    part = alliance.parts["Lab C"]
    found = [candidate("campaign", trait(SEEN_BY_ALL), accounts=(1, 2)), candidate("own", trait(LONELY), accounts=(3,))]
    groups, _ = prepared(found, GOES, part.membership.handles, 1)
    with part.file.writing() as connection:
        number = shares.add(connection, 1, part.membership.now_ms, "", groups)
        allow(connection, [3], "a friend", 0)
    assert send(part.file, part.membership, open_epoch(part.membership), number) == 1
    with part.file.writing() as connection:
        assert [name for (name,) in connection.execute("SELECT name FROM groups WHERE length(body) > 0")] == [
            "campaign"
        ]
        allow(connection, [1], "another", 0)
    alliance.epoch_over(1)
    assert {name: one.offered for name, one in everybody_receives(alliance).items()} == {
        "Lab A": 1, "Lab B": 1, "Lab C": 0
    }  # fmt: skip
    with part.file.writing() as connection:
        number = shares.add(
            connection, 2, part.membership.now_ms, "", prepared(found, GOES, part.membership.handles, 2)[0]
        )
    with pytest.raises(NotNow, match="every group has an account that is vouched for"):
        send(part.file, part.membership, open_epoch(part.membership), number)


def test_nobody_can_fit_what_it_says_to_what_matched(alliance: Rehearsal) -> None:
    for part in alliance.parts.values():
        shared(part, candidate("campaign", trait(SEEN_BY_ALL), lines=HONEST))
    alliance.epoch_over(1)
    liar = alliance.parts["Lab A"]
    with liar.file.reading() as connection:
        [one] = shares.of_epoch(connection, 1)
    louder = one.body.replace(b'"operator_bits":6.0', b'"operator_bits":16.0')
    assert louder != one.body
    with pytest.raises(PeerError, match="not what was committed to"):
        liar.membership.hub.ask("POST", "/v1/offers?epoch=1", listed([louder]))
    content = json.dumps({"detector": "00" * 32, "commitments": {one.handle.hex(): "00" * 32}}).encode()
    with pytest.raises(NotNow, match="not open"):
        liar.membership.hub.ask("POST", "/v1/commitments?epoch=1", content)
    assert json.loads(liar.membership.hub.ask("POST", "/v1/offers?epoch=1", listed([one.body])).content)["taken"] == 1


def test_a_tag_that_was_not_submitted_before_the_close_counts_for_nothing(alliance: Rehearsal) -> None:
    """A liar that commits to an offer with a tag of others, which it saw somewhere, and has not submitted."""
    for name in ("Lab A", "Lab B"):
        shared(alliance.parts[name], candidate("campaign", trait(SEEN_BY_ALL)), candidate("second", trait(7)))
    liar = alliance.parts["Lab C"]
    shared(liar, candidate("campaign", trait(SEEN_BY_ALL)))
    with liar.file.reading() as connection:
        [own] = shares.of_epoch(connection, 1)
        mine = {tag.hex() for (tag,) in connection.execute("SELECT tag FROM own_tags")}
    with alliance.parts["Lab A"].file.reading() as connection:
        every = {tag.hex() for (tag,) in connection.execute("SELECT tag FROM own_tags")}
    [stolen], [known] = every - mine, mine
    told = json.loads(own.body)
    told["tags"].append(told["tags"][0] | {"value": stolen})
    lie = json.dumps(told).encode()
    digests = {"detector": "00" * 32, "commitments": {own.handle.hex(): commitment(1, lie).hex()}}
    liar.membership.hub.ask("POST", "/v1/commitments?epoch=1", json.dumps(digests).encode())
    with liar.file.writing() as connection:
        connection.execute("UPDATE groups SET body = ?", (lie,))
    alliance.epoch_over(1)
    everybody_receives(alliance)
    [one] = [one for one in held(alliance.hub.oblivious.tags, 1) if one.offers == {own.handle: lie}]  # type: ignore[union-attr]
    assert one.tags[own.handle] == {bytes.fromhex(known)}
    alliance.hub.tending.round()
    everybody_receives(alliance)
    assert [(one.members, one.told["extracting"]) for one in found(alliance, "Lab C")] == [(3, True)]
    assert sorted(one.members for one in found(alliance, "Lab A")) == [2, 3]


@pytest.mark.parametrize("how", ["a decoy", "a tag too many"])
def test_a_hub_that_invents_matches_is_found_out_by_padding(alliance: Rehearsal, how: str) -> None:
    for part in alliance.parts.values():
        shared(part, candidate("campaign", trait(SEEN_BY_ALL)))
    alliance.epoch_over(1)
    liar = alliance.parts["Lab A"]
    with alliance.hub.oblivious.tags.writing() as connection:  # type: ignore[union-attr]
        if how == "a decoy":
            connection.execute(
                "INSERT INTO released SELECT epoch, member, randomblob(16), kind, tags, members FROM released"
                " WHERE member = (SELECT id FROM names WHERE name = ?)",
                (liar.membership.id,),
            )
        else:
            connection.execute("UPDATE released SET tags = tags + 1")
    with pytest.raises(PeerError, match="invents"):
        receive_joint(liar.file, liar.membership)
    assert not [line for line in what_left(alliance, "Lab A") if line.startswith("offers")]


def test_a_member_joins_once_and_an_invitation_is_good_once(alliance: Rehearsal, tmp_path: Path) -> None:
    part = alliance.parts["Lab A"]
    where = (part.membership.custodian.base, "x")
    with pytest.raises(InputError, match="joined already"):
        join(part.file, part.membership.hub.base, "again", where, part.membership.verifier)
    stranger = MemberFile(tmp_path / "stranger.db")
    with pytest.raises(PeerError, match="403"):
        join(stranger, part.membership.hub.base, "guessed", where, part.membership.verifier)
    with pytest.raises(InputError, match="joined no hub"):
        membership(stranger)
    stranger.close()


def test_a_file_of_a_member_is_readable_by_nobody_else_and_shows_no_key(alliance: Rehearsal) -> None:
    part = alliance.parts["Lab A"]
    assert part.file.path.stat().st_mode & 0o077 == 0
    assert part.membership.handles.hex() not in repr(part.membership)
    assert repr(part.membership) == f"Membership({part.membership.id})"
