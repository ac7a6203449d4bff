from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.evaluate.campaigns.peers.base import distinct
from stillwatch.evaluate.campaigns.peers.peel import densest


def density(edges, rows, columns, weight) -> float:
    inside = sum(weight[c] for r, c in edges if r in rows and c in columns)
    return inside / (len(rows) + len(columns))


def as_published(edges) -> float:
    """The densest stage of a peel that looks for the least loss anew each time."""
    degree = {c: sum(other == c for _, other in edges) for _, c in edges}
    weight = {c: 1 / math.log(d + 5) for c, d in degree.items()}
    rows, columns = {r for r, _ in edges}, {c for _, c in edges}
    order = [("row", r) for r in sorted(rows)] + [("column", c) for c in sorted(columns)]
    best = density(edges, rows, columns, weight)
    while order:
        losses = [
            sum(weight[c] for r, c in edges if r in rows and c in columns and name == (r if side == "row" else c))
            for side, name in order
        ]
        side, name = order.pop(min(range(len(order)), key=lambda at: (round(losses[at], 9), at)))
        (rows if side == "row" else columns).discard(name)
        if order:
            best = max(best, density(edges, rows, columns, weight))
    return best


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30))
def test_the_block_is_as_dense_as_the_densest_stage(edges) -> None:
    account, trait = (np.array(column, np.int64) for column in zip(*sorted(edges), strict=True))
    degree = np.bincount(trait)
    weight = {c: 1 / math.log(d + 5) for c, d in enumerate(degree) if d}

    rows, columns = densest(account, trait, 7)

    kept = density(edges, set(np.flatnonzero(rows)), set(np.flatnonzero(columns)), weight)
    assert abs(kept - as_published(edges)) < 1e-6


def test_a_clique_in_a_sparse_crowd_is_the_block() -> None:
    rng = np.random.default_rng(3)
    account = np.concatenate((rng.integers(0, 500, 1_500), np.repeat(np.arange(20), 20)))
    trait = np.concatenate((rng.integers(0, 500, 1_500), np.tile(np.arange(20), 20)))

    rows, columns = densest(*distinct(account, trait), 500)

    assert rows[:20].all()
    assert rows.sum() == 20
    assert columns[:20].all()


def test_camouflage_with_common_traits_does_not_save_a_clique() -> None:
    rng = np.random.default_rng(3)
    crowd, common = np.repeat(np.arange(20, 2_000), 3), rng.integers(100, 130, 1_980 * 3)
    account = np.concatenate((crowd, np.repeat(np.arange(20), 20), np.repeat(np.arange(20), 20)))
    trait = np.concatenate((common, np.tile(np.arange(20), 20), rng.integers(100, 130, 400)))

    rows, _ = densest(*distinct(account, trait), 2_000)

    assert rows[:20].all()
    assert rows.sum() == 20
