"""The shape of an account's requests under three kinds of work: extraction, people, machines.

Turns five measures of an account into a weight in bits. What each kind looks like is learnt from sources
of real prompts by ``stillwatch learn``: a kind is the spread of its *sources*, not of its requests, since a
new source differs from the known ones as they differ from each other. Measures are taken to be independent
within a kind; heavy tails and the share of permitted bulk work among honest accounts keep one measure
from deciding alone.

References
----------
Good (1950), Probability and the weighing of evidence. Gelman & Hill (2007), Data analysis using regression and
multilevel models, chapter 12: the spread between groups is what predicts a new group.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations
from math import factorial, lgamma, log, pi
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.weights.likelihood import BITS, Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stillwatch.model.profile import Profile

FILE: Final = "shapes.json"
"""Name of the shipped model, beside this module."""
VERSION: Final = 1
MEASURES: Final = ("draw", "answer_spread", "prompt_spread", "single_turn", "length_tie")
"""What is compared, in the order of the model's arrays."""
KINDS: Final = ("extraction", "people", "machines")
LEAST_PAIRS: Final = 8.0
"""Fewest requests with both lengths known from which lengths are read (requests)."""
_NU: Final = 4.0
_EDGE: Final = 0.02
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class ShapeModel:
    """What the three kinds look like; rows are KINDS, columns MEASURES."""

    mean: NDArray[np.float64]
    """(3, 5) middle of each measure over sources."""
    scale: NDArray[np.float64]
    """(3, 5) its spread over sources, > 0."""
    people: float
    """Share of people among honest accounts, 0 to 1; the rest are machines."""
    model_sd_bits: float
    """Standard deviation of a weight over models that each leave one source out (bits)."""
    origin: Mapping[str, object]
    """What it was learnt from: sources by kind, accounts, date, hash of the manifest."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """Measures of some accounts."""

    value: NDArray[np.float64]
    """(n, 5) MEASURES; NaN where unknown."""
    error: NDArray[np.float64]
    """(n, 5) their standard errors from sampling, 0 where unknown."""

    def part(self, rows: slice | NDArray[np.int64]) -> Shapes:
        """Give some of the accounts."""
        return Shapes(self.value[rows], self.error[rows])


def _logit(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log((share + _EDGE) / (1.0 + _EDGE - share))


def shapes_of(profile: Profile) -> Shapes:
    """Measure the accounts of a profile.

    Notes
    -----
    Shares enter as logits cut at 2 %. Standard errors: of a mean sd / sqrt(n), of a standard deviation
    sd / sqrt(2 n), of a correlation (1 - r^2) / sqrt(n). Of fewer than LEAST_PAIRS known pairs of lengths nothing
    is read, nor of fewer requests with known turns, and a value without an error is unknown.
    """
    column = profile.column
    pairs = column("lengths_known")
    fed, drawn, tie = column("prompt_spread_log2"), column("answer_spread_log2"), column("length_tie")
    turns, single = column("turns_known"), column("single_turn_share")
    pairs = np.where(pairs >= LEAST_PAIRS, pairs, np.nan)
    n = np.maximum(pairs, 2.0)
    apart = np.sqrt(np.maximum(fed**2 + drawn**2 - 2 * np.nan_to_num(tie) * fed * drawn, 0.0))
    value = np.stack([column("draw_log2"), drawn, fed, _logit(single), tie], axis=1)
    single = np.where(turns >= LEAST_PAIRS, single, np.nan)
    slope = 1.0 / ((single + _EDGE) * (1.0 + _EDGE - single))
    error = np.stack(
        [
            apart / np.sqrt(n),
            drawn / np.sqrt(2 * n),
            fed / np.sqrt(2 * n),
            slope * np.sqrt((single * (1 - single) + 0.25 / np.maximum(turns, 1.0)) / np.maximum(turns, 1.0)),
            (1 - tie**2) / np.sqrt(n),
        ],
        axis=1,
    )
    # A value whose error cannot be told, such as the mean of one pair, must not pass for an exact one.
    unknown = np.isnan(error)
    return Shapes(np.where(unknown, np.nan, value), np.where(unknown, 0.0, error))


def log_densities(model: ShapeModel, seen: Shapes) -> NDArray[np.float64]:
    """Give the log density of every measure under every kind, shape (n, 3, 5); 0 where unknown.

    A t distribution with 4 degrees of freedom whose width is the spread over sources and the sampling error.
    """
    width = np.sqrt(model.scale[None] ** 2 + seen.error[:, None, :] ** 2)
    z = (seen.value[:, None, :] - model.mean[None]) / width
    constant = lgamma((_NU + 1) / 2) - lgamma(_NU / 2) - 0.5 * log(_NU * pi)
    density = constant - np.log(width) - (_NU + 1) / 2 * np.log1p(z * z / _NU)
    return np.where(np.isnan(density), 0.0, density)


def _bits(model: ShapeModel, permitted: float, fit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the weight of log fits of shape (n, 3)."""
    people = model.people * (1 - permitted)
    shares = np.log(np.array([permitted, people, 1 - permitted - people]))
    honest = np.logaddexp.reduce(fit + shares, axis=1)
    return np.asarray(BITS * (fit[:, 0] - honest))


def weigh(model: ShapeModel, seen: Shapes, permitted: float) -> list[NDArray[np.float64]]:
    """Give weight, low and high in bits.

    Parameters
    ----------
    model
        What the kinds look like.
    seen
        The accounts.
    permitted
        Share of honest accounts whose work has the very shape of extraction (contracts, one's own model),
        above 0 and below 1.

    Notes
    -----
    Low and high move every measure over its 90 % sampling error and add the spread over models that leave one
    source out, in quadrature. O(n) time, about 4 us an account; memory beyond the result is bounded. The
    weight never exceeds -log2(permitted).
    """
    n = seen.value.shape[0]
    out = [np.zeros(n) for _ in range(3)]
    for begin in range(0, n, _CHUNK):
        rows = slice(begin, begin + _CHUNK)
        for column, part in zip(out, _weigh(model, seen.part(rows), permitted), strict=True):
            column[rows] = part
    return out


def _weigh(
    model: ShapeModel, seen: Shapes, permitted: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    parts = log_densities(model, seen)
    weight = _bits(model, permitted, parts.sum(axis=2))
    model_error = (Z90 * model.model_sd_bits) ** 2
    down, up = np.full_like(weight, model_error), np.full_like(weight, model_error)
    for at in range(len(MEASURES)):
        for side in (-Z90, Z90):
            value = seen.value.copy()
            value[:, at] += side * seen.error[:, at]
            moved = parts.copy()
            moved[:, :, at] = log_densities(model, Shapes(value, seen.error))[:, :, at]
            change = _bits(model, permitted, moved.sum(axis=2)) - weight
            down += np.minimum(change, 0.0) ** 2
            up += np.maximum(change, 0.0) ** 2
    return weight, weight - np.sqrt(down), weight + np.sqrt(up)


def explain(model: ShapeModel, seen: Shapes, permitted: float) -> NDArray[np.float64]:
    """Share a weight out over the measures so that the parts add up to it.

    Parameters
    ----------
    model
        What the kinds look like.
    seen
        One account.
    permitted
        As in :func:`weigh`.

    Returns
    -------
    ndarray
        (5,) Shapley value of each measure, bits. With nothing known the weight is 0.

    References
    ----------
    Shapley (1953), A value for n-person games: the one additive sharing-out that treats measures alike.
    """
    parts = log_densities(model, seen)[0]
    many = len(MEASURES)

    def worth(chosen: tuple[int, ...]) -> float:
        return float(_bits(model, permitted, parts[:, list(chosen)].sum(axis=1)[None])[0])

    shares = np.zeros(many)
    for at in range(many):
        others = [other for other in range(many) if other != at]
        for size in range(many):
            times = factorial(size) * factorial(many - size - 1) / factorial(many)
            for chosen in combinations(others, size):
                shares[at] += times * (worth((*chosen, at)) - worth(chosen))
    return shares


def from_json(text: str) -> ShapeModel:
    """Read a model that ``stillwatch learn`` wrote.

    Raises
    ------
    ValueError
        It is of another version, or its numbers make no sense.
    """
    again = "build it again with: stillwatch learn"
    try:
        made = json.loads(text)
        version = [made[name] for name in ("version", "measures", "kinds")]
        mean, scale = np.array(made["mean"], np.float64), np.array(made["scale"], np.float64)
        people, sd_bits, origin = float(made["people"]), float(made["model_sd_bits"]), dict(made["origin"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the shape model is not what `stillwatch learn` writes; {again}") from error
    if version != [VERSION, list(MEASURES), list(KINDS)]:
        raise ValueError(f"the shape model is of another version; {again}")
    shape = (len(KINDS), len(MEASURES))
    sound = mean.shape == scale.shape == shape and np.isfinite(mean).all() and np.isfinite(scale).all()
    if not sound or not (scale > 0).all() or not 0 < people < 1 or not 0 <= sd_bits < float("inf"):
        raise ValueError(f"the shape model holds numbers that make no sense; {again}")
    return ShapeModel(mean, scale, people, sd_bits, origin)


def to_json(model: ShapeModel) -> str:
    """Write a model down; equal models give equal text."""
    made = {
        "version": VERSION,
        "kinds": KINDS,
        "measures": MEASURES,
        "mean": np.round(model.mean, 4).tolist(),
        "scale": np.round(model.scale, 4).tolist(),
        "people": model.people,
        "model_sd_bits": round(model.model_sd_bits, 3),
        "origin": dict(model.origin),
    }
    return json.dumps(made, indent=1) + "\n"


@cache
def shipped() -> ShapeModel:
    """Read the shipped model, once a run."""
    return from_json(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
