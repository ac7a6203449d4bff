"""Is one workload divided among the members? The evidence of what does *not* overlap.

Three marks of shards, read inside the shared template alone, so that other traffic of an account does not blur them:

* **topics**: shards of one list have one mixture of topics; customers of one product each have their own. The index
  of dispersion of the table members x topics is about 1 for shards, above 1 for customers.
* **union**: shards hardly ever ask the same; a class, a benchmark, readers of one tutorial do.
* **quotas**: a scheduler gives every account its share; customers' volumes differ by orders of magnitude.

The p-value is of the first: how often customers who are as alike as ``concentration`` says would look this much like
shards. The other two are told beside it, and bound what it may claim: where members ask the same prompts, sameness of
topics is no sign of shards.

References
----------
Canisius, Martens & Wessels (2016), A novel independence test for somatic alterations (DISCOVER): exclusivity needs a
null with unequal rates. Saracco, Straka, Di Clemente, Gabrielli, Caldarelli & Squartini (2017), Inferring monopartite
projections of bipartite networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.sketches.hashing import kernel
from stillwatch.sketches.layout import EMPTY_HASH, EMPTY_ID, NO_TOPIC, TOPICS
from stillwatch.statistics.pareto import log_sum_p

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.coordination.candidates.templates import Templates
    from stillwatch.coordination.outline import Outline
    from stillwatch.coordination.roster import Roster

BINS: Final = 16
"""Coarse topics of the table."""
CONCENTRATION: Final = 100.0
"""How alike customers of one product are taken to be, as a Dirichlet concentration: 30 very different, 300 nearly
alike. Assumed, not measured: no public data has many customers of one product with their prompts."""
FEWEST: Final = 4
"""Fewest members with prompts in the template."""
FEWEST_PROMPTS: Final = 3.0
"""Fewest sampled prompts a member, on average."""
MOST_COMMON: Final = 0.1
"""Share of sampled prompts asked by several members from which sameness is a common task, not shards."""
TRIMMED: Final = 20
"""One member in so many, those that deviate most, is left out of the dispersion."""
FAR: Final = 6.0
"""Deviations from the first draws at which no more are made: more would not change what is found."""
MEMBERS: Final = 400
"""Members of one group on which its dispersion is judged; of more, so many are drawn."""
MEMBER_DRAWS: Final = 40_000
"""Draws times members of one group, at most."""
FEWEST_DRAWS: Final = 60
"""Fewest draws of the null."""
DRAWS: Final = 400
"""Draws of the null."""


@dataclass(frozen=True, slots=True)
class Partition:
    """How a workload lies among the members of each template group."""

    log_p: NDArray[np.float64]
    """(g,) ln p that customers look this much like shards; NaN where too little is seen or prompts are common."""
    dispersion: NDArray[np.float64]
    """(g,) index of dispersion of the topics, about 1 for shards; NaN where too little is seen."""
    customers: NDArray[np.float64]
    """(g,) the same index among customers of the assumed concentration, median."""
    members: NDArray[np.int64]
    """(g,) members with prompts in the template."""
    prompts: NDArray[np.int64]
    """(g,) sampled prompts in the template, over all members."""
    common: NDArray[np.float64]
    """(g,) share of the different sampled prompts that several members sent."""
    breadth_nats: NDArray[np.float64]
    """(g,) entropy of the pooled topics, 0 to ln 16: a single subject says nothing of shards."""
    quota_spread: NDArray[np.float64]
    """(g,) standard deviation of ln events of the members; below 0.5 volumes are dealt out, above 1 they grew."""

    def of(self, which: NDArray[np.int64]) -> Partition:
        """Give the rows of some groups; -1 for one that nobody has looked at."""
        some = unjudged(which.shape[0])
        there = which >= 0
        for name in Partition.__slots__:
            getattr(some, name)[there] = getattr(self, name)[which[there]]
        return some

    def or_else(self, other: Partition) -> Partition:
        """Take the rows of ``other`` where this one has nothing."""
        blank = self.members == 0
        return Partition(*(np.where(blank, getattr(other, name), getattr(self, name)) for name in Partition.__slots__))


def unjudged(g: int) -> Partition:
    """Give what is known of g template groups that nobody has looked at."""
    blank, none = np.full(g, np.nan), np.zeros(g, np.int64)
    return Partition(blank, blank.copy(), blank.copy(), none, none.copy(), blank.copy(), blank.copy(), blank.copy())


@kernel
def _tables(
    state: Outline,
    start: np.ndarray,
    members: np.ndarray,
    piece: np.ndarray,
    template: np.ndarray,
    group: int,
    table: np.ndarray,
    prompts: np.ndarray,
) -> tuple[int, int]:
    """Fill (member, topics of both halves) of one group and list its prompts; returns (members seen, prompts)."""
    rows, n = 0, 0
    for m in range(start[group], start[group + 1]):
        row = members[m]
        before = n
        for b in range(table.shape[1]):
            table[rows, b] = 0.0
        for k in range(state.sample.shape[1]):
            if state.sample[row, k] == np.uint64(EMPTY_HASH):
                break
            mine = False
            for part in range(3):
                key = state.sample_piece[row, part * state.sample.shape[1] + k]
                if key == np.uint32(EMPTY_ID):
                    continue
                at = np.searchsorted(piece, key)
                while at < piece.shape[0] and piece[at] == key:
                    mine = mine or template[at] == group
                    at += 1
            if not mine:
                continue
            prompts[n] = state.sample[row, k]
            n += 1
            for half in range(2):
                topic = state.sample_topic[row, 2 * k + half]
                if topic != NO_TOPIC:
                    table[rows, half * BINS + topic * BINS // TOPICS] += 1.0
        if n > before:
            rows += 1
    return rows, n


def dispersion(table: NDArray[np.float64]) -> float:
    """Give Pearson's chi-square of a table of counts over its degrees of freedom; NaN without any.

    Of twenty members or more the twentieth part that deviates most is left out, here and in the null alike: a few
    bystanders with another mixture must not hide three hundred shards.

    Examples
    --------
    >>> dispersion(np.array([[5.0, 5.0], [5.0, 5.0]])), dispersion(np.array([[9.0, 1.0], [1.0, 9.0]]))
    (0.0, 12.8)
    """
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    table = table[rows > 0][:, columns > 0]
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    if min(table.shape) < 2:
        return float("nan")
    expected = rows[:, None] * columns[None, :] / rows.sum()
    deviates = np.sort(((table - expected) ** 2 / expected).sum(axis=1))
    kept = table.shape[0] - (table.shape[0] // TRIMMED if table.shape[0] >= TRIMMED else 0)
    return float(deviates[:kept].sum() / ((kept - 1) * (table.shape[1] - 1)))


def varying(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Choose the half of the prompts whose topics vary more, and the members that show one.

    Parameters
    ----------
    table
        (members, 2 BINS) topics of first halves beside those of last halves.

    Returns
    -------
    ndarray
        (members with a topic, BINS). A fixed text in one half gives every prompt its own topic.
    """
    first, last = table[:, :BINS], table[:, BINS:]
    chosen = first if entropy(first.sum(axis=0)) > entropy(last.sum(axis=0)) else last
    return np.asarray(chosen[chosen.sum(axis=1) > 0])


def some_members(table: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw MEMBERS rows of a larger table; a smaller one is given as it is."""
    if table.shape[0] <= MEMBERS:
        return table
    return table[np.sort(rng.choice(table.shape[0], MEMBERS, replace=False))]


def customers(
    table: NDArray[np.float64], concentration: float, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the dispersion of tables of customers with the same volumes, each with a mixture of topics of its own."""
    volumes = table.sum(axis=1).astype(np.int64)
    pooled = table.sum(axis=0) / table.sum()
    kept = pooled > 0
    found = np.empty(draws)
    for at in range(draws):
        mixtures = rng.dirichlet(concentration * pooled[kept], size=volumes.shape[0])
        found[at] = dispersion(rng.multinomial(volumes, mixtures).astype(np.float64))
    # Where a draw has one topic alone nobody deviates.
    return np.nan_to_num(found, nan=0.0)


def entropy(counts: NDArray[np.float64]) -> float:
    """Give the entropy of some counts (nats); 0 without any."""
    share = counts[counts > 0] / max(float(counts.sum()), 1.0)
    return float(-(share * np.log(share)).sum())


def partition(
    found: Templates,
    roster: Roster,
    which: NDArray[np.int64],
    *,
    seed: int,
    concentration: float = CONCENTRATION,
    draws: int = DRAWS,
) -> Partition:
    """Look for shards inside every template group.

    Parameters
    ----------
    found
        Template groups and their pieces.
    roster
        All accounts.
    which
        Template groups that are looked at; a null is drawn for no others.
    seed
        Seed of the null; each group draws from a stream of its own.
    concentration
        How alike customers are taken to be.
    draws
        Draws of the null.

    Returns
    -------
    Partition
        One row a template group.

    Notes
    -----
    Draws are made only where the dispersion lies below what is expected of customers, and in two steps: a few first.
    Blind spot: topic personas (every account its own subject), templates with one subject, customers nearly alike.
    """
    groups, state = found.groups, roster.outline
    most = int(groups.sizes.max(initial=1))
    table, prompts = np.zeros((most, 2 * BINS)), np.zeros(most * state.sample.shape[1], np.uint64)
    events = state.events.astype(np.float64)
    out = unjudged(len(groups))
    for group in which.tolist():
        rows, n = _tables(state, groups.start, groups.members, found.piece, found.template, group, table, prompts)
        out.members[group], out.prompts[group] = rows, n
        if rows < FEWEST or n < FEWEST_PROMPTS * rows:
            continue
        _, times = np.unique(prompts[:n], return_counts=True)
        out.common[group] = float((times > 1).mean())
        out.quota_spread[group] = float(np.log(events[groups.of(group)]).std())
        seen = varying(table[:rows])
        if seen.shape[0] < FEWEST:
            continue
        out.breadth_nats[group] = entropy(seen.sum(axis=0))
        out.dispersion[group] = dispersion(seen)
        _judge(out, group, seen, np.random.default_rng([seed, int(groups.token[group])]), concentration, draws)
    return out


def _judge(
    out: Partition, group: int, seen: NDArray[np.float64], rng: np.random.Generator, concentration: float, draws: int
) -> None:
    if np.isnan(out.dispersion[group]):
        return
    volumes = seen.sum(axis=1)
    usual = 1.0 + float((volumes - 1).mean()) / (concentration + 1.0)
    out.customers[group] = usual
    if out.common[group] > MOST_COMMON:
        return
    if out.dispersion[group] >= usual:
        out.log_p[group] = np.log(0.5)
        return
    # Sums over many members are told by some of them, and by fewer draws.
    seen = some_members(seen, rng)
    out.dispersion[group] = dispersion(seen)
    draws = max(min(draws, MEMBER_DRAWS // seen.shape[0]), FEWEST_DRAWS)
    first = customers(seen, concentration, draws // 4, rng)
    drawn = first
    far = (first.mean() - out.dispersion[group]) / max(float(first.std()), 1e-9)
    if far < FAR and (first <= out.dispersion[group]).mean() < 0.1:
        drawn = np.concatenate([first, customers(seen, concentration, draws - first.shape[0], rng)])
    out.customers[group] = float(np.median(drawn))
    # Small dispersion speaks against customers; ln of it has the milder tail.
    out.log_p[group] = log_sum_p(-np.log(max(out.dispersion[group], 1e-6)), -np.log(np.maximum(drawn, 1e-6)))
