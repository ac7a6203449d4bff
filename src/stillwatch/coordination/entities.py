"""Validated groups to entities: groups with largely the same members are one campaign; what is too large is split.

Groups are the nodes and their overlap the edges, so that pairs of accounts are never written down: two groups that
share most of the smaller one belong together. Connected components of that graph are split by Leiden's method where
their groups hang together by little: one group that mixes two campaigns must not make them one.

References
----------
Traag, Waltman & van Eck (2019), From Louvain to Leiden: guaranteeing well-connected communities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import graspologic_native
import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.groups import Groups

OVERLAP: Final = 0.5
"""Share of the smaller group's members that two groups must have in common to be one."""
RESOLUTION: Final = 0.05
"""Overlap per pair of groups below which a component falls apart (constant Potts model)."""
_SEED: Final = 1


def incidence(groups: Groups, n: int) -> csr_array:
    """Give the groups x accounts matrix, one where an account is a member."""
    group = np.repeat(np.arange(len(groups)), groups.sizes)
    ones = np.ones(groups.members.shape[0], np.int32)
    return coo_array((ones, (group, groups.members)), shape=(len(groups), n)).tocsr()


def _overlaps(groups: Groups, n: int) -> csr_array:
    held = incidence(groups, n)
    both = (held @ held.T).tocoo()
    sizes = groups.sizes
    left, right = both.coords
    share = both.data / np.minimum(sizes[left], sizes[right])
    kept = (left != right) & (share >= OVERLAP)
    return coo_array((share[kept], (left[kept], right[kept])), shape=both.shape).tocsr()


def _split(links: csr_array, inside: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the communities of some groups, as numbers."""
    part = links[inside][:, inside].tocsr()
    _, found = graspologic_native.leiden_csr(
        part.indptr.astype(np.int64),
        part.indices.astype(np.int32),
        part.data.astype(np.float64),
        inside.shape[0],
        resolution=RESOLUTION,
        iterations=2,
        use_modularity=False,
        seed=_SEED,
    )
    alone = len(found)
    return np.array([found.get(at, alone + at) for at in range(inside.shape[0])], np.int64)


def entities(groups: Groups, n: int) -> NDArray[np.int64]:
    """Say which entity each validated group belongs to, as numbers.

    Parameters
    ----------
    groups
        Validated groups, bystanders taken out.
    n
        Accounts in all.

    Returns
    -------
    ndarray
        (g,) numbers from 0, in the order of each entity's first group.

    Notes
    -----
    The overlap matrix has one entry for every two validated groups that share an account.
    """
    if not len(groups):
        return np.zeros(0, np.int64)
    links = _overlaps(groups, n)
    count, label = connected_components(links, directed=False)
    label = label.astype(np.int64)
    for component in range(count):
        inside = np.flatnonzero(label == component)
        if inside.shape[0] > 2:
            parts = _split(links, inside)
            label[inside] = np.where(parts == parts[0], component, label.max() + 1 + parts)
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(first.shape[0], np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(first.shape[0])
    return rank[number]
