"""The second hall: from the state of all accounts to campaigns. Reads what a scan folded and examined.

::

    found     = coordinate(state)                groups, tests, false-discovery rate, entities
    members   = found.memberships()              who belongs, by what it shares
    unions    = unions(state, members)           each entity as if it were one account
    read      = combine(examine(profile(unions)))  the same detectors, on the entity
    campaigns = campaigns(found, members, read)  evidence, two probabilities, honest explanations
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.coordinate import ALPHA, coordinate
from stillwatch.coordination.describe import Read, campaigns
from stillwatch.coordination.extraction import Heard
from stillwatch.coordination.identity import History, renamed
from stillwatch.coordination.layers.partition import CONCENTRATION
from stillwatch.coordination.outline import outline
from stillwatch.detectors import combine, examine_all
from stillwatch.detectors.registry import DETECTORS
from stillwatch.engine.union import unions
from stillwatch.features.assemble import profile
from stillwatch.model.campaign import Campaigns
from stillwatch.sketches.layout import COUNTS, PHRASES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.coordination.members import Membership
    from stillwatch.engine.local import LocalEngine
    from stillwatch.ingest.accounts import AccountFile
    from stillwatch.model.finding import Ranking
    from stillwatch.model.profile import Profile
    from stillwatch.sketches.layout import Arrays

_GROUP_OF: Final = {detector.name: detector.group for detector in DETECTORS}
_FEWEST_SHARE: Final = 0.02


def group_bits(contributions: Mapping[str, NDArray[np.float64]], groups: Sequence[str]) -> NDArray[np.float64]:
    """Add up what the detectors of some dependence groups counted for (bits), one an account."""
    kept = [bits for name, bits in contributions.items() if _GROUP_OF[name] in groups]
    return np.asarray(np.sum(kept, axis=0))


def _capabilities(whole: Arrays, entity: int) -> tuple[tuple[str, float], ...]:
    """Say what an entity asks for: families of phrases, as shares of its requests, largest first."""
    events = max(float(whole.counts[entity, 0]), 1.0)
    found = [(name, float(whole.counts[entity, COUNTS.index(f"phrase_{name}")]) / events) for name in PHRASES]
    return tuple(sorted(((name, share) for name, share in found if share >= _FEWEST_SHARE), key=lambda one: -one[1]))


def heard_together(whole: Profile, config: Config) -> list[Heard]:
    """Say what the detectors hear of entities that are looked at as if each were one account, as :func:`unions` gives.

    What only an account of its own can show is left at 0 bits.
    """
    together = combine(examine_all(whole, config), config).contributions
    heard = [group_bits(together, (group,)).tolist() for group in ("content", "asked", "probing")]
    return [
        Heard(content=content, asked=asked, probing=probing, provenance=0.0, manner=0.0)
        for content, asked, probing in zip(*heard, strict=True)
    ]


def read_entities(
    engine: LocalEngine,
    accounts: Sequence[NDArray[np.int64]],
    belonging: Sequence[Membership],
    ranking: Ranking,
    config: Config,
) -> tuple[Read, ...]:
    """Look at each entity as if it were one account.

    Parameters
    ----------
    engine
        Folded events.
    accounts
        Pseudonyms of each entity's members.
    belonging
        The same members, as rows of all accounts, ascending.
    ranking
        Every account's own evidence, in the same order.
    config
        Prior, threshold and caps.

    Returns
    -------
    tuple of Read
        One an entity.
    """
    if not belonging:
        return ()
    whole = unions([engine.rows(one) for one in accounts])
    made = profile(whole, len(belonging), None, None)
    heard = heard_together(made, config)
    provenance = group_bits(ranking.contributions, ("provenance",))
    manner = group_bits(ranking.contributions, ("manner", "purpose"))
    distinct = made.column("distinct_prompts")
    return tuple(
        Read(
            replace(
                heard[at],
                provenance=float(provenance[one.rows].mean()),
                manner=float(manner[one.rows].mean()),
            ),
            prompts_distinct=float(distinct[at]),
            capabilities=_capabilities(whole, at),
        )
        for at, one in enumerate(belonging)
    )


def find_campaigns(
    engine: LocalEngine,
    accounts: AccountFile,
    ranking: Ranking,
    config: Config,
    *,
    seed: int = 0,
    alpha: float = ALPHA,
    concentration: float = CONCENTRATION,
    history: History | None = None,
    now_ms: int = 0,
) -> tuple[Campaigns, History]:
    """Find campaigns among the accounts of an engine.

    Parameters
    ----------
    engine
        Folded events.
    accounts
        The provider's account file.
    ranking
        Every account's own evidence, by ascending account.
    config
        Prior, threshold and caps.
    seed
        Seed of the simulated nulls.
    alpha
        False-discovery rate of groups.
    concentration
        How alike customers of one product are taken to be.
    history
        What earlier runs found: campaigns keep their names, and the rate is shared out over runs.
    now_ms
        When this run is (ms since 1970).

    Returns
    -------
    Campaigns, History
        Campaigns, most evidence of extraction first, and the history with this run in it.

    Notes
    -----
    The same events, account file and seed give the same result, whatever the order or batching of events.
    """
    began = time.monotonic()
    before = history or History()
    seen = outline(engine.parts())
    found = coordinate(
        seen,
        accounts.registered(seen.key),
        engine.artefacts.shared(),
        seed=seed,
        alpha=alpha,
        concentration=concentration,
        look=before.looks + 1,
    )
    belonging = found.memberships()
    read = read_entities(engine, [seen.key[one.rows] for one in belonging], belonging, ranking, config)
    made = campaigns(found, belonging, read, concentration=concentration, seed=seed)
    names, after = renamed(before, [(one.name, one.members.account) for one in made], now_ms)
    known = {one.name: one.first_seen_ms for one in after.known}
    if history is not None:
        made = tuple(replace(one, name=name, first_seen_ms=known[name]) for one, name in zip(made, names, strict=True))
    return (
        Campaigns(
            found=made,
            accounts=len(found.roster),
            groups=len(found.tested.groups),
            alpha=alpha,
            left_out=tuple((left.name, left.values, left.accounts) for left in found.left),
            spreads=tuple(sorted(found.tested.spreads.items())),
            elapsed_s=time.monotonic() - began,
            look=after.looks,
            changes=tuple((one.what, one.name, one.other) for one in after.changes[len(before.changes) :]),
        ),
        after,
    )
