"""Pools of one operator: an entity that begins where another was closed, and asks by the same rare template.

A second pool has cards, networks and hours of its own and takes over what the first one asked. The template alone is
not enough, since operators copy from each other: the one must have been closed before the other began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillwatch.coordination.groups import spans
from stillwatch.coordination.members import Holders, Membership, joined
from stillwatch.coordination.roster import AT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SENDS: Final = 0.3
"""Share of an entity's members that send a template for it to be the entity's."""
OWN: Final = 0.5
"""Share of all accounts that send the template which must lie in the two entities."""
CLOSED: Final = 0.3
"""Share of an entity's members that the provider closed, from which another may take over."""


def pooled(found: Sequence[Membership], holders: Holders) -> tuple[Membership, ...]:
    """Make one of entities of which one takes over from the other.

    Parameters
    ----------
    found
        Entities, no account in two.
    holders
        Who holds what.

    Returns
    -------
    tuple of Membership
        Entities, in the order of the first of each.
    """
    if len(found) < 2:
        return tuple(found)
    field = holders.roster.fields[AT["template"]]
    senders: list[dict[int, int]] = []
    for one in found:
        codes, counts = np.unique(field.value[spans(field.start, one.rows)[1]], return_counts=True)
        typical = counts >= SENDS * one.rows.shape[0]
        senders.append(dict(zip(codes[typical].tolist(), counts[typical].tolist(), strict=True)))
    links = [
        (a, b)
        for a in range(len(found))
        for b in range(a + 1, len(found))
        if (_follows(holders, found[a], found[b]) or _follows(holders, found[b], found[a]))
        and any(
            senders[a][code] + senders[b][code] >= OWN * holders.of(AT["template"], code).shape[0]
            for code in senders[a].keys() & senders[b].keys()
        )
    ]
    label = _components(links, len(found))
    made: dict[int, Membership] = {}
    for at, one in enumerate(found):
        key = int(label[at])
        made[key] = joined(made[key], one) if key in made else one
    return tuple(made.values())


def _follows(holders: Holders, first: Membership, second: Membership) -> bool:
    """Say whether most of the second began after the first was closed."""
    closed = holders.roster.registered.closed_ms[first.rows]
    closed = closed[closed >= 0]
    if closed.shape[0] < CLOSED * first.rows.shape[0]:
        return False
    return bool(np.median(holders.roster.outline.first_ms[second.rows]) >= np.quantile(closed, 0.25))


def _components(links: list[tuple[int, int]], n: int) -> NDArray[np.int64]:
    left, right = np.array(links, np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(left.shape[0]), (left, right)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
