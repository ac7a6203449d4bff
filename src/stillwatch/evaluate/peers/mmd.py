"""Kernel two-sample test between an account's texts and ordinary ones, by its authors' recipe and repaired.

The test finds that an account differs from the reference. That is not what it is used for: every new honest use
differs, and texts copied from ordinary use do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.peers.base import (
    NOMINAL,
    WINDOW,
    Threshold,
    Windowed,
    enough,
    halves,
    take_threshold,
)
from stillwatch.evaluate.peers.embed import embedder_apart
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.evaluate.peers.base import Embedder

    Matrix = NDArray[np.float64]

DRAWS: Final = 20
"""Reference windows the test averages over."""
PAIRS: Final = 1_000
"""Pairs of reference windows that make the null distribution."""
MOST: Final = 8_000
"""Reference texts used; more are thinned at random."""
BLOCK: Final = 1_000
"""Rows of the kernel matrix held at a time."""


def mean_kernel(left: Matrix, right: Matrix, bandwidth: float) -> Matrix:
    """Average four Gaussian kernels, widths 0.5, 1, 2 and 4 times a bandwidth.

    Parameters
    ----------
    left, right
        Rows; shapes (a, d) and (b, d).
    bandwidth
        Distance, > 0.

    Returns
    -------
    ndarray
        Values in (0, 1]; shape (a, b).
    """
    square = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :] - 2 * left @ right.T
    widest = np.exp(-np.maximum(square, 0) / (32 * bandwidth**2))
    wide = widest**4
    narrow = wide**4
    return np.asarray((widest + wide + narrow + narrow**4) / 4)


def median_distance(rows: Matrix, rng: np.random.Generator) -> float:
    """Give the median distance between two rows, from at most 1,000 of them.

    Raises
    ------
    InputError
        Half of all pairs are the same text.
    """
    some = rows[rng.permutation(len(rows))[:1_000]]
    square = (some**2).sum(axis=1)[:, None] + (some**2).sum(axis=1)[None, :] - 2 * some @ some.T
    median = float(np.sqrt(max(np.median(square[np.triu_indices(len(some), 1)]), 0)))
    if median < 1e-6:
        raise InputError("most ordinary texts are the same: there is no distance to compare with")
    return median


@dataclass(frozen=True, slots=True)
class References:
    """The reference windows, with every sum over them taken beforehand."""

    rows: Matrix
    """Embeddings of the reference; shape (texts, d)."""
    member: Matrix
    """1 where a text belongs to a window, else 0; shape (texts, windows)."""
    within: NDArray[np.float64]
    """Mean kernel value between two texts of a window; shape (windows,)."""
    bandwidth: float
    """Median distance between reference texts."""

    def __call__(self, window: Matrix) -> float:
        """Give the unbiased squared discrepancy between a window and the reference, averaged over its windows."""
        own = _within(mean_kernel(window, window, self.bandwidth).sum(keepdims=True), len(window))
        size = self.member.sum(axis=0)
        across = mean_kernel(window, self.rows, self.bandwidth).sum(axis=0) @ self.member / (len(window) * size)
        return float(own[0, 0] + np.mean(self.within - 2 * across))


def _within(total: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Mean over pairs of different texts; a text with itself counts 1 in ``total``."""
    return np.asarray((total - size) / (size * (size - 1)))


def _members(texts: int, size: int, windows: int, rng: np.random.Generator) -> Matrix:
    """Draw windows; shape (texts, windows)."""
    member = np.zeros((texts, windows))
    for at in range(windows):
        member[rng.permutation(texts)[:size], at] = 1.0
    return member


def _sums(rows: Matrix, left: Matrix, right: Matrix, bandwidth: float) -> Matrix:
    """Sum the kernel over pairs of windows, a block of its matrix at a time.

    Returns
    -------
    ndarray
        Left with left, right with right, left with right; shape (3, windows).
    """
    total = np.zeros((3, left.shape[1]))
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        kernel = mean_kernel(rows[part], rows, bandwidth)
        to_left, to_right = kernel @ left, kernel @ right
        for at, (window, sums) in enumerate(((left, to_left), (right, to_right), (left, to_right))):
            total[at] += np.einsum("ij,ij->j", window[part], sums)
    return total


def references(rows: Matrix, window: int, rng: np.random.Generator) -> References:
    """Draw the reference windows and take their sums.

    Parameters
    ----------
    rows
        Embeddings of ordinary texts; shape (texts, d), texts >= window.
    window
        Texts in a window.
    rng
        Draws the windows.
    """
    bandwidth = median_distance(rows, rng)
    member = _members(len(rows), window, DRAWS, rng)
    within = _within(_sums(rows, member, member, bandwidth)[0], window)
    return References(rows, member, within, bandwidth)


def null_values(rows: Matrix, window: int, bandwidth: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Give the discrepancy of ``PAIRS`` pairs of reference windows without a text in common; shape (PAIRS,)."""
    left, right = np.zeros((2, len(rows), PAIRS))
    for at in range(PAIRS):
        dealt = rng.permutation(len(rows))
        left[dealt[:window], at] = 1.0
        right[dealt[window : 2 * window], at] = 1.0
    own, other, across = _sums(rows, left, right, bandwidth)
    return np.asarray(_within(own, window) + _within(other, window) - 2 * across / window**2)


@dataclass(frozen=True, slots=True)
class Mmd:
    """Maximum mean discrepancy between an account's window and ordinary windows.

    Low where the account's texts could be ordinary ones, high where they come from elsewhere. One pair of
    windows against the mean over twenty: the published recipe takes its threshold from a wider distribution
    than the one its test has, so that "5 %" flags about 0.3 % of ordinary windows. ``recalibrated`` takes it
    from ordinary windows tested the very same way.

    References
    ----------
    arXiv 2606.05725: the recipe. Gretton et al. (2012), A kernel two-sample test, equation 3: the unbiased form.
    """

    name: str
    """Short name."""
    title: str
    """What it measures."""
    recalibrated: bool
    """Whether the threshold comes from windows tested as accounts are."""
    window: int = WINDOW
    """Texts it looks at; its authors use 1,500."""
    reference: str = "arXiv 2606.05725"
    """Where it is described."""

    def fit(self, benign: Sequence[str], rng: np.random.Generator, embedder: Embedder | None = None) -> Windowed:
        """Learn from ordinary texts.

        Parameters
        ----------
        benign
            Ordinary texts, at least three windows: a third for the embedder, the rest to compare with. From 57
            windows on ``recalibrated`` keeps its nominal rate: 19 for the threshold, as many to learn from.
        rng
            Deals and draws.
        embedder
            Taken in place of the shared one fitted on ``benign``.

        Raises
        ------
        InputError
            Too few texts, or most are the same, or scikit-learn is missing.

        Notes
        -----
        Window w and n reference texts: O(n^2) kernel values to fit, O(w (w + n)) an account. Blind spot: real
        prompts replayed; any tenant new to the reference looks like an attack.
        """
        embed, apart = embedder_apart(benign, rng, embedder)
        enough(apart, 2 * self.window, f"the comparison of {self.name}")
        learnt, kept = halves(apart, rng) if self.recalibrated else (apart, [])
        thinned = [learnt[at] for at in np.sort(rng.permutation(len(learnt))[:MOST])]
        rows = embed(thinned)
        test = references(rows, self.window, rng)
        if self.recalibrated:
            limit = take_threshold(embed(kept), self.window, test, rng)
        else:
            values = null_values(rows, self.window, test.bandwidth, rng)
            limit = Threshold(float(np.quantile(values, 1 - NOMINAL)), PAIRS, disjoint=False)
        return Windowed(self.name, self.window, embed, test, limit)


MMD: Final = Mmd("mmd", "discrepancy from ordinary texts, threshold of the published recipe", recalibrated=False)
MMD_RECALIBRATED: Final = Mmd("mmd_recalibrated", "the same, threshold from ordinary windows", recalibrated=True)
