"""Identifiers of accounts in offered groups: by policy alone, kept until sent, matched like everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from serve.member.parts import GOES, NAMES, calendar, candidate, shared, trait
from stillwatch.model.errors import PeerError
from stillwatch.serve.member import sharing
from stillwatch.serve.member.asking import ask, fetch
from stillwatch.serve.member.evaluating import open_epoch
from stillwatch.serve.member.identifying import of_groups, send
from stillwatch.serve.member.receiving import receive_joint
from stillwatch.serve.member.sharing import prepared, take_back
from stillwatch.serve.member.sharing import send as send_share
from stillwatch.serve.rehearsal import Part, Rehearsal
from stillwatch.store.member import identifiers, questions, shares

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
CARD, OWN, DOMAIN = b"payment:v1:net/aaaaaaaa", b"payment:v1:net/bbbbbbbb", b"email-domain:v1:mail.example"
ACCOUNTS = {"one": 1, "two": 2, "nobody": 77}
INPUTS = {
    "payment:v1": {CARD: ("one", "nobody"), OWN: ("nobody",)},
    "email-domain:v1": {DOMAIN: ("one", "two")},
    "trait:v1": {b"trait:v1:template/00000000000000ff": ("one",)},
}


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(tmp_path, NAMES, calendar())
    yield made
    made.close()


def waiting(part: Part, kinds: tuple[str, ...]) -> int:
    epoch = open_epoch(part.membership)
    groups, _ = prepared([candidate("campaign", trait(1))], GOES, part.membership.handles, epoch.number)
    with part.file.writing() as connection:
        number = shares.add(connection, epoch.number, part.membership.now_ms, "", groups)
        identifiers.put(connection, number, of_groups(INPUTS, groups, ACCOUNTS.__getitem__, kinds))
    return number


def sent(part: Part, kinds: tuple[str, ...] = ("payment:v1",)) -> None:
    number, epoch = waiting(part, kinds), open_epoch(part.membership)
    assert send(part.file, part.membership, epoch, number) == {"payment:v1": 1}
    send_share(part.file, part.membership, epoch, number)


def test_only_kinds_of_the_policy_leave_and_only_of_accounts_in_offered_groups() -> None:
    groups, _ = prepared([candidate("campaign", trait(1), accounts=(1, 2))], GOES, bytes(32), 1)
    handle = groups[0].handle
    every = of_groups(INPUTS, groups, ACCOUNTS.__getitem__, ("payment:v1", "email-domain:v1", "trait:v1"))
    assert every == {"payment:v1": {CARD: [handle]}, "email-domain:v1": {DOMAIN: [handle]}}
    assert of_groups(INPUTS, groups, ACCOUNTS.__getitem__, ()) == {}


def test_inputs_are_forgotten_once_they_are_sent_or_dropped(alliance: Rehearsal) -> None:
    part = alliance.parts["Lab A"]
    sent(part)
    number = waiting(part, ("payment:v1",))
    with part.file.reading() as connection:
        assert connection.execute("SELECT DISTINCT share FROM identifiers").fetchall() == [(number,)]
    take_back(part.file, part.membership, number)
    with part.file.reading() as connection:
        assert connection.execute("SELECT count(*) FROM identifiers").fetchone() == (0,)
    assert CARD not in part.file.path.read_bytes()


def test_who_asks_of_its_own_accounts_is_answered_by_what_two_others_contributed(alliance: Rehearsal) -> None:
    first, second, third = alliance.parts.values()
    for part in (first, second):
        sent(part)
    ask(third.file, third.membership, open_epoch(third.membership), {"payment:v1": {CARD: ("mine",), OWN: ("other",)}})
    alliance.epoch_over(1)
    assert fetch(third.file, third.membership, 1) == {}
    with third.file.reading() as connection:
        answered = [(one.account, one.kind, one.members) for one in questions.known(connection, 1)]
    assert answered == [("mine", "payment:v1", 2)]
    for part in (first, second):
        receive_joint(part.file, part.membership)
        with part.file.reading() as connection:
            [one] = identifiers.matches(connection)
        assert (one.group, one.kind, one.tags, one.members) == ("campaign", "payment:v1", 1, 2)


def test_what_left_before_a_share_was_cut_off_does_not_accuse_the_hub(alliance: Rehearsal) -> None:
    first, second, _ = alliance.parts.values()
    sent(first)
    epoch = open_epoch(second.membership)
    assert send(second.file, second.membership, epoch, waiting(second, ("payment:v1",))) == {"payment:v1": 1}
    shared(second, candidate("apart", trait(9)))
    alliance.epoch_over(1)
    for part in (first, second):
        receive_joint(part.file, part.membership)
    with second.file.reading() as connection:
        [one] = identifiers.matches(connection)
    assert (one.group, one.kind, one.tags, one.members) == ("campaign", "payment:v1", 1, 2)


def test_tags_that_left_before_a_share_was_cut_off_do_not_accuse_the_hub(
    alliance: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = alliance.parts.values()
    shared(first, candidate("campaign", trait(1)))

    def cut_off(*_: object) -> None:
        raise PeerError("the hub does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(sharing, "_sealed", cut_off)
        with pytest.raises(PeerError, match="does not answer"):
            shared(second, candidate("campaign", trait(1)))
    shared(second, candidate("apart", trait(9)))
    alliance.epoch_over(1)
    assert [receive_joint(part.file, part.membership).offered for part in (first, second)] == [1, 0]
