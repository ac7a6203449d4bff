"""Shares as request logs: what our detector says of sets that are no traffic."""

import numpy as np

from stillwatch.config import DEFAULT
from stillwatch.evaluate.campaigns.as_traffic import as_table, ours, sentence
from stillwatch.evaluate.campaigns.shares import shares_of

DAY_S = 86_400
RING = 30


def crowd(*, in_step: bool):
    """Draw 300 accounts of 8 to 15 uses; the first thirty share twelve more traits, in step or each at its own time."""
    rng = np.random.default_rng(11)
    account = np.repeat(np.arange(300), rng.integers(8, 16, 300))
    trait, ts = rng.integers(1000, 1300, account.shape), rng.integers(0, 30 * DAY_S, account.shape)
    ring, shared = np.repeat(np.arange(RING), 12), np.tile(np.arange(12), RING)
    moments = shared * DAY_S + 11_000 + rng.integers(0, 60, shared.shape)
    own = rng.integers(0, 30 * DAY_S, shared.shape)
    return shares_of(
        np.concatenate([account, ring]),
        np.concatenate([trait, shared]),
        np.concatenate([ts, moments if in_step else own]),
    )


def test_those_that_share_and_keep_step_are_a_group():
    labels = ours(crowd(in_step=True), DEFAULT).labels
    assert labels[0] >= 0
    assert (labels[:RING] == labels[0]).sum() >= 0.8 * RING
    assert (labels[RING:] >= 0).sum() <= 3


def test_those_that_share_at_their_own_time_are_none():
    assert (ours(crowd(in_step=False), DEFAULT).labels < 0).all()


def test_every_use_is_an_event_by_time():
    table = as_table(shares_of([0, 1, 1], [7, 7, 9], [30, 10, 20]))
    assert [one - table["ts_ms"][0].as_py() for one in table["ts_ms"].to_pylist()] == [0, 10_000, 20_000]
    assert table["account_id"].to_pylist() == ["account-1", "account-1", "account-0"]
    assert table["system"].to_pylist() == [sentence(7), sentence(9), sentence(7)]
    assert len(set(table["prompt"].to_pylist())) == 3
    assert len(set(table["event_id"].to_pylist())) == 3


def test_sentences_share_few_words():
    words = [set(sentence(one).split()) for one in range(200)]
    assert max(len(a & b) for n, a in enumerate(words) for b in words[:n]) <= 2


def test_no_uses_no_answer():
    made = ours(shares_of([], [], n_accounts=4), DEFAULT)
    assert made.reason
    assert made.labels.tolist() == [-1] * 4
