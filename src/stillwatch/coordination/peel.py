"""Diluted groups: take out the members that also share something else, and judge them on what is left.

A template may be common property of a campaign and of bystanders. Where part of a group holds a surprising value, that
part becomes a group of its own, made by both layers, so that neither counts as evidence for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import Groups, spans
from stillwatch.coordination.roster import FIELDS
from stillwatch.coordination.shared import LEAST
from stillwatch.coordination.tested import LOG_P

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.layers.values import Held
    from stillwatch.coordination.roster import Roster

MOST_OF: Final = 0.8
"""A group of which this share holds the value is not diluted."""


def _part(groups: Groups, roster: Roster, at: int, held: Held, which: NDArray[np.int64]) -> Groups:
    """Keep of some groups the members that hold each group's most surprising value of one field."""
    some = groups.take(which)
    field = roster.fields[at]
    start, rows = spans(field.start, some.members.astype(np.int64))
    member = np.repeat(np.arange(some.members.shape[0]), np.diff(start))
    group = np.repeat(np.arange(len(some)), some.sizes)
    holds = np.zeros(some.members.shape[0], np.bool_)
    holds[member[field.value[rows] == held.value[which][group[member]]]] = True
    sizes = np.bincount(group[holds], minlength=len(some))
    return Groups(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        some.members[holds],
        some.made_by | np.uint8(FIELDS[at].layer),
        some.token,
        some.kind,
        some.names,
    )


def peeled(groups: Groups, roster: Roster, held: tuple[Held, ...]) -> tuple[list[Groups], list[NDArray[np.int64]]]:
    """Take surprising parts out of diluted groups.

    Parameters
    ----------
    groups
        Candidate groups.
    roster
        All accounts.
    held
        Most surprising value of each of FIELDS in each group.

    Returns
    -------
    tuple of list
        The parts, one set of groups a field, and the group each was taken from.
    """
    parts, origins = [], []
    for at, (field, one) in enumerate(zip(FIELDS, held, strict=True)):
        foreign = (groups.made_by & field.layer) == 0
        some = (one.count >= LEAST) & (one.count < MOST_OF * groups.sizes)
        which = np.flatnonzero(foreign & some & (one.log_p <= LOG_P))
        if which.shape[0]:
            parts.append(_part(groups, roster, at, one, which))
            origins.append(which)
    return parts, origins
