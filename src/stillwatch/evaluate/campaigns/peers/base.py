"""What a method that looks for groups is, and the parts several of them share: pairs of accounts and components.

Comparing every two accounts that share a trait is quadratic in the accounts of a trait. Each method here that does
so takes traits from the cheapest on while the pairs they make stay within a budget (:func:`affordable`); the
traits left out are the most common ones, which say least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillwatch.evaluate.campaigns.shares import Grouping
from stillwatch.sketches.hashing import kernel

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from stillwatch.evaluate.campaigns.shares import Shares

    Ints = NDArray[np.int64]

PAIRS: Final = 20_000_000
"""Pairs of accounts a method may look at: at most two gigabytes and ten seconds."""


class Peer(Protocol):
    """Somebody else's method to find groups of accounts."""

    @property
    def name(self) -> str:
        """Short name."""

    @property
    def title(self) -> str:
        """What it joins accounts by, in a few words."""

    @property
    def reference(self) -> str:
        """Where it is described."""

    def __call__(self, shares: Shares, identity: pa.Table | None = None) -> Grouping:
        """Group accounts by their shares, or by an identity table."""


class Links(NamedTuple):
    """Pairs of accounts, each once."""

    left: Ints
    """(pairs,) account."""
    right: Ints
    """(pairs,) account with a larger number."""
    together: Ints
    """(pairs,) in how many places both are."""


def affordable(costs: Ints, budget: int) -> NDArray[np.bool_]:
    """Say which places can be afforded, the cheapest first; those of equal cost are taken or left together.

    Examples
    --------
    >>> affordable(np.array([3, 1, 3, 1]), 6).tolist()
    [False, True, False, True]
    """
    values, places = np.unique(costs, return_counts=True)
    reach = int(np.searchsorted(np.cumsum(values.astype(np.float64) * places), budget, side="right"))
    return np.asarray(costs <= values[reach - 1]) if reach else np.zeros(costs.shape, np.bool_)


def distinct(member: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Drop repeated (member, place) rows and number places from 0; the result is sorted by place, then member."""
    _, dense = np.unique(place, return_inverse=True)
    width = int(member.max(initial=0)) + 1
    codes = np.unique(dense.astype(np.int64) * width + member)
    return codes % width, codes // width


@kernel
def _emit(start: Ints, member: Ints, width: int, codes: Ints) -> None:
    """Write a code for every two members of every place; ``codes`` has room for all."""
    at = 0
    for place in range(start.shape[0] - 1):
        for first in range(start[place], start[place + 1]):
            for second in range(first + 1, start[place + 1]):
                codes[at] = member[first] * width + member[second]
                at += 1


def tallied(codes: Ints, width: int) -> Links:
    """Turn codes ``left * width + right`` into pairs with how often each occurs; ``codes`` is sorted in place."""
    codes.sort()
    first = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1]))) if len(codes) else np.zeros(0, np.int64)
    left, right = np.divmod(codes[first], width)
    return Links(left, right, np.diff(np.append(first, len(codes))))


def links_by_place(member: Ints, place: Ints, budget: int = PAIRS) -> Links:
    """Count in how many places every two members are together.

    Parameters
    ----------
    member, place
        Distinct rows sorted by place, then member, as :func:`distinct` gives them; shape (rows,).
    budget
        Pairs to look at; places with the most members are left out until it holds.
    """
    sizes = np.bincount(place)
    wanted = affordable(sizes * (sizes - 1) // 2, budget)
    rows = wanted[place]
    sizes = sizes[wanted]
    codes = np.empty(int((sizes * (sizes - 1) // 2).sum()), np.int64)
    width = int(member.max(initial=0)) + 1
    _emit(np.append(0, np.cumsum(sizes)), np.ascontiguousarray(member[rows]), width, codes)
    return tallied(codes, width)


def components(left: Ints, right: Ints, n_accounts: int, least: int = 2) -> Grouping:
    """Join linked accounts into groups, those below ``least`` accounts left out; largest first, ties by account."""
    edges = coo_array((np.ones(len(left), np.bool_), (left, right)), shape=(n_accounts, n_accounts))
    _, found = connected_components(edges, directed=False)
    return numbered(found.astype(np.int64), least)


def numbered(found: Ints, least: int = 2) -> Grouping:
    """Give groups numbers from 0, largest first and ties by their first account; -1 below ``least`` accounts."""
    labels = np.full(found.shape, -1, np.int64)
    inside = found >= 0
    _, first, dense, sizes = np.unique(found[inside], return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    rank[sizes < least] = -1
    labels[inside] = rank[dense]
    return Grouping(labels)
