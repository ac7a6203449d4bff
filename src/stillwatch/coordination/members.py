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
BORROWED: Final = 20.0
"""Accounts of the whole population that each stratum borrows."""
TIMES: Final = 10
"""Holders of a typical value whose accounts are looked at for that alone, at most, as times the seed."""
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
    groups: int = 1
    """Validated groups it stands on."""


LAYERS_WEIGHED: Final = tuple(LAYERS[layer.bit_length() - 1] for layer in _WEIGHED)
"""Names of the columns of ``Membership.bits``."""


class Holders:
    """Which accounts hold each value of each field: the fields of a roster turned round."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.strata = int(roster.stratum.max(initial=0)) + 1
        self._turned: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}

    def of(self, field: int, value: int) -> NDArray[np.int64]:
        """Give the accounts that hold a value, ascending."""
        if field not in self._turned:
            held = self.roster.fields[field]
            account = np.repeat(np.arange(len(self.roster)), np.diff(held.start))
            order = np.argsort(held.value, kind="stable")
            start = np.searchsorted(held.value[order], np.arange(held.token.shape[0] + 1))
            self._turned[field] = account[order], start
        accounts, start = self._turned[field]
        return accounts[start[value] : start[value + 1]]


def _units(roster: Roster, seed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the customers among some accounts, as numbers: those of one stated organisation are one, others each alone.

    What only the accounts of one organisation share is theirs and not the entity's, unless they are most of it.
    """
    org = roster.registered.organisation[seed]
    _, unit = np.unique(np.where(org != 0, org, -1 - np.arange(seed.shape[0])), return_inverse=True)
    largest = np.bincount(unit).max()
    return np.arange(seed.shape[0]) if 2 * largest > seed.shape[0] else unit.astype(np.int64)


def _values(field: Coded, rows: NDArray[np.int64], units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pack (value, customer) of some accounts, each once, ascending."""
    start, at = spans(field.start, rows)
    unit = np.repeat(units, np.diff(start))
    return np.unique(field.value[at].astype(np.int64) << np.int64(32) | unit)


def weigh(holders: Holders, seed: NDArray[np.int64], layers: int = LEAST_LAYERS) -> Membership:
    """Weigh every account that holds something of an entity against it.

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
    units = _units(roster, seed)
    typical = [_typical(roster.fields[at], seed, units) for at in range(len(FIELDS))]
    rows = _candidates(holders, typical, seed)
    inside = np.isin(rows, seed, assume_unique=True)
    bits = np.zeros((rows.shape[0], len(_WEIGHED)))
    for at, spec in enumerate(FIELDS):
        weight = _field(holders, at, typical[at], rows, inside)
        column = bits[:, _COLUMN[spec.layer]]
        # The best field speaks for its layer; where none speaks for it, the worst against.
        stronger = (weight > np.maximum(column, 0.0)) | ((column <= 0.0) & (weight < column))
        bits[:, _COLUMN[spec.layer]] = np.where(stronger, weight, column)
    bits[:, _COLUMN[RHYTHM]] = company(roster, seed, rows)
    bits = np.clip(bits, FLOOR_BITS, CAP_BITS)
    if layers < LEAST_LAYERS:
        # Nothing but the product holds such an entity together; what else its members have is their own.
        bits[:, [at for layer, at in _COLUMN.items() if layer != PRODUCT]] = 0.0
    prior = np.log2((seed.shape[0] + _PRIOR_ACCOUNTS) / (len(roster) + _PRIOR_ACCOUNTS))
    total = bits.sum(axis=1) + prior
    belongs = (total >= LEAST_BITS) & ((bits >= SPEAKS_BITS).sum(axis=1) >= layers)
    return Membership(rows[belongs], bits[belongs], total[belongs])


@dataclass(frozen=True, slots=True)
class _Typical:
    """Values of one field that are typical of an entity."""

    codes: NDArray[np.int64]
    """Codes of the values."""
    shares: NDArray[np.float64]
    """Share of the entity's customers that hold each."""
    none: float
    """Share of the entity's customers that hold none of them."""
    customers: int
    """Customers of the entity that have the field."""


def _typical(field: Coded, seed: NDArray[np.int64], units: NDArray[np.int64]) -> _Typical:
    """Find the values that are typical of an entity; shares are of customers, not of accounts."""
    customers = int(np.unique(units[field.known(seed)]).shape[0])
    pairs = _values(field, seed, units)
    codes, counts = np.unique(pairs >> np.int64(32), return_counts=True)
    kept = (counts >= FEWEST) & (counts >= TYPICAL * customers)
    some = np.unique(pairs[np.repeat(kept, counts)] & np.int64(0xFFFFFFFF)).shape[0]
    # Shares are shrunk: what two of three members hold is not known to two thirds.
    none = (customers - some + 0.5) / (customers + 1.0)
    return _Typical(codes[kept], counts[kept] / (customers + 1.0), none, customers)


def _candidates(holders: Holders, typical: list[_Typical], seed: NDArray[np.int64]) -> NDArray[np.int64]:
    """List the accounts that may belong: the seed, and whoever holds a typical value that few hold; ascending."""
    parts = [seed]
    for at, one in enumerate(typical):
        held = [holders.of(at, code) for code in one.codes.tolist()]
        parts += [accounts for accounts in held if accounts.shape[0] <= TIMES * seed.shape[0] + TIMES]
    return np.unique(np.concatenate(parts))


def _field(
    holders: Holders, at: int, typical: _Typical, rows: NDArray[np.int64], inside: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Give the weight of some accounts by one field; 0 where it is unknown."""
    roster = holders.roster
    field, seen, stratum = roster.fields[at], roster.rates[at], roster.stratum[rows]
    weight = np.zeros(rows.shape[0])
    if typical.customers < FEWEST:
        return weight
    known = field.known(rows)
    start, places = spans(field.start, rows)
    row = np.repeat(np.arange(rows.shape[0]), np.diff(start))
    code = np.searchsorted(typical.codes, field.value[places])
    code[code == typical.codes.shape[0]] = 0
    holds = typical.codes[code] == field.value[places] if typical.codes.shape[0] else np.zeros(row.shape[0], np.bool_)
    row, code = row[holds], code[holds]
    # Rates outside the entity, by value and stratum, each stratum borrowing from all.
    outside = seen.known - np.bincount(stratum[known & inside], minlength=holders.strata)
    others = np.zeros((typical.codes.shape[0], holders.strata))
    for place, value in enumerate(typical.codes.tolist()):
        cells = slice(seen.start[value], seen.start[value + 1])
        others[place, seen.cell_stratum[cells]] = seen.cell_count[cells]
    mine = inside[row]
    np.add.at(others, (code[mine], stratum[row[mine]]), -1.0)
    rate = (others.sum(axis=1) + 0.5) / (max(float(outside.sum()), 1.0) + 1.0)
    by_stratum = (others + BORROWED * rate[:, None]) / (outside + BORROWED)
    agreed = np.log2(typical.shares[:, None] / np.minimum(by_stratum, 1.0))
    held = np.zeros(rows.shape[0], np.bool_)
    held[row] = True
    best = np.full(rows.shape[0], -np.inf)
    np.maximum.at(best, row, agreed[code, stratum[row]])
    rest = np.log2(typical.none / (1.0 - np.minimum(by_stratum.sum(axis=0), 0.999)))
    return np.where(held, best, np.where(known, np.minimum(rest[stratum], 0.0), weight))


SAME: Final = 0.5
"""Share of the smaller entity's members from which two entities are one."""


FAR_BITS: Final = 6.0
"""How much more an account shares with one of two entities for it to be of that one's camp (bits)."""
CAMP: Final = 0.1
"""Share of those who belong to two entities, from which they make a camp; two camps are two entities."""
BRIDGE: Final = 3
"""A group that holds two entities which have nothing in common is a bridge between them, and none itself, where each of
the two stands on so many times as many groups."""
APART: Final = 0.1
"""Share of the smaller of two entities up to which they have nothing in common."""


def united(found: list[Membership]) -> tuple[Membership, ...]:
    """Make one of entities that came out with largely the same members, larger ones first.

    An account that belongs to several stays with the one that it shares most with.
    """
    kept: list[Membership] = []
    for one in sorted(_without_bridges(found), key=lambda each: (-each.rows.shape[0], each.seeds)):
        for at, other in enumerate(kept):
            if _both(one, other) >= SAME * one.rows.shape[0] and not _two_camps(one, other):
                kept[at] = joined(other, one)
                break
        else:
            kept.append(one)
    return _apart(kept)


def _two_camps(first: Membership, second: Membership) -> bool:
    """Say whether those who belong to both fall apart: some share far more with the one, some with the other."""
    _, mine, theirs = np.intersect1d(first.rows, second.rows, assume_unique=True, return_indices=True)
    more = first.total_bits[mine] - second.total_bits[theirs]
    least = CAMP * more.shape[0]
    return bool((more >= FAR_BITS).sum() >= least and (more <= -FAR_BITS).sum() >= least)


def _both(first: Membership, second: Membership) -> int:
    return int(np.intersect1d(first.rows, second.rows, assume_unique=True).shape[0])


def _without_bridges(found: list[Membership]) -> list[Membership]:
    """Leave out what holds most of two better founded entities that have nothing in common."""
    kept = []
    for one in found:
        inside = [
            other
            for other in found
            if other.groups >= BRIDGE * one.groups and _both(one, other) >= SAME * other.rows.shape[0]
        ]
        apart = any(
            _both(first, second) <= APART * min(first.rows.shape[0], second.rows.shape[0])
            for at, first in enumerate(inside)
            for second in inside[at + 1 :]
        )
        if not apart:
            kept.append(one)
    return kept


def joined(first: Membership, second: Membership) -> Membership:
    """Put the members of two entities together; who is in both keeps the larger weight."""
    rows = np.concatenate([first.rows, second.rows])
    bits, total = np.concatenate([first.bits, second.bits]), np.concatenate([first.total_bits, second.total_bits])
    order = np.lexsort((-total, rows))
    once = order[np.concatenate([[True], np.diff(rows[order]) > 0])]
    return Membership(rows[once], bits[once], total[once], (*first.seeds, *second.seeds), first.groups + second.groups)


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
            kept.append(Membership(one.rows[mine], one.bits[mine], one.total_bits[mine], one.seeds, one.groups))
    return tuple(kept)
