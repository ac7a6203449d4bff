"""The Merkle tree of RFC 9162 (SHA-256), as far as a writer needs it: two hashes and the right edge of the tree.

A writer keeps only the roots of the perfect subtrees that the leaves so far fall into, largest first; that is enough
to add leaves and to give the root. Proofs need older nodes too: see ``stillwatch.sharing.transparency.merkle``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

HASH_BYTES: Final = 32
"""Length of a hash (bytes)."""
TILE_HEIGHT: Final = 8
"""Levels of the tree in one tile."""
KEPT_HEIGHT: Final = 4
"""A writer keeps the hashes of every fourth level, so that a proof hashes a few of them and not a whole tile."""
TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""Hashes in a full tile."""
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Root of a tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry as a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def level_above(row: bytes) -> bytes:
    """Hash the neighbours of a row of hashes, two by two; a last one without a neighbour is left out."""
    pair = 2 * HASH_BYTES
    return b"".join(
        [hashlib.sha256(b"\x01" + row[at : at + pair]).digest() for at in range(0, len(row) - pair + 1, pair)]
    )


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: enough to add leaves to it and to name its root."""

    size: int = 0
    """Leaves."""
    peaks: tuple[bytes, ...] = ()
    """Roots of the perfect subtrees, largest first; as many as ``size`` has binary ones."""

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves has {len(self.peaks)} peaks")

    @property
    def root(self) -> bytes:
        """Root of the tree (32 bytes)."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def grow(frontier: Frontier, leaves: Iterable[bytes]) -> tuple[Frontier, dict[int, list[bytes]]]:
    """Add leaves.

    Parameters
    ----------
    frontier
        The tree so far.
    leaves
        Hashes of the new leaves (32 bytes each), in order.

    Returns
    -------
    tuple of Frontier and dict
        The tree after, and what is new on its kept levels: 0, 4, 8, ... -> new hashes, in order.

    Notes
    -----
    Two hashes a leaf, on average.
    """
    peaks, size = list(frontier.peaks), frontier.size
    made: dict[int, list[bytes]] = {0: []}
    lowest = made[0]
    for leaf in leaves:
        lowest.append(leaf)
        node, height, carry = leaf, 0, size
        while carry & 1:
            node = node_hash(peaks.pop(), node)
            carry >>= 1
            height += 1
            if not height % KEPT_HEIGHT:
                made.setdefault(height, []).append(node)
        peaks.append(node)
        size += 1
    return Frontier(size, tuple(peaks)), made
