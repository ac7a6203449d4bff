"""Accounts by what they share: sorted (value, account) pairs, and the groups that fall out of them.

Pairs are packed into one number, value above, account below, so that a plain sort is the whole index. Values
held by fewer accounts than ``least`` or by more than ``most`` make no group; how many were left out for being
held by too many is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import Groups
from stillwatch.sketches.hashing import kernel, mix64

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST: Final = 3
"""Fewest accounts that make a group."""
MOST: Final = 30_000
"""Most accounts by which a value still singles a group out: above the largest published campaign, about 24,000."""
ALIKE: Final = 0.8
"""Jaccard similarity from which two groups of one kind are one."""
_SKETCH: Final = 8
_ROWS: Final = 2


@dataclass(frozen=True, slots=True)
class Left:
    """What a cap left out of the candidates."""

    name: str
    """Field."""
    values: int
    """Values held by too many accounts."""
    accounts: int
    """Accounts that hold the most common of them."""


def packed(value: NDArray[np.uint32], account: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Pack values and the accounts that hold them, and sort."""
    return np.sort(value.astype(np.uint64) << np.uint64(32) | account.astype(np.uint64))


def grouped(
    pairs: NDArray[np.uint64], name: str, made_by: int, least: int = LEAST, most: int = MOST
) -> tuple[Groups, Left]:
    """Read groups off sorted pairs.

    Parameters
    ----------
    pairs
        As :func:`packed` gives them; repeats count once.
    name
        Field of the values.
    made_by
        Layers it speaks for.
    least, most
        Fewest and most accounts of a group (accounts).

    Returns
    -------
    Groups, Left
        Groups by value, and what was held by too many.
    """
    if pairs.shape[0]:
        pairs = pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])]
    value = (pairs >> np.uint64(32)).astype(np.uint32)
    begin = np.flatnonzero(np.concatenate([[True], value[1:] != value[:-1]])) if pairs.shape[0] else np.zeros(0, int)
    size = np.diff(np.append(begin, pairs.shape[0]))
    kept = np.flatnonzero((size >= least) & (size <= most))
    start = np.concatenate([[0], np.cumsum(size[kept])]).astype(np.int64)
    rows = np.repeat(begin[kept] - start[:-1], size[kept]) + np.arange(int(start[-1]))
    groups = Groups(
        start,
        (pairs[rows] & np.uint64(0xFFFFFFFF)).astype(np.int32),
        np.full(kept.shape[0], made_by, np.uint8),
        value[begin[kept]].astype(np.uint64),
        np.zeros(kept.shape[0], np.uint8),
        (name,),
    )
    return groups, Left(name, int((size > most).sum()), int(size.max(initial=0)) if (size > most).any() else 0)


@kernel
def _sketch(start: np.ndarray, members: np.ndarray, out: np.ndarray) -> None:
    """Fill ``out``, shape (g, k), with the smallest of k hashes over each group's members."""
    for g in range(start.shape[0] - 1):
        for k in range(out.shape[1]):
            out[g, k] = np.uint64(0xFFFFFFFFFFFFFFFF)
        for at in range(start[g], start[g + 1]):
            base = mix64(np.uint64(members[at]) + np.uint64(1))
            for k in range(out.shape[1]):
                out[g, k] = min(out[g, k], mix64(base + np.uint64(k) * np.uint64(0x9E3779B97F4A7C15)))


@kernel
def _overlap(members: np.ndarray, a0: int, a1: int, b0: int, b1: int) -> int:
    """Count the members two groups have in common."""
    both = 0
    while a0 < a1 and b0 < b1:
        if members[a0] == members[b0]:
            both += 1
            a0 += 1
            b0 += 1
        elif members[a0] < members[b0]:
            a0 += 1
        else:
            b0 += 1
    return both


@kernel
def _unite(order: np.ndarray, band: np.ndarray, start: np.ndarray, members: np.ndarray, leader: np.ndarray) -> None:
    """Give groups that are next to each other in a band one leader where they are nearly alike."""
    for at in range(1, order.shape[0]):
        a, b = order[at - 1], order[at]
        if band[a] != band[b]:
            continue
        while leader[a] != a:
            a = leader[a]
        while leader[b] != b:
            b = leader[b]
        if a == b:
            continue
        size_a, size_b = start[a + 1] - start[a], start[b + 1] - start[b]
        if min(size_a, size_b) < ALIKE * max(size_a, size_b):
            continue
        both = _overlap(members, start[a], start[a + 1], start[b], start[b + 1])
        if both >= ALIKE * (size_a + size_b - both):
            # The larger leads; of equals the first.
            if size_b > size_a or (size_b == size_a and b < a):
                leader[a] = b
            else:
                leader[b] = a


def collapsed(groups: Groups) -> tuple[Groups, NDArray[np.int64]]:
    """Make one group of those with nearly the same members.

    Parameters
    ----------
    groups
        Groups of one kind: the pieces of one template are shared by nearly the same accounts.

    Returns
    -------
    Groups, ndarray
        The groups that lead, and for every group given the place of its leader among them, shape (g,).

    Notes
    -----
    O(members): MinHash bands bring likely twins next to each other, members are compared only there.

    References
    ----------
    Broder (1997), On the resemblance and containment of documents.
    """
    n = len(groups)
    leader = np.arange(n, dtype=np.int64)
    sketch = np.empty((n, _SKETCH), np.uint64)
    _sketch(groups.start, groups.members, sketch)
    for first in range(0, _SKETCH, _ROWS):
        band = sketch[:, first].copy()
        for k in range(first + 1, first + _ROWS):
            band = band * np.uint64(0x9E3779B97F4A7C15) ^ sketch[:, k]
        _unite(np.argsort(band, kind="stable"), band, groups.start, groups.members, leader)
    for at in range(n):
        while leader[at] != leader[leader[at]]:
            leader[at] = leader[leader[at]]
    kept, place = np.unique(leader, return_inverse=True)
    return groups.take(kept), place.astype(np.int64)
