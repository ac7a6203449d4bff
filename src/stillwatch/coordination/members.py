"""Who belongs to an entity, and by how much: what each account shares with it against how common that is elsewhere.

Validated groups are the seed. Then every account that holds what the entity holds is weighed, field by field: log2 of
the share of the entity's members with that value over the share among accounts of the same stratum outside it, and a
negative weight where the account has the field but none of the entity's values. Fields of one layer count once, by
their best; an account needs two layers and more evidence than its prior chance of being one of them asks for.

References
----------
Fellegi & Sunter (1969), A theory for record linkage: agreement weights as log-likelihood ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import ARTEFACTS, LAYERS, MONEY, PLACE, PRODUCT, RHYTHM, spans
from stillwatch.coordination.layers.together import company
from stillwatch.coordination.roster import FIELDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.roster import Coded, Roster

TYPICAL: Final = 0.03
"""Least share of the entity's members that hold a value for it to be one of the entity's values."""
FEWEST: Final = 2
"""Fewest members that hold it."""
CAP_BITS: Final = 12.0
"""Most one layer may say for an account, since its fields and their rates are only known so well."""
FLOOR_BITS: Final = -6.0
"""Most one layer may say against an account: in every campaign some have a card or a network of their own."""
LEAST_BITS: Final = 3.0
"""Evidence above the prior from which an account belongs."""
LEAST_LAYERS: Final = 2
"""Layers that must speak for an account."""
FEWEST_MEMBERS: Final = 3
"""Fewest members of an entity."""
SPEAKS_BITS: Final = 2.0
"""A layer speaks for an account from this weight on."""
_PRIOR_ACCOUNTS: Final = 1.0
_WEIGHED: Final = (PRODUCT, PLACE, MONEY, RHYTHM, ARTEFACTS)
_COLUMN: Final = {layer: at for at, layer in enumerate(_WEIGHED)}


@dataclass(frozen=True, slots=True)
class Membership:
    """The accounts of one entity, and what each shares with it."""

    rows: NDArray[np.int64]
    """(m,) rows of the roster, ascending."""
    bits: NDArray[np.float64]
    """(m, 5) bits by LAYERS_WEIGHED: product, place, money, rhythm, artefacts."""
    total_bits: NDArray[np.float64]
    """(m,) bits of all layers and prior; the chance of belonging is 1 / (1 + 2^-total)."""
    seeds: tuple[int, ...] = ()
    """Numbers of the entities it was grown from."""


LAYERS_WEIGHED: Final = tuple(LAYERS[layer.bit_length() - 1] for layer in _WEIGHED)
"""Names of the columns of ``Membership.bits``."""


class Holders:
    """Which accounts hold each value of each field: the fields of a roster turned round."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self._order: list[NDArray[np.int64]] = []
        self._start: list[NDArray[np.int64]] = []
        for field in roster.fields:
            account = np.repeat(np.arange(len(roster)), np.diff(field.start))
            order = np.argsort(field.value, kind="stable")
            self._order.append(account[order])
            self._start.append(np.searchsorted(field.value[order], np.arange(field.token.shape[0] + 1)))

    def of(self, field: int, value: int) -> NDArray[np.int64]:
        """Give the accounts that hold a value, ascending."""
        start = self._start[field]
        return self._order[field][start[value] : start[value + 1]]


def _units(roster: Roster, seed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the customers among some accounts, as numbers: those of one stated organisation are one, others each alone.

    What only the accounts of one organisation share is theirs and not the entity's, unless they are most of it.
    """
    org = roster.registered.organisation[seed]
    _, unit = np.unique(np.where(org != 0, org, -1 - np.arange(seed.shape[0])), return_inverse=True)
    largest = np.bincount(unit).max()
    return np.arange(seed.shape[0]) if 2 * largest > seed.shape[0] else unit.astype(np.int64)


def _values(
    field: Coded, rows: NDArray[np.int64], units: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the values that some accounts hold: codes, and how many customers hold each."""
    start, at = spans(field.start, rows)
    unit = np.repeat(units, np.diff(start))
    pairs = np.unique(np.stack([field.value[at].astype(np.int64), unit]), axis=1)
    codes, counts = np.unique(pairs[0], return_counts=True)
    return codes, counts


def weigh(holders: Holders, seed: NDArray[np.int64], layers: int = LEAST_LAYERS) -> Membership:
    """Weigh every account against an entity.

    Parameters
    ----------
    holders
        Who holds what.
    seed
        Rows of the accounts that its validated groups hold together, ascending.
    layers
        Layers that must speak for an account; 1 where the entity stands on how work is divided alone.

    Returns
    -------
    Membership
        Accounts that belong, seeds without enough evidence left out, others taken in.

    Notes
    -----
    O(accounts that hold a value of the entity). Blind spot: an account that shares the template alone.
    """
    roster = holders.roster
    n = len(roster)
    inside = np.zeros(n, np.bool_)
    inside[seed] = True
    strata = int(roster.stratum.max(initial=0)) + 1
    units = _units(roster, seed)
    bits = np.zeros((n, len(_WEIGHED)))
    for at, (spec, field) in enumerate(zip(FIELDS, roster.fields, strict=True)):
        if spec.layer not in _COLUMN:
            continue
        weight = _field(holders, at, field, inside, (seed, units), strata)
        column = bits[:, _COLUMN[spec.layer]]
        # The best field speaks for its layer; where none speaks for it, the worst against.
        stronger = (weight > np.maximum(column, 0.0)) | ((column <= 0.0) & (weight < column))
        bits[:, _COLUMN[spec.layer]] = np.where(stronger, weight, column)
    touched = np.flatnonzero((bits > 0.0).any(axis=1) | inside)
    bits[touched, _COLUMN[RHYTHM]] = company(roster, seed, touched)
    bits = np.clip(bits, FLOOR_BITS, CAP_BITS)
    if layers < LEAST_LAYERS:
        # Nothing but the product holds such an entity together; what else its members have is their own.
        bits[:, [at for layer, at in _COLUMN.items() if layer != PRODUCT]] = 0.0
    total = bits.sum(axis=1) + np.log2((seed.shape[0] + _PRIOR_ACCOUNTS) / (n + _PRIOR_ACCOUNTS))
    belongs = (total >= LEAST_BITS) & ((bits >= SPEAKS_BITS).sum(axis=1) >= layers)
    rows = np.flatnonzero(belongs)
    return Membership(rows, bits[rows], total[rows])


def _field(
    holders: Holders,
    at: int,
    field: Coded,
    inside: NDArray[np.bool_],
    members_units: tuple[NDArray[np.int64], NDArray[np.int64]],
    strata: int,
) -> NDArray[np.float64]:
    """Give every account's weight by one field; 0 where it is unknown. Shares are of customers, not of accounts."""
    roster = holders.roster
    n = len(roster)
    known = field.known
    seed, units = members_units
    members = int(np.unique(units[known[seed]]).shape[0])
    weight = np.zeros(n)
    if members < FEWEST:
        return weight
    codes, counts = _values(field, seed, units)
    typical = (counts >= FEWEST) & (counts >= TYPICAL * members)
    # Rates outside the entity, by stratum, each stratum borrowing from all.
    outside = np.bincount(roster.stratum[known & ~inside], minlength=strata).astype(np.float64)
    everybody = max(float(outside.sum()), 1.0)
    held_in = np.zeros(n, np.bool_)
    explained, common = 0.0, np.zeros(strata)
    for code, count in zip(codes[typical].tolist(), counts[typical].tolist(), strict=True):
        accounts = holders.of(at, code)
        others = accounts[~inside[accounts]]
        rate = (others.shape[0] + 0.5) / (everybody + 1.0)
        by_stratum = np.bincount(roster.stratum[others], minlength=strata)
        rates = (by_stratum + 20.0 * rate) / (outside + 20.0)
        # The share is shrunk: what two of three members hold is not known to two thirds.
        share = count / (members + 1.0)
        mine = np.log2(share / np.minimum(rates[roster.stratum[accounts]], 1.0))
        weight[accounts] = np.where(held_in[accounts], np.maximum(weight[accounts], mine), mine)
        held_in[accounts] = True
        explained = min(explained + share, 1.0)
        common = np.minimum(common + rates, 0.999)
    rest = np.log2(max(1.0 - explained, 0.5 / (members + 1.0)) / (1.0 - common))
    absent = known & ~held_in
    weight[absent] = np.minimum(rest[roster.stratum[absent]], 0.0)
    return weight


SAME: Final = 0.5
"""Share of the smaller entity's members from which two entities are one."""


def united(found: list[Membership]) -> tuple[Membership, ...]:
    """Make one of entities that came out with largely the same members, larger ones first.

    An account that belongs to several stays with the one that it shares most with.
    """
    kept: list[Membership] = []
    for one in sorted(found, key=lambda each: (-each.rows.shape[0], each.seeds)):
        for at, other in enumerate(kept):
            both = np.intersect1d(one.rows, other.rows, assume_unique=True).shape[0]
            if both >= SAME * one.rows.shape[0]:
                kept[at] = _joined(other, one)
                break
        else:
            kept.append(one)
    return _apart(kept)


def _joined(first: Membership, second: Membership) -> Membership:
    rows = np.concatenate([first.rows, second.rows])
    bits, total = np.concatenate([first.bits, second.bits]), np.concatenate([first.total_bits, second.total_bits])
    order = np.lexsort((-total, rows))
    once = order[np.concatenate([[True], np.diff(rows[order]) > 0])]
    return Membership(rows[once], bits[once], total[once], (*first.seeds, *second.seeds))


def _apart(found: list[Membership]) -> tuple[Membership, ...]:
    """Leave each account in one entity alone: the one with most evidence, of equals the first."""
    if not found:
        return ()
    rows = np.concatenate([one.rows for one in found])
    total = np.concatenate([one.total_bits for one in found])
    entity = np.repeat(np.arange(len(found)), [one.rows.shape[0] for one in found])
    order = np.lexsort((entity, -total, rows))
    first = np.concatenate([[True], np.diff(rows[order]) > 0])
    stays = np.zeros(rows.shape[0], np.bool_)
    stays[order[first]] = True
    kept = []
    for at, one in enumerate(found):
        mine = stays[entity == at]
        if mine.sum() >= FEWEST_MEMBERS:
            kept.append(Membership(one.rows[mine], one.bits[mine], one.total_bits[mine], one.seeds))
    return tuple(kept)
