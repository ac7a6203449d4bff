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
from stillwatch.coordination.candidates.rhythm import bands, rhythms
from stillwatch.coordination.candidates.templates import templates
from stillwatch.coordination.entities import entities
from stillwatch.coordination.groups import ARTEFACTS, Groups, gathered
from stillwatch.coordination.layers.partition import CONCENTRATION, Partition, partition
from stillwatch.coordination.layers.together import InStep
from stillwatch.coordination.layers.values import Held
from stillwatch.coordination.members import LEAST_LAYERS, Holders, Membership, united, weigh
from stillwatch.coordination.peel import peeled
from stillwatch.coordination.pools import pooled
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
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stillwatch.coordination.candidates.templates import Templates
    from stillwatch.coordination.outline import Outline
    from stillwatch.coordination.shared import Left
    from stillwatch.model.registered import Registered

_Columns = TypeVar("_Columns", Held, InStep)
SAME: Final = 0.9
"""Jaccard similarity from which what an earlier run found of a template or an entity is taken over."""
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
    origin: NDArray[np.int64]
    """(g,) group that each part was taken from, -1 for a candidate of its own."""
    hours: NDArray[np.uint32]
    """(n, bands) hashes of each account's hours of work."""
    validated: NDArray[np.int64]
    """Groups at or below the rate, bystanders left out, as rows of ``tested``."""
    core: Groups
    """The validated groups without bystanders."""
    entity: NDArray[np.int64]
    """Number of the entity of each validated group."""
    left: tuple[Left, ...]
    """What caps left out."""

    def memberships(self, before: Sequence[Membership] = ()) -> tuple[Membership, ...]:
        """Weigh every account against every entity; entities that come out largely the same are one.

        Each is weighed twice, the second time from those who came out: neither bystanders nor the missing decide what
        is typical. An entity that is nearly one of ``before``, of an earlier run, starts from the members of that.
        """
        holders = Holders(self.roster)
        owner = np.full(len(self.roster), -1, np.int64)
        for at, one in enumerate(before):
            owner[one.rows] = at
        made = []
        for entity in range(int(self.entity.max(initial=-1)) + 1):
            mine = np.flatnonzero(self.entity == entity)
            seed = np.unique(np.concatenate([self.core.of(int(g)) for g in mine])).astype(np.int64)
            held = self.tested.log_p[self.validated[mine]][:, HOLDING]
            layers = LEAST_LAYERS if (held <= LOG_P).any() else 1
            first = _nearly(seed, owner, before)
            if first is None:
                first = weigh(holders, seed, layers).rows
            weighed = weigh(holders, first if first.shape[0] >= LEAST else seed, layers)
            made.append(replace(weighed, seeds=(entity,), groups=mine.shape[0]))
        return pooled(united([one for one in made if one.rows.shape[0] >= LEAST]), holders)


def _nearly(
    seed: NDArray[np.int64], owner: NDArray[np.int64], before: Sequence[Membership]
) -> NDArray[np.int64] | None:
    """Give the members of the earlier entity that a seed nearly is; ``owner`` is the entity of every account."""
    held = owner[seed]
    if not (held >= 0).any():
        return None
    shared = np.bincount(held[held >= 0])
    was = before[int(shared.argmax())].rows
    both = int(shared.max())
    return was if both >= SAME * (seed.shape[0] + was.shape[0] - both) else None


def appended(first: Tested, second: Tested) -> Tested:
    """Put the groups of one test behind those of another."""
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
    bar: float = 0.0,
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
    bar
        Take every group at or below this p-value instead of holding all to the rate: candidates, of which most are
        chance, for somebody who knows more; 0 for none of that.

    Returns
    -------
    Coordination
        Groups, tests, entities.

    Notes
    -----
    The same accounts and seed give the same result. Time is near-linear in what accounts share.
    """
    how = How(seed, alpha, concentration, look, guards, bar)
    found = templates(outline)
    joined_by = joined_accounts(outline, artefacts)
    roster = enroll(outline, registered, found.groups, joined_by)
    values, left = composites(roster)
    keys = bands(outline)
    hours, too_many = rhythms(outline, keys)
    groups = gathered([found.groups, values, hours, joined_by])
    template = np.full(len(groups), -1, np.int64)
    template[: len(found.groups)] = np.arange(len(found.groups))
    spread = spreads(groups, roster)
    tested, divided = judged(groups, template, roster, found, spread, how)
    parts = parted(tested, roster, how)
    return concluded(
        Candidates(roster, found, divided, tested, template, keys, (*found.left, *left, *too_many)), parts, how
    )


@dataclass(frozen=True, slots=True)
class How:
    """How a run tests, as :func:`coordinate` takes it."""

    seed: int
    alpha: float
    concentration: float
    look: int
    guards: Guards
    bar: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate groups, tested; see :class:`Coordination` for the fields."""

    roster: Roster
    templates: Templates
    partition: Partition
    tested: Tested
    template: NDArray[np.int64]
    hours: NDArray[np.uint32]
    left: tuple[Left, ...]


def joined_accounts(outline: Outline, artefacts: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Groups:
    """Find the groups joined by artefacts, as rows of the outline."""
    n = outline.key.shape[0]
    order = np.argsort(outline.key, kind="stable")
    place = np.searchsorted(outline.key[order], artefacts[1])
    place[place == n] = 0
    row = order[place] if n else np.zeros(0, np.int64)
    there = outline.key[row] == artefacts[1] if n else np.zeros(0, np.bool_)
    return carried(artefacts[0][there], row[there], n)


def judged(
    groups: Groups,
    template: NDArray[np.int64],
    roster: Roster,
    found: Templates,
    spread: Mapping[str, float],
    how: How,
    known: Partition | None = None,
) -> tuple[Tested, Partition]:
    """Test candidate groups, and the shards of those whose work may make a second kind of evidence.

    ``known``, one row a template group, is what an earlier run found of them; those are not looked at again.
    """
    tested = examine(groups, roster, spread, how.guards)
    asked = template[undecided(tested) & (template >= 0)]
    if known is not None:
        asked = asked[known.members[asked] == 0]
    divided = partition(found, roster, asked, seed=how.seed, concentration=how.concentration)
    if known is not None:
        divided = divided.or_else(known)
    shards = np.full(len(groups), np.nan)
    shards[template >= 0] = divided.log_p[template[template >= 0]]
    return with_shards(tested, shards), divided


def parted(tested: Tested, roster: Roster, how: How) -> tuple[Tested, NDArray[np.int64]] | None:
    """Take parts out of diluted groups and test them; the parts, and the group each was taken from."""
    parts, origins = peeled(tested.groups, roster, tested.held)
    if not parts:
        return None
    return examine(gathered(parts), roster, tested.spreads, how.guards), np.concatenate(origins)


def concluded(base: Candidates, parts: tuple[Tested, NDArray[np.int64]] | None, how: How) -> Coordination:
    """Hold tested groups and their parts to the rate, and join those that stand to entities."""
    tested, template, roster = base.tested, base.template, base.roster
    origin = np.full(len(tested.groups), -1, np.int64)
    if parts is not None:
        tested = appended(tested, parts[0])
        template = np.concatenate([template, template[parts[1]]])
        origin = np.concatenate([origin, parts[1]])
    # Signed reasoning that passes between owners is exact: where that made the group, one other kind is enough.
    exact = (tested.groups.made_by == ARTEFACTS) & independent(tested.groups, roster)
    stands = log_at_look(np.where(exact, tested.joined, tested.rest), how.look)
    q = q_values(np.exp(stands))
    validated = np.flatnonzero(np.exp(stands) <= how.bar if how.bar else q <= how.alpha)
    core = _core(tested, roster, validated)
    large = core.sizes >= LEAST
    validated, core = validated[large], core.take(np.flatnonzero(large))
    return Coordination(
        roster=roster,
        templates=base.templates,
        partition=base.partition,
        tested=tested,
        q=q,
        template=template,
        origin=origin,
        hours=base.hours,
        validated=validated,
        core=core,
        entity=entities(core, len(roster)),
        left=base.left,
    )
