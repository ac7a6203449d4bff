"""How much better an honest purpose explains an account than everything that looks like it.

Each purpose is a mixture of kinds of use, and so is everything else; both are written down by the
detector. The look-alikes are the same whether or not the account extracts, so they take evidence
away and never add any: that is left to the detectors that accuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log2
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.weights.likelihood import Z90, Beta, log_beta_binomial, log_normal, wilson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

LEVELS: Final = (2, 4, 8, 16, 32, 64)
"""Observations a share may count for; real numbers are rounded down to one of these."""
UNIFORM: Final = 0.01
"""Part of every table that knows nothing: how wrong a table may be about one feature."""
WIDE: Final = 20.0
"""Range over which that part spreads a size (units of the size)."""
_GRID: Final = 128
_CHUNK: Final = 8_192


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of use."""

    name: str
    """What it is called in an evidence sentence."""
    share: float
    """How common it is among the kinds of its side, 0 to 1."""
    rates: tuple[Beta, ...]
    """How each share of the model is spread over such accounts."""
    sizes: tuple[tuple[float, float], ...]
    """Mean and standard deviation of each size of the model."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose beside what looks like it."""

    extraction: float
    """Share of extracting accounts that look like the purpose, 0 to 1."""
    honest: float
    """Share of honest accounts with the purpose, 0 to 1; with ``extraction`` it bounds the weight."""
    shares: tuple[str, ...]
    """Names of the shares looked at."""
    sizes: tuple[str, ...]
    """Names of the sizes looked at."""
    meant: tuple[Kind, ...]
    """Kinds of the purpose; their shares add up to 1."""
    others: tuple[Kind, ...]
    """Everything else, look-alikes first; their shares add up to 1."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """All kinds, those meant first."""
        return (*self.meant, *self.others)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of some accounts. NaN is left out."""

    shares: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    """Share -> (value 0 to 1, number of observations)."""
    sizes: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64] | float]]
    """Size -> (value, its standard error)."""

    def part(self, rows: slice) -> Seen:
        """Give some of the accounts."""
        shares = {name: (share[rows], n[rows]) for name, (share, n) in self.shares.items()}
        sizes = {
            name: (value[rows], error if isinstance(error, float) else error[rows])
            for name, (value, error) in self.sizes.items()
        }
        return Seen(shares, sizes)


def kind(
    name: str, share: float, rates: tuple[tuple[float, float], ...], sizes: tuple[tuple[float, float], ...]
) -> Kind:
    """Write a kind with its Betas as pairs."""
    return Kind(name, share, tuple(Beta(*pair) for pair in rates), sizes)


def where_shown(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take none as unknown: a log that leaves a field out shows zero of it."""
    return np.where(values > 0, values, np.nan)


def undo_log2(value: float) -> float:
    """Write a mean of logarithms as the number it stands for, as far as a number can be shown."""
    return float(2.0 ** min(max(value, -60.0), 60.0))


@cache
def _share_table(rates: tuple[Beta, ...]) -> NDArray[np.float64]:
    """Tabulate the probability of a share: shape ((levels + 1) * (grid + 1), kinds), level 0 knows nothing."""
    share = np.linspace(0.0, 1.0, _GRID + 1)
    table = np.ones((len(LEVELS) + 1, _GRID + 1, len(rates)))
    for level, n in enumerate(LEVELS, 1):
        many = np.full_like(share, n)
        for column, rate in enumerate(rates):
            spread = np.exp(log_beta_binomial(share * n, many, rate))
            table[level, :, column] = (1 - UNIFORM) * spread + UNIFORM / (n + 1)
    return table.reshape(-1, len(rates))


@cache
def _size_table(sizes: tuple[tuple[float, float], ...]) -> tuple[float, float, NDArray[np.float64]]:
    """Tabulate the density of a size: start, steps a unit, shape (grid + 2, kinds), the last row knows nothing.

    The grid ends at the outermost means of the kinds; beyond them nothing changes any more.
    """
    means = [mean for mean, _ in sizes]
    low, high = min(means), max(means)
    at = np.linspace(low, high, _GRID + 1)
    columns = [(1 - UNIFORM) * np.exp(log_normal(at, *pair)) + UNIFORM / WIDE for pair in sizes]
    table = np.concatenate([np.stack(columns, axis=1), np.ones((1, len(sizes)))])
    return low, _GRID / max(high - low, 1e-9), table


def _share_fit(purpose: Purpose, name: str, share: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    at = purpose.shares.index(name)
    known = ~(np.isnan(share) | np.isnan(n))
    level = np.where(known, np.searchsorted(np.array(LEVELS), n, side="right"), 0)
    place = np.rint(np.clip(np.where(known, share, 0.0), 0.0, 1.0) * _GRID).astype(np.int64)
    table = _share_table(tuple(one.rates[at] for one in purpose.kinds))
    return np.asarray(table.take(level * (_GRID + 1) + place, axis=0))


def _size_fit(purpose: Purpose, name: str, value: NDArray[np.float64]) -> NDArray[np.float64]:
    at = purpose.sizes.index(name)
    low, steps, table = _size_table(tuple(one.sizes[at] for one in purpose.kinds))
    known = ~np.isnan(value)
    place = np.rint(np.clip((np.where(known, value, low) - low) * steps, 0, _GRID)).astype(np.int64)
    return np.asarray(table.take(np.where(known, place, _GRID + 1), axis=0))


def _ratio(purpose: Purpose, fit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the bits of likelihoods of shape (n, kinds)."""
    split = len(purpose.meant)
    meant = fit[:, :split] @ np.array([one.share for one in purpose.meant])
    others = fit[:, split:] @ np.array([one.share for one in purpose.others])
    for_it = purpose.extraction * meant + (1 - purpose.extraction) * others
    against = purpose.honest * meant + (1 - purpose.honest) * others
    return np.asarray(np.log2(for_it / against))


def _parts(purpose: Purpose, seen: Seen) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    shares = {name: _share_fit(purpose, name, *seen.shares[name]) for name in purpose.shares}
    sizes = {name: _size_fit(purpose, name, seen.sizes[name][0]) for name in purpose.sizes}
    return shares, sizes


def _ends(
    purpose: Purpose,
    seen: Seen,
    shares: dict[str, NDArray[np.float64]],
    sizes: dict[str, NDArray[np.float64]],
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Give each part with what it would be at an end of its interval."""
    for name, part in shares.items():
        share, n = seen.shares[name]
        sure = np.where(np.isnan(share) | np.isnan(n), 1.0, n)
        for end in wilson(share, np.maximum(sure, 1.0)):
            yield part, _share_fit(purpose, name, end, n)
    for name, part in sizes.items():
        value, error = seen.sizes[name]
        for z in (-Z90, Z90):
            yield part, _size_fit(purpose, name, value + z * np.nan_to_num(error))


def _weigh(purpose: Purpose, seen: Seen) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    shares, sizes = _parts(purpose, seen)
    # A part is 1e-4 at least, so that the product of a dozen stays a number.
    fit = np.multiply.reduce([*shares.values(), *sizes.values()])
    weight = _ratio(purpose, fit)
    down, up = np.zeros_like(weight), np.zeros_like(weight)
    for part, end in _ends(purpose, seen, shares, sizes):
        moved = _ratio(purpose, fit / part * end) - weight
        down += np.minimum(moved, 0.0) ** 2
        up += np.maximum(moved, 0.0) ** 2
    floor = log2(purpose.extraction / purpose.honest)
    return (
        np.minimum(weight, 0.0),
        np.clip(weight - np.sqrt(down), floor, 0.0),
        np.minimum(weight + np.sqrt(up), 0.0),
    )


def weigh(purpose: Purpose, seen: Seen) -> list[NDArray[np.float64]]:
    """Give weight, low and high in bits, none above 0.

    Parameters
    ----------
    purpose
        The purpose and its look-alikes.
    seen
        What is known of the accounts, each array of shape (n,).

    Returns
    -------
    list of ndarray
        Weight, low, high; never below log2 of ``extraction`` over ``honest``.

    Notes
    -----
    O(n) time, about 1 us an account; memory beyond the result is bounded. Blind spot: features
    are taken to be independent within a kind; the bound holds whether they are or not.
    """
    n = next(iter((*seen.shares.values(), *seen.sizes.values())))[0].shape[0]
    weights = [np.zeros(n) for _ in range(3)]
    for begin in range(0, n, _CHUNK):
        rows = slice(begin, min(begin + _CHUNK, n))
        for column, part in zip(weights, _weigh(purpose, seen.part(rows)), strict=True):
            column[rows] = part
    return weights


def nearest(purpose: Purpose, seen: Seen) -> list[str]:
    """Name the kind an honest account with such use most likely is."""
    shares, sizes = _parts(purpose, seen)
    meant = [purpose.honest * one.share for one in purpose.meant]
    others = [(1 - purpose.honest) * one.share for one in purpose.others]
    fit = np.multiply.reduce([*shares.values(), *sizes.values()]) * np.array([*meant, *others])
    return [purpose.kinds[at].name for at in fit.argmax(axis=1).tolist()]


def none_where(weights: list[NDArray[np.float64]], refused: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Take the weight away from accounts that a plain fact keeps from being excused."""
    return [np.where(refused, 0.0, part) for part in weights]
