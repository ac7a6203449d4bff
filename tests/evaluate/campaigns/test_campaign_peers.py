from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from evaluate.campaigns.planted import N, found, planted
from stillwatch.evaluate.campaigns.peers import (
    COCOUNT,
    COCOUNT_DAY,
    FRAUDAR,
    PEERS,
    SYNCHROTRAP,
    SYNCHROTRAP_DAY,
    TFIDF,
)
from stillwatch.evaluate.campaigns.scores import Truth
from stillwatch.evaluate.campaigns.shares import shares_of

BY_SHARES = (COCOUNT, COCOUNT_DAY, TFIDF, SYNCHROTRAP, SYNCHROTRAP_DAY, FRAUDAR)


def by_name(peer) -> str:
    return peer.name


def test_the_list_is_whole_and_names_differ() -> None:
    assert set(BY_SHARES) < set(PEERS)
    assert len({peer.name for peer in PEERS}) == len(PEERS)
    assert all(peer.title and peer.reference for peer in PEERS)


@pytest.mark.parametrize("peer", BY_SHARES, ids=by_name)
def test_a_planted_group_is_found_in_a_crowd(peer) -> None:
    # One group is all there is: one block, and more than a hundredth of the edges.
    one = {FRAUDAR: {"blocks": 1}, COCOUNT_DAY: {"percentile": 0.5}}.get(peer, {})
    shares, truth = planted(1)

    seen = found(dataclasses.replace(peer, **one), shares, truth)

    assert (seen.at_80_pure, seen.recall) == (1, 1.0)
    assert seen.benign_grouped < 0.02


@pytest.mark.parametrize("peer", BY_SHARES, ids=by_name)
def test_order_of_rows_does_not_matter(peer) -> None:
    shares, _ = planted(2)
    rows = np.random.default_rng(5).permutation(len(shares.account))
    turned = shares_of(shares.account[rows], shares.trait[rows], shares.ts_s[rows], n_accounts=N)

    assert peer(shares).labels.tolist() == peer(turned).labels.tolist()


@pytest.mark.parametrize("peer", BY_SHARES, ids=by_name)
def test_nothing_shared_is_no_group(peer) -> None:
    assert peer(shares_of([], [], n_accounts=3)).labels.tolist() == [-1, -1, -1]
    alone = peer(shares_of([0, 0, 1, 1], [1, 2, 3, 4], n_accounts=3))
    assert (alone.labels.max() == -1) == (peer is not FRAUDAR)


@pytest.mark.parametrize("peer", [SYNCHROTRAP, SYNCHROTRAP_DAY], ids=by_name)
def test_a_crowd_alone_is_no_group(peer) -> None:
    shares, truth = planted(0)

    assert found(peer, shares, truth).groups == 0


# Below: the weakness each is known for.


def test_cocount_keeps_nothing_where_all_edges_weigh_the_same() -> None:
    shares, truth = planted(1)
    group = shares.account < 12

    assert found(COCOUNT, shares_of(shares.account[group], shares.trait[group], n_accounts=N), truth).groups == 0


def test_cocount_misses_uses_further_apart_than_its_window() -> None:
    shares, truth = planted(1, spread_s=36_000)

    assert found(COCOUNT, shares, truth).recall < 0.5
    assert found(dataclasses.replace(COCOUNT_DAY, percentile=0.5), shares, truth).recall == 1.0


def test_a_percentile_keeps_pairs_of_a_crowd_that_has_no_group() -> None:
    shares, truth = planted(0)

    assert found(TFIDF, shares, truth).groups > 5
    # An hour of the crowd, so that the package's window meets some.
    busy = shares_of(shares.account, shares.trait % 20, shares.ts_s % 3_600, n_accounts=N)
    assert found(COCOUNT, busy, truth).groups > 0


def test_tfidf_prefers_accounts_with_the_same_few_common_traits() -> None:
    shares, truth = planted(1, own=6)
    plain = np.arange(N - 80, N)
    account = np.concatenate((shares.account[shares.account < N - 80], np.repeat(plain, 3)))
    trait = np.concatenate((shares.trait[shares.account < N - 80], np.tile([90_000, 90_001, 90_002], 80)))

    seen = found(TFIDF, shares_of(account, trait, n_accounts=N), truth)

    assert (seen.at_50, seen.groups, seen.false_groups) == (0, 1, 1)


def test_synchrotrap_loses_a_group_that_mixes_in_other_traffic() -> None:
    assert found(SYNCHROTRAP, *planted(1, own=2)).recall == 1.0
    assert found(SYNCHROTRAP, *planted(1, own=12)).recall == 0.0


def test_synchrotrap_asks_for_a_habit() -> None:
    once = shares_of(np.arange(10), np.zeros(10, np.int64), n_accounts=10)

    assert SYNCHROTRAP(once).labels.max() == -1
    assert dataclasses.replace(SYNCHROTRAP, least_actions=1)(once).labels.max() == 0


def test_fraudar_gives_blocks_of_a_crowd_and_joins_groups_as_dense_as_one_another() -> None:
    assert found(FRAUDAR, *planted(0)).benign_grouped > 0.5

    two = found(dataclasses.replace(FRAUDAR, blocks=1), *planted(2))
    assert (two.groups, two.largest, two.at_80_pure) == (1, 24, 2)


def test_fraudar_takes_groups_one_after_the_other() -> None:
    account = np.concatenate((np.repeat(np.arange(12), 10), np.repeat(np.arange(20, 28), 6)))
    trait = np.concatenate((np.tile(np.arange(10), 12), np.tile(np.arange(50, 56), 8)))

    labels = FRAUDAR(shares_of(account, trait, n_accounts=30)).labels

    assert found(FRAUDAR, shares_of(account, trait, n_accounts=30), Truth(labels)).groups == 2
    assert labels[:12].tolist() == [0] * 12
    assert labels[20:28].tolist() == [1] * 8
