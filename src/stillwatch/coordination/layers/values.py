"""Values of a field that members hold more often than accounts of their kind do.

For every value that several members hold, the expected count is taken from the accounts *outside* the group, by
stratum, so that a plan's usual client is no surprise among accounts of that plan. The rate of ordinary groups is
let vary from group to group: people who use one product, or live in one place, also share clients and networks.
How much, is measured on the candidate groups themselves (:func:`natural_spread`).

References
----------
Hoeffding (1956), On the distribution of the number of successes in independent trials: unequal rates are bounded
by their mean. Williams (1975), Extra-binomial variation: a rate that varies between groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import spans
from stillwatch.coordination.rates import rates
from stillwatch.model.errors import InputError
from stillwatch.sketches.hashing import kernel
from stillwatch.statistics.tails import log_beta_binomial_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.groups import Groups
    from stillwatch.coordination.roster import Coded, Roster

BORROWED: Final = 20.0
"""Accounts of the whole population that each stratum borrows, so that a small stratum does not say "never"."""
LEAST_SPREAD: Final = 0.01
"""Least correlation of members of an ordinary group, assumed even where the candidates show none."""
MOST_SPREAD: Final = 0.3
"""Most correlation believed, so that a provider full of campaigns does not make them ordinary."""
FEWEST_NATURAL: Final = 20
"""Fewest groups from which the spread is measured; with fewer, DEFAULT_SPREAD."""
DEFAULT_SPREAD: Final = 0.05
"""Correlation assumed where too few groups are there to measure it."""
_STRATA_BITS: Final = 12
_VALUE_BITS: Final = 28
_GROUP_BITS: Final = 24


@dataclass(frozen=True, slots=True)
class Held:
    """The most surprising value of one field in each group."""

    log_p: NDArray[np.float64]
    """(g,) ln p, all values of the field allowed for; NaN where fewer than two members have the field."""
    value: NDArray[np.int64]
    """(g,) code of that value, -1 where none is held twice."""
    count: NDArray[np.int64]
    """(g,) members that hold it."""
    known: NDArray[np.int64]
    """(g,) members of which the field is known."""
    expected: NDArray[np.float64]
    """(g,) members expected to hold it."""
    alike: NDArray[np.float64]
    """(g,) share of pairs of members that hold one value, less what chance gives: 0 ordinary strangers, 1 all one."""


@kernel
def _surprise(
    sorted_keys: np.ndarray,
    group_start: np.ndarray,
    members: np.ndarray,
    has: np.ndarray,
    stratum: np.ndarray,
    outside: np.ndarray,
    cell_start: np.ndarray,
    cell_stratum: np.ndarray,
    cell_count: np.ndarray,
    held_by: np.ndarray,
    spread: float,
    borrowed: float,
    inside: np.ndarray,
    out_p: np.ndarray,
    out_value: np.ndarray,
    out_count: np.ndarray,
    out_known: np.ndarray,
    out_expected: np.ndarray,
    out_pairs: np.ndarray,
) -> None:
    """Fill the outputs, one row a group; ``inside`` is room for one count a stratum, all zero between groups."""
    everybody = 0
    for s in range(outside.shape[0]):
        everybody += outside[s]
    at = 0
    value_mask = np.uint64((1 << _VALUE_BITS) - 1)
    stratum_mask = np.uint64((1 << _STRATA_BITS) - 1)
    for g in range(group_start.shape[0] - 1):
        n = 0
        for m in range(group_start[g], group_start[g + 1]):
            if has[members[m]]:
                inside[stratum[members[m]]] += 1
                n += 1
        lent = 0.0
        for m in range(group_start[g], group_start[g + 1]):
            if has[members[m]]:
                s = stratum[members[m]]
                lent += borrowed / (outside[s] - inside[s] + borrowed)
        best = 0.0
        pairs = 0.0
        while at < sorted_keys.shape[0] and np.int64(sorted_keys[at] >> np.uint64(_VALUE_BITS + _STRATA_BITS)) == g:
            value = np.int64((sorted_keys[at] >> np.uint64(_STRATA_BITS)) & value_mask)
            end = at
            while end < sorted_keys.shape[0] and sorted_keys[end] >> np.uint64(_STRATA_BITS) == sorted_keys[
                at
            ] >> np.uint64(_STRATA_BITS):
                end += 1
            count = end - at
            if count >= 2:
                pairs += count * (count - 1.0)
                rate = (held_by[value] - count + 0.5) / (everybody - n + 1.0)
                expected = rate * lent
                mine = at
                for c in range(cell_start[value], cell_start[value + 1]):
                    s = cell_stratum[c]
                    here = 0
                    while mine < end and np.int64(sorted_keys[mine] & stratum_mask) == s:
                        here += 1
                        mine += 1
                    if inside[s]:
                        expected += inside[s] * (cell_count[c] - here) / (outside[s] - inside[s] + borrowed)
                p = 0.0
                likely = min(expected / n, 1.0)
                if count > expected + 1.0:
                    p = log_beta_binomial_tail(count, n, likely, spread, best)
                if p < best or out_value[g] < 0:
                    best = p
                    out_value[g] = value
                    out_count[g] = count
                    out_expected[g] = expected
            at = end
        for m in range(group_start[g], group_start[g + 1]):
            if has[members[m]]:
                inside[stratum[members[m]]] = 0
        out_known[g] = n
        out_p[g] = best if n >= 2 else np.nan
        out_pairs[g] = pairs / (n * (n - 1.0)) if n >= 2 else np.nan


def _keys(groups: Groups, field: Coded, stratum: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Pack (group, value, stratum) of every membership, and sort."""
    strata = int(stratum.max(initial=0))
    if strata >> _STRATA_BITS or field.token.shape[0] >> _VALUE_BITS or len(groups) >> _GROUP_BITS:
        raise InputError("too many strata, values or groups for one run: run fewer accounts at a time")
    start, rows = spans(field.start, groups.members.astype(np.int64))
    group = np.repeat(np.arange(len(groups)), groups.sizes)
    per = np.diff(start)
    key = np.repeat(group, per).astype(np.uint64) << np.uint64(_VALUE_BITS + _STRATA_BITS)
    key |= field.value[rows].astype(np.uint64) << np.uint64(_STRATA_BITS)
    key |= np.repeat(stratum[groups.members], per).astype(np.uint64)
    key.sort()
    return key


def hold(groups: Groups, roster: Roster, at: int, *, spread: float = 0.0, stratified: bool = True) -> Held:
    """Find each group's most surprising value of one field.

    Parameters
    ----------
    groups
        Candidate groups.
    roster
        All accounts.
    at
        Which field, an index into FIELDS.
    spread
        Correlation of two members of an ordinary group, 0 to below 1.
    stratified
        Whether accounts are held against their own stratum; a test switches it off to show what that guards.

    Returns
    -------
    Held
        One row a group.

    Notes
    -----
    O(memberships log memberships). The p-value is multiplied by how many values are held twice anywhere.
    """
    seen = roster.rates[at] if stratified else rates(roster.fields[at], np.zeros(len(roster), np.int32))
    g = len(groups)
    found = (
        np.zeros(g),
        np.full(g, -1, np.int64),
        np.zeros(g, np.int64),
        np.zeros(g, np.int64),
        np.zeros(g),
        np.zeros(g),
    )
    _surprise(
        _keys(groups, roster.fields[at], seen.stratum),
        groups.start,
        groups.members,
        seen.has,
        seen.stratum,
        seen.known,
        seen.start,
        seen.cell_stratum,
        seen.cell_count,
        seen.held_by,
        spread,
        BORROWED,
        np.zeros(seen.known.shape[0], np.int64),
        *found,
    )
    log_p, value, count, known, expected, pairs = found
    alike = (pairs - seen.by_chance) / (1.0 - seen.by_chance)
    return Held(np.minimum(log_p + np.log(seen.tried), 0.0), value, count, known, expected, alike)


def natural_spread(held: Held) -> float:
    """Measure how much members of ordinary groups hold alike.

    Parameters
    ----------
    held
        One field in each of some candidate groups whose members belong to different organisations, as far as known.

    Returns
    -------
    float
        Upper quartile of the correlation over those groups, within LEAST_SPREAD and MOST_SPREAD.

    Notes
    -----
    Most groups that share a template are customers of one product, users of one tool, readers of one tutorial;
    campaigns among them raise the quartile and so hide themselves a little: the price of not accusing the others.
    """
    seen = held.alike[~np.isnan(held.alike) & (held.known >= 4)]
    if seen.shape[0] < FEWEST_NATURAL:
        return DEFAULT_SPREAD
    return float(np.clip(np.quantile(seen, 0.75), LEAST_SPREAD, MOST_SPREAD))
