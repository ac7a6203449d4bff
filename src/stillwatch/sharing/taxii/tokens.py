"""The ``next`` of a page: where the page ended, bound to the query. The server keeps nothing for it.

A token is a position and a truncated HMAC over the position, the reader and the filters. It grants nothing: what it
continues is looked up again under the reader's own rights; the HMAC only tells a slip from a page.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING, Final

import msgspec

from stillwatch.sharing.taxii.errors import TaxiiError

if TYPE_CHECKING:
    from stillwatch.model.exchange import Query

_POSITION: Final = 8
_MAC: Final = 16
_LENGTH: Final = 32


def _mac(key: bytes, context: str, query: Query, position: bytes) -> bytes:
    filters = (context, query.ids, query.types, query.versions, query.nothing)
    return hmac.digest(key, b"next 1\0" + position + msgspec.json.encode(filters), "sha256")[:_MAC]


def next_token(key: bytes, context: str, query: Query, position_us: int) -> str:
    """Write the token that continues after a position.

    Parameters
    ----------
    key
        Secret of the hub (32 bytes).
    context
        Reader, collection and kind of page.
    query
        The page just answered; its filters are bound, its limit and start are not: clients change both.
    position_us
        Date added of the last object of the page (us since 1970).
    """
    position = position_us.to_bytes(_POSITION, "big")
    return base64.urlsafe_b64encode(position + _mac(key, context, query, position)).decode("ascii")


def position_of(key: bytes, context: str, query: Query, token: str) -> int:
    """Read where a token continues (us since 1970).

    Raises
    ------
    TaxiiError
        400: it was not made here for this reader and these filters.
    """
    wrong = TaxiiError(400, "next is not from a page of this query; start again without it")
    if len(token) != _LENGTH:
        raise wrong
    try:
        read = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise wrong from error
    position = read[:_POSITION]
    if not hmac.compare_digest(read[_POSITION:], _mac(key, context, query, position)):
        raise wrong
    return int.from_bytes(position, "big")
