"""Members that begin where others were closed.

When the provider closes an account of a group, fresh members within two days take its place. A provider that
staggers its closings makes that a random experiment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.sketches.hashing import kernel
from stillwatch.statistics.tails import log_binomial_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.groups import Groups
    from stillwatch.coordination.roster import Roster

SUCCEEDS_WITHIN_H: Final = 48
"""How long after a closing a fresh account counts as its successor (h)."""
FEWEST: Final = 2
"""Fewest successors that are looked at."""
_BURST_MS: Final = 12 * 3_600_000
_WITHIN_MS: Final = SUCCEEDS_WITHIN_H * 3_600_000


@kernel
def _bursts(begun: np.ndarray, n: int, ends: np.ndarray, closings: int) -> tuple[int, int]:
    """Count bursts of beginnings, and those whose first beginning follows a closing; sorts ``begun``."""
    for a in range(1, n):
        value, b = begun[a], a - 1
        while b >= 0 and begun[b] > value:
            begun[b + 1] = begun[b]
            b -= 1
        begun[b + 1] = value
    bursts, after = 0, 0
    last = np.int64(-(1 << 62))
    for a in range(n):
        if begun[a] - last >= _BURST_MS:
            bursts += 1
            for c in range(closings):
                if ends[c] <= begun[a] < ends[c] + _WITHIN_MS:
                    after += 1
                    break
            last = begun[a]
    return bursts, after


@kernel
def _successors(
    start: np.ndarray,
    members: np.ndarray,
    first_ms: np.ndarray,
    closed_ms: np.ndarray,
    firsts: np.ndarray,
    ends: np.ndarray,
    begun: np.ndarray,
    out_p: np.ndarray,
    out_count: np.ndarray,
    out_closed: np.ndarray,
    out_expected: np.ndarray,
) -> None:
    """Fill the outputs, one row a group; ``firsts`` are all beginnings, sorted, the rest is room."""
    for g in range(start.shape[0] - 1):
        closings = 0
        for m in range(start[g], start[g + 1]):
            if closed_ms[members[m]] >= 0:
                ends[closings] = closed_ms[members[m]]
                closings += 1
        out_closed[g] = closings
        fresh_members = start[g + 1] - start[g] - 1
        if not closings or fresh_members < FEWEST:
            continue
        # Insertion keeps the closings of one group in order without taking room.
        for a in range(1, closings):
            value, b = ends[a], a - 1
            while b >= 0 and ends[b] > value:
                ends[b + 1] = ends[b]
                b -= 1
            ends[b + 1] = value
        # Beginnings of anybody inside the union of the windows, and those of members.
        covered, upto = 0, np.int64(-(1 << 62))
        for a in range(closings):
            lower = max(ends[a], upto)
            upper = ends[a] + _WITHIN_MS
            if upper > lower:
                covered += np.searchsorted(firsts, upper) - np.searchsorted(firsts, lower)
                upto = upper
        count = 0
        for m in range(start[g], start[g + 1]):
            begun[m - start[g]] = first_ms[members[m]]
            for a in range(closings):
                if ends[a] <= first_ms[members[m]] < ends[a] + _WITHIN_MS:
                    count += 1
                    break
        rate = min((covered - count + 0.5) / (firsts.shape[0] - (start[g + 1] - start[g]) + 1.0), 1.0)
        out_count[g] = count
        out_expected[g] = rate * fresh_members
        # Members who begin together are one event, not many: a burst of sign-ups falls on one closing by chance.
        bursts, after = _bursts(begun, start[g + 1] - start[g], ends, closings)
        out_p[g] = log_binomial_tail(after, bursts, rate) if count >= FEWEST else 0.0


def succession(
    groups: Groups, roster: Roster
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Test whether members begin within two days of other members' closing.

    Parameters
    ----------
    groups
        Candidate groups.
    roster
        All accounts.

    Returns
    -------
    tuple of ndarray
        (g,) ln p, NaN where no member was closed; (g,) successors; (g,) members closed; (g,) successors expected.

    Notes
    -----
    O(memberships times closings of a group). Blind spot: replacements held ready for weeks.
    """
    g = len(groups)
    out = (np.full(g, np.nan), np.zeros(g, np.int64), np.zeros(g, np.int64), np.zeros(g))
    first = roster.outline.first_ms
    _successors(
        groups.start,
        groups.members,
        first,
        roster.registered.closed_ms,
        np.sort(first),
        np.zeros(int(groups.sizes.max(initial=1)), np.int64),
        np.zeros(int(groups.sizes.max(initial=1)), np.int64),
        *out,
    )
    return out
