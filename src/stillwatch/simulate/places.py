"""Network addresses by kind of place.

Only documentation ranges (RFC 5737, RFC 3849) and 10.0.0.0/8 are used, so no address belongs to anyone.
AS numbers come from the private range of RFC 6996.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stillwatch.simulate.population.isps import provider_of

if TYPE_CHECKING:
    import numpy as np

    from stillwatch.simulate.stage import Ints

Place: TypeAlias = Literal["home", "office", "cloud"]

_CLOUD: Final = ("192.0.2", "198.51.100", "203.0.113")
_FIRST_AS: Final = 64_512


def addresses(rng: np.random.Generator, n: int, place: Place) -> tuple[list[str], Ints]:
    """Draw addresses of one kind of place.

    Homes are 10.0-159.x.x or 2001:db8::/32, offices 10.200-249.x.x, clouds the three documentation /24s,
    which many unrelated tenants therefore share, as they share a cloud's egress.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        How many.
    place
        Kind of place.

    Returns
    -------
    tuple of list and Ints
        Addresses as text and their AS numbers.
    """
    a, b, c, d = (rng.integers(low, high, size=n) for low, high in ((0, 160), (0, 256), (0, 256), (1, 255)))
    v6 = rng.random(n) < 0.3
    if place == "cloud":
        return [f"{_CLOUD[x % 3]}.{y}" for x, y in zip(a, d, strict=True)], _FIRST_AS + 60 + a % 3
    if place == "office":
        return [f"10.{200 + x % 50}.{y}.{z}" for x, y, z in zip(a, b, d, strict=True)], _FIRST_AS + 40 + a % 20
    homes = [
        f"2001:db8:{x * 256 + y + 1:x}:{z + 1:x}::{w:x}" if six else f"10.{x}.{y}.{w}"
        for x, y, z, w, six in zip(a, b, c, d, v6, strict=True)
    ]
    return homes, provider_of(a * 256 + b)
