"""Groups joined by reasoning artefacts: one account bears a signed block, another sends it back. Exact, and rare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillwatch.coordination.groups import ARTEFACTS, Groups, no_groups
from stillwatch.coordination.shared import LEAST, MOST, grouped

if TYPE_CHECKING:
    from numpy.typing import NDArray


def carried(artefact: NDArray[np.int64], row: NDArray[np.int64], n: int) -> Groups:
    """Find groups of accounts joined by artefacts.

    Parameters
    ----------
    artefact, row
        Pairs: an artefact, and the row of an account that bore it or sent it back; shape (p,).
    n
        Accounts.

    Returns
    -------
    Groups
        Connected groups of at least LEAST accounts.
    """
    if not artefact.shape[0]:
        return no_groups("artefact")
    _, code = np.unique(artefact, return_inverse=True)
    size = n + int(code.max()) + 1
    graph = coo_array((np.ones(code.shape[0], np.int8), (row, n + code)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    touched = np.unique(row)
    pairs = np.sort(label[touched].astype(np.uint64) << np.uint64(32) | touched.astype(np.uint64))
    return grouped(pairs, "artefact", ARTEFACTS, LEAST, MOST)[0]
