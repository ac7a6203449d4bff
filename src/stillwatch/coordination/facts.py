"""Numbers about one entity as a whole, read off its members: who pays, how work is dealt, what repeats.

They are the observations from which :mod:`stillwatch.coordination.extraction` weighs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.coordination.layers.partition import BINS, customers, dispersion, entropy, some_members, varying
from stillwatch.coordination.layers.quotas import ln_rates
from stillwatch.coordination.roster import AT
from stillwatch.coordination.shared import LEAST
from stillwatch.sketches.layout import EMPTY_HASH, NO_TOPIC, TOPICS
from stillwatch.statistics.pareto import log_sum_p

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.candidates.templates import Templates
    from stillwatch.coordination.roster import Roster

SHARED: Final = 2
"""Members of one card from which it is shared."""
TYPICAL: Final = 0.2
"""Share of the members from which a rare template is the entity's."""
ENOUGH: Final = 2.0
"""Sampled prompts inside the template, a member, from which only those are read."""
DRAWS: Final = 200
"""Draws of the null of one entity's partition."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One entity in numbers. NaN where the provider does not know."""

    members: int
    """Accounts."""
    one_organisation: float
    """Share of members of the most common stated organisation, 0 to 1; NaN where organisations are unknown."""
    one_payer: float
    """Share of members paid by the most common means of payment, 0 to 1; NaN where payments are unknown."""
    shared_cards: int
    """Means of payment used by two members or more."""
    on_shared_cards: float
    """Share of members paid by one of those; NaN where payments are unknown."""
    disposable: float
    """Share of members with a throw-away address; NaN where addresses are unknown."""
    disposable_elsewhere: float
    """The same share among all other accounts."""
    declared: float
    """Share of members that declared a purpose."""
    resellers: float
    """Share of members that resell under a contract."""
    quota_spread: float
    """Standard deviation of ln requests a member and active day."""
    common: float
    """Share of the different sampled prompts that several members sent; inside the template where that is enough."""
    repeated: float
    """Share of the sampled prompts that one member sent more than once, likewise."""
    dispersion: float
    """Index of dispersion of members x topics, about 1 for shards; NaN where too little is known."""
    customers: float
    """The same index among customers of the assumed concentration, median."""
    log_p_shards: float
    """ln p that customers look this much like shards; NaN where too little is known."""
    breadth_nats: float
    """Entropy of all topics, 0 to ln 16; NaN where too little is known."""


def _top(values: NDArray[np.int64]) -> float:
    known = values[values != 0]
    if known.shape[0] < 0.5 * values.shape[0]:
        return float("nan")
    return float(np.unique(known, return_counts=True)[1].max() / known.shape[0])


def _in_template(roster: Roster, templates: Templates, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which sampled prompts of each member come under a rare template that many of the members share."""
    field = roster.fields[AT["template"]]
    held = np.concatenate(
        [np.zeros(0, np.int32), *(field.value[field.start[r] : field.start[r + 1]] for r in rows.tolist())]
    )
    value, count = np.unique(held, return_counts=True)
    typical = value[count >= max(LEAST, TYPICAL * rows.shape[0])]
    pieces = np.unique(templates.piece[np.isin(templates.template, typical)])
    found = np.isin(roster.outline.sample_piece[rows], pieces)
    return np.asarray(found.reshape(rows.shape[0], 3, -1).any(axis=1))


def _topics(roster: Roster, rows: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Count chosen sampled prompts of each member by coarse topic of what varies; (members with any, BINS)."""
    topic = roster.outline.sample_topic[rows]
    member, cell = np.nonzero(np.repeat(chosen, 2, axis=1) & (topic != NO_TOPIC))
    table = np.zeros((rows.shape[0], 2 * BINS))
    place = cell % 2 * BINS + topic[member, cell].astype(np.int64) * BINS // TOPICS
    np.add.at(table, (member, place), 1.0)
    return varying(table)


def _shards(
    table: NDArray[np.float64], concentration: float, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Give (dispersion, that of customers, ln p, breadth) of a table of topics."""
    nothing = float("nan")
    if table.shape[0] < 4 or table.sum() < 3 * table.shape[0]:
        return nothing, nothing, nothing, nothing
    breadth = entropy(table.sum(axis=0))
    table = some_members(table, rng)
    found = dispersion(table)
    if np.isnan(found):
        return nothing, nothing, nothing, breadth
    drawn = customers(table, concentration, DRAWS, rng)
    log_p = log_sum_p(-np.log(max(found, 1e-6)), -np.log(np.maximum(drawn, 1e-6)))
    return found, float(np.median(drawn)), log_p, breadth


def facts(roster: Roster, templates: Templates, rows: NDArray[np.int64], *, concentration: float, seed: int) -> Facts:
    """Read the numbers of one entity.

    Parameters
    ----------
    roster
        All accounts.
    templates
        Template groups and their pieces.
    rows
        Its members.
    concentration
        How alike customers of one product are taken to be.
    seed
        Seed of the simulated null.

    Returns
    -------
    Facts
        What is known of it.
    """
    registered, outline = roster.registered, roster.outline
    payment = registered.payment[rows]
    paid = payment[payment != 0]
    _, payers, used = np.unique(paid, return_inverse=True, return_counts=True)
    shared = used >= SHARED
    sampled = outline.sample[rows]
    there = sampled != EMPTY_HASH
    # Inside the shared template, where there is enough of it, so that other traffic does not blur the shards.
    inside = there & _in_template(roster, templates, rows)
    chosen = inside if inside.sum() >= ENOUGH * rows.shape[0] else there
    _, common = np.unique(sampled[chosen], return_counts=True)
    others = np.ones(len(roster), np.bool_)
    others[rows] = False
    mail = registered.email_class != 0
    knows_mail = mail[rows].mean() >= 0.5
    nothing = float("nan")
    found, usual, log_p, breadth = _shards(
        _topics(roster, rows, chosen), concentration, np.random.default_rng([seed, 7])
    )
    return Facts(
        members=int(rows.shape[0]),
        one_organisation=_top(registered.organisation[rows]),
        one_payer=_top(payment),
        shared_cards=int(shared.sum()),
        on_shared_cards=float(shared[payers].mean()) if paid.shape[0] >= 0.5 * rows.shape[0] else nothing,
        disposable=float(registered.disposable[rows][mail[rows]].mean()) if knows_mail else nothing,
        disposable_elsewhere=float(registered.disposable[mail & others].mean()) if (mail & others).any() else nothing,
        declared=float(registered.declared[rows].mean()),
        resellers=float(registered.reseller[rows].mean()),
        quota_spread=float(ln_rates(roster)[rows].std(ddof=1)),
        common=float((common > 1).mean()) if common.shape[0] else nothing,
        repeated=float((outline.sample_count[rows][chosen] > 1).mean()) if chosen.any() else nothing,
        dispersion=found,
        customers=usual,
        log_p_shards=log_p,
        breadth_nats=breadth,
    )
