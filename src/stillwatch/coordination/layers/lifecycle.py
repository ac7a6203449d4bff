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
def _follows(ms: int, ends: np.ndarray) -> bool:
    """Say whether a moment lies within the window after a closing; ``ends`` ascend, and the last one before counts."""
    before = np.searchsorted(ends, ms, side="right")
    return bool(before > 0 and ms < ends[before - 1] + _WITHIN_MS)


@kernel
def _bursts(begun: np.ndarray, ends: np.ndarray) -> tuple[int, int]:
    """Count bursts of beginnings, and those whose first beginning follows a closing; both ascend."""
    bursts, after = 0, 0
    last = np.int64(-(1 << 62))
    for a in range(begun.shape[0]):
        if begun[a] - last >= _BURST_MS:
            bursts += 1
            after += _follows(begun[a], ends)
            last = begun[a]
    return bursts, after


@kernel
def _successors(
    start: np.ndarray,
    begun: np.ndarray,
    end_start: np.ndarray,
    ends: np.ndarray,
    firsts: np.ndarray,
    out_p: np.ndarray,
    out_count: np.ndarray,
    out_expected: np.ndarray,
) -> None:
    """Fill the outputs, one row a group; beginnings and closings ascend within a group, ``firsts`` are everybody's."""
    for g in range(start.shape[0] - 1):
        mine, closed = begun[start[g] : start[g + 1]], ends[end_start[g] : end_start[g + 1]]
        fresh_members = mine.shape[0] - 1
        if fresh_members < FEWEST:
            continue
        # Beginnings of anybody inside the union of the windows, and those of members.
        covered, upto = 0, np.int64(-(1 << 62))
        for a in range(closed.shape[0]):
            lower = max(closed[a], upto)
            upper = closed[a] + _WITHIN_MS
            if upper > lower:
                covered += np.searchsorted(firsts, upper) - np.searchsorted(firsts, lower)
                upto = upper
        count = 0
        for m in range(mine.shape[0]):
            count += _follows(mine[m], closed)
        rate = min((covered - count + 0.5) / (firsts.shape[0] - mine.shape[0] + 1.0), 1.0)
        out_count[g] = count
        out_expected[g] = rate * fresh_members
        # Members who begin together are one event, not many: a burst of sign-ups falls on one closing by chance.
        bursts, after = _bursts(mine, closed)
        out_p[g] = log_binomial_tail(after, bursts, rate) if count >= FEWEST else 0.0


def _ascending(group: NDArray[np.int64], ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sort moments within their groups, groups being in order."""
    return np.asarray(ms[np.lexsort((ms, group))])


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
    O(m log m) in the memberships of groups with a closed member. Blind spot: replacements held ready for weeks.
    """
    g = len(groups)
    out = (np.full(g, np.nan), np.zeros(g, np.int64), np.zeros(g, np.int64), np.zeros(g))
    closed = roster.registered.closed_ms >= 0
    group = np.repeat(np.arange(g), groups.sizes)
    gone = closed[groups.members]
    out[2][:] = np.bincount(group[gone], minlength=g)
    which = np.flatnonzero(out[2])
    some = groups.take(which)
    first = roster.outline.first_ms
    log_p, count, expected = out[0][which], out[1][which], out[3][which]
    _successors(
        some.start,
        _ascending(np.repeat(np.arange(len(some)), some.sizes), first[some.members]),
        np.concatenate([[0], np.cumsum(out[2][which])]).astype(np.int64),
        _ascending(group[gone], roster.registered.closed_ms[groups.members[gone]]),
        np.sort(first),
        log_p,
        count,
        expected,
    )
    out[0][which], out[1][which], out[3][which] = log_p, count, expected
    return out
