"""Several accounts as one: the merge that shards and restarts rest on, used to look at a group as one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stillwatch.sketches.layout import Arrays, allocate, take
from stillwatch.sketches.merge import merge_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_CHUNK = 4096


def unions(arrays: Arrays, groups: Sequence[NDArray[np.int64]]) -> Arrays:
    """Merge the state of each group's accounts into one row.

    Parameters
    ----------
    arrays
        Sketches of all accounts.
    groups
        Rows of each group.

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
    for at, rows in enumerate(groups):
        for begin in range(0, rows.shape[0], _CHUNK):
            part = rows[begin : begin + _CHUNK]
            merge_rows(made, np.full(part.shape[0], at, np.int64), take(arrays, part))
    return made
