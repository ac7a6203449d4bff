"""Learn what the shapes of extraction, people and machines look like from labelled sources.

Turns accounts of known sources into a ``ShapeModel``. Only the middle of each source enters, so that a
source with many rows counts no more than one with few, and the spread of a kind is the spread of its sources,
drawn towards the spread of all where a kind has few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.content.shape_model import KINDS, MEASURES, ShapeModel, shapes_of, weigh
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from stillwatch.evaluate.accounts import AccountSet

CLASS_OF: Final = {"extraction": "A", "people": "B", "machines": "C"}
PEOPLE: Final = 0.5
"""Share of people among honest accounts: a judgement, not a measurement."""
_PULL: Final = 2.0
"""Sources' worth of belief that a kind is as wide as everything together."""
_NARROWER: Final = 0.7
"""How much narrower than all sources together a kind is taken to be before it is seen."""
_LEAST: Final = 0.05


def source_middles(accounts: AccountSet) -> NDArray[np.float64]:
    """Give the mean of each measure over the accounts of each source, shape (sources, 5); NaN where unknown."""
    value = shapes_of(accounts.profile).value
    middles = np.full((len(accounts.sources), len(MEASURES)), np.nan)
    for number in range(len(accounts.sources)):
        mine = value[accounts.source == number]
        known = ~np.isnan(mine)
        some = known.sum(axis=0) > 0
        sums = np.where(known, mine, 0.0).sum(axis=0)
        middles[number, some] = sums[some] / known.sum(axis=0)[some]
    return middles


def fit(
    middles: NDArray[np.float64],
    classes: NDArray[np.str_],
    *,
    left_out: Collection[int] = (),
    model_sd_bits: float = 0.0,
    origin: Mapping[str, object] | None = None,
) -> ShapeModel:
    """Fit a model to the middles of sources.

    Parameters
    ----------
    middles
        Of :func:`source_middles`.
    classes
        Class of each source.
    left_out
        Numbers of sources that must not be seen.
    model_sd_bits
        Spread over models that each leave one source out; 0 while that is being measured.
    origin
        Where the sources come from, for the artefact.

    Raises
    ------
    InputError
        A kind has no source that shows some measure, or fewer than two sources show it at all.
    """
    seen = np.ones(len(classes), bool)
    seen[list(left_out)] = False
    shown = (~np.isnan(middles[seen])).sum(axis=0)
    if (shown < 2).any():
        raise InputError(f"fewer than two sources show {MEASURES[int(shown.argmin())]}; give more sources")
    overall = np.nanstd(middles[seen], axis=0, ddof=1)
    mean, scale = np.empty((len(KINDS), len(MEASURES))), np.empty((len(KINDS), len(MEASURES)))
    for row, kind in enumerate(KINDS):
        mine = middles[seen & (classes == CLASS_OF[kind])]
        n = (~np.isnan(mine)).sum(axis=0)
        if (n == 0).any():
            without = " once a source and its kin are left out" if left_out else ""
            raise InputError(f"no source of {kind} shows {MEASURES[int(n.argmin())]}{without}; give more sources")
        mean[row] = np.nanmean(mine, axis=0)
        squares = np.nansum((mine - mean[row]) ** 2, axis=0)
        pulled = squares + _PULL * (_NARROWER * overall) ** 2
        scale[row] = np.maximum(np.sqrt(pulled / (n - 1 + _PULL)), _LEAST)
    return ShapeModel(mean, scale, PEOPLE, model_sd_bits, dict(origin or {}))


def kin(accounts: AccountSet, number: int) -> tuple[int, ...]:
    """Give the sources that are left out with one: of class A all of its subtype, else itself alone."""
    source = accounts.sources[number]
    if source.cls != "A":
        return (number,)
    return tuple(n for n, other in enumerate(accounts.sources) if other.subtype == source.subtype)


def spread_over_models(accounts: AccountSet, middles: NDArray[np.float64], permitted: float) -> float:
    """Measure how far a weight moves when one source is left out: mean standard deviation, bits."""
    classes = np.array([source.cls for source in accounts.sources])
    seen = shapes_of(accounts.profile)
    weights = np.stack(
        [
            weigh(fit(middles, classes, left_out=kin(accounts, n)), seen, permitted)[0]
            for n in range(len(accounts.sources))
        ]
    )
    return float(np.mean(np.std(weights, axis=0)))
