"""How common each value of a field is, by stratum: counted once for all accounts, read by every test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.roster import Coded


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts of one field's values. Value v has cells ``start[v]`` to ``start[v + 1]``."""

    stratum: NDArray[np.int32]
    """(n,) stratum of each account."""
    has: NDArray[np.bool_]
    """(n,) accounts that have the field."""
    known: NDArray[np.int64]
    """(strata,) accounts of each stratum that have it."""
    held_by: NDArray[np.int64]
    """(values,) accounts that hold each value."""
    start: NDArray[np.int64]
    """(values + 1,) where each value's cells begin."""
    cell_stratum: NDArray[np.int32]
    """(cells,) stratum of each cell, ascending within a value."""
    cell_count: NDArray[np.int32]
    """(cells,) accounts of that stratum that hold the value."""

    @property
    def tried(self) -> int:
        """Values that two accounts hold at least: how many could be the most surprising one."""
        return max(int((self.held_by >= 2).sum()), 1)

    @property
    def by_chance(self) -> float:
        """Chance that two accounts hold the same value."""
        share = self.held_by / max(int(self.has.sum()), 1)
        return min(float((share**2).sum()), 1.0 - 1e-9)


def rates(field: Coded, stratum: NDArray[np.int32]) -> Rates:
    """Count the values of a field.

    Parameters
    ----------
    field
        Values of all accounts.
    stratum
        (n,) stratum of each account; all zero asks for no strata.

    Returns
    -------
    Rates
        Counts by value and stratum.
    """
    strata = int(stratum.max(initial=0)) + 1
    values = field.token.shape[0]
    has = field.known()
    owner = np.repeat(stratum, np.diff(field.start))
    keys = field.value.astype(np.int64) * strata + owner
    keys.sort()
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if keys.shape[0] else np.zeros(0, np.int64)
    cells = keys[first]
    return Rates(
        stratum=stratum,
        has=has,
        known=np.bincount(stratum[has], minlength=strata).astype(np.int64),
        held_by=np.bincount(field.value, minlength=values).astype(np.int64),
        start=np.searchsorted(cells, np.arange(values + 1, dtype=np.int64) * strata).astype(np.int64),
        cell_stratum=(cells % strata).astype(np.int32),
        cell_count=np.diff(np.append(first, keys.shape[0])).astype(np.int32),
    )
