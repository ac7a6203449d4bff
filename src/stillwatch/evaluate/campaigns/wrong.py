"""Every false positive with its evidence: honest entities and accounts called extraction, unbound groups validated."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.groups import LAYERS
from stillwatch.coordination.members import LAYERS_WEIGHED
from stillwatch.evaluate.campaigns.rates import false_groups
from stillwatch.evaluate.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.coordination.coordinate import Coordination
    from stillwatch.evaluate.campaigns.look import Known, Looked
    from stillwatch.evaluate.tables import Cell
    from stillwatch.model.campaign import Campaign

SHOWN: Final = 100
"""Most rows of each kind in the table."""
ENTITY: Final = "honest entity called extraction"
ACCOUNT: Final = "honest account in a campaign's entity"
GROUP: Final = "unbound group"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One false positive."""

    seed: int
    """World."""
    what: str
    """ENTITY, ACCOUNT or GROUP."""
    members: int
    """Accounts of the entity or group."""
    who: str
    """Who they are."""
    figure: float
    """Bits of extraction, bits of membership, or q-value."""
    evidence: str
    """What spoke for it."""


def composition(rows: NDArray[np.int64], known: Known) -> str:
    """Say who the members of a group are: the commonest kinds, and the largest real bond."""
    kinds = Counter(known.campaign[at] or known.kind[at] for at in rows.tolist())
    bond = known.bond[rows]
    most = int(np.bincount(bond[bond >= 0]).max(initial=0)) if bond.shape[0] else 0
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4))
    return f"{told}; largest bond {most}"


def wrong(looked: Looked, found: Coordination | None = None) -> list[Wrong]:
    """List the false positives of one world; of groups too where they are given."""
    made = [listed for one in looked.campaigns.found if one.extracting for listed in _accused(looked, one)]
    return made if found is None else made + _groups(looked, found)


def _accused(looked: Looked, one: Campaign) -> list[Wrong]:
    """List an entity that is mostly honest, or the honest accounts in one that is not."""
    known, rows = looked.known, looked.inside(one)
    taking = known.extracting[rows]
    if 2 * int(taking.sum()) < rows.shape[0]:
        who = composition(rows, known)
        return [Wrong(looked.seed, ENTITY, rows.shape[0], who, one.extraction_bits, _lines(one))]
    bits, total = one.members.layer_bits, one.members.total_bits
    return [
        Wrong(
            looked.seed,
            ACCOUNT,
            rows.shape[0],
            known.kind[int(rows[at])],
            float(total[at]),
            ", ".join(f"{layer} {value:+.1f}" for layer, value in zip(LAYERS_WEIGHED, bits[at].tolist(), strict=True)),
        )
        for at in np.flatnonzero(~taking).tolist()
    ]


def _groups(looked: Looked, found: Coordination) -> list[Wrong]:
    """List the groups that were validated without a real bond, bystanders left out."""
    made = []
    for at in np.flatnonzero(false_groups(found.core, looked.known.bond)).tolist():
        group, rows = int(found.validated[at]), found.core.of(at).astype(np.int64)
        who = composition(rows, looked.known)
        made.append(Wrong(looked.seed, GROUP, rows.shape[0], who, float(found.q[group]), _layers(found, group)))
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
    """List false positives: accusations of entities and of accounts, then groups; the strongest of each first."""
    rows: list[tuple[Cell, ...]] = []
    counts, left = [], []
    for what, strongest in ((ENTITY, -1), (ACCOUNT, -1), (GROUP, 1)):
        mine = sorted(
            (one for world in worlds for one in world if one.what == what),
            key=lambda one: (strongest * one.figure, one.seed),
        )
        counts.append(f"{what}: {len(mine)}")
        left += [f"{len(mine) - SHOWN} more rows of {what} are not shown"] if len(mine) > SHOWN else []
        rows += [(what, one.seed, one.members, one.who, f"{one.figure:.2g}", one.evidence) for one in mine[:SHOWN]]
    note = (
        f"{len(worlds)} worlds. {'; '.join(counts)}. Figure: bits of extraction, bits of membership, or q-value."
        " Main worlds, the same without campaigns, and those with a large background; honest accounts accused"
        " elsewhere are counted in the tables of knobs. Bystanders are left out of groups."
        f"{''.join(f' {text}.' for text in left)}"
    )
    return Table(key, title, ("what", "seed", "accounts", "who", "figure", "evidence"), tuple(rows), note)
