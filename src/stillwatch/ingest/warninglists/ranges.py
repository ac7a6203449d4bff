"""Ranges of addresses side by side: sorted and apart, so that one bisection tells whose a network is."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Ranges:
    """Ranges of one version of addresses, ascending, none touching another's addresses."""

    first: tuple[int, ...]
    """First address of each."""
    last: tuple[int, ...]
    """Last address of each."""
    owner: tuple[int, ...]
    """Number of the list each is of."""

    def within(self, first: int, last: int) -> int:
        """Give the list that some address from first to last is on, -1 for none."""
        at = bisect_right(self.first, last) - 1
        return self.owner[at] if at >= 0 and self.last[at] >= first else -1

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Give first and last of each."""
        return zip(self.first, self.last, strict=True)


def span(network: str) -> tuple[int, int, int]:
    """Give version, first and last address of a network or an address.

    Raises
    ------
    ValueError
        It is none.
    """
    found = ip_network(network, strict=False)
    return found.version, int(found.network_address), int(found.broadcast_address)


def ranges(spans: Iterable[tuple[int, int, int]]) -> Ranges:
    """Put (first, last, owner) side by side; where some overlap, those that begin first keep the addresses.

    Notes
    -----
    O(n log n).
    """
    kept: list[tuple[int, int, int]] = []
    for first, last, owner in sorted(spans, key=lambda one: (one[0], -one[1], one[2])):
        begins = max(first, kept[-1][1] + 1) if kept else first
        if begins <= last:
            kept.append((begins, last, owner))
    return Ranges(tuple(one[0] for one in kept), tuple(one[1] for one in kept), tuple(one[2] for one in kept))
