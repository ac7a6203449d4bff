"""Arithmetic that never turns "unknown" into zero: shares, entropies, saturation, distinct counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from numpy.typing import NDArray

    Columns: TypeAlias = dict[str, NDArray[np.float64]]
    """Feature name -> value, one an account."""

    from stillwatch.sketches.layout import Arrays

from stillwatch.sketches.layout import COUNTS, SUMS

FULL16: Final = 0xFFFF
"""A 16-bit cell that stopped counting."""
_POWERS: Final = 0.5 ** np.arange(65)
_COUNT_AT: Final[Mapping[str, int]] = {name: i for i, name in enumerate(COUNTS)}
_SUM_AT: Final[Mapping[str, int]] = {name: i for i, name in enumerate(SUMS)}


def count(rows: Arrays, name: str) -> NDArray[np.float64]:
    """Give one counter of COUNTS."""
    return rows.counts[:, _COUNT_AT[name]].astype(np.float64)


def total(rows: Arrays, name: str) -> NDArray[np.float64]:
    """Give one total of SUMS."""
    return rows.sums[:, _SUM_AT[name]].astype(np.float64)


def ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; NaN where the whole is zero or unknown."""
    known = whole > 0
    return np.where(known, part / np.where(known, whole, 1.0), np.nan)


def only_where(values: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Keep values where they are known, NaN elsewhere."""
    return np.where(known, values, np.nan)


def unsaturated(cells: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Read 16-bit counters of shape (n, k); a row with a full cell becomes NaN throughout."""
    full = (cells == FULL16).any(axis=1)
    read = cells.astype(np.float64)
    read[full] = np.nan
    return read


def entropy_nats(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the Shannon entropy of counts of shape (n, k), corrected for few observations.

    Parameters
    ----------
    cells
        Counts; a row may be NaN throughout.

    Returns
    -------
    ndarray
        Nats, shape (n,), at most ln k; NaN where nothing was counted.

    Notes
    -----
    The plug-in estimate is too low by about (occupied - 1) / 2N nats; Miller's term adds that back.

    References
    ----------
    Miller (1955), Note on the bias of information estimates.
    """
    seen = cells.sum(axis=1)
    share = ratio_rows(cells, seen)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    plug_in = -(share * logs).sum(axis=1)
    occupied = (cells > 0).sum(axis=1)
    corrected = plug_in + np.maximum(occupied - 1, 0) / np.maximum(2.0 * seen, 1.0)
    return only_where(np.minimum(corrected, np.log(cells.shape[1])), seen > 0)


def ratio_rows(cells: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide every row of (n, k) by its own whole; zero where the whole is zero."""
    shares: NDArray[np.float64] = cells / np.where(whole > 0, whole, 1.0)[:, None]
    return shares


def distinct(registers: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Estimate how many distinct values HyperLogLog registers have counted.

    Parameters
    ----------
    registers
        Shape (n, m), m a power of two from 16 on.

    Returns
    -------
    ndarray
        Estimates, shape (n,), 0 where nothing was counted; standard error 1.04 / sqrt(m) of the
        value, smaller below 2.5 m where empty registers are counted instead.

    References
    ----------
    Flajolet, Fusy, Gandouet & Meunier (2007), HyperLogLog, figure 3; 64-bit hashes need no
    large-range correction.
    """
    m = registers.shape[1]
    alpha = {16: 0.673, 32: 0.697, 64: 0.709}.get(m, 0.7213 / (1 + 1.079 / m))
    raw = alpha * m * m / _POWERS[registers].sum(axis=1)
    empty = (registers == 0).sum(axis=1)
    linear = m * np.log(m / np.maximum(empty, 1))
    small: NDArray[np.bool_] = (raw <= 2.5 * m) & (empty > 0)
    return np.asarray(np.where(small, linear, raw), np.float64)
