"""A hall: from all accounts of a provider to the groups it may offer to others, because it cannot decide alone.

::

    found  = coordinate(state, bar)      every group at a low bar, chance included
    offers = describe(found)             what they share, evidence as e-values, a coarse sketch
    kept   = within bounds               honest explanations cleared first, at most a share of the accounts

The bar lies far under anything that is acted on: most candidates are chance, and mean nothing unless others have them
too. The sketch is that of the members read as one account, less all that shows a prompt, an account or a network, and
scaled so that it shows how work looks and not how much there was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.campaigns import read_entities
from stillwatch.coordination.common import joined_by_common
from stillwatch.coordination.coordinate import coordinate
from stillwatch.coordination.describe import campaigns, entity_name
from stillwatch.coordination.groups import LAYERS
from stillwatch.coordination.layers.partition import CONCENTRATION
from stillwatch.coordination.operator import beyond_chance
from stillwatch.coordination.outline import outline
from stillwatch.engine.union import unions
from stillwatch.model.offer import MOST_LOG_E, Offer, TagEvidence
from stillwatch.statistics.evalues import calibrated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.coordination.coordinate import Coordination
    from stillwatch.engine.local import LocalEngine
    from stillwatch.ingest.accounts import AccountFile
    from stillwatch.model.campaign import Campaign
    from stillwatch.model.finding import Ranking
    from stillwatch.sketches.layout import Arrays

BAR: Final = 0.05
"""p-value of two kinds of evidence at or below which a group is a candidate."""
MOST_SHARE: Final = 0.01
"""Share of a provider's accounts that may stand behind its offers."""
LEAST_ACCOUNTS: Final = 100
"""So many accounts may always."""
CLEARED_BITS: Final = -4.0
"""Honest explanations that weigh so much clear a group: it is not offered (bits)."""
FIELDS: Final = ("counts", "sums", "first_ms", "last_ms", "hll", "reach", "refused", "week", "slot_key", "slot_count")
"""Fields of an account's state that a sketch keeps: what reading a group as one account needs."""
_DAY_MS: Final = 86_400_000
_MOST: Final[Mapping[str, int]] = {
    **dict.fromkeys(("counts", "slot_count"), 1 << 26),
    "sums": 1 << 57,
    **dict.fromkeys(("first_ms", "last_ms"), 1 << 43),
    **dict.fromkeys(("hll", "reach", "refused"), 64),
}
"""Most that a cell of a sketch may hold; sums of 64 sketches still fit into their cells."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One group at its provider."""

    offer: Offer
    """What leaves."""
    account: NDArray[np.int64]
    """Pseudonyms of the members, ascending; they never leave."""
    belongs: NDArray[np.float64]
    """Chance that each is one, 0 to 1; it never leaves either."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may be offered."""

    bar: float = BAR
    """p-value of a candidate."""
    share: float = MOST_SHARE
    """Most accounts behind all offers, as a share of all."""
    accounts: int = LEAST_ACCOUNTS
    """So many accounts may always."""


def candidates(
    engine: LocalEngine,
    accounts: AccountFile,
    ranking: Ranking,
    config: Config,
    *,
    seed: int = 0,
    bounds: Bounds | None = None,
    common: Mapping[str, NDArray[np.int64]] | None = None,
) -> tuple[Candidate, ...]:
    """Find what may be offered.

    Parameters
    ----------
    engine
        Folded events; hashes compare between providers only where their keys are equal.
    accounts
        The provider's account file.
    ranking
        Every account's own evidence, by ascending account.
    config
        Prior, threshold and caps.
    seed
        Seed of the simulated nulls.
    bounds
        How much may be offered.
    common
        Pseudonyms of values that many honest accounts share (freemail domains, networks of clouds), by field of
        coordination, as :func:`stillwatch.ingest.warninglists.keyed.keyed` gives them: what brings a group together
        is never offered where it is one of these.

    Returns
    -------
    tuple of Candidate
        Most evidence of extraction first, within the bounds.
    """
    bounds = bounds or Bounds()
    bar = bounds.bar
    seen = outline(engine.parts())
    found = coordinate(seen, accounts.registered(seen.key), engine.artefacts.shared(), seed=seed, bar=bar)
    belonging = found.memberships()
    read = read_entities(engine, [seen.key[one.rows] for one in belonging], belonging, ranking, config)
    described = campaigns(found, belonging, read, concentration=CONCENTRATION, seed=seed)
    seeds = {entity_name(seen.key[one.rows]): one.seeds for one in belonging}
    room = max(int(bounds.share * seen.key.shape[0]), bounds.accounts)
    made = []
    for one in described:
        if math.fsum(line.bits for line in one.lines if line.says == "in favour") <= CLEARED_BITS:
            continue
        tags = _tags(found, seeds[one.name], bar, common or {})
        if not tags or len(one.members) > room:
            continue
        room -= len(one.members)
        belongs = 1.0 / (1.0 + np.exp2(-one.members.total_bits))
        made.append(Candidate(_offer(one, tags, engine), one.members.account, belongs))
    return tuple(made)


def _tags(
    found: Coordination, seeds: tuple[int, ...], bar: float, common: Mapping[str, NDArray[np.int64]]
) -> tuple[TagEvidence, ...]:
    """Say what the groups of an entity share; parts of diluted groups share what the whole did and say nothing new."""
    mine = found.validated[np.isin(found.entity, seeds)]
    mine = mine[found.origin[mine] < 0]
    groups = found.tested.groups
    mine = mine[~joined_by_common(groups.take(mine), found.roster, common)]
    rest, layers = (calibrated(column[mine], bar) for column in (found.tested.rest, found.tested.log_p))
    made = {}
    for at, group in enumerate(mine.tolist()):
        kind, value = groups.names[int(groups.kind[group])], int(groups.token[group]).to_bytes(8)
        if rest[at] == -math.inf:
            continue
        shown = {layer: float(one) for layer, one in zip(LAYERS, layers[at], strict=True) if one > -math.inf}
        made[kind, value] = TagEvidence(kind, value, min(float(rest[at]), MOST_LOG_E), shown)
    return tuple(made[key] for key in sorted(made))


def _offer(one: Campaign, tags: tuple[TagEvidence, ...], engine: LocalEngine) -> Offer:
    odds = min(max(one.one_operator, 1e-12), 1 - 1e-12)
    return Offer(
        name=one.name,
        accounts=rounded(len(one.members)),
        tags=tags,
        lines=one.lines,
        operator_bits=math.log2(odds / (1.0 - odds)) - beyond_chance(one.log_p_rest),
        sketch=coarse(unions([engine.rows(one.members.account)])),
    )


def rounded(count: int) -> int:
    """Round a number to the nearest power of two.

    Examples
    --------
    >>> [rounded(count) for count in (1, 3, 5, 6, 100)]
    [1, 4, 4, 8, 128]
    """
    return 1 << round(math.log2(max(count, 1)))


def coarse(whole: Arrays) -> Mapping[str, NDArray[np.generic]]:
    """Keep of one row what may leave: ten fields, counts scaled to a rounded number of requests, times cut to days."""
    events = max(int(whole.counts[0, 0]), 1)
    scale = rounded(events) / events
    kept = {}
    for name in FIELDS:
        cells = getattr(whole, name)[0]
        if name in ("counts", "sums", "week", "slot_count"):
            most = np.iinfo(cells.dtype).max
            cells = np.minimum(np.rint(cells * scale), most).astype(cells.dtype)
        elif name in ("first_ms", "last_ms"):
            cells = cells // _DAY_MS * _DAY_MS
        kept[name] = np.array(cells)
    return kept


def bounded(sketch: Mapping[str, NDArray[np.generic]]) -> Mapping[str, NDArray[np.generic]]:
    """Put what a sketch of somebody else claims within what an account can have: a liar's may hold anything."""
    kept = {name: np.clip(sketch[name], 0, _MOST[name]) if name in _MOST else sketch[name] for name in FIELDS}
    events = kept["counts"][0]
    # The others count some of the requests.
    return {**kept, **{name: np.minimum(kept[name], events) for name in ("counts", "slot_count")}}
