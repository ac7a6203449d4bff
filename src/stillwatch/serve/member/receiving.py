"""Fetch what there is for a member: matches, joint campaigns, objects; and offer what matched.

Everything received is evidence of somebody, with an end, and decides nothing here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec

from stillwatch.model.errors import NotNow, PeerError
from stillwatch.serve.hub.offer_routes import JOINT, OFFERS
from stillwatch.serve.hub.tag_routes import MATCHES
from stillwatch.serve.member.membership import HUB
from stillwatch.serve.member.sharing import without
from stillwatch.sharing.joint.wire import MOST_BYTES, listed
from stillwatch.sharing.oblivious.kinds import TRAIT
from stillwatch.store.member import identifiers, inbox, shares
from stillwatch.store.member.allowed import allowed
from stillwatch.store.member.file import keep
from stillwatch.store.member.journal import noted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stillwatch.serve.member.membership import Membership
    from stillwatch.store.member.file import MemberFile


_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9 _:+.-]*\Z")]
_Handle = Annotated[str, msgspec.Meta(min_length=32, max_length=32, pattern=r"^[0-9a-f]*\Z")]
_Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Number = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]


class _Line(msgspec.Struct):
    name: _Word
    says: _Word
    bits: _Number


class _Campaign(msgspec.Struct):
    """One joint campaign as a hub tells it; everything behind this relies on its bounds."""

    name: _Word
    members_at_least: Annotated[int, msgspec.Meta(ge=2, le=10_000)]
    handles: Annotated[list[_Handle], msgspec.Meta(min_length=1, max_length=2_048)]
    standing: Annotated[list[_Handle], msgspec.Meta(max_length=2_048)]
    one_operator: _Chance
    extraction: _Chance
    extracting: bool
    log_e: _Number
    log_e_without_the_loudest: _Number
    first_seen_ms: Annotated[int, msgspec.Meta(ge=-1, le=1 << 53)]
    layers: Annotated[dict[_Word, _Number], msgspec.Meta(max_length=16)]
    lines: Annotated[list[_Line], msgspec.Meta(max_length=64)]


class _Match(msgspec.Struct):
    handle: _Handle
    kind: _Word
    tags: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    members_at_least: Annotated[int, msgspec.Meta(ge=2, le=10_000)]


class _Matches(msgspec.Struct):
    matches: Annotated[list[_Match], msgspec.Meta(max_length=100_000)]


class _Answer(msgspec.Struct):
    campaigns: Annotated[list[_Campaign], msgspec.Meta(max_length=2_048)]


@dataclass(frozen=True, slots=True)
class Received:
    """What one look brought."""

    offered: int = 0
    """Offers of matched groups that left."""
    joint: int = 0
    """Joint campaigns that are new here."""
    waiting: tuple[int, ...] = ()
    """Epochs whose outcome is not known yet."""


def receive_joint(file: MemberFile, member: Membership) -> Received:
    """Offer what matched, and fetch joint campaigns, of every epoch that something was sent under.

    Raises
    ------
    PeerError
        The hub does not answer, or in a form that is not ours.
    """
    now_ms = member.now_ms
    with file.reading() as connection:
        epochs = shares.sent_epochs(connection)
    offered = joint = 0
    waiting = []
    for epoch in epochs:
        try:
            offered += _offer(file, member, epoch, now_ms)
            joint += _joint(file, member, epoch, now_ms)
        except NotNow:
            waiting.append(epoch)
    return Received(offered, joint, tuple(waiting))


def _offer(file: MemberFile, member: Membership, epoch: int, now_ms: int) -> int:
    """Offer the groups that matched and have not left yet."""
    answer = member.hub.ask("GET", f"{MATCHES}?epoch={epoch}")
    try:
        told = msgspec.json.decode(answer.content, type=_Matches).matches
    except (msgspec.DecodeError, RecursionError) as error:
        raise PeerError("the hub describes matches in a form that is not ours") from error
    matched = {one.handle for one in told if one.kind == TRAIT}
    others = [
        (bytes.fromhex(one.handle), one.kind, one.tags, one.members_at_least) for one in told if one.kind != TRAIT
    ]
    with file.writing() as connection:
        noted(connection, "in", HUB, f"matches of epoch {epoch}", answer.content, now_ms)
        own, mine = shares.held(connection, epoch), shares.of_epoch(connection, epoch)
        vouched = allowed(connection)
    # After it is in the journal: it is what a complaint stands on.
    _check_invented(own, told)
    with file.writing() as connection:
        identifiers.matched(connection, epoch, others)
    due = without([one for one in mine if one.handle.hex() in matched and one.body and not one.offered], vouched)
    for some in _fitting([one.body for one in due]):
        body = listed(some)
        try:
            member.hub.ask("POST", f"{OFFERS}?epoch={epoch}", body)
        except NotNow:
            # Joined meanwhile: this member was late, and the outcome stands without it.
            return 0
        with file.writing() as connection:
            noted(connection, "out", HUB, f"offers of {len(some)} groups that matched in epoch {epoch}", body, now_ms)
    with file.writing() as connection:
        shares.left(connection, epoch, [one.handle for one in due])
    return len(due)


def _check_invented(own: Mapping[bytes, int], told: Sequence[_Match]) -> None:
    """See that nothing matched that nobody else can have: padding is random, and its handles are nobody's."""
    for one in told:
        tags = own.get(bytes.fromhex(one.handle))
        if tags is None or (one.kind == TRAIT and one.tags > tags):
            raise PeerError(
                "the hub tells of a match on padding, which nobody else can have: it invents matches. Nothing was "
                "offered; keep this file, its journal shows what was sent, and audit the hub"
            )


def _fitting(bodies: Sequence[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    for one in bodies:
        if part and sum(map(len, part)) + len(part) + len(one) + 2 > MOST_BYTES:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _joint(file: MemberFile, member: Membership, epoch: int, now_ms: int) -> int:
    answer = member.hub.ask("GET", f"{JOINT}?epoch={epoch}")
    try:
        told = msgspec.json.decode(answer.content, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PeerError("the hub describes joint campaigns in a form that is not ours") from error
    with file.writing() as connection:
        noted(connection, "in", HUB, f"joint campaigns of epoch {epoch}", answer.content, now_ms)
        keep(connection, f"joined {epoch}", json.dumps(now_ms).encode())
        return inbox.found(connection, epoch, [msgspec.to_builtins(one) for one in told.campaigns], now_ms)
