"""Entities to campaigns: members, evidence in sentences, both probabilities, the honest explanations considered."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.coordination.explanations import explanations
from stillwatch.coordination.extraction import PRIOR_BITS, Steps, extraction_lines
from stillwatch.coordination.facts import facts
from stillwatch.coordination.groups import ARTEFACTS, LAYERS, LIFECYCLE, RHYTHM, Groups
from stillwatch.coordination.operator import operator_bits
from stillwatch.coordination.sentences import sentence
from stillwatch.coordination.tested import LAYER_AT, Tested, examine
from stillwatch.model.campaign import Campaign, LayerEvidence, Members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.coordination.coordinate import Coordination
    from stillwatch.coordination.extraction import Heard
    from stillwatch.coordination.facts import Facts
    from stillwatch.coordination.members import Membership


@dataclass(frozen=True, slots=True)
class Read:
    """What was read from the members of one entity as if they were one account."""

    heard: Heard
    """Bits of the account detectors."""
    prompts_distinct: float
    """Different prompts (estimate)."""
    capabilities: tuple[tuple[str, float], ...]
    """What is asked for, as shares of requests, largest first."""


def entity_name(accounts: NDArray[np.int64]) -> str:
    """Name an entity after its members; the same members have the same name.

    Examples
    --------
    >>> entity_name(np.array([3, 1, 2])) == entity_name(np.array([1, 2, 3]))
    True
    """
    return f"c-{hashlib.blake2b(np.sort(accounts).tobytes(), digest_size=5).hexdigest()}"


def probability(bits: float) -> float:
    """Turn log2 odds into a probability."""
    return 1.0 / (1.0 + 2.0 ** -max(min(bits, 60.0), -60.0))


def _members(found: Coordination, belonging: Membership) -> Members:
    rows, outline, registered = belonging.rows, found.roster.outline, found.roster.registered
    return Members(
        account=outline.key[rows],
        layer_bits=belonging.bits,
        total_bits=belonging.total_bits,
        events=outline.events[rows],
        tokens_out=outline.tokens_out[rows],
        first_ms=outline.first_ms[rows],
        last_ms=outline.last_ms[rows],
        signup_ms=registered.signup_ms[rows],
        closed_ms=registered.closed_ms[rows],
        plan=registered.plan[rows],
    )


def whole(found: Coordination, belonging: Sequence[Membership]) -> Tested:
    """Test each entity's final members as one group, on every layer, for what is shown."""
    sizes = np.array([one.rows.shape[0] for one in belonging], np.int64)
    groups = Groups(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([np.zeros(0, np.int32), *(one.rows.astype(np.int32) for one in belonging)]),
        np.zeros(sizes.shape[0], np.uint8),
        np.zeros(sizes.shape[0], np.uint64),
        np.zeros(sizes.shape[0], np.uint8),
        ("entity",),
    )
    return examine(groups, found.roster, found.tested.spreads)


def _steps(tested: Tested, entity: int) -> Steps:
    step = tested.in_step
    size = float(tested.groups.sizes[entity])
    return Steps(
        in_step=float(step.most[entity]) / size,
        in_step_log_p=float(tested.log_p[entity, LAYER_AT[RHYTHM]]),
        successors=int(tested.successors[entity, 0]),
        succession_log_p=float(tested.log_p[entity, LAYER_AT[LIFECYCLE]]),
    )


def _layers(
    found: Coordination, tested: Tested, entity: int, mine: NDArray[np.int64], one: Facts
) -> list[LayerEvidence]:
    shown = []
    for at, layer in enumerate(LAYERS):
        log_p = float(tested.log_p[entity, at])
        counted = not np.isnan(found.tested.log_p[mine, at]).all()
        shown.append(LayerEvidence(layer, log_p, counted, sentence(layer, tested, entity, one)))
    return shown


def campaigns(
    found: Coordination, belonging: Sequence[Membership], read: Sequence[Read], *, concentration: float, seed: int
) -> tuple[Campaign, ...]:
    """Describe every entity.

    Parameters
    ----------
    found
        What a run found.
    belonging
        Members of each entity, as ``Coordination.memberships`` gives them.
    read
        What was read from each entity, in the same order.
    concentration, seed
        As given to ``coordinate``.

    Returns
    -------
    tuple of Campaign
        Most evidence of extraction first.
    """
    if not belonging:
        return ()
    tested = whole(found, belonging)
    made = []
    for entity, (members, one) in enumerate(zip(belonging, read, strict=True)):
        mine = found.validated[np.isin(found.entity, members.seeds)]
        numbers = facts(found.roster, found.templates, members.rows, concentration=concentration, seed=seed)
        steps = _steps(tested, entity)
        lines = extraction_lines(one.heard, steps, numbers)
        bits = PRIOR_BITS + sum(line.bits for line in lines)
        rest = float(found.tested.rest[mine].min())
        artefacts = float(tested.log_p[entity, LAYER_AT[ARTEFACTS]])
        accounts = found.roster.outline.key[members.rows]
        made.append(
            Campaign(
                name=entity_name(accounts),
                members=_members(found, members),
                layers=tuple(_layers(found, tested, entity, mine, numbers)),
                log_p=float(np.nanmin(found.tested.joined[mine])),
                log_p_rest=rest,
                q=float(np.nanmin(found.q[mine])),
                lines=lines,
                one_operator=probability(operator_bits(steps, numbers, rest, artefacts)),
                extraction=probability(bits),
                extraction_bits=bits,
                explanations=explanations(numbers, tested, entity),
                prompts_distinct=one.prompts_distinct,
                capabilities=one.capabilities,
                groups=int(mine.shape[0]),
            )
        )
    return tuple(sorted(made, key=lambda campaign: (-campaign.extraction_bits, campaign.name)))


def significant(log_p: float) -> bool:
    """Say whether a layer's evidence is worth a sentence of its own."""
    return not math.isnan(log_p) and log_p <= math.log(1e-3)
