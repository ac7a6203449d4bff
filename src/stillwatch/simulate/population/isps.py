"""Who carries the last mile: internet providers of several regions, some with millions of lines, most with few.

An address tells its provider, and a provider serves one region, so neighbours share a provider and waking hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.population.tails import ranked

if TYPE_CHECKING:
    from stillwatch.simulate.stage import Floats, Ints

PROVIDERS: Final = 480
"""Internet providers of the worlds."""
FIRST_AS: Final = 64_600
"""AS number of the first (private range of RFC 6996)."""
EXITS: Final = 600
"""Exits of commercial privacy networks and proxies, which honest people and others share."""
NETWORKS: Final = 160 * 256
"""/24-wide networks of homes: 10.0.x to 10.159.x."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where people live who keep the same hours."""

    offset_h: int
    """Time zone (h east of UTC)."""
    language: int
    """Main language (index into LANGUAGES)."""
    share: float
    """Share of customers."""


REGIONS: Final = (
    Region(-8, 0, 0.10),
    Region(-6, 0, 0.10),
    Region(-5, 0, 0.14),
    Region(-5, 1, 0.06),
    Region(-3, 1, 0.07),
    Region(0, 0, 0.09),
    Region(1, 2, 0.12),
    Region(1, 4, 0.11),
    Region(1, 1, 0.04),
    Region(5, 0, 0.06),
    Region(8, 3, 0.08),
    Region(9, 3, 0.03),
)
"""Regions of the worlds. Nobody else's geography is meant."""


@lru_cache(maxsize=1)
def _lines() -> tuple[Ints, Ints, Floats]:
    """Lay the providers out: first network of each, its region, and its lines."""
    rng = np.random.default_rng(480)
    lines = (np.arange(PROVIDERS) + 3.0) ** -1.1 * rng.lognormal(0.0, 0.3, size=PROVIDERS)
    regions = rng.choice(len(REGIONS), size=PROVIDERS, p=[region.share for region in REGIONS]).astype(np.int64)
    # Every region has a provider, whatever was drawn.
    regions[: len(REGIONS)] = rng.permutation(len(REGIONS))
    order = rng.permutation(PROVIDERS)
    widths = np.maximum(1, np.floor(lines / lines.sum() * (NETWORKS - PROVIDERS))).astype(np.int64)[order]
    first = np.cumsum(widths) - widths
    return first, regions[order], widths.astype(np.float64)


def provider_of(network: Ints) -> Ints:
    """Find who carries a network.

    Parameters
    ----------
    network
        256 times the second number of an address in 10.0.0.0/8 plus its third, below NETWORKS; shape (n,).

    Returns
    -------
    Ints
        AS numbers; shape (n,).
    """
    first, _, _ = _lines()
    return np.asarray(FIRST_AS + np.searchsorted(first, network, side="right") - 1, dtype=np.int64)


def regions(rng: np.random.Generator, n: int) -> Ints:
    """Draw where customers live.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        Customers.

    Returns
    -------
    Ints
        Indices into REGIONS; shape (n,).
    """
    return rng.choice(len(REGIONS), size=n, p=[region.share for region in REGIONS]).astype(np.int64)


def hours_of(region: Ints) -> Ints:
    """Give the time zone of regions (h east of UTC); shape (n,)."""
    return np.array([one.offset_h for one in REGIONS], dtype=np.int64)[region]


def language_of(rng: np.random.Generator, region: Ints) -> Ints:
    """Draw the language of customers: the region's, or for one in eight English; shape (n,)."""
    own = np.array([one.language for one in REGIONS], dtype=np.int64)[region]
    return np.where(rng.random(len(region)) < 0.125, 0, own)


def networks(rng: np.random.Generator, region: Ints) -> Ints:
    """Draw a network of some provider of each region, large providers more often.

    Parameters
    ----------
    rng
        Source of randomness.
    region
        Index into REGIONS; shape (n,).

    Returns
    -------
    Ints
        Networks, below NETWORKS; shape (n,).
    """
    first, home, widths = _lines()
    found = np.zeros(len(region), dtype=np.int64)
    u = rng.random(len(region))
    within = rng.random(len(region))
    for number in range(len(REGIONS)):
        own = np.flatnonzero(home == number)
        here = np.flatnonzero(region == number)
        chosen = own[np.searchsorted(np.cumsum(widths[own]) / widths[own].sum(), u[here], side="right")]
        found[here] = first[chosen] + np.floor(within[here] * widths[chosen]).astype(np.int64)
    return found


def homes(rng: np.random.Generator, network: Ints) -> tuple[pa.Array, Ints]:
    """Draw one address in each network.

    Parameters
    ----------
    rng
        Source of randomness.
    network
        Networks, below NETWORKS; shape (n,).

    Returns
    -------
    tuple of pa.Array and Ints
        Addresses as text and AS numbers; shape (n,) each.
    """
    n = len(network)
    last = rng.integers(1, 255, size=n)
    octets = [pa.array(values).cast(pa.string()) for values in (network // 256, network % 256, last)]
    return pc.binary_join_element_wise(pa.scalar("10"), *octets, "."), provider_of(network)


@lru_cache(maxsize=1)
def _exits() -> tuple[pa.Array, Ints]:
    rng = np.random.default_rng(600)
    return homes(rng, networks(rng, regions(rng, EXITS)))


def exits(rng: np.random.Generator, n: int) -> tuple[pa.Array, Ints]:
    """Draw exits of privacy networks, the large ones more often.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        How many.

    Returns
    -------
    tuple of pa.Array and Ints
        Addresses as text and AS numbers; shape (n,) each.
    """
    ips, asns = _exits()
    number = ranked(rng.random(n), EXITS, 1.0)
    return ips.take(pa.array(number)), asns[number]


def some_through_exits(rng: np.random.Generator, ips: pa.Array, asns: Ints, share: float) -> tuple[pa.Array, Ints]:
    """Put exits of privacy networks in the place of some addresses.

    Parameters
    ----------
    rng
        Source of randomness.
    ips
        Addresses as text; shape (n,).
    asns
        AS numbers; shape (n,).
    share
        Share that is replaced.

    Returns
    -------
    tuple of pa.Array and Ints
        Addresses as text and AS numbers; shape (n,) each.
    """
    out = rng.random(len(asns)) < share
    texts, numbers = exits(rng, len(asns))
    return pc.if_else(pa.array(out), texts, ips), np.where(out, numbers, asns)
