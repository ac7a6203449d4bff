"""The same lists for columns that are keyed: which pseudonyms stand for something on a list.

A pseudonym cannot be read back. Sign-up domains are looked at in the account file before they are keyed; networks are
in the logs alone, so those on the lists are keyed one by one, as far as they can be counted up.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Network
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.ingest.warninglists.listed import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from stillwatch.ingest.door import Door
    from stillwatch.ingest.warninglists.listed import Warninglists

MOST_NETWORKS: Final = 2_000_000
"""Most networks that are keyed; ranges of more, the widest first, are left out and counted."""
_SHIFT: Final = {4: 8, 6: 80}


@dataclass(frozen=True, slots=True)
class Common:
    """What is common knowledge of a provider's keyed columns."""

    fields: Mapping[str, NDArray[np.int64]]
    """Field of coordination (``email_domain``, ``network``) -> pseudonyms, ascending."""
    left_out: int = 0
    """Ranges too wide to be keyed: groups joined by a network of these are not known as such."""


def keyed(lists: Warninglists, door: Door, domains: Iterable[str], *, most: int = MOST_NETWORKS) -> Common:
    """Key what is on the lists.

    Parameters
    ----------
    lists
        The lists.
    door
        Keys as the provider's logs and account file were keyed.
    domains
        Sign-up domains of the account file, as it writes them.
    most
        Most networks.

    Returns
    -------
    Common
        What groups of accounts may be joined by without its meaning anything.

    Notes
    -----
    A few microseconds a network; a log that writes ``client_net`` in other forms than ``203.0.113.0/24`` and
    ``2001:db8::/48`` is not met.
    """
    written = sorted(set(domains) - {""})
    of = lists.of("email-domain").listed([one.strip().rstrip(".") for one in written])
    signup = door.signup("email_domain")
    mails = [signup(one) for one, at in zip(written, of, strict=True) if at >= 0]
    networks, left_out = _networks(lists, most)
    nets = [door.network(one) for one in networks]
    return Common({"email_domain": _sorted(mails), "network": _sorted(nets)}, left_out)


def _sorted(pseudonyms: list[int]) -> NDArray[np.int64]:
    return np.unique(np.array(pseudonyms, np.int64))


def _networks(lists: Warninglists, most: int) -> tuple[list[str], int]:
    """Write every network that a range touches, narrow ranges first; and say how many ranges are left out."""
    spans = sorted(
        (((last >> _SHIFT[version]) - (first >> _SHIFT[version]) + 1, version, first >> _SHIFT[version]))
        for kind, version in VERSIONS.items()
        for first, last in lists.of(kind).ranges
    )
    made: dict[str, None] = {}
    for done, (count, version, begins) in enumerate(spans):
        if len(made) + count > most:
            return list(made), len(spans) - done
        made |= dict.fromkeys(_written(version, number) for number in range(begins, begins + count))
    return list(made), 0


def _written(version: int, number: int) -> str:
    if version == 4:
        return f"{number >> 16}.{number >> 8 & 255}.{number & 255}.0/24"
    return str(IPv6Network((number << _SHIFT[6], 48)))
