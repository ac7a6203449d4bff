"""Opinions that come as STIX objects, and the subjects that they are about."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from stillwatch.model.opinion import Stance
from stillwatch.sharing.stix.extension import EXTENSION_ID
from stillwatch.sharing.stix.ids import UUID

MOST_ABOUT: Final = 64
"""Objects that one opinion may be about."""
JOINT: Final = re.compile(r"joint:[1-9][0-9]{0,8}:[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""A joint campaign: its epoch and its name."""
_OBJECT: Final = re.compile(rf"[a-z][a-z0-9-]{{1,63}}--{UUID}")
_STANCES: Final = {
    "strongly-disagree": Stance.NEGATIVE,
    "disagree": Stance.NEGATIVE,
    "neutral": Stance.SEED,
    "agree": Stance.POSITIVE,
    "strongly-agree": Stance.POSITIVE,
}


class _Part(msgspec.Struct):
    stance: Stance | None = None


class _Opinion(msgspec.Struct):
    opinion: str = ""
    object_refs: list[str] = []
    extensions: dict[str, msgspec.Raw] = {}


_OPINION: Final = msgspec.json.Decoder(_Opinion)
_PART: Final = msgspec.json.Decoder(_Part)


def is_subject(text: str) -> bool:
    """Say whether a text names a subject: a STIX object or a joint campaign.

    Examples
    --------
    >>> is_subject("joint:7:quiet-heron"), is_subject("joint:0:x"), is_subject("somebody@example.org")
    (True, False, False)
    """
    return bool(_OBJECT.fullmatch(text) or JOINT.fullmatch(text))


def read_opinion(content: bytes) -> tuple[Stance | None, tuple[str, ...]]:
    """Read stance and subjects of a STIX ``opinion``.

    Parameters
    ----------
    content
        The object as received; what was checked before is not trusted to have been.

    Returns
    -------
    tuple
        The stance, from our extension where it is there, and the distinct objects that it is about. No stance and no
        object where it says none. Who says so is not read: that is the member that submits it, not ``created_by_ref``.
    """
    try:
        read = _OPINION.decode(content)
        part = _PART.decode(read.extensions[EXTENSION_ID]) if EXTENSION_ID in read.extensions else _Part()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, ()
    return part.stance or _STANCES.get(read.opinion), tuple(dict.fromkeys(filter(is_subject, read.object_refs)))
