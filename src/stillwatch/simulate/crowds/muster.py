"""The accounts of a crowd: what their group shares, and the rest of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.cast import Cast, Pool
from stillwatch.simulate.identity import ordinary, some_closed
from stillwatch.simulate.ids import opaque
from stillwatch.simulate.places import addresses
from stillwatch.simulate.population import isps, papers, stacks
from stillwatch.simulate.stage import DAY_MS, HOUR_MS, rank

if TYPE_CHECKING:
    from stillwatch.simulate.crowds.spec import Crowd
    from stillwatch.simulate.crowds.ties import Joins, Ties
    from stillwatch.simulate.stage import Ints, Stage, Window

_OPERATIONS: Final = ("chat", "chat", "messages", "responses")
_PRIVATE: Final = 0.05
_AGE_DAYS: Final = (-2.0, 540.0)


def weekend_ms(window: Window) -> int:
    """Find when the first Saturday of a world begins (ms), or its last day where it has none."""
    first = window.start_ms // DAY_MS
    for day in range(window.days):
        if (first + day + 3) % 7 == 5:  # 1970-01-01 was a Thursday
            return (first + day) * DAY_MS
    return window.end_ms - DAY_MS


def _signups(rng: np.random.Generator, window: Window, joins: Joins, group: Ints) -> Ints:
    """Draw when accounts sign up (ms)."""
    n, groups = len(group), int(group.max(initial=-1)) + 1
    if joins == "weekend":
        kick_off = weekend_ms(window) + 8 * HOUR_MS + rng.integers(0, 3 * HOUR_MS, size=groups)
        return kick_off[group] + rng.normal(0.0, 0.5 * HOUR_MS, size=n).astype(np.int64)
    if joins == "release":
        return window.release_ms + (rng.exponential(9.0, size=n) * HOUR_MS).astype(np.int64)
    days = rng.uniform(20.0, 500.0, size=groups)[group] if joins == "same_day" else rng.uniform(*_AGE_DAYS, size=n)
    signup = window.start_ms - (days * DAY_MS).astype(np.int64)
    return signup + rng.integers(0, 8 * HOUR_MS, size=n) if joins == "same_day" else signup


def _networks(rng: np.random.Generator, ties: Ties, group: Ints, region: Ints) -> tuple[Pool, pa.Array, Ints]:
    """Lay every account's addresses out: those of its group, then its own."""
    groups = int(group.max(initial=-1)) + 1
    many = rng.integers(ties.addresses[0], ties.addresses[1] + 1, size=groups)
    many = np.where(rng.random(groups) < ties.shares_network, many, 0)
    first = np.cumsum(many) - many
    of_group = region[np.unique(group, return_index=True)[1]]
    if ties.place == "home":
        # One provider's lines: all addresses of a group lie in one network.
        net = np.repeat(isps.networks(rng, of_group), many)
        shared, shared_as = isps.homes(rng, net)
    else:
        texts, shared_as = addresses(rng, int(many.sum()), ties.place)
        shared = pa.array(texts, pa.string())
    own = rng.integers(ties.own_addresses[0], ties.own_addresses[1] + 1, size=len(group))
    own = np.where((own == 0) & (many[group] == 0), 1, own)
    mine, mine_as = isps.homes(rng, isps.networks(rng, np.repeat(region, own)))
    mine, mine_as = isps.some_through_exits(rng, mine, mine_as, _PRIVATE)
    count = many[group] + own
    place = rank(count)
    owner = np.repeat(np.arange(len(group), dtype=np.int64), count)
    common = place < many[group][owner]
    own_first = np.cumsum(own) - own
    at = np.where(common, first[group][owner] + place, len(shared) + own_first[owner] + place - many[group][owner])
    ips = pa.chunked_array([shared, mine], pa.string()).combine_chunks().take(pa.array(at))
    start = np.cumsum(count) - count
    return Pool(start, count, 1.5), ips, np.concatenate([shared_as, mine_as])[at]


def _codes(rng: np.random.Generator, ties: Ties, group: Ints, usual: pa.Array) -> pa.Array:
    """Give groups one code each where they have one."""
    groups = int(group.max(initial=-1)) + 1
    code = pc.utf8_upper(papers.invented_names(9_000 + rng.integers(0, 40_000, size=groups)))
    has = pa.array((rng.random(groups) < ties.code)[group] & (rng.random(len(group)) < 0.85))
    return pc.if_else(has, code.take(pa.array(group)), usual)


def muster(stage: Stage, crowd: Crowd, ties: Ties) -> Cast:
    """Draw the accounts of a crowd.

    Parameters
    ----------
    stage
        Randomness and the time of the world.
    crowd
        How many there are in how many groups.
    ties
        What binds a group.

    Returns
    -------
    Cast
        The accounts; ``group`` is the group of each.
    """
    rng, n = stage.rng, crowd.accounts
    alone = np.arange(n, dtype=np.int64)
    # Groups differ in size: every group has one account, the rest fall to some more than to others.
    sizes = rng.multinomial(n - crowd.groups, rng.dirichlet(np.full(crowd.groups, 4.0))) + 1
    group = np.repeat(np.arange(crowd.groups, dtype=np.int64), sizes)
    region = isps.regions(rng, crowd.groups)[group] if ties.region else isps.regions(rng, n)
    nets, ips, asns = _networks(rng, ties, group, region)
    wearer = group if ties.client else alone
    worn = stacks.clients(rng, ties.families, np.arange(int(wearer.max()) + 1, dtype=np.int64)).take(wearer)
    payer, firm = (group if shared else alone for shared in (ties.card, ties.firm))
    came = some_closed(rng, ordinary(rng, payer, firm, ties.mail, region), stage.window)
    operation = rng.integers(0, len(_OPERATIONS), size=n)
    purpose = pa.scalar(ties.purpose or None, pa.string())
    one = np.ones(n, dtype=np.int64)
    return Cast(
        account_id=opaque(rng, n, "acct_", 12),
        organisation=opaque(rng, n, "org_", 12).take(pa.array(firm)),
        operator=firm,
        plan=pa.array(ties.plans).take(pa.array(rng.integers(0, len(ties.plans), size=n))),
        signup_ms=_signups(rng, stage.window, ties.joins, group) // 1000 * 1000,
        payment=opaque(rng, n, "pay_", 12).take(pa.array(payer)),
        purpose=pa.array([purpose.as_py()] * n, pa.string()),
        reseller=pa.array(np.full(n, ties.resells)),
        operation=pa.array(_OPERATIONS).take(pa.array(operation[wearer])),
        language=isps.language_of(rng, region),
        offset_h=isps.hours_of(region),
        keys=Pool(alone, one, 1.0),
        key_ids=opaque(rng, n, "key_", 24),
        nets=nets,
        ips=ips,
        asns=asns,
        programs=Pool(alone, one, 1.0),
        agents=worn.agents,
        hellos=worn.hellos,
        users=rng.integers(ties.end_users[0], ties.end_users[1] + 1, size=n),
        group=group,
        identity=replace(came, referral=_codes(rng, ties, group, came.referral)),
    )
