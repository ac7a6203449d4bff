"""Whose reasoning is whose, as far as this gateway saw it being made."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Born:
    """Remembers for whom the last reasoning artefacts were made.

    Parameters
    ----------
    most
        Most artefacts remembered, about 150 bytes each; the oldest is forgotten first.

    Notes
    -----
    Blind spot: what was made before the gateway started, through another gateway or long ago belongs to nobody here,
    and goes through; the watch finds replays over all of it.
    """

    def __init__(self, most: int) -> None:
        self._owner: OrderedDict[int, int] = OrderedDict()
        self._most = most

    def born(self, artefacts: Iterable[int], account: int) -> None:
        """Note that artefacts were made for an account; the first owner stays the owner."""
        for one in artefacts:
            self._owner.setdefault(one, account)
        while len(self._owner) > self._most:
            self._owner.popitem(last=False)

    def foreign(self, artefacts: Iterable[int], account: int, now_ms: int) -> frozenset[int]:
        """Give those that were made for another account."""
        del now_ms
        return frozenset(one for one in artefacts if self._owner.get(one, account) != account)
