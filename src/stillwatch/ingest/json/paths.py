"""The places a reader wants in a record, as a trie in flat arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FIRST: Final = "[]"
"""Path step: the first element of an array."""

Path = tuple[str, ...]
"""Object keys from the record's root, and FIRST for arrays."""


class Trie(NamedTuple):
    """Wanted paths. Node 0 is the record; a node's children are edges child_from[node]..child_to[node]-1."""

    child_from: NDArray[np.int32]
    child_to: NDArray[np.int32]
    edge_node: NDArray[np.int32]
    """Node an edge leads to."""
    edge_at: NDArray[np.int32]
    """Where the edge's key begins in ``keys``."""
    edge_length: NDArray[np.int32]
    keys: NDArray[np.uint8]
    """UTF-8 bytes of all keys."""
    first: NDArray[np.int32]
    """Node of an array's first element, -1 where nothing is wanted of it."""
    capture: NDArray[np.int32]
    """Number of the wanted path that ends here, -1 for none."""


def build_trie(paths: Sequence[Path]) -> Trie:
    """Arrange paths so that a record is matched key by key.

    Parameters
    ----------
    paths
        Wanted places; capture i of the scan is path i.

    Returns
    -------
    Trie
        Flat arrays for the scan kernel.
    """
    children: list[dict[str, int]] = [{}]
    capture = [-1]
    for number, path in enumerate(paths):
        node = 0
        for step in path:
            if step not in children[node]:
                children[node][step] = len(children)
                children.append({})
                capture.append(-1)
            node = children[node][step]
        capture[node] = number
    first, child_from, child_to = [], [], []
    edge_node, edge_at, edge_length = [], [], []
    keys = bytearray()
    for edges in children:
        first.append(edges.get(FIRST, -1))
        child_from.append(len(edge_node))
        for key, target in edges.items():
            if key == FIRST:
                continue
            edge_node.append(target)
            edge_at.append(len(keys))
            written = key.encode()
            edge_length.append(len(written))
            keys += written
        child_to.append(len(edge_node))
    flat = [np.array(column, np.int32) for column in (child_from, child_to, edge_node, edge_at, edge_length)]
    return Trie(*flat, np.frombuffer(bytes(keys), np.uint8), np.array(first, np.int32), np.array(capture, np.int32))
