"""The places a reader wants in a record, as a trie in flat arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

FIRST: Final = "[]"
"""Path step: the first element of an array."""

BUCKETS: Final = 64
"""Buckets a node's keys are spread over."""

Path = tuple[str, ...]
"""Object keys from the record's root, and FIRST for arrays."""


class Trie(NamedTuple):
    """Wanted paths as a tree of nodes and edges. Node 0 is the record."""

    bucket: NDArray[np.int32]
    """(nodes, BUCKETS) first edge of a node whose key falls into a bucket, -1 for none; see ``key_bucket``."""
    edge_next: NDArray[np.int32]
    """Next edge of the same node and bucket, -1 for none."""
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
    below_from: NDArray[np.int32]
    below_to: NDArray[np.int32]
    below: NDArray[np.int32]
    """Numbers of the wanted paths that end inside node i: ``below[below_from[i]:below_to[i]]``."""


def key_bucket(length: int, first: int, last: int) -> int:
    """Spread a key by its length and its outer bytes; the scan kernel does the same."""
    return (7 * length + 3 * first + last) & (BUCKETS - 1)


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
    return Trie(**_edges(children), **_below(children, capture), capture=np.array(capture, np.int32))


def _edges(children: Sequence[Mapping[str, int]]) -> dict[str, Any]:
    first = []
    node: list[int] = []
    at: list[int] = []
    length: list[int] = []
    following: list[int] = []
    keys = bytearray()
    bucket = np.full((len(children), BUCKETS), -1, np.int32)
    for number, edges in enumerate(children):
        first.append(edges.get(FIRST, -1))
        for key, target in edges.items():
            if key == FIRST:
                continue
            written = key.encode()
            place = key_bucket(len(written), written[0], written[-1]) if written else 0
            following.append(int(bucket[number, place]))
            bucket[number, place] = len(node)
            node.append(target)
            at.append(len(keys))
            length.append(len(written))
            keys += written
    return {
        "bucket": bucket,
        "edge_next": np.array(following, np.int32),
        "edge_node": np.array(node, np.int32),
        "edge_at": np.array(at, np.int32),
        "edge_length": np.array(length, np.int32),
        "keys": np.frombuffer(bytes(keys), np.uint8),
        "first": np.array(first, np.int32),
    }


def _below(children: Sequence[Mapping[str, int]], capture: Sequence[int]) -> dict[str, Any]:
    inside: list[list[int]] = [[] for _ in children]
    # A child is always made after its parent: going backwards meets children first.
    for node in range(len(children) - 1, -1, -1):
        for child in children[node].values():
            inside[node] += [capture[child]] * (capture[child] >= 0) + inside[child]
    counts = np.cumsum([0, *map(len, inside)])
    return {
        "below_from": counts[:-1].astype(np.int32),
        "below_to": counts[1:].astype(np.int32),
        "below": np.array([number for numbers in inside for number in numbers], np.int32),
    }
