"""Groups by client, network, money and sign-up: values that are rare, and common values that are rare together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import Groups, gathered
from stillwatch.coordination.roster import AT, FIELDS
from stillwatch.coordination.shared import Left, collapsed, grouped
from stillwatch.sketches.hashing import kernel, mix64
from stillwatch.statistics.tails import log_poisson_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.roster import Roster

ALONE: Final = ("user_agent", "ja4", "network", "payment", "card_bin", "email_domain", "referral", "signup_hour")
"""Fields of which one rare value makes a group; of hours of sign-up, those with many more than the hours around."""
TOGETHER: Final = (
    ("user_agent", "ja4"),
    ("ja4", "card_bin"),
    ("user_agent", "ja4", "card_bin"),
    ("card_bin", "signup_day"),
    ("email_domain", "signup_day"),
    ("ja4", "email_domain"),
    ("referral", "signup_day"),
)
"""Fields whose values make a group together, each of single value."""
MOST: Final = 5_000
"""Most accounts of such a group."""
_LOW: Final = np.uint64(0xFFFFFFFF)


@kernel
def _mix(tokens: np.ndarray, known: np.ndarray, out: np.ndarray) -> None:
    """Hash rows of tokens, shape (k, n); 0 where one is unknown."""
    for i in range(tokens.shape[1]):
        mixed = np.uint64(0)
        for f in range(tokens.shape[0]):
            if not known[f, i]:
                mixed = np.uint64(0)
                break
            mixed = mix64(mixed * np.uint64(0x9E3779B97F4A7C15) + tokens[f, i] + np.uint64(1))
        out[i] = mixed


def mixed(roster: Roster, names: tuple[str, ...], rows: NDArray[np.int64] | None = None) -> NDArray[np.uint64]:
    """Hash the values of some fields of all or of some accounts together; 0 where one is unknown."""
    rows = np.arange(len(roster)) if rows is None else rows
    known = np.stack([roster.fields[AT[name]].known(rows) for name in names])
    tokens = np.zeros(known.shape, np.uint64)
    for at, name in enumerate(names):
        field = roster.fields[AT[name]]
        tokens[at, known[at]] = field.token[field.value[field.start[rows[known[at]]]]]
    made = np.zeros(rows.shape[0], np.uint64)
    _mix(tokens, known, made)
    return made


def bursts(hour: NDArray[np.uint64], count: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which hours of sign-up have far more than the day before and after.

    Parameters
    ----------
    hour
        (h,) hours since 1970, ascending.
    count
        (h,) accounts that signed up in each.

    Returns
    -------
    ndarray
        (h,) hours whose count has a Poisson tail below BURST_P at the mean of the hours within a day.
    """
    at = hour.astype(np.int64)
    total = np.concatenate([[0], np.cumsum(count)])
    low, high = np.searchsorted(at, at - AROUND_H), np.searchsorted(at, at + AROUND_H, side="right")
    around = (total[high] - total[low] - count) / (2.0 * AROUND_H)
    log_p = np.array([log_poisson_tail(int(c), float(m) + 0.05) for c, m in zip(count, around, strict=True)])
    return np.asarray(log_p <= np.log(BURST_P))


AROUND_H: Final = 24
"""Hours before and after, with which an hour of sign-up is compared (h)."""
BURST_P: Final = 1e-4
"""Chance of a group's size, from its values being as common as they are, that makes it a candidate. It is no evidence:
the group is tested on other layers."""


def alone(roster: Roster, name: str, touched: NDArray[np.int64] | None = None) -> tuple[Groups, Left]:
    """Find the groups that share one rare value; of some values alone where ``touched`` (codes) is given."""
    field = roster.fields[AT[name]]
    account = np.repeat(np.arange(len(roster)), np.diff(field.start))
    chosen = np.ones(field.token.shape[0], np.bool_)
    if name == "signup_hour":
        order = np.argsort(field.token, kind="stable")
        count = np.bincount(field.value, minlength=field.token.shape[0])
        chosen[order] = bursts(field.token[order], count[order])
    if touched is not None:
        only = np.zeros(field.token.shape[0], np.bool_)
        only[touched] = True
        chosen &= only
    held = chosen[field.value]
    pairs = np.sort(field.value[held].astype(np.uint64) << np.uint64(32) | account[held].astype(np.uint64))
    groups, left = grouped(pairs, name, FIELDS[AT[name]].layer, most=MOST)
    # The value itself, not its code: codes are of one run alone.
    return replace(groups, token=field.token[groups.token.astype(np.int64)]), left


def rare_together(
    roster: Roster, names: tuple[str, ...], touched: NDArray[np.uint32] | None = None
) -> tuple[Groups, Left]:
    """Find the groups whose values are rare together; of some hashes alone where ``touched`` is given."""
    whole = mixed(roster, names)
    account = np.flatnonzero(whole)
    if touched is not None:
        account = account[np.isin((whole[account] >> np.uint64(32)).astype(np.uint32), touched)]
    pairs = np.sort((whole[account] & ~_LOW) | account.astype(np.uint64))
    layers = 0
    for name in names:
        layers |= FIELDS[AT[name]].layer
    groups, left = grouped(pairs, "+".join(names), layers, most=MOST)
    # Against all but the last together: client and TLS fingerprint go together anyway.
    last = roster.fields[AT[names[-1]]]
    codes = np.full(len(roster), -1, np.int64)
    codes[last.known()] = last.value
    larger = _rare_together(groups, mixed(roster, names[:-1]), codes, np.flatnonzero(whole))
    return groups.take(np.flatnonzero(larger)), left


def _rare_together(
    groups: Groups, before: NDArray[np.uint64], last: NDArray[np.int64], known: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say which groups are larger than their values, each as common as it is, would make by chance."""
    first = groups.members[groups.start[:-1]]
    _, joint = np.unique(before[known], return_inverse=True)
    place = np.searchsorted(known, first)
    expected = np.bincount(joint)[joint[place]] * np.bincount(last[known])[last[first]] / max(known.shape[0], 1)
    tail = np.array(
        [log_poisson_tail(int(n), float(mean)) for n, mean in zip(groups.sizes, expected, strict=True)], np.float64
    )
    return np.asarray(tail <= np.log(BURST_P))


def composites(roster: Roster) -> tuple[Groups, tuple[Left, ...]]:
    """Find the groups that share a rare value, or values that are rare together.

    Parameters
    ----------
    roster
        All accounts.

    Returns
    -------
    Groups, tuple of Left
        Groups of LEAST to MOST accounts, and what was held by too many.

    Notes
    -----
    O(n log n) a field. Values that are rare together are not tested on the layers they are of.
    """
    found = [alone(roster, name) for name in ALONE] + [rare_together(roster, names) for names in TOGETHER]
    kept = [collapsed(groups)[0] for groups, _ in found]
    return gathered(kept), tuple(left for _, left in found if left.values)
