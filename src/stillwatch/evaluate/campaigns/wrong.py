"""Every false positive with its evidence: honest entities called extraction, unbound groups that were validated."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.coordination.groups import LAYERS
from stillwatch.evaluate.campaigns.rates import false_groups
from stillwatch.evaluate.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.coordination.coordinate import Coordination
    from stillwatch.evaluate.campaigns.look import Known, Looked
    from stillwatch.model.campaign import Campaign

SHOWN: int = 40
"""Most rows of a table."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One false positive."""

    seed: int
    """World."""
    what: str
    """Honest entity called extraction, or unbound group."""
    members: int
    """Accounts."""
    who: str
    """Who they are."""
    figure: float
    """Bits of extraction, or q-value."""
    evidence: str
    """What spoke for it."""


def composition(rows: NDArray[np.int64], known: Known) -> str:
    """Say who the members of a group are: the commonest kinds, and the largest real bond."""
    kinds = Counter(known.campaign[at] or known.kind[at] for at in rows.tolist())
    bond = known.bond[rows]
    most = int(np.bincount(bond[bond >= 0]).max(initial=0)) if bond.shape[0] else 0
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4))
    return f"{told}; largest bond {most}"


def wrong(looked: Looked, found: Coordination) -> list[Wrong]:
    """List the false positives of one world."""
    known = looked.known
    taking = known.extracting
    made = [
        Wrong(
            looked.seed,
            "honest entity called extraction",
            len(one.members),
            composition(looked.inside(one), known),
            one.extraction_bits,
            _lines(one),
        )
        for one in looked.campaigns.found
        if one.extracting and 2 * int(taking[looked.inside(one)].sum()) < len(one.members)
    ]
    false = false_groups(found.core, known.bond)
    for at in np.flatnonzero(false).tolist():
        group = int(found.validated[at])
        rows = found.core.of(at).astype(np.int64)
        made.append(
            Wrong(
                looked.seed,
                "unbound group",
                rows.shape[0],
                composition(rows, known),
                float(found.q[group]),
                _layers(found, group),
            )
        )
    return made


def _lines(one: Campaign) -> str:
    return "; ".join(f"{line.name} {line.bits:+.1f}" for line in one.lines if line.bits)


def _layers(found: Coordination, group: int) -> str:
    log_p = found.tested.log_p[group]
    told = [f"{layer} {log_p[at]:.1f}" for at, layer in enumerate(LAYERS) if not np.isnan(log_p[at])]
    made_by = [layer for at, layer in enumerate(LAYERS) if int(found.tested.groups.made_by[group]) >> at & 1]
    kind = found.tested.groups.names[int(found.tested.groups.kind[group])]
    return f"made by {'+'.join(made_by)} ({kind}); ln p: {', '.join(told)}"


def wrong_table(worlds: Sequence[Sequence[Wrong]], *, key: str, title: str) -> Table:
    """List false positives, worst first: accusations before groups."""
    every = sorted(
        (one for world in worlds for one in world),
        key=lambda one: (
            one.what != "honest entity called extraction",
            one.figure if one.figure < 1 else -one.figure,
            one.seed,
        ),
    )
    rows = tuple((one.what, one.seed, one.members, one.who, f"{one.figure:.2g}", one.evidence) for one in every[:SHOWN])
    accused = sum(one.what == "honest entity called extraction" for one in every)
    left = f" {len(every) - SHOWN} more are not shown." if len(every) > SHOWN else ""
    note = (
        f"{len(worlds)} worlds: {accused} honest entities called extraction, {len(every) - accused} groups validated"
        " without a real bond (bystanders left out). Figure: bits of extraction, or q-value." + left
    )
    return Table(key, title, ("what", "seed", "accounts", "who", "figure", "evidence"), rows, note)
