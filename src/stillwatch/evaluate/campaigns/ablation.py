"""Coordination without a layer of evidence, and with one alone: what is found, and what is falsely joined.

A layer is forgotten after the tests, so that candidates and members stay those of the whole method: what changes is
which groups are validated. What single members hold (template, network, payment) still decides who belongs to an
entity, whatever layer is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.coordination.coordinate import ALPHA
from stillwatch.coordination.entities import entities
from stillwatch.coordination.groups import ARTEFACTS, LAYERS
from stillwatch.coordination.tested import independent, kinds
from stillwatch.evaluate.campaigns.bonds import unbound
from stillwatch.evaluate.campaigns.figures import over_seeds
from stillwatch.evaluate.campaigns.scores import measure
from stillwatch.evaluate.campaigns.shares import Grouping
from stillwatch.evaluate.tables import Table
from stillwatch.statistics.fdr import q_values
from stillwatch.statistics.joining import fisher, without_strongest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.coordination.coordinate import Coordination
    from stillwatch.coordination.tested import Tested
    from stillwatch.evaluate.campaigns.look import Known


@dataclass(frozen=True, slots=True)
class Ablated:
    """One world with some layers forgotten."""

    row: str
    """Which."""
    at_50: float
    """Share of campaigns with half of their accounts in one entity that is mostly theirs."""
    recall: float
    """Share of campaign accounts in any entity."""
    entities: int
    """Entities."""
    false: int
    """Entities of which fewer than half share a real bond."""


def without(tested: Tested, layers: Sequence[int]) -> Tested:
    """Forget layers of evidence and join the others again.

    Parameters
    ----------
    tested
        Groups with their tests.
    layers
        Columns of ``log_p`` to forget.

    Returns
    -------
    Tested
        The same groups; a group with no other evidence has NaN.
    """
    log_p = tested.log_p.copy()
    log_p[:, list(layers)] = np.nan
    joined = kinds(log_p)
    return replace(tested, log_p=log_p, joined=fisher(joined), rest=fisher(without_strongest(joined)))


def judged(found: Coordination, tested: Tested, *, alone: bool = False, alpha: float = ALPHA) -> Coordination:
    """Validate groups by other tests and join them to entities; bystanders are left to the weighing of members.

    Parameters
    ----------
    found
        A whole run.
    tested
        Its groups with other tests.
    alone
        Take one kind of evidence for enough, where only one is looked at.
    alpha
        False-discovery rate.
    """
    exact = (tested.groups.made_by == ARTEFACTS) & independent(tested.groups, found.roster)
    stands = tested.joined if alone else np.where(exact, tested.joined, tested.rest)
    q = q_values(np.exp(stands))
    validated = np.flatnonzero(q <= alpha)
    core = tested.groups.take(validated)
    return replace(found, tested=tested, q=q, validated=validated, core=core, entity=entities(core, len(found.roster)))


def _measured(row: str, found: Coordination, known: Known) -> Ablated:
    labels = np.full(len(known.name), -1, np.int64)
    members: list[NDArray[np.int64]] = [one.rows for one in found.memberships()]
    for number, rows in enumerate(members):
        labels[rows] = number
    seen = measure(known.truth(), Grouping(labels))
    at_50 = seen.at_50_pure / seen.campaigns if seen.campaigns else float("nan")
    return Ablated(row, at_50, seen.recall, len(members), sum(unbound(rows, known.bond) for rows in members))


def ablated(found: Coordination, known: Known) -> list[Ablated]:
    """Judge one world as shipped, with all layers, without each, and with each alone."""
    every = range(len(LAYERS))
    made = [_measured("as shipped", found, known)]
    made.append(_measured("all layers, bystanders kept", judged(found, found.tested), known))
    made += [
        _measured(f"without {layer}", judged(found, without(found.tested, [at])), known)
        for at, layer in enumerate(LAYERS)
    ]
    for at, layer in enumerate(LAYERS):
        others = [other for other in every if other != at]
        made.append(_measured(f"{layer} alone", judged(found, without(found.tested, others), alone=True), known))
    return made


def ablation_table(worlds: Sequence[Sequence[Ablated]], *, key: str, title: str) -> Table:
    """Lay out recall and false entities beside each other."""
    rows = []
    for name in [one.row for one in worlds[0]]:
        mine = [one for world in worlds for one in world if one.row == name]
        rows.append(
            (
                name,
                over_seeds([one.at_50 for one in mine]),
                over_seeds([one.recall for one in mine]),
                over_seeds([float(one.entities) for one in mine]),
                over_seeds([float(one.false) for one in mine]),
            )
        )
    head = ("layers", "campaigns half found", "account recall", "entities a world", "false entities a world")
    note = (
        "A layer is forgotten after the tests: candidates stay, and membership still weighs template, network and"
        " payment. A group needs two kinds of evidence; with one layer alone, that one is enough. Bystanders are left"
        " out of groups before entities are made only in the first row. Means over worlds, drawn again."
    )
    return Table(key, title, head, tuple(rows), note)
