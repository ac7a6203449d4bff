"""Offers as bytes, and back. Whoever sends them may be anybody: all of it is bounded, and what does not fit is refused.

JSON, so that a member can read what leaves before it leaves. Tags go as the hub knows them: oblivious tags, under the
sealed handle of their group.

An offer leaves in two steps. While an epoch is open only its commitment does, a digest of its very bytes; once it has
closed, the bytes of those groups that matched. So what matches nobody never leaves, and nobody can fit what they say to
what matched.
"""

from __future__ import annotations

import base64
import hashlib
import math
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import numpy as np

from stillwatch.model.campaign import Line
from stillwatch.model.errors import InputError
from stillwatch.model.offer import MOST_LOG_E, Offer, TagEvidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

MOST_BYTES: Final = 8 << 20
"""Longest body of offers (bytes)."""
MOST_OFFERS: Final = 2_048
"""Offers of one member and epoch."""
MOST_BITS: Final = 16.0
"""Most that a line may weigh, either way (bits)."""
_ACCOUNTS: Final = 1 << 24
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=48, pattern=r"^[a-z0-9][a-z0-9 _:+.-]*\Z")]
_Hex16 = Annotated[str, msgspec.Meta(min_length=32, max_length=32, pattern=r"^[0-9a-f]*\Z")]
_SAYS: Final = ("harvest", "hides", "scale", "in favour")


class _Tag(msgspec.Struct, forbid_unknown_fields=True):
    kind: _Word
    value: _Hex16
    log_e: float
    layers: Annotated[dict[_Word, float], msgspec.Meta(max_length=16)]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    name: _Word
    says: _Word
    bits: float


class _Offer(msgspec.Struct, forbid_unknown_fields=True):
    group: _Hex16
    salt: _Hex16
    accounts: Annotated[int, msgspec.Meta(ge=1, le=_ACCOUNTS)]
    operator_bits: float
    tags: Annotated[list[_Tag], msgspec.Meta(min_length=1, max_length=256)]
    lines: Annotated[list[_Line], msgspec.Meta(max_length=32)]
    sketch: dict[_Word, Annotated[str, msgspec.Meta(max_length=2_048)]]


_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_READ: Final = msgspec.json.Decoder(_Offer)


def _bounded(value: float, low: float, high: float) -> float:
    """Put a number within bounds; no number at all is the milder end."""
    return low if math.isnan(value) else min(max(value, low), high)


def packed(offer: Offer, salt: bytes) -> bytes:
    """Write an offer; the sentences of its lines stay where they are.

    Parameters
    ----------
    offer
        Named by its handle, its tags as the hub knows them (16 bytes each).
    salt
        16 random bytes, so that a commitment gives nothing of the offer away.
    """
    return msgspec.json.encode(
        _Offer(
            group=offer.name,
            salt=salt.hex(),
            accounts=offer.accounts,
            operator_bits=offer.operator_bits,
            tags=[_Tag(tag.kind, tag.value.hex(), tag.log_e, dict(tag.layers)) for tag in offer.tags],
            lines=[_Line(line.name, line.says, line.bits) for line in offer.lines],
            sketch={name: base64.b64encode(cells.tobytes()).decode() for name, cells in offer.sketch.items()},
        )
    )


def commitment(epoch: int, packed_offer: bytes) -> bytes:
    """Bind a member to an offer in an epoch (32 bytes)."""
    return hashlib.sha256(b"stillwatch offer v1\n%d\n" % epoch + packed_offer).digest()


def listed(packed_offers: Sequence[bytes]) -> bytes:
    """Put offers into one body, their bytes unchanged."""
    return b"[" + b",".join(packed_offers) + b"]"


def cut(content: bytes) -> tuple[bytes, ...]:
    """Cut a body into offers; each comes as the very bytes that were sent.

    Raises
    ------
    InputError
        It is too long, or no list.
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"offers have at most {MOST_BYTES:,} bytes")
    try:
        found = _LIST.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"this is no list of offers: {str(error)[:200]}") from error
    if len(found) > MOST_OFFERS:
        raise InputError(f"a member has at most {MOST_OFFERS:,} offers, not {len(found):,}")
    return tuple(bytes(one) for one in found)


def unpacked(packed_offer: bytes, form: Mapping[str, NDArray[np.generic]]) -> Offer:
    """Read one offer.

    Parameters
    ----------
    packed_offer
        What was sent.
    form
        A sketch, for the shape and kind of each of its fields.

    Returns
    -------
    Offer
        Evidence within its bounds, whatever was claimed.

    Raises
    ------
    InputError
        It is no offer, or a tag or a line is there twice.
    """
    try:
        return _offer(_READ.decode(packed_offer), form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"this is no offer: {str(error)[:200]}") from error


def _offer(one: _Offer, form: Mapping[str, NDArray[np.generic]]) -> Offer:
    if len({(tag.kind, tag.value) for tag in one.tags}) != len(one.tags):
        raise InputError(f"group {one.group}: a tag is there twice")
    if len({line.name for line in one.lines}) != len(one.lines):
        raise InputError(f"group {one.group}: a line is there twice")
    lines: list[Any] = []
    for line in one.lines:
        if line.says not in _SAYS:
            raise InputError(f"group {one.group}: a line says one of {', '.join(_SAYS)}")
        lines.append(Line(line.name, line.says, _bounded(line.bits, -MOST_BITS, MOST_BITS), ""))  # type: ignore[arg-type]
    return Offer(
        name=one.group,
        accounts=one.accounts,
        tags=tuple(_tag(tag) for tag in one.tags),
        lines=tuple(lines),
        operator_bits=_bounded(one.operator_bits, -MOST_BITS, MOST_BITS),
        sketch=_sketch(one, form),
    )


def _tag(tag: _Tag) -> TagEvidence:
    layers = {name: _bounded(log_e, -MOST_LOG_E, MOST_LOG_E) for name, log_e in tag.layers.items()}
    return TagEvidence(tag.kind, bytes.fromhex(tag.value), _bounded(tag.log_e, -MOST_LOG_E, MOST_LOG_E), layers)


def _sketch(one: _Offer, form: Mapping[str, NDArray[np.generic]]) -> Mapping[str, NDArray[np.generic]]:
    if set(one.sketch) != set(form):
        raise InputError(f"group {one.group}: a sketch has the fields {', '.join(sorted(form))}")
    made = {}
    for name, like in form.items():
        try:
            cells = base64.b64decode(one.sketch[name], validate=True)
        except ValueError as error:
            raise InputError(f"group {one.group}: {name} is no base64") from error
        if len(cells) != like.nbytes:
            raise InputError(f"group {one.group}: {name} has {like.nbytes} bytes, not {len(cells)}")
        made[name] = np.frombuffer(cells, like.dtype).reshape(like.shape)
    return made
