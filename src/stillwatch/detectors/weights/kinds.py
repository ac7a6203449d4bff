"""The weight of what was seen under a few kinds of account, each with its share among extracting and honest ones.

Kinds are what might have caused it, honest look-alikes included. No sight weighs more than the
kind whose shares differ most, so the written shares bound the weight on both sides.
"""

from __future__ import annotations

from math import lgamma
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stillwatch.detectors.weights.likelihood import BITS, mix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stillwatch.detectors.weights.likelihood import Beta

_EDGE = 0.01


class Kind(NamedTuple):
    """One kind of account and how likely it shows what was seen."""

    extraction: float
    """Share among extracting accounts, 0 < share < 1; those of all kinds add up to 1."""
    honest: float
    """Share among honest accounts, likewise."""
    density: NDArray[np.float64]
    """Log density of what was seen, one value an account."""


def kind_bits(*kinds: Kind) -> NDArray[np.float64]:
    """Give the log2 likelihood ratio of what was seen."""
    against = mix(*((kind.extraction, kind.density) for kind in kinds))
    return np.asarray(BITS * (against - mix(*((kind.honest, kind.density) for kind in kinds))))


def log_beta_share(share: NDArray[np.float64], spread: Beta) -> NDArray[np.float64]:
    """Give the log density of a share that is a measure, not a count; ends are taken as 0.01 and 0.99."""
    at = np.clip(share, _EDGE, 1 - _EDGE)
    whole = lgamma(spread.a + spread.b) - lgamma(spread.a) - lgamma(spread.b)
    return np.asarray(whole + (spread.a - 1) * np.log(at) + (spread.b - 1) * np.log(1 - at))


def over(
    bits: Callable[..., NDArray[np.float64]], seen: Sequence[NDArray[np.float64]], *ends: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """Give weight, low and high: the weight of what was seen, and over the ends of its intervals.

    Parameters
    ----------
    bits
        Measures -> weight in bits.
    seen
        Measures as seen, one array each.
    ends
        Measures at other corners of their intervals.
    """
    weight = bits(*seen)
    corners = [weight, *(bits(*end) for end in ends)]
    return [weight, np.minimum.reduce(corners), np.maximum.reduce(corners)]
