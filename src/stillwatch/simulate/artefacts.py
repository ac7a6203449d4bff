"""Reasoning artefacts: where they are born and which later calls carry them.

Honest callers send back what their own session produced. Replay sends what another account received.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.simulate.ids import signatures
from stillwatch.simulate.stage import Bools, Calls, Ints, rank

if TYPE_CHECKING:
    from stillwatch.simulate.cast import Cast

_LAST: Final = 3
_TAKEN_OVER: Final = 0.02


@dataclass(frozen=True, slots=True)
class Links:
    """Which calls carry the artefacts of which earlier calls."""

    count: Ints
    """Artefacts each call carries; shape (n,)."""
    source: Ints
    """Calls they were born in, call after call; shape (sum of count,)."""


def _kept(carrier: Ints, source: Ints, n: int, allowed: Bools) -> Links:
    carrier, source = carrier[allowed], source[allowed]
    return Links(np.bincount(carrier, minlength=n).astype(np.int64), source)


def within_sessions(
    rng: np.random.Generator, cast: Cast, calls: Calls, born: Bools, taken_over: float = _TAKEN_OVER
) -> Links:
    """Carry the last artefacts of the same session.

    A few sessions start from the last call of the same organisation: a resumed session, or a colleague's.

    Parameters
    ----------
    rng
        Source of randomness.
    cast
        The accounts.
    calls
        Arrivals.
    born
        Which calls are answered with an artefact; shape (n,).
    taken_over
        Share of the sessions that start from another session's last call.

    Returns
    -------
    Links
        At most three a call.
    """
    n = len(calls)
    place = rank(np.bincount(calls.session))
    count = np.minimum(place, _LAST)
    carrier = np.repeat(np.arange(n, dtype=np.int64), count)
    source = carrier - 1 - rank(count)
    by_org = np.lexsort((calls.ts_ms, cast.operator[calls.account]))
    taken = (place[by_org[1:]] == 0) & (rng.random(max(n - 1, 0)) < taken_over)
    owner = cast.operator[calls.account]
    taken &= (owner[by_org[1:]] == owner[by_org[:-1]]) & (calls.ts_ms[by_org[1:]] > calls.ts_ms[by_org[:-1]])
    carrier = np.concatenate([carrier, by_org[1:][taken]])
    source = np.concatenate([source, by_org[:-1][taken]])
    order = np.argsort(carrier, kind="stable")
    carrier, source = carrier[order], source[order]
    return _kept(carrier, source, n, born[source] & born[carrier])


def across_accounts(
    rng: np.random.Generator, cast: Cast, calls: Calls, born: Bools, able: Bools, share: float
) -> Links:
    """Carry artefacts that another account of the same operator received before.

    Parameters
    ----------
    rng
        Source of randomness.
    cast
        The accounts.
    calls
        Arrivals.
    born
        Which calls are answered with an artefact; shape (n,).
    able
        Which calls can carry artefacts; shape (n,).
    share
        Share of each operator's calls that replay.

    Returns
    -------
    Links
        One or two a replaying call.
    """
    n = len(calls)
    replays = np.flatnonzero((rng.random(n) < share) & able)
    count = np.zeros(n, dtype=np.int64)
    count[replays] = 1 + (rng.random(len(replays)) < 0.3)
    carrier = np.repeat(np.arange(n, dtype=np.int64), count)
    source = np.full(len(carrier), -1, dtype=np.int64)
    owner = cast.operator[calls.account]
    for operator in range(int(owner.max(initial=-1)) + 1):
        pool = np.flatnonzero(born & (owner == operator))
        pool = pool[np.argsort(calls.ts_ms[pool], kind="stable")]
        mine = np.flatnonzero(owner[carrier] == operator)
        earlier = np.searchsorted(calls.ts_ms[pool], calls.ts_ms[carrier[mine]])
        chosen = np.floor(rng.random(len(mine)) * earlier).astype(np.int64)
        source[mine] = np.where(earlier > 0, np.append(pool, -1)[chosen], -1)
    foreign = (source >= 0) & (calls.account[source] != calls.account[carrier])
    return _kept(carrier, source, n, foreign)


def rather(first: Links, second: Links) -> Links:
    """Let calls carry what the first links say, or where these say nothing what the second say.

    Parameters
    ----------
    first
        Links that win.
    second
        Links of the same calls.

    Returns
    -------
    Links
        One of the two a call.
    """
    wins = first.count > 0
    kept = ~np.repeat(wins, second.count)
    carrier = np.concatenate([np.repeat(np.arange(len(wins)), links.count) for links in (first, second)])
    source = np.concatenate([first.source, second.source])
    chosen = np.concatenate([np.ones(len(first.source), dtype=np.bool_), kept])
    order = np.argsort(carrier[chosen], kind="stable")
    return Links(np.where(wins, first.count, second.count), source[chosen][order])


def lists(values: pa.Array, counts: Ints, present: Bools) -> pa.Array:
    """Lay values out as one list a call, null where the call's interface has no such thing.

    Parameters
    ----------
    values
        Strings, call after call; shape (sum of counts,).
    counts
        Length of each list, 0 where absent; shape (n,).
    present
        Calls that have a list at all; shape (n,).

    Returns
    -------
    pa.Array
        Lists of strings, shape (n,).
    """
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, values, mask=pa.array(~present))


def columns(rng: np.random.Generator, born: Bools, links: Links, able: Bools) -> tuple[pa.Array, pa.Array]:
    """Write the artefacts out.

    Parameters
    ----------
    rng
        Source of randomness.
    born
        Which calls are answered with an artefact; shape (n,).
    links
        Which calls carry which.
    able
        Calls whose interface can carry artefacts; shape (n,).

    Returns
    -------
    tuple of pa.Array
        Artefacts carried and artefacts born, one list a call.
    """
    number = np.cumsum(born) - 1
    signed = signatures(rng, int(born.sum()))
    carried = signed.take(pa.array(number[links.source]))
    return lists(carried, links.count, able), lists(signed, born.astype(np.int64), able)
