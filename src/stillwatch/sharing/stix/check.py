"""Whether an object may come into the exchange: well formed, bounded, consistent, and without a raw identifier.

A reason names the field and what it must be, never what was sent: it may end in a log.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import UNSET

from stillwatch.model.errors import InputError
from stillwatch.sharing.markings import KNOWN
from stillwatch.sharing.stix.extension import EXTENSION_ID, PARTS, GroupingPart
from stillwatch.sharing.stix.ids import TAG, account_id
from stillwatch.sharing.stix.objects import (
    DECODER,
    Grouping,
    Indicator,
    MarkingDefinition,
    Relationship,
    UserAccount,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.sharing.stix.objects import Object

MOST_OBJECT_BYTES: Final = 256 << 10
"""Longest object (bytes)."""
MOST_BRACKETS: Final = 512
"""Most lists and objects in one object; bounds its depth, too."""
_TAG_COMPARED: Final = rf"user-account:user_id = '{TAG.removeprefix('^').removesuffix(chr(92) + 'Z')}'"
PLAIN_PATTERN: Final = re.compile(rf"\[{_TAG_COMPARED}(?: OR {_TAG_COMPARED})*\]")
"""STIX patterns that are taken: they compare tags. Others can hold an address or a name."""
MINHASH_PATTERN: Final = re.compile(r"minhash:v1:n=[0-9]{1,2},k=[0-9]{1,4},b=[0-9]{1,4}:[A-Za-z0-9+/]{4,32000}={0,2}")
"""Signatures of templates that are taken."""
_PATTERNS: Final = {"stix": PLAIN_PATTERN, "prompt-minhash": MINHASH_PATTERN}
_ONCE: Final = re.compile(rb'"(?:id|type|created|modified|revoked|object_marking_refs|extensions)"')
"""Fields that another reader must not take another value of."""
_ORDERED: Final = (
    ("created", "modified"),
    ("first_seen", "last_seen"),
    ("valid_from", "valid_until"),
    ("start_time", "stop_time"),
    ("published", "published"),
)
_PART_DECODERS: Final = {kind: msgspec.json.Decoder(part) for kind, part in PARTS.items()}
_AT: Final = re.compile(r"`(\$[A-Za-z0-9_.\[\]]{0,100})`\Z")


def problems(content: bytes) -> list[str]:
    """Say what is wrong with an object; empty where it may come in."""
    try:
        read(content)
    except InputError as error:
        return [str(error)]
    return []


def read(content: bytes) -> Object:
    """Read an object that came in.

    Parameters
    ----------
    content
        JSON of one object. It is to be stored as it is: unknown fields are in it only.

    Raises
    ------
    InputError
        It may not come in; says which field and why.

    Notes
    -----
    Blind spot: free text (names, descriptions) may hold anything; who shares is shown it before it leaves.
    """
    if len(content) > MOST_OBJECT_BYTES:
        raise InputError(f"an object has at most {MOST_OBJECT_BYTES:,} bytes")
    if content.count(b"{") + content.count(b"[") > MOST_BRACKETS:
        raise InputError(f"an object has at most {MOST_BRACKETS} lists and objects in it")
    try:
        content.decode()
        found: Object = DECODER.decode(content)
        once = _ONCE.findall(content)
        if b"\\u" in content or len(once) != len(set(once)):
            json.loads(content, object_pairs_hook=_each_once)
        for wrong in _wrong(found, content):
            raise InputError(wrong)
    except msgspec.ValidationError as error:
        raise InputError(_told(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise InputError("an object is JSON in UTF-8") from None
    return found


def _wrong(found: Object, content: bytes) -> Iterator[str]:
    kind = found.__struct_config__.tag
    if not found.id.startswith(f"{kind}--"):
        yield "`id` begins with the type of the object"
    if found.granular_markings is not UNSET:
        yield "`granular_markings` are not taken: mark the whole object"
    yield from _times(found)
    yield from _parts(found, str(kind))
    if isinstance(found, Indicator):
        yield from _pattern(found)
    elif isinstance(found, UserAccount) and found.id != account_id(found.user_id):
        yield "`id` of a user-account is the UUIDv5 of its account_type and user_id"
    elif isinstance(found, MarkingDefinition):
        yield from _marking(found, content)
    elif isinstance(found, Relationship) and found.source_ref == found.target_ref:
        yield "`target_ref` is another object than `source_ref`"


def _times(found: Object) -> Iterator[str]:
    for first, last in _ordered(type(found)):
        begun, ended = getattr(found, first), getattr(found, last)
        try:
            begins, ends = (None if one is UNSET else datetime.fromisoformat(one) for one in (begun, ended))
        except ValueError:
            yield f"`{first}` and `{last}` are days of the calendar"
            continue
        # A validity that ends when it begins is none (STIX 2.1, 4.7.1).
        if begins and ends and (ends < begins or (first == "valid_from" and begins == ends)):
            yield f"`{last}` is not before `{first}`"


@cache
def _ordered(kind: type[Object]) -> tuple[tuple[str, str], ...]:
    """Give the pairs of times that a type has; what a type lacks of a pair, the other stands for."""
    has = kind.__struct_fields__
    pairs = (tuple(name for name in pair if name in has) for pair in _ORDERED)
    return tuple((pair[0], pair[-1]) for pair in pairs if pair)


def _parts(found: Object, kind: str) -> Iterator[str]:
    if found.extensions is UNSET:
        return
    if not found.extensions:
        yield "`extensions` is not empty"
    part = found.extensions.get(EXTENSION_ID)
    if part is None:
        return
    if kind not in _PART_DECODERS:
        yield f"our extension says nothing of the type {kind}"
        return
    try:
        read = _PART_DECODERS[kind].decode(part)
    except msgspec.ValidationError as error:
        yield f"our extension: {_told(error)}"
        return
    if isinstance(read, GroupingPart) and isinstance(found, Grouping) and not _refers(found, read):
        yield "our extension: tags are those of accounts in `object_refs`"


def _refers(found: Grouping, part: GroupingPart) -> bool:
    return {account_id(tag) for tag in part.tags} <= set(found.object_refs)


def _pattern(found: Indicator) -> Iterator[str]:
    form = _PATTERNS.get(found.pattern_type)
    if form is None:
        yield "`pattern_type` is stix or prompt-minhash"
    elif not form.fullmatch(found.pattern):
        yield "`pattern` is a comparison of tags or a signature; other patterns can hold an address or a name"


def _marking(found: MarkingDefinition, content: bytes) -> Iterator[str]:
    known = KNOWN.get(found.id)
    if known and msgspec.json.decode(known) != msgspec.json.decode(content):
        yield "a marking of TLP or of a purpose has one form"
    if found.definition is UNSET and found.extensions is UNSET:
        yield "a marking has a `definition` or `extensions`"


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise InputError("a field is there twice: two readers might take different ones")
    return made


def _told(error: msgspec.ValidationError) -> str:
    """Say what a field must be without repeating what was sent."""
    text, _, at = str(error).partition(" - at ")
    where = _AT.search(at)
    if text.startswith("Invalid"):
        text = "this value is not one that is taken"
    elif text.startswith("Object contains unknown field"):
        text = "a user-account has no other fields than its tag"
    return f"{text} at {where[1]}" if where else text
