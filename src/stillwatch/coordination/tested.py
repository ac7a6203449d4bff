"""Every candidate group tested on the layers that did not make it, joined, and held to a false-discovery rate.

::

    values      client, network, money, sign-up, template, artefacts     -> one p-value a field, one a layer
    together    moments of work                                          -> one
    succession  closings and beginnings                                  -> one
    partition   topics inside the shared template                        -> one, for groups that share a template

Fields of a layer depend on each other: the layer's p-value is the smallest times the number of fields. Where and when
accounts work may depend on each other (one office, one outage), so these two layers are joined by Cauchy's rule, the
result and the other layers by Fisher's.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import (
    ARTEFACTS,
    LAYERS,
    LIFECYCLE,
    MONEY,
    PLACE,
    PRODUCT,
    QUOTAS,
    RHYTHM,
    SHARDS,
    spans,
)
from stillwatch.coordination.layers.lifecycle import succession
from stillwatch.coordination.layers.quotas import DEFAULT_SPREAD, natural_volumes, quotas, volume_spread
from stillwatch.coordination.layers.together import InStep, at_work, together
from stillwatch.coordination.layers.values import Held, hold, natural_spread
from stillwatch.coordination.roster import AT, FIELDS
from stillwatch.statistics.joining import cauchy, fisher, without_strongest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stillwatch.coordination.groups import Groups
    from stillwatch.coordination.roster import Roster

LAYER_AT: Final = {1 << at: at for at in range(len(LAYERS))}
SPREAD_FIELDS: Final = tuple(field.name for field in FIELDS if field.name not in ("template", "payment", "artefact"))
"""Fields that ordinary groups share more than strangers do; how much is measured on the candidates."""


HOLDING: Final = [LAYER_AT[layer] for layer in (PRODUCT, PLACE, MONEY, RHYTHM, ARTEFACTS)]
"""Layers, by column, of which single members hold a value."""
THREADS: Final = 2
"""Fields that are counted at the same time."""
MEASURED: Final = 4_000
"""Most template groups on which the spreads are measured."""
VOLUMES: Final = "volumes"
"""Key of the spread of volumes among what is measured on ordinary groups."""
CONCORDANT: Final = 0.5
"""Members that hold the values of two layers, at least, as a share of what independence inside the group gives."""
LOG_P: Final = float(np.log(1e-3))
"""A value is worth looking at from this ln p on."""


@dataclass(frozen=True, slots=True)
class Guards:
    """What keeps the tests honest; a test switches one off to show what it holds."""

    stratified: bool = True
    """Expect what accounts of the same plan, SDK family and size show."""
    left_out: bool = True
    """Never test a group on the layer that made it."""
    spread: bool = True
    """Let the rates of ordinary groups vary."""


ALL: Final = Guards()
"""Every guard on."""


@dataclass(frozen=True, slots=True)
class Tested:
    """Candidate groups and what was found on each layer; row g is group g."""

    groups: Groups
    """The groups."""
    held: tuple[Held, ...]
    """Most surprising value of each of FIELDS."""
    in_step: InStep
    """Members at work in the same moments."""
    successors: NDArray[np.float64]
    """(g, 3) fresh members after a closing, members closed, successors expected."""
    log_p: NDArray[np.float64]
    """(g, layers) ln p of each layer; NaN where the layer made the group or cannot tell."""
    joined: NDArray[np.float64]
    """(g,) ln p of all layers together; NaN where none can tell."""
    rest: NDArray[np.float64]
    """(g,) the same without the strongest, where and when being one: a test that two kinds of evidence speak."""
    spreads: Mapping[str, float]
    """Field -> correlation of members of ordinary groups, and VOLUMES -> spread of their volumes, as measured."""


def independent(groups: Groups, roster: Roster) -> NDArray[np.bool_]:
    """Say which groups have members of many organisations, as far as known."""
    org = roster.registered.organisation[groups.members]
    group = np.repeat(np.arange(len(groups)), groups.sizes)
    named = org != 0
    pairs = np.unique(np.stack([group[named], org[named]]), axis=1) if named.any() else np.zeros((2, 0), np.int64)
    units = np.bincount(pairs[0], minlength=len(groups)) + np.bincount(group[~named], minlength=len(groups))
    return units >= 0.8 * groups.sizes


def spreads(groups: Groups, roster: Roster) -> dict[str, float]:
    """Measure on template groups how much members of ordinary groups hold alike, and how their volumes spread."""
    natural = np.flatnonzero(independent(groups, roster) & (groups.made_by == PRODUCT))
    # Tokens are hashes: the smallest of them are a fair sample.
    groups = groups.take(natural[np.argsort(groups.token[natural], kind="stable")[:MEASURED]])
    measured = {name: natural_spread(hold(groups, roster, AT[name])) for name in SPREAD_FIELDS}
    measured[VOLUMES] = natural_volumes(volume_spread(groups, roster), groups.sizes)
    return measured


def kinds(log_p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join the layers that may depend on each other, where and when, by Cauchy's rule; shape (g, kinds)."""
    doubtful = [LAYER_AT[PLACE], LAYER_AT[RHYTHM]]
    sure = [at for at in range(log_p.shape[1]) if at not in doubtful]
    return np.column_stack([cauchy(log_p[:, doubtful]), log_p[:, sure]])


def holders(
    groups: Groups, roster: Roster, held: tuple[Held, ...], in_step: InStep, which: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say which members of some groups hold the most surprising value of each layer; (memberships, layers)."""
    some = groups.take(which)
    group = np.repeat(np.arange(len(some)), some.sizes)
    holds = np.zeros((some.members.shape[0], len(LAYERS)), np.bool_)
    best = np.full((len(some), len(LAYERS)), np.inf)
    for at, field in enumerate(FIELDS):
        column = LAYER_AT[field.layer]
        log_p = np.where(np.isnan(held[at].log_p[which]), np.inf, held[at].log_p[which])
        better = log_p < best[:, column]
        best[better, column] = log_p[better]
        start, rows = spans(roster.fields[at].start, some.members.astype(np.int64))
        member = np.repeat(np.arange(some.members.shape[0]), np.diff(start))
        mine = np.zeros(some.members.shape[0], np.bool_)
        mine[member[roster.fields[at].value[rows] == held[at].value[which][group[member]]]] = True
        holds[:, column] = np.where(better[group], mine, holds[:, column])
    holds[:, LAYER_AT[RHYTHM]] = at_work(roster, some.members, in_step.slot[which][group])
    return holds


def _concordant(
    groups: Groups, roster: Roster, held: tuple[Held, ...], in_step: InStep, log_p: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Forget layers that speak of other members than the strongest one does.

    A group may hold two parts that have nothing to do with each other, one with a common card, one with a common
    template. Together they would look like two layers of evidence for a group that is none.
    """
    known = np.where(np.isnan(log_p), np.inf, log_p)[:, HOLDING]
    which = np.flatnonzero((known <= LOG_P).sum(axis=1) >= 2)
    if not which.shape[0]:
        return log_p
    holds = holders(groups, roster, held, in_step, which)
    sizes = groups.sizes[which]
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    strongest = np.array(HOLDING)[known[which].argmin(axis=1)]
    leading = holds[np.arange(holds.shape[0]), np.repeat(strongest, sizes)]
    led = np.add.reduceat(leading.astype(np.int64), start)
    for column in HOLDING:
        mine = np.add.reduceat(holds[:, column].astype(np.int64), start)
        both = np.add.reduceat((holds[:, column] & leading).astype(np.int64), start)
        apart = (both < CONCORDANT * led * mine / sizes) & (strongest != column)
        log_p[which[apart], column] = np.nan
    return log_p


def examine(
    groups: Groups,
    roster: Roster,
    spread: Mapping[str, float],
    guards: Guards = ALL,
) -> Tested:
    """Test candidate groups.

    Parameters
    ----------
    groups
        Candidate groups.
    roster
        All accounts.
    spread
        Correlations of ordinary groups, as :func:`spreads` gives them.
    guards
        What keeps the tests honest.

    Returns
    -------
    Tested
        One row a group.
    """
    g = len(groups)
    log_p = np.full((g, len(LAYERS)), np.nan)

    def held_of(at: int) -> Held:
        usual = spread.get(FIELDS[at].name, 0.0) if guards.spread else 0.0
        return hold(groups, roster, at, spread=usual, stratified=guards.stratified)

    # Fields do not depend on each other, and the kernels run without the interpreter lock.
    with ThreadPoolExecutor(THREADS, "fields") as pool:
        moments = pool.submit(together, groups, roster)
        held = tuple(pool.map(held_of, range(len(FIELDS))))
        in_step = moments.result()
    for layer, column in LAYER_AT.items():
        mine = [one.log_p for one, field in zip(held, FIELDS, strict=True) if field.layer == layer]
        if mine:
            stacked = np.stack(mine, axis=1)
            known = (~np.isnan(stacked)).sum(axis=1)
            least = np.where(np.isnan(stacked), np.inf, stacked).min(axis=1)
            log_p[:, column] = np.where(known > 0, np.minimum(least + np.log(np.maximum(known, 1)), 0.0), np.nan)
    volumes = volume_spread(groups, roster)
    log_p[:, LAYER_AT[QUOTAS]] = quotas(groups, volumes, spread.get(VOLUMES, DEFAULT_SPREAD))
    log_p[:, LAYER_AT[RHYTHM]] = in_step.log_p
    log_p[:, LAYER_AT[LIFECYCLE]], count, closed, expected = succession(groups, roster)
    if guards.left_out:
        for layer, column in LAYER_AT.items():
            log_p[(groups.made_by & layer) > 0, column] = np.nan
    return Tested(
        groups,
        held,
        in_step,
        np.column_stack([count, closed, expected]).astype(np.float64),
        _concordant(groups, roster, held, in_step, log_p),
        fisher(kinds(log_p)),
        fisher(without_strongest(kinds(log_p))),
        dict(spread),
    )


def undecided(tested: Tested) -> NDArray[np.bool_]:
    """Say which groups have one kind of evidence at least, so that the shards of their work could make a second."""
    with np.errstate(invalid="ignore"):
        return np.asarray((kinds(tested.log_p) <= np.log(WORTH_P)).any(axis=1))


WORTH_P: Final = 1e-2
"""p-value of another kind of evidence from which a null is drawn for the shards of a group."""


def with_shards(tested: Tested, log_p: NDArray[np.float64]) -> Tested:
    """Add the p-values of shards, shape (g,), NaN where they were not tested."""
    columns = tested.log_p.copy()
    columns[:, LAYER_AT[SHARDS]] = log_p
    return replace(tested, log_p=columns, joined=fisher(kinds(columns)), rest=fisher(without_strongest(kinds(columns))))
