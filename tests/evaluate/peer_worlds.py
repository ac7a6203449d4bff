"""Small worlds of texts for the peers: topics are lists of made-up words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WORDS = 120


def texts(topics: Sequence[str], count: int, seed: int, *, length: int = 12) -> list[str]:
    """Each text draws its topic, then words of it, common ones often."""
    rng = np.random.default_rng(seed)
    odds = 1 / np.arange(1, WORDS + 1)
    made = []
    for topic in rng.choice(list(topics), count):
        drawn = rng.choice(WORDS, length, p=odds / odds.sum())
        made.append(" ".join(f"{topic}{word}" for word in drawn))
    return made


def templated(count: int, seed: int) -> list[str]:
    """One sentence, one word of it changed."""
    rng = np.random.default_rng(seed)
    stem = " ".join(f"garden{word}" for word in range(20))
    return [f"{stem} garden{word}" for word in rng.integers(WORDS, size=count)]


ORDINARY = ("garden", "kitchen", "street", "office")


def points(count: int, seed: int) -> NDArray[np.float64]:
    """Rows of length one."""
    rows = np.random.default_rng(seed).normal(size=(count, 6))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
