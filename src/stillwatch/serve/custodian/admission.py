"""Who asks. A protected application takes a function ``who``, so that another way of asking takes this one's place."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final, Protocol

from stillwatch.serve.asgi import Refused, header
from stillwatch.store.exchange.holder import hash_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillwatch.serve.asgi import Scope

_CHALLENGE: Final = [(b"www-authenticate", b"Bearer")]
MOST_SECRET: Final = 256
"""Longest secret that is looked at (bytes)."""


class Who(Protocol):
    """Finds out which member a request is of."""

    def __call__(self, scope: Scope, body: bytes, /) -> str:
        """Give the member's name.

        Raises
        ------
        Refused
            It is nobody's: 401; or somebody's who may not: 403.
        """
        ...


class BearerWho:
    """Members by secrets of 256 random bits, of which only SHA-256 is kept.

    Parameters
    ----------
    members
        Gives name and hash of the secret of each member; asked at every request, so that who is dismissed is out.
    """

    def __init__(self, members: Callable[[], Mapping[str, bytes]]) -> None:
        self._members = members

    def __call__(self, scope: Scope, body: bytes, /) -> str:
        """Give the member's name."""
        del body
        scheme, _, token = header(scope, b"authorization").partition(b" ")
        given = hash_of(token.strip()[:MOST_SECRET].decode("latin-1"))
        # Every hash is compared, so that the time says nothing of which came near.
        whose = [name for name, kept in self._members().items() if hmac.compare_digest(kept, given)]
        if scheme.lower() != b"bearer" or not whose:
            raise Refused(401, "a secret is missing or wrong: Authorization: Bearer SECRET", _CHALLENGE)
        return whose[0]
