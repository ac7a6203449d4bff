"""TF-IDF cosines and Jaccard indices against their definitions, account by account."""

from __future__ import annotations

import dataclasses
import math
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.evaluate.campaigns.peers import SYNCHROTRAP
from stillwatch.evaluate.campaigns.peers.base import components
from stillwatch.evaluate.campaigns.peers.tfidf import _pairs, _weighted
from stillwatch.evaluate.campaigns.shares import shares_of

N = 6
uses = st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=25)


@given(uses)
def test_cosines_are_those_of_the_definition(rows) -> None:
    account, trait, count = zip(*((a, t, c + 1) for a, t, c in rows), strict=True)
    dense = np.zeros((N, 5))
    np.add.at(dense, (account, trait), count)
    active, users = (dense > 0).any(axis=1).sum(), (dense > 0).sum(axis=0)
    dense *= [math.log(active / df) if df else 0.0 for df in users]
    lengths = np.linalg.norm(dense, axis=1)
    expected = {
        (i, j): dense[i] @ dense[j] / (lengths[i] * lengths[j])
        for i, j in combinations(range(N), 2)
        if dense[i] @ dense[j] > 0
    }

    left, right, cosine = _pairs(_weighted(shares_of(account, trait, count=count, n_accounts=N)))

    found = {(int(i), int(j)): float(c) for i, j, c in zip(left, right, cosine, strict=True) if c > 0}
    assert found.keys() == expected.keys()
    np.testing.assert_allclose(list(found.values()), [expected[pair] for pair in found], rtol=1e-5)


@given(uses, st.sampled_from([0.2, 0.5, 0.75, 1.0]), st.integers(1, 3))
def test_links_are_the_pairs_with_enough_actions_in_common(rows, threshold: float, least_actions: int) -> None:
    account, trait, ts_s = zip(*rows, strict=True)
    actions = [{(t, s // 3) for a, t, s in rows if a == at} for at in range(N)]
    linked = [
        (i, j)
        for i, j in combinations(range(N), 2)
        if min(len(actions[i]), len(actions[j])) >= least_actions
        and len(actions[i] & actions[j]) >= threshold * len(actions[i] | actions[j])
        and actions[i] & actions[j]
    ]
    left, right = (np.array(column, np.int64) for column in zip(*linked, strict=True)) if linked else ([], [])
    peer = dataclasses.replace(SYNCHROTRAP, window_s=3, threshold=threshold, least_actions=least_actions)

    labels = peer(shares_of(account, trait, ts_s, n_accounts=N)).labels

    assert labels.tolist() == components(left, right, N, least=3).labels.tolist()
