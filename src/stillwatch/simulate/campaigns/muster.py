"""The accounts of a campaign: made-up identities, cards, mail, networks and client programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.cast import LANGUAGE_SHARES, LANGUAGES, Cast, Pool
from stillwatch.simulate.identity import Identity
from stillwatch.simulate.ids import opaque
from stillwatch.simulate.population import isps, papers, stacks

if TYPE_CHECKING:
    from stillwatch.simulate.campaigns.lifecycle import Lives
    from stillwatch.simulate.campaigns.spec import Campaign
    from stillwatch.simulate.stage import Bools, Floats, Ints

FAMILIES: Final = {
    "agentic": ("agent", "plain"),
    "live_relay": ("gateway", "plain"),
    "store_replay": ("agent", "plain"),
}
"""Client families an operator's own program may come from, where they are not those of scripts."""
USERS_WITH: Final = ("agent", "openai", "anthropic", "framework", "browser")
"""Client families of people whose requests are passed on."""
_SCRIPTS: Final = ("openai", "anthropic", "plain")
PLANS: Final = ("free", "payg", "payg", "plus", "plus", "team")
"""Plans of such accounts, drawn alike."""
_OPERATIONS: Final = ("messages", "messages", "responses", "chat")
_SHARED_A_CARD: Final = 12
_EXITS_AN_ACCOUNT: Final = (3, 12)
_ACCOUNTS_AN_EXIT: Final = 5
_BOUGHT: Final = 0.25
_OWN_EXITS: Final = (2, 8)


def _networks(rng: np.random.Generator, campaign: Campaign) -> tuple[Pool, pa.Array, Ints]:
    """Lay addresses out: first the shared pool, then the accounts' own."""
    n = campaign.accounts
    own = rng.random(n) < campaign.residential
    shared = max(8, n // _ACCOUNTS_AN_EXIT)
    few, many = _EXITS_AN_ACCOUNT
    count = np.where(own, rng.integers(_OWN_EXITS[0], _OWN_EXITS[1] + 1, size=n), rng.integers(few, many + 1, size=n))
    count = np.minimum(count, shared)
    start = np.floor(rng.random(n) * (shared - count + 1)).astype(np.int64)
    blocks = np.where(own, count, 0)
    start = np.where(own, shared + np.cumsum(blocks) - blocks, start)
    # Residential exits stand in many regions; those of one account in one, so that it looks like somebody at home.
    region = np.concatenate([isps.regions(rng, shared), np.repeat(isps.regions(rng, n), blocks)])
    ips, asns = isps.homes(rng, isps.networks(rng, region))
    bought, bought_as = isps.some_through_exits(rng, ips[:shared], asns[:shared], _BOUGHT)
    ips = pa.concat_arrays([bought, ips[shared:]])
    return Pool(start, count.astype(np.int64), 1.0), ips, np.concatenate([bought_as, asns[shared:]])


def _clients(rng: np.random.Generator, campaign: Campaign) -> tuple[Pool, stacks.Clients]:
    """Give every account the operator's own client, or a made-up one; a relay passes its users' names on."""
    n = campaign.accounts
    relays = campaign.technique == "live_relay"
    many = rng.integers(2, 7, size=n) if relays else np.ones(n, dtype=np.int64)
    owner = np.repeat(np.arange(n, dtype=np.int64), many)
    nobody = np.zeros(1, dtype=np.int64)
    common = stacks.clients(rng, FAMILIES.get(campaign.technique, _SCRIPTS), nobody).take(np.zeros_like(owner))
    users = stacks.clients(rng, USERS_WITH, np.arange(len(owner), dtype=np.int64))
    disguised = pa.array((rng.random(n) < campaign.fingerprint_random)[owner])
    other = stacks.clients(rng, (*_SCRIPTS, "framework", "browser"), owner)
    own_hello = stacks.invented(rng, n).take(pa.array(owner))
    named = users.agents if relays else pc.if_else(disguised, other.agents, common.agents)
    hellos = pc.if_else(disguised, own_hello, common.hellos)
    return Pool(np.cumsum(many) - many, many, 1.0), stacks.Clients(named, hellos)


def _cards(rng: np.random.Generator, campaign: Campaign) -> tuple[pa.Array, pa.Array]:
    """Draw payment fingerprints and the issuers of the cards behind them."""
    n = campaign.accounts
    shared: Bools = rng.random(n) < campaign.shared_cards
    cards = max(1, int(shared.sum()) // _SHARED_A_CARD)
    few = papers.virtual_issuers(rng, max(1, min(4, cards)))
    issuer = np.where(np.arange(cards + n) < cards, few[rng.integers(0, len(few), size=cards + n)], 0)
    issuer[cards:] = papers.issuers(rng, isps.regions(rng, n))
    card = np.where(shared, rng.integers(0, cards, size=n), cards + np.arange(n))
    return opaque(rng, cards + n, "pay_", 12).take(pa.array(card)), papers.bins(issuer[card])


def _mail(rng: np.random.Generator, campaign: Campaign) -> tuple[pa.Array, pa.Array]:
    n = campaign.accounts
    others: Floats = np.array([0.9, 0.07, 0.03])
    kind = np.where(rng.random(n) < campaign.disposable_mail, 3, rng.choice(3, size=n, p=others)).astype(np.int64)
    alone = np.arange(n, dtype=np.int64)
    # The throw-away domains are those of one or two services.
    owner = np.where(kind == 3, rng.integers(0, 5, size=n), alone + 5)
    return papers.mail_domains(rng, kind, owner), pa.array(papers.MAIL_CLASSES).take(pa.array(kind))


def muster(rng: np.random.Generator, campaign: Campaign, alive: Lives) -> Cast:
    """Draw the accounts of a campaign.

    Parameters
    ----------
    rng
        Source of randomness.
    campaign
        The campaign.
    alive
        Lives of its accounts.

    Returns
    -------
    Cast
        The accounts, every one an organisation of its own, all under one operator.
    """
    n = campaign.accounts
    nets, ips, asns = _networks(rng, campaign)
    programs, clients = _clients(rng, campaign)
    payment, card_bin = _cards(rng, campaign)
    domain, kind = _mail(rng, campaign)
    one, alone = np.ones(n, dtype=np.int64), np.arange(n, dtype=np.int64)
    zone = int(isps.hours_of(isps.regions(rng, 1))[0])
    # One program asks through one interface, unless it is a relay, whose users choose.
    operation = rng.integers(0, len(_OPERATIONS), size=n if campaign.technique == "live_relay" else 1)
    return Cast(
        account_id=opaque(rng, n, "acct_", 12),
        organisation=opaque(rng, n, "org_", 12),
        operator=np.zeros(n, dtype=np.int64),
        plan=pa.array(PLANS).take(pa.array(rng.integers(0, len(PLANS), size=n))),
        signup_ms=alive.signup_ms,
        payment=payment,
        purpose=pa.nulls(n, pa.string()),
        reseller=pa.array(np.zeros(n, dtype=np.bool_)),
        operation=pa.array(_OPERATIONS).take(pa.array(np.broadcast_to(operation, n))),
        language=rng.choice(len(LANGUAGES), size=n, p=LANGUAGE_SHARES).astype(np.int64),
        offset_h=np.full(n, zone, dtype=np.int64),
        keys=Pool(alone, one, 1.0),
        key_ids=opaque(rng, n, "key_", 24),
        nets=nets,
        ips=ips,
        asns=asns,
        programs=programs,
        agents=clients.agents,
        hellos=clients.hellos,
        users=np.zeros(n, dtype=np.int64),
        group=alone,
        identity=Identity(card_bin, domain, kind, papers.codes(rng, n), alive.closed_ms),
    )
