"""Whether the distances between an account's texts are spread as a normal distribution is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.peers.base import WINDOW, Windowed, enough, need, take_threshold
from stillwatch.evaluate.peers.embed import embedder_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.evaluate.peers.base import Embedder

    Matrix = NDArray[np.float64]

OUTLIER: Final = 3.0
"""Distances further from their mean are left out (standard deviations)."""
FEWEST_DISTANCES: Final = 20
"""Distances below which nothing is said; the published code waits for 100."""


def least_distances(window: Matrix) -> NDArray[np.float64]:
    """Give each text's distance to the nearest text before it; shape (w - 1,)."""
    square = (window**2).sum(axis=1)[:, None] + (window**2).sum(axis=1)[None, :] - 2 * window @ window.T
    square[np.triu_indices(len(window))] = np.inf
    nearest = np.maximum(square[1:].min(axis=1), 0)
    return np.asarray(np.sqrt(np.where(nearest < 1e-12, 0.0, nearest)))


def abnormality(window: Matrix) -> float:
    """Give 1 - W of Shapiro and Wilk over the least distances: 0 for a normal distribution, towards 1 for others.

    Distances that do not differ, or too few of them, give 0: the published code raises nobody on those either.
    """
    distance = least_distances(window)
    away = np.abs(distance - distance.mean())
    usual = distance[away < OUTLIER * distance.std()]
    if len(usual) < FEWEST_DISTANCES or np.ptp(usual) < 1e-9:
        return 0.0
    return float(1 - need("scipy.stats").shapiro(usual).statistic)


@dataclass(frozen=True, slots=True)
class Prada:
    """Departure from normality of the distance of each text to the nearest before it.

    Low for distances spread like a bell, high for lumps: texts made from earlier texts next to new ones. The
    published detector keeps one growing set for each predicted class and a fixed limit on W (0.90 to 0.96); a
    language model predicts no class, and the limit is taken from ordinary windows.

    References
    ----------
    Juuti et al. (2019), PRADA: protecting against DNN model stealing attacks, EuroS&P, algorithm 3. arXiv
    2606.05725: as adapted to windows of embeddings.
    """

    name: str = "prada"
    """Short name."""
    title: str = "departure of least distances from normality"
    """What it measures."""
    window: int = WINDOW
    """Texts it looks at, at most 5,000."""
    reference: str = "Juuti et al. (2019), EuroS&P, adapted to texts"
    """Where it is described."""

    def fit(self, benign: Sequence[str], rng: np.random.Generator, embedder: Embedder | None = None) -> Windowed:
        """Fit the embedder on a third of the ordinary texts, take the threshold from the others.

        Raises
        ------
        InputError
            Fewer texts than one and a half windows, or scikit-learn or scipy is missing.

        Notes
        -----
        O(w^2 d) an account. Blind spot: an account that sends one text all the time has no spread at all and is
        never flagged; ordinary texts are far from normal themselves.
        """
        embed, apart = embedder_apart(benign, rng, embedder)
        enough(apart, self.window, f"the comparison of {self.name}")
        return Windowed(
            self.name, self.window, embed, abnormality, take_threshold(embed(apart), self.window, abnormality, rng)
        )


PRADA: Final = Prada()
