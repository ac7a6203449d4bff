"""What the partition evidence says of campaigns and of customers of one product: groups of one template by truth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.coordination.groups import SHARDS
from stillwatch.coordination.tested import LAYER_AT
from stillwatch.evaluate.campaigns.figures import over_seeds, share
from stillwatch.evaluate.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillwatch.coordination.coordinate import Coordination
    from stillwatch.evaluate.campaigns.look import Looked
    from stillwatch.evaluate.tables import Cell

LOG_P = math.log(1e-3)


@dataclass(frozen=True, slots=True)
class Shard:
    """The template group that holds most of one campaign or of one product's customers."""

    who: str
    """Campaign or crowd, without number."""
    part: float
    """Share of the campaign or of the customers that it holds, 0 to 1."""
    log_p: float
    """ln p of the partition; NaN where it was not tested."""


def shards(looked: Looked, found: Coordination) -> list[Shard]:
    """Find the partition evidence of each campaign and of each product's customers in one world."""
    groups, log_p = found.tested.groups, found.tested.log_p[:, LAYER_AT[SHARDS]]
    rows = looked.world.truth.select(["account_id", "crowd"]).to_pylist()
    crowd = {row["account_id"]: row["crowd"] or "" for row in rows}
    named = [
        campaign or (crowd[name] if crowd[name].startswith("saas") else "")
        for name, campaign in zip(looked.known.name, looked.known.campaign, strict=True)
    ]
    name = np.array(named)
    of_templates = np.arange(len(found.templates.groups))
    made = []
    for who in sorted({one for one in named if one}):
        mine = name == who
        inside = [int(mine[groups.of(int(g))].sum()) for g in of_templates]
        best = int(np.argmax(inside)) if inside else -1
        held = inside[best] / int(mine.sum()) if best >= 0 else 0.0
        value = float(log_p[of_templates[best]]) if held else math.nan
        label = "customers of one product" if who.startswith("saas") else "campaign"
        made.append(Shard(label, held, value))
    return made


def shard_table(found: Mapping[tuple[str, str], Sequence[Sequence[Shard]]], *, key: str, title: str) -> Table:
    """Lay out partition evidence in the hard world."""
    rows: list[tuple[Cell, ...]] = []
    for (_, name), worlds in found.items():
        for who in ("campaign", "customers of one product"):
            mine = [one for world in worlds for one in world if one.who == who]
            tested = [one for one in mine if not math.isnan(one.log_p)]
            past = sum(one.log_p <= LOG_P for one in tested)
            middle = float(np.median([one.log_p for one in tested])) if tested else math.nan
            rows.append((name, who, over_seeds([one.part for one in mine]), share(past, len(mine)), middle))
    head = ("world", "group of one template", "share of them it holds", "partition at p <= 0.001", "median ln p")
    note = (
        "The one template group that holds most of a campaign, or of the customers of an honest product, and whether"
        " its topics lie among its members like shards of one list. The partition alone validates nothing: it needs"
        " another kind of evidence beside it. Groups after Wilson, those without a template group counted as not found."
    )
    return Table(key, title, head, tuple(rows), note)
