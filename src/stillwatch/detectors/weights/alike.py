"""Accounts that look the same are weighed once: most of a million show none of a rare trait in a few requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def alike(*columns: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find accounts with the same values.

    Parameters
    ----------
    columns
        What is compared, each of shape (n,); unknown equals unknown.

    Returns
    -------
    tuple of ndarray
        One row of each kind, shape (k,), and which kind every account is, shape (n,):
        ``column[rows][kind]`` is ``column`` again.

    Examples
    --------
    >>> rows, kind = alike(np.array([0.0, 3.0, 0.0]), np.array([7.0, 7.0, 7.0]))
    >>> rows.tolist(), kind.tolist()
    ([0, 1], [0, 1, 0])

    Notes
    -----
    One sort a column, about 0.1 us an account each.
    """
    kind = np.zeros(columns[0].shape[0], np.int64)
    for column in columns:
        values, at = np.unique(column, return_inverse=True)
        _, kind = np.unique(kind * max(values.shape[0], 1) + at, return_inverse=True)
    _, rows = np.unique(kind, return_index=True)
    return rows, kind
