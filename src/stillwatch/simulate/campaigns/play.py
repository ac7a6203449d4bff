"""A campaign played: its accounts, its requests, and those of the customers it hides among."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.simulate.artefacts import across_accounts, rather, within_sessions
from stillwatch.simulate.campaigns.lifecycle import lives
from stillwatch.simulate.campaigns.manners import CUSTOMERS, MANNERS, TRIED, pivoting
from stillwatch.simulate.campaigns.muster import USERS_WITH, muster
from stillwatch.simulate.campaigns.wording import asked, strangers
from stillwatch.simulate.cast import Pool
from stillwatch.simulate.compose import Scene, beside, compose
from stillwatch.simulate.pace import job_times, own_times, owners_of, unfolded
from stillwatch.simulate.population import isps, stacks
from stillwatch.simulate.prompts.mixture import sessions
from stillwatch.simulate.prompts.tasks import subjects
from stillwatch.simulate.stage import DAY_MS, rank

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.simulate.artefacts import Links
    from stillwatch.simulate.campaigns.lifecycle import Lives
    from stillwatch.simulate.campaigns.spec import Campaign
    from stillwatch.simulate.cast import Cast
    from stillwatch.simulate.habits import Habits
    from stillwatch.simulate.stage import Bools, Calls, Floats, Ints, Stage

TRIED_SHARE: Final = 0.4
"""Share of the world after which a sweep knows what works."""
CUSTOMERS_AN_ACCOUNT: Final = (3, 12)
"""Unrelated customers behind an account that mixes, least and most."""
_SPREAD: Final = 0.35
_FAVOURITES: Final = 3


def _rates(stage: Stage, campaign: Campaign, share: float) -> Floats:
    """Draw the calls a day of each account; what is started together is more alike."""
    sigma = _SPREAD * (1.0 - campaign.synchrony)
    usual = stage.rng.lognormal(-(sigma**2) / 2.0, sigma, size=campaign.accounts)
    return np.asarray(campaign.per_day * share * usual, dtype=np.float64)


def _carrying(
    stage: Stage, campaign: Campaign, cast: Cast, calls: Calls, *, conversing: bool
) -> Callable[[Bools, Bools], Links]:
    """Say which artefacts are carried: those of the own session, and where it replays, other accounts'."""

    def links(born: Bools, able: Bools) -> Links:
        own = within_sessions(stage.rng, cast, calls, born if conversing else np.zeros_like(born), taken_over=0.0)
        if campaign.artefact_replay == 0.0:
            return own
        return rather(across_accounts(stage.rng, cast, calls, born, able, campaign.artefact_replay), own)

    return links


def _composed(stage: Stage, campaign: Campaign, cast: Cast, calls: Calls, late: Bools | None, habits: Habits) -> Scene:
    manners = MANNERS[campaign.technique]
    if campaign.technique in {"store_replay", "live_relay"}:
        calls, wording = strangers(stage, campaign, calls)
    else:
        wording = asked(stage, campaign, cast, calls, np.zeros(len(calls), np.bool_) if late is None else late)
    carrying = _carrying(stage, campaign, cast, calls, conversing=manners.conversing)
    return compose(stage, cast, calls, wording, habits, conversing=manners.conversing, replay=carrying)


def _harvest(stage: Stage, campaign: Campaign, cast: Cast, alive: Lives) -> Scene:
    """Play what the campaign itself asks."""
    rng, window = stage.rng, stage.window
    shape = MANNERS[campaign.technique].shape
    owner, day = owners_of(rng, alive.spans, window, _rates(stage, campaign, 1.0 - campaign.benign_mix), shape.calls)
    # The users of a relay live everywhere; the clock of everything else is the operator's.
    offset = cast.offset_h[owner]
    if campaign.technique == "live_relay":
        offset = isps.hours_of(isps.regions(rng, len(owner)))
    # Nobody tells a relay's users when to type.
    share = 0.0 if campaign.technique == "live_relay" else campaign.synchrony
    together = rng.random(len(owner)) < share
    own = own_times(rng, window, day, offset, shape.hours)
    start = np.where(together, job_times(rng, window, owner, day, campaign.jitter_min), own)
    typed = stage.traces if campaign.technique == "live_relay" else None
    pauses_s = typed.pauses_s if typed else None
    calls, _ = unfolded(rng, owner, start, shape, alive.spans, pauses_s=pauses_s)
    habits = pivoting(MANNERS[campaign.technique].habits, pivots=campaign.pivots)
    if campaign.technique != "sweep":
        return _composed(stage, campaign, cast, calls, None, habits)
    late = calls.ts_ms >= window.start_ms + int(TRIED_SHARE * window.days * DAY_MS)
    tried, scaled = calls.where(~late), calls.where(late)
    tricks = pivoting(TRIED, pivots=campaign.pivots)
    return beside(
        _composed(stage, campaign, cast, tried, np.zeros(len(tried), np.bool_), tricks),
        _composed(stage, campaign, cast, scaled, np.ones(len(scaled), np.bool_), habits),
    )


def _mixed(stage: Stage, campaign: Campaign, cast: Cast, alive: Lives) -> Scene:
    """Play the customers of the reseller that the campaign hides among."""
    rng, window, n = stage.rng, stage.window, campaign.accounts
    low, high = CUSTOMERS_AN_ACCOUNT
    # When a pool falls, its customers are moved to the accounts of the next.
    place = rank(np.bincount(alive.pool))
    served = rng.integers(low, high + 1, size=int(place.max()) + 1)
    region = isps.regions(rng, int(served.sum()))
    speaks = isps.language_of(rng, region)
    favours = rng.integers(0, subjects(), size=(len(region), _FAVOURITES))
    called = stacks.clients(rng, USERS_WITH, np.arange(len(region), dtype=np.int64)).agents
    many = served[place]
    first = np.cumsum(many) - many
    who: Ints = np.repeat(np.arange(n, dtype=np.int64), many)
    person = (np.cumsum(served) - served)[place[who]] + rank(many)
    # The customer's own program names itself; the hello is that of the reseller's proxy.
    crowd = replace(
        cast,
        programs=Pool(first, many, 1.0),
        agents=called.take(pa.array(person)),
        hellos=cast.hellos.take(pa.array(who)),
    )
    shape = CUSTOMERS.shape
    owner, day = owners_of(rng, alive.spans, window, _rates(stage, campaign, campaign.benign_mix), shape.calls)
    customer = first[owner] + np.floor(many[owner] * rng.random(len(owner)) ** 1.5).astype(np.int64)
    start = own_times(rng, window, day, isps.hours_of(region[person])[customer], shape.hours)
    pauses_s = stage.traces.pauses_s if stage.traces else None
    calls, customer = unfolded(rng, owner, start, shape, alive.spans, customer, pauses_s)
    subject = favours[person[customer], rng.integers(0, _FAVOURITES, size=len(customer))]
    at = calls.session
    calls, wording, kept = sessions(stage, calls, speaks[person[customer]][at], subject[at])
    links = _carrying(stage, replace(campaign, artefact_replay=0.0), cast, calls, conversing=True)
    worn = customer[at][kept]
    return compose(stage, crowd, calls, wording, CUSTOMERS.habits, conversing=True, replay=links, worn=worn)


def play_campaign(stage: Stage, campaign: Campaign) -> Scene:
    """Play one campaign.

    Parameters
    ----------
    stage
        Randomness of this campaign alone, its accounts, the time to fill and, where given, real prompts.
    campaign
        The campaign.

    Returns
    -------
    Scene
        Its accounts and all their requests.
    """
    alive = lives(stage.rng, campaign, stage.window)
    cast = muster(stage.rng, campaign, alive)
    scene = _harvest(stage, campaign, cast, alive)
    return beside(scene, _mixed(stage, campaign, cast, alive)) if campaign.benign_mix > 0.0 else scene
