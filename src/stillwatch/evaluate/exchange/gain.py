"""What every provider finds alone and what all find together, campaign by campaign; and who is wrongly accused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.evaluate.campaigns.knobs import PLAIN
from stillwatch.evaluate.campaigns.look import START_MS, Looked, look_at
from stillwatch.evaluate.exchange.parting import beside, dealt, until
from stillwatch.joint import joint_campaigns
from stillwatch.offers import FIELDS, Bounds, candidates
from stillwatch.simulate import build_world
from stillwatch.simulate.hydra import HYDRA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from stillwatch.config import Config
    from stillwatch.model.offer import JointCampaign, Offer
    from stillwatch.offers import Candidate
    from stillwatch.simulate import World, WorldSpec

CAMPAIGNS: Final = 3
"""Campaigns in a world."""
DAY_MS: Final = 86_400_000
HONEST_SEED: Final = 100_000
"""Between the seeds of the world that is dealt out and of the honest accounts of each provider."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One kind of campaign, spread over so many providers."""

    name: str
    """Row."""
    providers: int
    """Providers it is spread over."""
    change: Mapping[str, Any]
    """Fields of a plain campaign that are otherwise."""
    bounds: Bounds | None = None
    """How much each may offer."""

    def spec(self) -> WorldSpec:
        """Give the world that is dealt out."""
        made = (replace(PLAIN, **{**self.change, "name": f"c{n}"}) for n in range(1, CAMPAIGNS + 1))
        return replace(HYDRA, campaigns=tuple(made))


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider of a world."""

    looked: Looked
    """Its accounts, and what it finds alone."""
    candidates: tuple[Candidate, ...]
    """What it may offer."""

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What leaves."""
        return tuple(one.offer for one in self.candidates)

    def extracting(self) -> np.ndarray:
        """Say of every account whether its provider alone finds it in a campaign that extracts; shape (n,)."""
        return self.looked.grouping(extracting=True).labels >= 0


def worlds(spread: Spread, seed: int) -> tuple[World, ...]:
    """Build a world, deal it out, and put honest accounts of its own beside each provider's part."""
    quiet = replace(HYDRA, campaigns=())
    parts = dealt(build_world(spread.spec(), seed, START_MS), spread.providers, seed)
    return tuple(
        beside([part, build_world(quiet, HONEST_SEED * (at + 1) + seed, START_MS)], f"-p{at}")
        for at, part in enumerate(parts)
    )


def providers(
    spread: Spread, seed: int, config: Config, *, made: Sequence[World] = (), days: int | None = None
) -> tuple[Provider, ...]:
    """Let every provider look at its world.

    Parameters
    ----------
    spread, seed
        What is spread over how many, and which world of it.
    config
        Prior, threshold and caps.
    made
        What :func:`worlds` gives, where that is there already.
    days
        They look at the end of this day (from 1) and know nothing of later; at the end of the world where None.
    """
    spec, seen = spread.spec(), []
    for world in made or worlds(spread, seed):
        known = world if days is None else until(world, START_MS + days * DAY_MS)
        looked, ranking = look_at(known, spec, seed, config)
        found = candidates(looked.engine, looked.accounts, ranking, config, bounds=spread.bounds)
        looked.engine.close()
        seen.append(Provider(looked, found))
    return tuple(seen)


@dataclass(frozen=True, slots=True)
class Caught:
    """One campaign."""

    name: str
    """As its world calls it."""
    accounts: int
    """Its accounts at all providers."""
    alone: int
    """Those in a campaign that extracts, as their provider alone finds it."""
    together: int
    """Those in a joint campaign that extracts."""
    standing: int
    """Those of them that are there without any one other provider, too."""

    @property
    def half_alone(self) -> bool:
        """Whether half of it is found without an exchange."""
        return 2 * self.alone >= self.accounts

    @property
    def half_together(self) -> bool:
        """Whether half of it is found in joint campaigns."""
        return 2 * self.together >= self.accounts

    @property
    def half_standing(self) -> bool:
        """Whether half of it stands without any one provider."""
        return 2 * self.standing >= self.accounts


@dataclass(frozen=True, slots=True)
class Gain:
    """One world."""

    caught: tuple[Caught, ...]
    """Campaigns."""
    honest: int
    """Honest accounts at all providers."""
    accused_alone: int
    """Honest accounts in a campaign that extracts, as their provider alone finds it."""
    accused_together: int
    """Honest accounts in a joint campaign that extracts."""
    accused_standing: int
    """Those of them that are there without any one other provider, too."""
    joint: int
    """Joint campaigns reported as extraction."""
    false: int
    """Those of which most accounts are honest."""
    offered: tuple[int, ...]
    """Accounts behind each provider's offers."""
    accounts: tuple[int, ...]
    """Accounts of each provider."""
    nbytes: tuple[int, ...]
    """Bytes that left each provider."""


FIELDS_SENT: Final = (*FIELDS, "accounts", "tags", "log_e", "layers", "lines", "operator_bits")
"""Fields that leave a provider for a group."""


def inside(seen: Sequence[Provider], joint: Sequence[JointCampaign], *, standing: bool = False) -> list[np.ndarray]:
    """Say of every account of every provider whether it is in a joint campaign that extracts, or stands."""
    found = [np.zeros(len(one.looked.known.name), np.bool_) for one in seen]
    groups = [{one.offer.name: one.account for one in each.candidates} for each in seen]
    for campaign in joint:
        for provider, name in (campaign.standing if standing else campaign.parts) if campaign.extracting else ():
            # What a liar offers beside is nobody's account.
            if provider < len(seen) and name in groups[provider]:
                found[provider][seen[provider].looked.known.rows(groups[provider][name])] = True
    return found


def gain(seen: Sequence[Provider], config: Config) -> Gain:
    """Compare what providers find alone with what they find together."""
    joint = joint_campaigns([one.offers for one in seen], config)
    together, standing = inside(seen, joint), inside(seen, joint, standing=True)
    alone = [one.extracting() for one in seen]
    campaign = [np.array(one.looked.known.campaign) for one in seen]
    caught = [
        Caught(which, *(int(sum((part[name == which]).sum() for part, name in zip(parts, campaign, strict=True)))
                 for parts in ([np.ones_like(one) for one in alone], alone, together, standing)))
        for which in sorted({name for one in campaign for name in one.tolist()} - {""})
    ]  # fmt: skip
    called = [one for one in joint if one.extracting]
    return Gain(
        caught=tuple(caught),
        honest=int(sum((name == "").sum() for name in campaign)),
        accused_alone=_honest(alone, campaign),
        accused_together=_honest(together, campaign),
        accused_standing=_honest(standing, campaign),
        joint=len(called),
        false=sum(2 * _honest(inside(seen, [one]), campaign) > _all(inside(seen, [one])) for one in called),
        offered=tuple(sum(one.account.shape[0] for one in each.candidates) for each in seen),
        accounts=tuple(len(one.looked.known.name) for one in seen),
        nbytes=tuple(sum(one.nbytes for one in each.offers) for each in seen),
    )


def _honest(found: Sequence[np.ndarray], campaign: Sequence[np.ndarray]) -> int:
    return int(sum((one & (name == "")).sum() for one, name in zip(found, campaign, strict=True)))


def _all(found: Sequence[np.ndarray]) -> int:
    return int(sum(one.sum() for one in found))
