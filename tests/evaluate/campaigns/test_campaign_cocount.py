from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.evaluate.campaigns.labelled import russian_retweets
from stillwatch.evaluate.campaigns.peers import COCOUNT
from stillwatch.evaluate.campaigns.shares import shares_of


def as_published(rows, window_s: int, participation: int) -> Counter:
    """CooRTweet's steps as its manual tells them, row by row."""
    uses = Counter(account for account, _, _ in rows)
    rows = [row for row in rows if uses[row[0]] >= participation]
    near = [
        (i, j)
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
        if rows[i][1] == rows[j][1] and rows[i][0] != rows[j][0] and abs(rows[i][2] - rows[j][2]) <= window_s
    ]
    met = Counter(rows[at][0] for at in {at for pair in near for at in pair})
    lasting = {account for account, times in met.items() if times >= participation}
    return Counter(
        tuple(sorted((rows[i][0], rows[j][0]))) for i, j in near if rows[i][0] in lasting or rows[j][0] in lasting
    )


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 30)), max_size=25),
    st.integers(0, 12),
    st.integers(1, 3),
)
def test_edges_are_those_of_the_package(rows, window_s: int, participation: int) -> None:
    account, trait, ts_s = zip(*rows, strict=True) if rows else ((), (), ())
    peer = dataclasses.replace(COCOUNT, window_s=window_s, participation=participation)

    left, right, weight = peer.links(shares_of(account, trait, ts_s if rows else 0, n_accounts=6))

    assert dict(zip(zip(left.tolist(), right.tolist(), strict=True), weight.tolist(), strict=True)) == as_published(
        rows, window_s, participation
    )


def test_the_packages_own_example_keeps_edges_from_three_on(shared_data) -> None:
    """Its vignette: 600 s, two uses, 99th percentile: "a minimum edge weight of 3"."""
    shares = russian_retweets(shared_data / "dev" / "coordination").shares

    weight = dataclasses.replace(COCOUNT, window_s=600).links(shares).together

    assert weight[weight > np.quantile(weight, 0.99)].min() == 3
