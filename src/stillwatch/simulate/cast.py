"""The accounts of one persona, in columns.

Every account draws its language and its time zone from the same shares, whatever its persona.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.simulate.identity import Identity, ordinary, some_closed
from stillwatch.simulate.ids import opaque
from stillwatch.simulate.places import addresses
from stillwatch.simulate.population.isps import regions
from stillwatch.simulate.population.stacks import hellos
from stillwatch.simulate.software import LIBRARIES, USER_AGENTS, versions
from stillwatch.simulate.stage import DAY_MS, Floats, Ints, rank

if TYPE_CHECKING:
    from stillwatch.simulate.habits import Access
    from stillwatch.simulate.stage import Stage

LANGUAGES: Final = ("en", "es", "de", "zh", "fr")
"""Languages of the worlds."""
LANGUAGE_SHARES: Final = (0.5, 0.15, 0.12, 0.12, 0.11)
"""Share of accounts of each, the same for every persona."""
_ZONES_H: Final = (-8, -7, -6, -5, -3, 0, 1, 1, 2, 3, 5, 8, 8, 9, 10)


@dataclass(frozen=True, slots=True)
class Pool:
    """Values of which each account may use a stretch."""

    start: Ints
    """First value of each account (index); shape (accounts,)."""
    count: Ints
    """Length of its stretch; shape (accounts,)."""
    spread: float
    """1 uses all alike; higher keeps to the first ones."""

    def pick(self, account: Ints, u: Floats) -> Ints:
        """Choose a value for each call.

        Parameters
        ----------
        account
            Whose call it is; shape (n,).
        u
            Uniform draws between 0 and 1; shape (n,).

        Returns
        -------
        Ints
            Indices of values; shape (n,).
        """
        chosen = np.floor(self.count[account] * u**self.spread).astype(np.int64)
        return np.asarray(self.start[account] + chosen, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Cast:
    """The accounts of one persona: one row an account, beside pools of what they use."""

    account_id: pa.Array
    """Opaque identifiers."""
    organisation: pa.Array
    """Organisation the account states."""
    operator: Ints
    """Who really runs it: index of the operator, or of the organisation for honest accounts."""
    plan: pa.Array
    """Plan."""
    signup_ms: Ints
    """When it signed up (ms)."""
    payment: pa.Array
    """Payment fingerprint."""
    purpose: pa.Array
    """Declared purpose, or null."""
    reseller: pa.Array
    """Whether it resells access under a contract."""
    operation: pa.Array
    """Kind of call it makes."""
    language: Ints
    """Main language (index into LANGUAGES)."""
    offset_h: Ints
    """Time zone (h east of UTC)."""
    keys: Pool
    """Credentials."""
    key_ids: pa.Array
    """Credential identifiers."""
    nets: Pool
    """Addresses."""
    ips: pa.Array
    """Addresses as text."""
    asns: Ints
    """AS number of each address."""
    programs: Pool
    """Client programs."""
    agents: pa.Array
    """How each program names itself."""
    hellos: pa.Array
    """TLS fingerprint of each program."""
    users: Ints
    """How many of the customer's own users its calls name."""
    group: Ints
    """Group that shares its first address: index; shape (accounts,)."""
    identity: Identity
    """How they came: card, mail, promo code, closing."""


def _between(rng: np.random.Generator, bounds: tuple[int, int], n: int) -> Ints:
    return rng.integers(bounds[0], bounds[1] + 1, size=n, dtype=np.int64)


def _groups(stage: Stage, access: Access) -> Ints:
    sizes = stage.rng.choice(access.groups, size=max(stage.accounts, 1))
    return np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)[: stage.accounts]


def _stretches(counts: Ints, spread: float) -> Pool:
    return Pool(np.cumsum(counts) - counts, counts, spread)


def _networks(stage: Stage, access: Access, group: Ints, operator: Ints) -> tuple[Pool, list[str], Ints]:
    rng = stage.rng
    owners = stage.operators or stage.accounts
    counts = _between(rng, access.addresses, owners)
    place = np.repeat(rng.integers(0, len(access.places), size=owners), counts)
    texts: list[str] = [""] * len(place)
    asns = np.zeros(len(place), dtype=np.int64)
    for number, kind in enumerate(access.places):
        at = np.flatnonzero(place == number)
        drawn, asns[at] = addresses(rng, len(at), kind)
        for position, text in zip(at.tolist(), drawn, strict=True):
            texts[position] = text
    pool = _stretches(counts, access.spread)
    if stage.operators:
        return Pool(pool.start[operator], pool.count[operator], access.spread), texts, asns
    if access.groups != (1,):
        leader = pool.start[np.flatnonzero(rank(np.bincount(group)) == 0)]
        for own, shared in zip(pool.start.tolist(), leader[group].tolist(), strict=True):
            texts[own], asns[own] = texts[shared], asns[shared]
    return pool, texts, asns


def _payers(stage: Stage, orgs: Ints, operator: Ints) -> Ints:
    n = stage.accounts
    if not stage.operators:
        return orgs
    cards = max(1, n // (3 * stage.operators))
    return operator * cards + stage.rng.integers(0, cards, size=n)


def crowd(cast: Cast, sizes: Ints) -> tuple[Cast, Ints]:
    """Give each account several people, so that arrivals can be drawn for every one of them.

    Parameters
    ----------
    cast
        The accounts.
    sizes
        People behind each account; shape (accounts,).

    Returns
    -------
    tuple of Cast and Ints
        The accounts with one row a person, good for drawing arrivals alone, and the account of each person.
    """
    owner = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    people = replace(
        cast,
        account_id=cast.account_id.take(pa.array(owner)),
        operator=cast.operator[owner],
        signup_ms=cast.signup_ms[owner],
        offset_h=cast.offset_h[owner],
        language=cast.language[owner],
    )
    return people, owner


def recruit(stage: Stage, access: Access) -> Cast:
    """Draw the accounts of one persona.

    Parameters
    ----------
    stage
        How many accounts and operators, and the randomness.
    access
        The persona's habits of access.

    Returns
    -------
    Cast
        The accounts.
    """
    rng, n = stage.rng, stage.accounts
    group = _groups(stage, access)
    accounts = np.arange(n, dtype=np.int64)
    orgs = group if access.group_pays and not stage.operators else accounts
    operator = accounts % stage.operators if stage.operators else orgs
    nets, texts, asns = _networks(stage, access, group, operator)
    payer = _payers(stage, orgs, operator)
    payment = opaque(rng, int(payer.max(initial=0)) + 1, "pay_", 12).take(pa.array(payer))
    choices = versions(access.software)
    program_counts = _between(rng, access.programs, n)
    software = rng.choice(choices, size=int(program_counts.sum())).astype(np.int64)
    programs = _stretches(program_counts, 1.0)
    declared = rng.random(n) < access.declared_share
    purposes = pa.array(access.declares or ("",)).take(pa.array(rng.integers(0, max(1, len(access.declares)), size=n)))
    key_counts = _between(rng, access.credentials, n)
    age_days = rng.uniform(*access.signup_days, size=n)
    zones = rng.choice(_ZONES_H, size=n).astype(np.int64)
    # A stream of its own: what an account signs up with moves nothing that it does.
    apart = rng.spawn(1)[0]
    user = np.repeat(accounts, program_counts)
    identity = ordinary(apart, payer, orgs if not stage.operators else accounts, access.mail, regions(apart, n))
    return Cast(
        account_id=opaque(rng, n, "acct_", 12),
        organisation=opaque(rng, n, "org_", 12).take(pa.array(orgs)),
        operator=operator,
        plan=pa.array(access.plans).take(pa.array(rng.integers(0, len(access.plans), size=n))),
        signup_ms=(stage.window.start_ms - age_days * DAY_MS).astype(np.int64) // 1000 * 1000,
        payment=payment,
        purpose=pc.if_else(pa.array(declared), purposes, pa.scalar(None, pa.string())),
        reseller=pa.array(np.full(n, access.resells)),
        operation=pa.array(access.operations).take(pa.array(rng.integers(0, len(access.operations), size=n))),
        language=rng.choice(len(LANGUAGES), size=n, p=LANGUAGE_SHARES).astype(np.int64),
        offset_h=zones[operator] if stage.operators else zones,
        keys=_stretches(key_counts, 2.0),
        key_ids=opaque(rng, int(key_counts.sum()), "key_", 24),
        nets=nets,
        ips=pa.array(texts, pa.string()),
        asns=asns,
        programs=programs,
        agents=USER_AGENTS.take(pa.array(software)),
        hellos=hellos(apart, [LIBRARIES[one] for one in software.tolist()], user),
        users=_between(rng, access.end_users, n),
        group=group,
        identity=some_closed(apart, identity, stage.window),
    )
