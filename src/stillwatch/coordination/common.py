"""Groups joined by what many honest accounts share: a freemail domain, a network of a cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.coordination.roster import AT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stillwatch.coordination.groups import Groups
    from stillwatch.coordination.roster import Roster


def joined_by_common(groups: Groups, roster: Roster, common: Mapping[str, NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Say which groups have one of some values among what brought them together.

    Parameters
    ----------
    groups
        Candidates as they were made, their tokens unchanged.
    roster
        The accounts that their members are rows of.
    common
        Field -> pseudonyms.

    Returns
    -------
    ndarray
        (g,) one a group.

    Notes
    -----
    The token of a group by one field is the pseudonym. By several fields it is a hash of all of them; every member has
    the same value of each, so the first is looked at.
    """
    found = np.zeros(len(groups), np.bool_)
    first = groups.members[groups.start[:-1]]
    for kind, name in enumerate(groups.names):
        mine = np.flatnonzero(groups.kind == kind)
        for part in name.split("+"):
            if part in common and mine.size:
                values = groups.token[mine] if part == name else _value(roster, part, first[mine])
                found[mine] |= np.isin(values, common[part].view(np.uint64))
    return found


def _value(roster: Roster, field: str, rows: NDArray[np.int32]) -> NDArray[np.uint64]:
    coded = roster.fields[AT[field]]
    return coded.token[coded.value[coded.start[rows]]]
