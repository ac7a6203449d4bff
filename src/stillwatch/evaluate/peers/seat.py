"""How many pairs of an account's texts are near duplicates, by a closeness ordinary pairs hardly reach."""

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

RARE: Final = 1e-3
"""Share of pairs of ordinary texts that count as near duplicates."""
LOOKED_AT: Final = 2_000
"""Ordinary texts whose pairs are looked at."""


@dataclass(frozen=True, slots=True)
class NearPairs:
    """Share of pairs at least this close."""

    cosine: float
    """Least cosine of a near duplicate."""

    def __call__(self, window: Matrix) -> float:
        """Give the share of a window's pairs that are near duplicates, 0 to 1."""
        return float(np.mean(_pairs(window) >= self.cosine))


def _pairs(rows: Matrix) -> NDArray[np.float64]:
    """Cosine of every pair of different rows, rounded so that the same text twice is exactly 1."""
    return np.asarray(np.round((rows @ rows.T)[np.triu_indices(len(rows), 1)], 9))


@dataclass(frozen=True, slots=True)
class Seat:
    """Share of near-duplicate pairs among an account's texts.

    Low for a person's many different questions, high for one text varied again and again. The published
    detector trains its encoder on an image classifier's adversarial examples and counts pairs; here the
    embedder is the shared one and the count a share of a window, so that the window does not set it.

    References
    ----------
    Zhang, Chen & Wagner (2021), SEAT: similarity encoder by adversarial training for detecting model extraction
    attack queries, AISec.
    """

    name: str = "seat"
    """Short name."""
    title: str = "share of near-duplicate pairs of texts"
    """What it measures."""
    window: int = WINDOW
    """Texts it looks at."""
    reference: str = "Zhang, Chen & Wagner (2021), AISec, adapted to texts"
    """Where it is described."""

    def fit(self, benign: Sequence[str], rng: np.random.Generator, embedder: Embedder | None = None) -> Windowed:
        """Fit the embedder on a third of the ordinary texts, learn what is close from a third, test the last.

        Raises
        ------
        InputError
            Fewer texts than three windows, or scikit-learn is missing.

        Notes
        -----
        O(w^2 d) an account. Blind spot: honest templates are near duplicates, and real prompts replayed are not.
        """
        embed, apart = embedder_apart(benign, rng, embedder)
        enough(apart, 2 * self.window, f"the comparison of {self.name}")
        learnt, kept = halves(apart, rng)
        near = NearPairs(float(np.quantile(_pairs(embed(learnt[:LOOKED_AT])), 1 - RARE)))
        return Windowed(self.name, self.window, embed, near, take_threshold(embed(kept), self.window, near, rng))


SEAT: Final = Seat()
