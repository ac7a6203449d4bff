"""Candidates to a share that waits, and a share to tags and commitments at the hub.

::

    share    = prepared(candidates)      offers with traits as this alliance keys them; nothing has left
    tags     = both key holders          traits become tags
    POST /v1/tags, /v1/commitments       what is compared, and a digest of what would be said
    POST /v1/offers                      of groups that matched, once the epoch has closed (``receiving``)
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from stillwatch.model.errors import NotNow
from stillwatch.serve.hub.combining import form
from stillwatch.serve.hub.offer_routes import COMMITMENTS, WITHDRAW
from stillwatch.serve.hub.tag_routes import TAGS
from stillwatch.serve.member.evaluating import tags_of
from stillwatch.serve.member.membership import HUB
from stillwatch.serve.member.peer import BYTES
from stillwatch.sharing.detector import content_sha256
from stillwatch.sharing.joint.wire import commitment, packed, unpacked
from stillwatch.sharing.oblivious.kinds import BY_NAME, TRAIT
from stillwatch.sharing.oblivious.submission import MOST_TAGS, grouped, handle
from stillwatch.sharing.oblivious.submission import packed as packed_tags
from stillwatch.store.member import identifiers, shares
from stillwatch.store.member.allowed import allowed
from stillwatch.store.member.journal import noted
from stillwatch.store.member.shares import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from stillwatch.model.offer import Offer, TagEvidence
    from stillwatch.offers import Candidate
    from stillwatch.serve.member.evaluating import OpenEpoch
    from stillwatch.serve.member.membership import Membership
    from stillwatch.sharing.policy import SharingPolicy
    from stillwatch.store.member.file import MemberFile

NOBODY: Final = np.zeros(0, np.int64)
"""No accounts."""
Group = TypeVar("Group", "Candidate", "Prepared")
_TOKEN: Final = 8
_PAD: Final = bytes(8)


def prepared(
    found: Sequence[Candidate],
    policy: SharingPolicy,
    key: bytes,
    epoch: int,
    vouched: NDArray[np.int64] = NOBODY,
) -> tuple[list[Prepared], list[Offer]]:
    """Prepare candidates for an epoch.

    Parameters
    ----------
    found
        Candidates, their traits keyed under the alliance's key.
    policy
        What may leave.
    key
        Key that names of groups are sealed with (32 bytes).
    epoch
        Epoch.
    vouched
        Accounts that the provider vouches for: a group with one of them is not offered.

    Returns
    -------
    tuple
        What is kept, and the offers in it, to be looked at.
    """
    open_to = without(found, vouched)
    members = {one.offer.name: (one.account, one.belongs) for one in open_to}
    offers = policy.trimmed([one.offer for one in open_to])
    made = []
    for one in offers:
        sealed = handle(key, epoch, one.name)
        tags = tuple(dataclasses.replace(tag, value=tag.value + _PAD) for tag in one.tags)
        kept = packed(dataclasses.replace(one, name=sealed.hex(), tags=tags), _PAD + _PAD)
        made.append(Prepared(sealed, one.name, *members[one.name], kept))
    return made, list(offers)


def without(groups: Sequence[Group], vouched: NDArray[np.int64]) -> list[Group]:
    """Leave out every group with an account that the provider vouches for."""
    return [one for one in groups if not np.isin(one.account, vouched).any()]


def offers_of(groups: Sequence[Prepared]) -> list[Offer]:
    """Read prepared offers back: traits as the alliance keys them, under the group's handle."""
    like = form()
    found = [unpacked(one.prepared, like) for one in groups]
    return [
        dataclasses.replace(one, tags=tuple(dataclasses.replace(tag, value=tag.value[:_TOKEN]) for tag in one.tags))
        for one in found
    ]


def trait_input(tag: TagEvidence) -> bytes:
    """Write a trait as the input of the pseudo-random function."""
    return BY_NAME[TRAIT].input(f"{tag.kind}/{tag.value.hex()}")


def send(
    file: MemberFile,
    member: Membership,
    epoch: OpenEpoch,
    number: int,
    told: Callable[[int], None] = lambda _: None,
) -> int:
    """Send a share that waits: tags, and commitments to its offers.

    Parameters
    ----------
    file
        The member's file.
    member
        Who sends.
    epoch
        The open epoch.
    number
        Number of the share.
    told
        Called with the number of traits done.

    Returns
    -------
    int
        Groups sent.

    Raises
    ------
    NotNow
        The share was sent or dropped, is of another epoch, the epoch has closed, or the provider vouches for
        somebody in every group.

    Notes
    -----
    Whoever is stopped half way sends again: the hub takes the same twice as once.
    """
    with file.reading() as connection:
        # Asked again: since it was prepared, the provider may have vouched for somebody.
        one, vouched = shares.share(connection, number), allowed(connection)
        groups = without(shares.groups(connection, number), vouched)
    if one.state != "waiting":
        raise NotNow(f"share {number} is {one.state} already; prepare another")
    if one.epoch != epoch.number:
        raise NotNow(f"share {number} was prepared for epoch {one.epoch}, and {epoch.number} is open; prepare it anew")
    if not groups:
        raise NotNow(
            f"share {number}: every group has an account that is vouched for; drop it: stillwatch withdraw {number}"
        )
    offers = offers_of(groups)
    holders: dict[bytes, list[bytes]] = {}
    for offer in offers:
        for tag in offer.tags:
            holders.setdefault(trait_input(tag), []).append(bytes.fromhex(offer.name))
    made: dict[bytes, bytes] = {}
    for inputs, tags in tags_of(file, member, epoch, TRAIT, sorted(holders), told):
        made |= dict(zip(inputs, tags.own, strict=True))
        with file.writing() as connection:
            # Before they leave: a match on what is not written down would be the hub's invention.
            shares.own(connection, epoch.number, _under(made, holders, inputs))
        for body in bodies(grouped(tags, [holders[name] for name in inputs], secrets.token_bytes)):
            post(file, member, f"{TAGS}?epoch={epoch.number}&kind={TRAIT}", body, "tags", BYTES)
    sealed = [_sealed(offer, made) for offer in offers]
    with file.writing() as connection:
        shares.seal(connection, number, sealed)
    digests = {name.hex(): commitment(epoch.number, body).hex() for name, body in sealed}
    content = json.dumps({"detector": content_sha256(), "commitments": digests}).encode()
    post(file, member, f"{COMMITMENTS}?epoch={epoch.number}", content, f"commitments to {len(sealed)} offers")
    with file.writing() as connection:
        shares.stand(connection, number, "sent")
    return len(sealed)


def _under(
    made: Mapping[bytes, bytes], holders: Mapping[bytes, Sequence[bytes]], inputs: Sequence[bytes]
) -> list[tuple[bytes, bytes]]:
    """Give tag and handle of everything that some inputs became."""
    return [(made[one], handle) for one in inputs for handle in holders[one]]


def _sealed(offer: Offer, made: Mapping[bytes, bytes]) -> tuple[bytes, bytes]:
    """Write an offer as it leaves: handle, bytes."""
    tags = tuple(dataclasses.replace(tag, value=made[trait_input(tag)]) for tag in offer.tags)
    return bytes.fromhex(offer.name), packed(dataclasses.replace(offer, tags=tags), secrets.token_bytes(16))


def bodies(groups: Mapping[bytes, Sequence[bytes]]) -> Iterator[bytes]:
    """Cut a submission into ones that the hub takes."""
    part: dict[bytes, Sequence[bytes]] = {}
    count = 0
    for name, tags in groups.items():
        if count + len(tags) > MOST_TAGS and part:
            yield packed_tags(part)
            part, count = {}, 0
        part[name] = tags
        count += len(tags)
    if part:
        yield packed_tags(part)


def post(
    file: MemberFile, member: Membership, path: str, body: bytes, what: str, kind: str = "application/json"
) -> None:
    """Send something, and write down that it left."""
    member.hub.ask("POST", path, body, kind)
    with file.writing() as connection:
        noted(connection, "out", HUB, what, body, member.now_ms)


def take_back(file: MemberFile, member: Membership, number: int) -> str:
    """Take a share back: drop one that waits, withdraw one that was sent while nothing was joined; says how it stands.

    Raises
    ------
    NotNow
        It is over: what was joined is disputed, not withdrawn.
    """
    with file.reading() as connection:
        one, groups = shares.share(connection, number), shares.groups(connection, number)
    if one.state == "sent":
        body = json.dumps({"handles": [group.handle.hex() for group in groups]}).encode()
        post(file, member, f"{WITHDRAW}?epoch={one.epoch}", body, f"withdrew {len(groups)} groups")
    elif one.state != "waiting":
        raise NotNow(f"share {number} is {one.state} already")
    state = "withdrawn" if one.state == "sent" else "dropped"
    with file.writing() as connection:
        shares.stand(connection, number, state)
        identifiers.forget(connection, number)
    return state
