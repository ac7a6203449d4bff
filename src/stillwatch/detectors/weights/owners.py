"""The weight of what belongs to other owners: how much of it there is, and how many owners it is from.

Where owners are known their number speaks too: it is geometric, each further owner having one chance under each
cause. Where organisations are unknown it is the number of one customer's keys and says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.weights.likelihood import mix
from stillwatch.detectors.weights.trait import Beside, Trait

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNMAPPED: Final = "; organisations are unknown, so these may be accounts of one customer"
"""What a sentence ends in where owners are not known."""
_POOL, _ONE_OTHER, _STRAY = 0.8, 0.1, 0.5


def _one_more(chance: float, owners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the log probability of this many owners when each further one has the same chance."""
    return np.asarray(log(1 - chance) + (owners - 1.0) * log(chance))


@dataclass(frozen=True, slots=True)
class Owners:
    """Written-down rates of what comes from other owners."""

    known: Trait
    """Rates where the owner of every account is known."""
    unknown: Trait
    """Rates where organisations are unknown."""
    honest_pool: float
    """Share of the honest cases that are spread over as many owners as a pool of accounts, 0 to 1; the others
    have one other owner."""

    def seen(self, foreign: NDArray[np.float64], owners: NDArray[np.float64]) -> Beside:
        """Say how likely this many other owners are in a pool, in an honest case, and by accident."""
        some, count = foreign > 0, np.maximum(owners, 1.0)
        pool = _one_more(_POOL, count)
        honest = mix((1 - self.honest_pool, _one_more(_ONE_OTHER, count)), (self.honest_pool, pool))
        return Beside(*(np.where(some, part, 0.0) for part in (pool, honest, _one_more(_STRAY, count))))

    def interval(
        self,
        foreign: NDArray[np.float64],
        total: NDArray[np.float64],
        owners: NDArray[np.float64],
        known: NDArray[np.bool_],
    ) -> list[NDArray[np.float64]]:
        """Give weight, low and high of ``foreign`` of ``total`` from this many other ``owners``, each shape (n,)."""
        sure = self.known.interval(foreign, total, self.seen(foreign, owners))
        unsure = self.unknown.interval(foreign, total)
        return [np.where(known, one, other) for one, other in zip(sure, unsure, strict=True)]
