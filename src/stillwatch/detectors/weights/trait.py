"""The weight of a rare trait: k of n events show what honest accounts hardly ever show.

Both sides are mixtures. Of the accounts that extract a share ``extraction`` shows the trait at the
rate ``shown``; of the honest ones a share ``honest`` shows it too, at the rate ``shown_honest``, and
a share ``clustered`` at any rate at all (one cause, many requests: a retry loop, a red team, a
migration); all others show it by accident at the rate ``stray``. The honest shares bound the
weight: however much is seen, it counts for no more than how rare its honest causes are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stillwatch.detectors.weights.likelihood import BITS, Beta, log_beta_binomial, mix, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Beside(NamedTuple):
    """Log probabilities of something else seen with the trait, under each cause; 0 where nothing was."""

    shown: NDArray[np.float64] | float = 0.0
    """When extraction shows it."""
    honest: NDArray[np.float64] | float = 0.0
    """When an honest account shows it for a reason."""
    stray: NDArray[np.float64] | float = 0.0
    """When it is an accident."""


_NOTHING = Beside()


@dataclass(frozen=True, slots=True)
class Trait:
    """Written-down rates of one rare trait."""

    extraction: float
    """Share of extracting accounts that show it, 0 to 1."""
    shown: Beta
    """Rate a request among those."""
    honest: float
    """Share of honest accounts that show it for a reason of their own, 0 to 1."""
    shown_honest: Beta
    """Rate a request among those."""
    clustered: float
    """Share of honest accounts that show it at any rate, 0 to 1, all rates being alike."""
    stray: Beta
    """Rate a request among everybody else."""

    def bits(self, k: NDArray[np.float64], n: NDArray[np.float64], beside: Beside = _NOTHING) -> NDArray[np.float64]:
        """Give the log2 likelihood ratio of k in n, n > 0, and of what was seen beside it."""
        stray = log_beta_binomial(k, n, self.stray) + beside.stray
        shown = log_beta_binomial(k, n, self.shown) + beside.shown
        honest = log_beta_binomial(k, n, self.shown_honest) + beside.honest
        flat = -np.log(n + 1.0) + beside.honest
        against = mix((self.extraction, shown), (1 - self.extraction, stray))
        rest = 1 - self.honest - self.clustered
        return (against - mix((self.honest, honest), (self.clustered, flat), (rest, stray))) * BITS

    def interval(
        self, k: NDArray[np.float64], n: NDArray[np.float64], beside: Beside = _NOTHING
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Give weight, low and high: the weight at k and over the 90 % interval of the rate."""
        weight = self.bits(k, n, beside)
        ends = [self.bits(share * n, n, beside) for share in wilson(k / n, n)]
        return weight, np.minimum.reduce([weight, *ends]), np.maximum.reduce([weight, *ends])
