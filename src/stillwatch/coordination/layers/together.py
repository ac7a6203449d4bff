"""Members at work in the same moments, beyond what their hours of work and everybody's day explain.

Every account keeps which 64ths of a few days it was active in, the same days in every account. In each such slot
the members at work are counted; expected are as many as their number of slots, their own hours of the day and the
rest of the provider's accounts on that very day suggest: people of one time zone, or a launch that brings everybody,
surprise nobody. Daily habit at the same clock time counts for nothing either; what remains is work that starts and
stops together.

References
----------
Cao, Yang, Yu & Palow (2014), Uncovering large groups of active malicious accounts (SynchroTrap): synchrony as the
common trait, here with a null model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stillwatch.coordination.outline import DAYS
from stillwatch.sketches.hashing import kernel
from stillwatch.sketches.layout import EMPTY_ID
from stillwatch.statistics.tails import log_poisson_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.groups import Groups
    from stillwatch.coordination.outline import Outline
    from stillwatch.coordination.roster import Roster

SLOTS: Final = 64
"""Slots of a day, 22.5 minutes each."""
FEWEST: Final = 3
"""Fewest members at work in one slot that are looked at."""
CHOICES: Final = (1, 4, 16)
"""How many slots are taken together, the most surprising ones."""
_NO_DAY: Final = np.uint32(EMPTY_ID)
_SMOOTH: Final = 0.1
_ROOM: Final = 64


@kernel
def _hours(week: np.ndarray, row: int, weekday: int, out: np.ndarray) -> None:
    """Fill ``out`` (24) with an account's share of events by hour of the day on other weekdays, smoothed."""
    total = 0.0
    for hour in range(24):
        out[hour] = 0.0
    for at in range(week.shape[1]):
        if at // 24 != weekday:
            out[at % 24] += week[row, at]
            total += week[row, at]
    if total == 0.0:
        for at in range(week.shape[1]):
            out[at % 24] += week[row, at]
            total += week[row, at]
    for hour in range(24):
        share = out[hour] / total if total else 0.0
        out[hour] = (1.0 - _SMOOTH) * share + _SMOOTH / 24.0


@kernel
def _expect(state: Any, row: int, k: int, hours: np.ndarray, out: np.ndarray) -> None:  # noqa: ANN401
    """Fill ``out`` (SLOTS) with the chance that an account is at work in each slot of one of its days."""
    day = np.int64(state.day[row, k])
    _hours(state.week, row, (day + 3) % 7, hours)
    mask = state.day_mask[row, k]
    active = 0
    while mask:
        mask &= mask - np.uint64(1)
        active += 1
    for slot in range(SLOTS):
        hour = (slot * 24 + 12) // SLOTS
        # A slot is 24/64 of an hour of that share; the account was in ``active`` of them.
        out[slot] = min(active * hours[hour] * 24.0 / SLOTS, 1.0)


@kernel
def _everybody(
    state: Any,  # noqa: ANN401
    days: np.ndarray,
    seen: np.ndarray,
    wanted: np.ndarray,
    hours: np.ndarray,
    one: np.ndarray,
) -> None:
    """Count, for each day of ``days``, accounts at work in each slot, and how many their own hours suggest."""
    for row in range(state.day.shape[0]):
        for k in range(DAYS):
            if state.day[row, k] == _NO_DAY:
                continue
            at = np.searchsorted(days, state.day[row, k])
            _expect(state, row, k, hours, one)
            for slot in range(SLOTS):
                wanted[at, slot] += one[slot]
                seen[at, slot] += np.float64((state.day_mask[row, k] >> np.uint64(slot)) & np.uint64(1))


@kernel
def _top(tails: np.ndarray, counts: np.ndarray, means: np.ndarray, n: int, tried: float) -> float:
    """Give ln p of the most surprising few slots taken together; ``tails`` is used up."""
    best = 0.0
    count, mean, taken, ways = np.int64(0), 0.0, 0, 0.0
    for choice in CHOICES:
        while taken < min(choice, n):
            least = 0
            for k in range(1, n):
                if tails[k] < tails[least]:
                    least = k
            if tails[least] >= 0.0:
                break
            count += np.int64(counts[least])
            mean += means[least]
            tails[least] = 0.0
            # Every choice of that many slots could have been the one.
            ways += math.log(max(tried - taken, 1.0)) - math.log(taken + 1.0)
            taken += 1
        if taken:
            best = min(best, log_poisson_tail(count, mean) + ways + math.log(3.0))
    return best


@kernel
def _synchrony(
    state: Any,  # noqa: ANN401
    start: np.ndarray,
    members: np.ndarray,
    days: np.ndarray,
    seen: np.ndarray,
    wanted: np.ndarray,
    count: np.ndarray,
    mean: np.ndarray,
    hours: np.ndarray,
    one: np.ndarray,
    tails: np.ndarray,
    counts: np.ndarray,
    means: np.ndarray,
    places: np.ndarray,
    out: np.ndarray,
    out_most: np.ndarray,
    out_mean: np.ndarray,
    out_place: np.ndarray,
) -> None:
    """Fill the outputs, one row a group; ``count`` and ``mean`` (days, SLOTS) are all zero between groups."""
    for g in range(start.shape[0] - 1):
        at_work = 0
        for m in range(start[g], start[g + 1]):
            row = members[m]
            any_day = False
            for k in range(DAYS):
                if state.day[row, k] == _NO_DAY:
                    continue
                any_day = True
                at = np.searchsorted(days, state.day[row, k])
                _expect(state, row, k, hours, one)
                for slot in range(SLOTS):
                    mean[at, slot] += one[slot]
                    count[at, slot] += np.float64((state.day_mask[row, k] >> np.uint64(slot)) & np.uint64(1))
            at_work += any_day
        out[g] = np.nan
        if at_work >= FEWEST:
            kept, tried = 0, 0.0
            out_most[g] = 0.0
            for at in range(days.shape[0]):
                for slot in range(SLOTS):
                    if mean[at, slot] <= 0.0:
                        continue
                    tried += 1.0
                    if count[at, slot] < FEWEST:
                        continue
                    others = max(wanted[at, slot] - mean[at, slot], 0.0)
                    rush = (max(seen[at, slot] - count[at, slot], 0.0) + 5.0) / (others + 5.0)
                    usual = mean[at, slot] * max(rush, 1.0)
                    tail = log_poisson_tail(np.int64(count[at, slot]), usual)
                    place = kept
                    if kept == _ROOM:
                        place = 0
                        for k in range(1, kept):
                            if tails[k] > tails[place]:
                                place = k
                        if tails[place] <= tail:
                            continue
                    else:
                        kept += 1
                    tails[place], counts[place], means[place] = tail, count[at, slot], usual
                    places[place] = at * SLOTS + slot
            least = -1
            for k in range(kept):
                if least < 0 or tails[k] < tails[least]:
                    least = k
            if least >= 0:
                out_most[g], out_mean[g] = counts[least], means[least]
                out_place[g] = np.int64(days[places[least] // SLOTS]) * SLOTS + places[least] % SLOTS
            out[g] = min(_top(tails, counts, means, kept, tried), 0.0)
        for m in range(start[g], start[g + 1]):
            for k in range(DAYS):
                day = state.day[members[m], k]
                if day != _NO_DAY:
                    at = np.searchsorted(days, day)
                    for slot in range(SLOTS):
                        count[at, slot] = 0.0
                        mean[at, slot] = 0.0


@dataclass(frozen=True, slots=True)
class InStep:
    """How far the members of each group work in the same moments."""

    log_p: NDArray[np.float64]
    """(g,) ln p; NaN where fewer than three members have a sampled day."""
    most: NDArray[np.float64]
    """(g,) members at work in the most surprising slot."""
    expected: NDArray[np.float64]
    """(g,) members expected there."""
    slot: NDArray[np.int64]
    """(g,) that slot: day since 1970 times SLOTS plus slot of the day, -1 where none."""


@dataclass(frozen=True, slots=True)
class Moments:
    """When everybody is at work, on each of the sampled days."""

    days: NDArray[np.uint32]
    """(d,) days since 1970, ascending."""
    seen: NDArray[np.float64]
    """(d, SLOTS) accounts at work in each slot."""
    wanted: NDArray[np.float64]
    """(d, SLOTS) accounts that their own hours suggest."""


def moments(outline: Outline) -> Moments:
    """Count when everybody is at work."""
    days = np.unique(outline.day[outline.day != _NO_DAY])
    shape = (max(days.shape[0], 1), SLOTS)
    found = Moments(days, np.zeros(shape), np.zeros(shape))
    _everybody(outline, days, found.seen, found.wanted, np.zeros(24), np.zeros(SLOTS))
    return found


def together(groups: Groups, roster: Roster) -> InStep:
    """Test whether the members of each group work in the same moments.

    Parameters
    ----------
    groups
        Candidate groups.
    roster
        All accounts.

    Returns
    -------
    InStep
        One row a group.

    Notes
    -----
    O(memberships). Blind spot: jitter of more than half an hour, and schedules that repeat every day at one time.
    """
    state, days = roster.outline, roster.moments.days
    shape, hours, one = roster.moments.seen.shape, np.zeros(24), np.zeros(SLOTS)
    g = len(groups)
    found = InStep(np.full(g, np.nan), np.zeros(g), np.zeros(g), np.full(g, -1, np.int64))
    _synchrony(
        state,
        groups.start,
        groups.members,
        days,
        roster.moments.seen,
        roster.moments.wanted,
        np.zeros(shape),
        np.zeros(shape),
        hours,
        one,
        np.zeros(_ROOM),
        np.zeros(_ROOM),
        np.zeros(_ROOM),
        np.zeros(_ROOM, np.int64),
        found.log_p,
        found.most,
        found.expected,
        found.slot,
    )
    return found


def at_work(roster: Roster, rows: NDArray[np.int32], slot: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each row whether that account was at work in a slot, as ``InStep.slot`` gives it; shape (n,) each."""
    day = (slot // SLOTS).astype(np.int64)
    ids = roster.outline.day[rows].astype(np.int64)
    masks = roster.outline.day_mask[rows]
    bit = (masks >> (slot % SLOTS).astype(np.uint64)[:, None]) & np.uint64(1)
    return np.asarray(((ids == day[:, None]) & (bit == 1)).any(axis=1) & (slot >= 0))


BUSY: Final = 3.0
"""Times as many members at work in a slot as in the mean slot of their days, from which it is one of theirs."""
LEAST_SHARE: Final = 0.1
"""Share of the members with that day that are at work in such a slot, at least."""


def _bits(masks: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Spread (n, k) masks to (n, k, SLOTS) booleans."""
    places = np.arange(SLOTS, dtype=np.uint64)
    return np.asarray((masks[:, :, None] >> places) & np.uint64(1) == 1)


def company(roster: Roster, members: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weigh how far accounts keep company with some members: work in the slots that are busy with them.

    Parameters
    ----------
    roster
        All accounts.
    members
        Rows of the members.
    rows
        Rows of the accounts that are weighed.

    Returns
    -------
    ndarray
        (rows,) bits: log2 of the binomial likelihood of the busy ones among an account's active slots at the members'
        share over that at the share of the other accounts; 0 where the members have no busy slots.
    """
    state = roster.outline
    ids = state.day
    masks = state.day_mask
    mine, busy = _bits(masks[members]), {}
    for day in np.unique(ids[members][ids[members] != _NO_DAY]).tolist():
        there = ids[members] == day
        counts = mine[there].sum(axis=0).astype(np.float64)
        chosen = (counts >= FEWEST) & (counts >= BUSY * counts.mean()) & (counts >= LEAST_SHARE * there.sum())
        if chosen.any():
            busy[day] = np.uint64(sum(1 << slot for slot in np.flatnonzero(chosen).tolist()))
    if not busy:
        return np.zeros(rows.shape[0])
    days = np.array(sorted(busy), np.int64)
    wanted = np.array([busy[day] for day in days.tolist()], np.uint64)
    at = np.minimum(np.searchsorted(days, ids[rows].astype(np.int64)), days.shape[0] - 1)
    there = days[at] == ids[rows]
    seen = np.bitwise_count(np.where(there, masks[rows] & wanted[at], np.uint64(0))).sum(axis=1).astype(np.float64)
    active = np.bitwise_count(np.where(there, masks[rows], np.uint64(0))).sum(axis=1).astype(np.float64)
    inside = np.isin(rows, members)
    if not active[inside].any() or not active[~inside].any():
        return np.zeros(rows.shape[0])
    # Shares of an account's own active slots, so that one that is always at work keeps nobody company.
    one = min(float(seen[inside].sum() / active[inside].sum()), 0.95)
    other = max(float(seen[~inside].sum() / active[~inside].sum()), 0.01)
    if one <= other:
        return np.zeros(rows.shape[0])
    nats = seen * math.log(one / other) + (active - seen) * math.log((1.0 - one) / (1.0 - other))
    return np.asarray(nats / math.log(2.0))
