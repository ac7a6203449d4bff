"""What a member hands in: tags under group handles, as bytes.

A handle is 16 bytes that say which tags belong to one candidate group of the member, and to nobody what the group is:
a keyed hash under a key that never leaves, different in every epoch. The body is one section a group::

    handle (16) | number of tags (2, big-endian) | tags (16 each)

Tags of padding are spread over the groups and over as many decoys, so that sizes of groups do not stand out.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from stillwatch.model.errors import InputError
from stillwatch.sharing.oblivious.cascade import TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stillwatch.sharing.oblivious.cascade import Tags

HANDLE: Final = 16
"""Length of a group's handle (bytes)."""
MOST_TAGS: Final = 16_384
"""Most tags of one submission."""
MOST_BYTES: Final = MOST_TAGS * (HANDLE + 2 + TAG)
"""Longest submission (bytes)."""
_HEAD: Final = HANDLE + 2


def handle(key: bytes, epoch: int, group: str) -> bytes:
    """Seal a group's name: who has not the key learns nothing from it, and epochs do not compare."""
    return hmac.digest(key, b"stillwatch group\n%d\n" % epoch + group.encode(), "sha256")[:HANDLE]


def grouped(
    tags: Tags, handles: Sequence[Sequence[bytes]], random: Callable[[int], bytes]
) -> dict[bytes, tuple[bytes, ...]]:
    """Put the tags of a batch under their groups, and the padding anywhere.

    Parameters
    ----------
    tags
        What came of the cascade.
    handles
        For every input the handles of the groups that it belongs to, at least one.
    random
        Gives so many random bytes: decoys, and where padding goes.

    Returns
    -------
    dict
        Handle to its tags; handles in the order of their bytes, which is no order of the member's.
    """
    under: dict[bytes, set[bytes]] = {}
    for tag, those in zip(tags.own, handles, strict=True):
        if not those:
            raise InputError("a tag belongs to at least one group")
        for one in those:
            under.setdefault(one, set()).add(tag)
    pads = sorted(set(tags.every) - set(tags.own))
    if pads:
        places = [*under, *(random(HANDLE) for _ in under)]
        for pad in pads:
            under.setdefault(places[int.from_bytes(random(8)) % len(places)], set()).add(pad)
    return {one: tuple(sorted(under[one])) for one in sorted(under)}


def packed(groups: Mapping[bytes, Sequence[bytes]]) -> bytes:
    """Write a submission."""
    return b"".join(one + len(tags).to_bytes(2) + b"".join(tags) for one, tags in groups.items())


def unpacked(body: bytes) -> dict[bytes, tuple[bytes, ...]]:
    """Read a submission.

    Raises
    ------
    InputError
        It is empty, too long or cut off, names a group twice or one without tags, or a tag twice in a group.
    """
    if not 0 < len(body) <= MOST_BYTES:
        raise InputError(f"a submission has 1 to {MOST_BYTES:,} bytes, not {len(body):,}")
    groups: dict[bytes, tuple[bytes, ...]] = {}
    at = count = 0
    while at < len(body):
        one, number = body[at : at + HANDLE], int.from_bytes(body[at + HANDLE : at + _HEAD])
        end = at + _HEAD + number * TAG
        if end > len(body) or at + _HEAD > len(body) or not number:
            raise InputError(f"the group at byte {at:,} is cut off or has no tags")
        if one in groups:
            raise InputError(f"the group at byte {at:,} is there twice")
        groups[one] = tuple(body[k : k + TAG] for k in range(at + _HEAD, end, TAG))
        if len(set(groups[one])) != number:
            raise InputError(f"the group at byte {at:,} holds a tag twice")
        at, count = end, count + number
    if count > MOST_TAGS:
        raise InputError(f"a submission has at most {MOST_TAGS:,} tags, not {count:,}")
    return groups
