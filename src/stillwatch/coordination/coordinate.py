"""The way of one run: candidates, tests, false-discovery rate, entities. Read this file first.

::

    templates = templates(outline)                    groups that share a rare template
    roster    = enroll(outline, registered, ...)      what accounts may share, coded; strata
    groups    = templates + composites + rhythms + carried artefacts      candidates, never pairs
    tested    = examine(groups)                      every layer but the one that made the group
    parts     = peeled(tested)                       diluted groups, judged on the layers that are left
    q         = q_values(joined p of all)            Benjamini-Hochberg over groups
    entity    = entities(validated)                  overlapping groups are one campaign
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from stillwatch.coordination.candidates.carried import carried
from stillwatch.coordination.candidates.composites import composites
from stillwatch.coordination.candidates.rhythm import rhythms
from stillwatch.coordination.candidates.templates import templates
from stillwatch.coordination.entities import entities
from stillwatch.coordination.groups import ARTEFACTS, Groups, gathered
from stillwatch.coordination.layers.partition import CONCENTRATION, Partition, partition
from stillwatch.coordination.layers.together import InStep
from stillwatch.coordination.layers.values import Held
from stillwatch.coordination.members import LEAST_LAYERS, Holders, Membership, united, weigh
from stillwatch.coordination.peel import peeled
from stillwatch.coordination.roster import Roster, enroll
from stillwatch.coordination.shared import LEAST
from stillwatch.coordination.tested import (
    ALL,
    HOLDING,
    LOG_P,
    Guards,
    Tested,
    examine,
    holders,
    independent,
    spreads,
    undecided,
    with_shards,
)
from stillwatch.statistics.fdr import q_values
from stillwatch.statistics.looks import log_at_look

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.candidates.templates import Templates
    from stillwatch.coordination.outline import Outline
    from stillwatch.coordination.shared import Left
    from stillwatch.model.registered import Registered

_Columns = TypeVar("_Columns", Held, InStep)
ALPHA: Final = 1e-3
"""False-discovery rate of the review queue: one wrong group in a thousand, over many runs."""


@dataclass(frozen=True, slots=True)
class Coordination:
    """What one run found; row g of the tested columns is group g."""

    roster: Roster
    """All accounts."""
    templates: Templates
    """Template groups and their pieces."""
    partition: Partition
    """Partition evidence, one row a template group."""
    tested: Tested
    """Every group tested, parts of diluted groups behind the candidates."""
    q: NDArray[np.float64]
    """(g,) q-values; NaN where nothing could tell."""
    template: NDArray[np.int64]
    """(g,) template group each group is of or was taken from, -1 for none."""
    validated: NDArray[np.int64]
    """Groups at or below the rate, bystanders left out, as rows of ``tested``."""
    core: Groups
    """The validated groups without bystanders."""
    entity: NDArray[np.int64]
    """Number of the entity of each validated group."""
    left: tuple[Left, ...]
    """What caps left out."""

    def memberships(self) -> tuple[Membership, ...]:
        """Weigh every account against every entity; entities that come out largely the same are one."""
        holders = Holders(self.roster)
        made = []
        for entity in range(int(self.entity.max(initial=-1)) + 1):
            mine = np.flatnonzero(self.entity == entity)
            seed = np.unique(np.concatenate([self.core.of(int(g)) for g in mine])).astype(np.int64)
            held = self.tested.log_p[self.validated[mine]][:, HOLDING]
            layers = LEAST_LAYERS if (held <= LOG_P).any() else 1
            first = weigh(holders, seed, layers).rows
            # A second time from those who came out, so that neither bystanders nor the missing decide what is typical.
            again = weigh(holders, first if first.shape[0] >= LEAST else seed, layers)
            made.append(replace(again, seeds=(entity,)))
        return united([one for one in made if one.rows.shape[0] >= LEAST])


def _appended(first: Tested, second: Tested) -> Tested:
    held = tuple(_after(a, b) for a, b in zip(first.held, second.held, strict=True))
    successors, log_p, joined, rest = (
        np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("successors", "log_p", "joined", "rest")
    )
    groups, in_step = gathered([first.groups, second.groups]), _after(first.in_step, second.in_step)
    return Tested(groups, held, in_step, successors, log_p, joined, rest, first.spreads)


def _after(first: _Columns, second: _Columns) -> _Columns:
    """Put the rows of a dataclass of arrays behind those of another."""
    names = [field.name for field in fields(first)]
    return type(first)(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))


def _core(tested: Tested, roster: Roster, which: NDArray[np.int64]) -> Groups:
    """Leave bystanders out: keep who holds the value of the strongest layer, or of two layers the group stands on.

    A group that stands on no value of single members (on partition alone, say) keeps them all.
    """
    groups = tested.groups.take(which)
    group = np.repeat(np.arange(len(groups)), groups.sizes)
    log_p = np.where(np.isnan(tested.log_p[which]), 0.0, tested.log_p[which])[:, HOLDING]
    strong = log_p <= LOG_P
    holds = holders(tested.groups, roster, tested.held, tested.in_step, which)[:, HOLDING]
    standing = np.asarray(strong.any(axis=1))
    leading = holds[np.arange(holds.shape[0]), log_p.argmin(axis=1)[group]]
    kept = leading | ((holds & strong[group]).sum(axis=1) >= 2) | ~standing[group]
    sizes = np.bincount(group[kept], minlength=len(groups))
    return Groups(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        groups.members[kept],
        groups.made_by,
        groups.token,
        groups.kind,
        groups.names,
    )


def coordinate(
    outline: Outline,
    registered: Registered,
    artefacts: tuple[NDArray[np.int64], NDArray[np.int64]],
    *,
    seed: int = 0,
    alpha: float = ALPHA,
    concentration: float = CONCENTRATION,
    look: int = 1,
    guards: Guards = ALL,
) -> Coordination:
    """Find coordinated groups and join them to entities.

    Parameters
    ----------
    outline
        Sketches of all accounts, by ascending account.
    registered
        Their sign-up and payment, in the same order.
    artefacts
        Pairs (artefact, account) that more than one account bore or carried.
    seed
        Seed of the simulated nulls.
    alpha
        False-discovery rate, 0 to 1.
    concentration
        How alike customers of one product are taken to be.
    look
        Which look at these accounts it is, from 1: the rate is shared out over looks.
    guards
        What keeps the tests honest.

    Returns
    -------
    Coordination
        Groups, tests, entities.

    Notes
    -----
    The same accounts and seed give the same result. Time is near-linear in what accounts share.
    """
    n = outline.key.shape[0]
    found = templates(outline)
    row = np.searchsorted(outline.key, artefacts[1])
    row[row == n] = 0
    there = outline.key[row] == artefacts[1] if n else np.zeros(0, np.bool_)
    joined_by = carried(artefacts[0][there], row[there], n)
    roster = enroll(outline, registered, found.groups, joined_by)
    values, left = composites(roster)
    hours, too_many = rhythms(outline)
    groups = gathered([found.groups, values, hours, joined_by])
    template = np.concatenate([np.arange(len(found.groups)), np.full(len(groups) - len(found.groups), -1)]).astype(
        np.int64
    )
    spread = spreads(groups, roster)
    tested = examine(groups, roster, spread, guards)
    of_template = np.arange(len(found.groups))
    divided = partition(
        found, roster, np.flatnonzero(undecided(tested)[of_template]), seed=seed, concentration=concentration
    )
    shards = np.full(len(groups), np.nan)
    shards[of_template] = divided.log_p
    tested = with_shards(tested, shards)
    parts, origins = peeled(groups, roster, tested.held)
    if parts:
        again = gathered(parts)
        tested = _appended(tested, examine(again, roster, spread, guards))
        template = np.concatenate([template, template[np.concatenate(origins)]])
    # Signed reasoning that passes between owners is exact: where that made the group, one other kind is enough.
    exact = (tested.groups.made_by == ARTEFACTS) & independent(tested.groups, roster)
    stands = log_at_look(np.where(exact, tested.joined, tested.rest), look)
    q = q_values(np.exp(stands))
    validated = np.flatnonzero(q <= alpha)
    core = _core(tested, roster, validated)
    large = core.sizes >= LEAST
    validated, core = validated[large], core.take(np.flatnonzero(large))
    return Coordination(
        roster,
        found,
        divided,
        tested,
        q,
        template,
        validated,
        core,
        entities(core, n),
        (*found.left, *left, *too_many),
    )
