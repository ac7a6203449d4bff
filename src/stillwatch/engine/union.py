"""Several accounts as one: the merge that shards and restarts rest on, used to look at a group as one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.sketches.layout import Arrays, allocate
from stillwatch.sketches.merge import merge_rows

if TYPE_CHECKING:
    from collections.abc import Sequence


def unions(groups: Sequence[Arrays]) -> Arrays:
    """Merge the state of each group's accounts into one row.

    Parameters
    ----------
    groups
        State of each group's accounts.

    Returns
    -------
    Arrays
        One row a group, keyed 1, 2, ...

    Notes
    -----
    O(members). What a group's row holds is what one account that had sent all its requests would hold.
    """
    made = allocate(len(groups))
    made.key[:] = np.arange(1, len(groups) + 1)
    for at, members in enumerate(groups):
        merge_rows(made, np.full(members.key.shape[0], at, np.int64), members)
    return made
