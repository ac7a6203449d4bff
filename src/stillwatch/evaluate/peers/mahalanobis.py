"""How far an account's texts lie from the middle of ordinary ones, in ordinary standard deviations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.peers.base import WINDOW, Windowed, enough, halves, take_threshold
from stillwatch.evaluate.peers.embed import embedder_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.evaluate.peers.base import Embedder

    Matrix = NDArray[np.float64]

RIDGE: Final = 1e-3
"""Share of the mean variance added to every direction, so that the covariance can be inverted."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Middle and spread of ordinary embeddings."""

    middle: NDArray[np.float64]
    """Mean; shape (d,)."""
    whiten: Matrix
    """Rows minus the middle times this have variance one in every direction; shape (d, d)."""

    def __call__(self, window: Matrix) -> float:
        """Give the mean squared Mahalanobis distance of a window's rows; about d for ordinary ones."""
        return float((((window - self.middle) @ self.whiten) ** 2).sum(axis=1).mean())


def cloud(rows: Matrix) -> Cloud:
    """Measure middle and spread; rows of shape (n, d), n >= 2."""
    spread = np.atleast_2d(np.cov(rows, rowvar=False))
    spread += np.eye(len(spread)) * max(RIDGE * np.trace(spread) / len(spread), np.finfo(float).tiny)
    return Cloud(rows.mean(axis=0), np.linalg.cholesky(np.linalg.inv(spread)))


@dataclass(frozen=True, slots=True)
class Mahalanobis:
    """Mean squared Mahalanobis distance of an account's window.

    Low where its texts crowd about the middle of ordinary ones, high where they lie far out in a direction in
    which ordinary texts hardly differ.

    References
    ----------
    Lee et al. (2018), A simple unified framework for detecting out-of-distribution samples, section 2: the
    distance. arXiv 2606.05725: as an average over a window of an account's texts.
    """

    name: str = "mahalanobis"
    """Short name."""
    title: str = "distance from the middle of ordinary texts"
    """What it measures."""
    window: int = WINDOW
    """Texts it looks at."""
    reference: str = "Lee et al. (2018), adapted in arXiv 2606.05725"
    """Where it is described."""

    def fit(self, benign: Sequence[str], rng: np.random.Generator, embedder: Embedder | None = None) -> Windowed:
        """Fit the embedder on a third of the ordinary texts, learn from a third, take the threshold from the last.

        Raises
        ------
        InputError
            Fewer texts than three windows, or scikit-learn is missing.

        Notes
        -----
        O(w d^2) an account. Blind spot: an account whose texts lie nearer the middle than ordinary ones do
        is never flagged, however narrow its use is.
        """
        embed, apart = embedder_apart(benign, rng, embedder)
        enough(apart, 2 * self.window, f"the comparison of {self.name}")
        learnt, kept = halves(apart, rng)
        distance = cloud(embed(learnt))
        return Windowed(
            self.name, self.window, embed, distance, take_threshold(embed(kept), self.window, distance, rng)
        )


MAHALANOBIS: Final = Mahalanobis()
