"""How well each kind of work fits an account, and what that weighs, for all accounts at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.weights.likelihood import BITS, log_beta_binomial, log_normal, mix, wilson
from stillwatch.detectors.content.work_shapes import SHARES, WORK_SHAPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

LEVELS: Final = (8, 16, 32, 64)
"""Observations a feature may count for; real numbers are rounded down to one of these."""
UNIFORM: Final = 0.05
"""Share of every table that knows nothing: how wrong a table may be about one feature."""
_GRID: Final = 128
_CHUNK: Final = 65_536
_EXTRACTION: Final = np.array([shape.extraction for shape in WORK_SHAPES])
_HONEST: Final = np.array([shape.honest for shape in WORK_SHAPES])


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known of some accounts."""

    shares: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    """Feature of SHARES -> (share, number of observations); a NaN share is left out."""
    relative_error: Mapping[str, float]
    """Feature -> standard error of the share relative to itself, beyond sampling."""
    log10_prompts: NDArray[np.float64]
    """log10 of distinct prompts."""

    def part(self, rows: slice) -> Observed:
        """Give some of the accounts."""
        shares = {name: (share[rows], n[rows]) for name, (share, n) in self.shares.items()}
        return Observed(shares, self.relative_error, self.log10_prompts[rows])


@cache
def _table(feature: str) -> NDArray[np.float64]:
    """Tabulate the log probability of a share: shape (levels + 1, grid + 1, kinds), level 0 knows nothing."""
    share = np.linspace(0.0, 1.0, _GRID + 1)
    table = np.zeros((len(LEVELS) + 1, _GRID + 1, len(WORK_SHAPES)))
    for level, n in enumerate(LEVELS, 1):
        many = np.full_like(share, n)
        flat = np.full_like(share, -np.log(n + 1.0))
        for kind, shape in enumerate(WORK_SHAPES):
            spread = log_beta_binomial(share * n, many, shape.shares[feature])
            table[level, :, kind] = mix((1 - UNIFORM, spread), (UNIFORM, flat))
    return table


def _look_up(feature: str, share: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    level = np.searchsorted(np.array(LEVELS), n, side="right")
    known = ~np.isnan(share)
    at = np.rint(np.where(known, share, 0.0) * _GRID).astype(np.int64)
    return np.asarray(_table(feature)[np.where(known, level, 0), at])


def _prompts(log10_prompts: NDArray[np.float64]) -> NDArray[np.float64]:
    kinds = [log_normal(log10_prompts, *shape.log10_prompts) for shape in WORK_SHAPES]
    return np.stack(kinds, axis=1)


def _bits(fit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the log2 ratio of the extracting to the honest mixture; ``fit`` has shape (n, kinds)."""
    like = np.exp(fit - fit.max(axis=1, keepdims=True))
    tiny = np.finfo(np.float64).tiny
    return np.asarray(BITS * (np.log(like @ _EXTRACTION + tiny) - np.log(like @ _HONEST + tiny)))


def _weigh(seen: Observed) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    parts = {name: _look_up(name, *seen.shares[name]) for name in SHARES}
    fit = np.sum(list(parts.values()), axis=0) + _prompts(seen.log10_prompts)
    weight = _bits(fit)
    down, up = np.zeros_like(weight), np.zeros_like(weight)
    for name, part in parts.items():
        share, n = seen.shares[name]
        low, high = wilson(share, np.maximum(n, 1.0))
        wide = 1.6449 * seen.relative_error.get(name, 0.0)
        for end in (low * (1 - wide), np.minimum(high * (1 + wide), 1.0)):
            moved = _bits(fit - part + _look_up(name, end, n)) - weight
            down += np.minimum(moved, 0.0) ** 2
            up += np.maximum(moved, 0.0) ** 2
    return weight, weight - np.sqrt(down), weight + np.sqrt(up)


def weigh(seen: Observed) -> list[NDArray[np.float64]]:
    """Give weight, low and high in bits.

    Notes
    -----
    O(n) time, about 5 us an account; memory beyond the result is bounded.
    """
    n = seen.log10_prompts.shape[0]
    weights = [np.zeros(n) for _ in range(3)]
    for begin in range(0, n, _CHUNK):
        rows = slice(begin, min(begin + _CHUNK, n))
        for column, part in zip(weights, _weigh(seen.part(rows)), strict=True):
            column[rows] = part
    return weights


def best_honest(seen: Observed) -> list[str]:
    """Name the honest kind of work that explains each account best."""
    fit = np.sum([_look_up(name, *seen.shares[name]) for name in SHARES], axis=0) + _prompts(seen.log10_prompts)
    log_share = np.log(np.where(_HONEST > 0, _HONEST, 1.0)) + np.where(_HONEST > 0, 0.0, -np.inf)
    return [WORK_SHAPES[kind].name for kind in (fit + log_share).argmax(axis=1).tolist()]
