"""What one member that lies can do to the honest accounts of others.

The liar is given more than any member has: it knows every tag that the others offer. So what is counted is an upper
bound on harm through matched tags, not a guess at what a liar could find out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import numpy as np

from stillwatch.evaluate.exchange.gain import inside
from stillwatch.joint import joint_campaigns
from stillwatch.model.campaign import Line
from stillwatch.model.offer import MOST_LOG_E, Offer, TagEvidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.config import Config
    from stillwatch.evaluate.exchange.gain import Provider

Lie: TypeAlias = Literal["frame", "poison", "flood", "silence"]
"""*frame*: a group for every tag that another member offers, each the worst that can be said. *poison*: one group that
has all those tags, so that all is one. *flood*: ten thousand groups of tags that nobody has. *silence*: nothing."""
LIES: Final[tuple[Lie, ...]] = get_args(Lie)
FLOOD: Final = 10_000
"""Groups of a flood."""
_WORST: Final = tuple(
    Line(name, "harvest", bits, "said by one member")
    for name, bits in (("workload", 10.0), ("shards", 3.0), ("dealt out", 3.0))
)


@dataclass(frozen=True, slots=True)
class Harm:
    """What a lie did."""

    lie: Lie
    """Which."""
    accused: int
    """Honest accounts of others in a joint campaign that extracts, which were in none before."""
    stands: int
    """Honest accounts of others that stand in one without any one other provider, which did not before."""
    lost: int
    """Accounts of others that extract, in a joint campaign before and in none now."""
    honest: int
    """Honest accounts of others."""


def harm(seen: Sequence[Provider], lie: Lie, config: Config, *, liar: int = 0, seed: int = 0) -> Harm:
    """Let one member lie in place of what it would offer, and count.

    Parameters
    ----------
    seen
        Providers with what they offer.
    lie
        What the liar does.
    config
        Prior, threshold and caps.
    liar
        Which one lies.
    seed
        Seed of made-up tags.
    """
    true = [list(one.offers) for one in seen]
    others = [offer for at, offers in enumerate(true) if at != liar for offer in offers]
    told = [*true]
    told[liar] = list(_told(lie, others, np.random.default_rng(seed)))
    before, after = (joint_campaigns(each, config) for each in (true, told))
    now = [inside(seen, each) for each in (before, after)]
    standing = [inside(seen, each, standing=True) for each in (before, after)]
    accused = stands = lost = honest = 0
    for at, one in enumerate(seen):
        if at == liar:
            continue
        extracts = one.looked.known.extracting
        accused += int((now[1][at] & ~now[0][at] & ~extracts).sum())
        stands += int((standing[1][at] & ~standing[0][at] & ~extracts).sum())
        lost += int((now[0][at] & ~now[1][at] & extracts).sum())
        honest += int((~extracts).sum())
    return Harm(lie, accused, stands, lost, honest)


def _told(lie: Lie, others: Sequence[Offer], rng: np.random.Generator) -> list[Offer]:
    if lie == "silence" or not others:
        return []
    # The sketch of whoever looks worst: what a harvest looks like.
    worst = max(others, key=lambda one: sum(line.bits for line in one.lines))
    base = replace(worst, accounts=1 << 20, lines=_WORST, operator_bits=60.0)
    tags = {(tag.kind, tag.value): _loud(tag) for one in others for tag in one.tags}
    if lie == "flood":
        made = rng.bytes(8 * FLOOD)
        return [
            replace(base, name=f"f-{at}", tags=(TagEvidence("template", made[8 * at : 8 * at + 8], MOST_LOG_E, {}),))
            for at in range(FLOOD)
        ]
    if lie == "poison":
        return [replace(base, name="poison", tags=tuple(tags.values()))]
    return [replace(base, name=f"frame-{at}", tags=(tag,)) for at, tag in enumerate(tags.values())]


def _loud(tag: TagEvidence) -> TagEvidence:
    return replace(tag, log_e=MOST_LOG_E)
